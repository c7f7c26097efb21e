-- Two users of a database of its own: desk_owner for `flask init-db` and the commands that change tables,
-- desk_app, with the least rights, for the service. Run it as a superuser before the first `flask init-db`, and
-- again after each one:
--
--   psql --file=deploy/postgresql/roles.sql postgresql://postgres@host/desk
--
-- It may run at any time, and sets no passwords. Tables that another user created become desk_owner's.

\set ON_ERROR_STOP on
BEGIN;

SELECT format('CREATE ROLE %I LOGIN', name)
FROM unnest(ARRAY['desk_owner', 'desk_app']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

-- No other user gets in, and desk_app creates nothing, not even temporary tables.
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT CONNECT ON DATABASE :"DBNAME" TO desk_owner, desk_app;
GRANT USAGE, CREATE ON SCHEMA public TO desk_owner;
GRANT USAGE ON SCHEMA public TO desk_app;

SELECT format('ALTER TABLE %s OWNER TO desk_owner', oid::regclass)
FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relowner <> 'desk_owner'::regrole \gexec
SELECT format('ALTER FUNCTION %s OWNER TO desk_owner', oid::regprocedure)
FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND prorettype = 'trigger'::regtype
    AND proowner <> 'desk_owner'::regrole \gexec

-- desk_app reads all tables, those of later migrations too.
ALTER DEFAULT PRIVILEGES FOR ROLE desk_owner IN SCHEMA public GRANT SELECT ON TABLES TO desk_app;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO desk_app;

-- It writes the values of Statbel, of which it deletes those that Statbel took back, the time of the last look at
-- Statbel, and the version of the data, which triggers increment.
SELECT format('GRANT %s ON %I TO desk_app', privileges, name)
FROM (
    VALUES
        ('INSERT, UPDATE, DELETE', 'index_value'),
        ('INSERT, UPDATE', 'upstream_check'),
        ('UPDATE (version)', 'data_version')
) AS needed (privileges, name)
WHERE to_regclass(format('public.%I', name)) IS NOT NULL \gexec

COMMIT;
