"""The two users that deploy/postgresql/roles.sql creates, and what each may do."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Callable, Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import SetClock
from tests.health_index.stored_values import stored_value
from tests.support.commands import run
from tests.support.databases import PostgresDatabases, settings_for
from tests.support.fake_statbel import FakeStatbel, bestat, responding
from tests.support.postgres import own_server
from tests.support.programs import psql
from webapp.config import ROOT, Settings
from webapp.data.database import db

MakeApp = Callable[[Settings], Flask]

# Users belong to a whole server.
pytestmark = pytest.mark.slow

ROLES = ROOT / "deploy" / "postgresql" / "roles.sql"


@pytest.fixture(scope="module")
def databases() -> Iterator[PostgresDatabases]:
    with own_server() as (url, _process):
        found = PostgresDatabases(url)
        yield found
        found.close()


def create_roles(url: str) -> None:
    done = psql(libpq(url), ROLES)
    assert (done.returncode, done.stdout) == (0, "")


def libpq(url: str) -> str:
    return url.replace("postgresql+psycopg2", "postgresql")


def as_user(user: str, url: str) -> str:
    return sa.make_url(url).set(username=user).render_as_string(hide_password=False)


@pytest.fixture
def prepared_url(databases: PostgresDatabases, make_app: MakeApp) -> Iterator[str]:
    """A database that desk_owner filled, as the documentation says."""
    url = databases.empty()
    create_roles(url)
    assert run(make_app(settings_for(as_user("desk_owner", url))), "init-db").exit_code == 0
    create_roles(url)
    yield url
    databases.drop(url)


@pytest.fixture
def app(make_app: MakeApp, prepared_url: str, statbel: FakeStatbel) -> Flask:
    """The service, as desk_app."""
    return make_app(settings_for(as_user("desk_app", prepared_url), **statbel.addresses))


def test_desk_app_serves_and_refreshes(app: Flask, statbel: FakeStatbel, set_clock: SetClock) -> None:
    client = app.test_client()
    assert client.get("/zipcode/9000").json == {"risk_factor": "B"}
    assert client.get("/readyz").get_json()["status"] == "ok"
    set_clock(datetime(2026, 9, 30, 12, 0, tzinfo=timezone.utc))
    statbel.bestat = responding(
        bestat([(2025, "2026-07", 103.24), (2025, "2026-08", 103.60), (2025, "2026-09", 103.70)])
    )
    assert client.get("/index?year=2025").json == {"index": 103.7}  # the watcher asked Statbel
    assert stored_value(app, 2025, "2026-08") == ("103.60", "published", "bestat")
    statbel.bestat = responding(bestat([(2025, "2026-07", 103.24), (2025, "2026-08", 103.49)]))
    assert run(app, "refresh-index").exit_code == 0


def test_desk_app_deletes_a_value_that_statbel_took_back(app: Flask) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM index_value WHERE base_year = 2025 AND month = '2026-08-01'"))
    assert app.test_client().get("/index?year=2025").json == {"index": 103.24}


@pytest.mark.parametrize(
    "command",
    [
        "risk-table list",
        "risk-table log",
        "index-value list",
        "lookup 9000",
        "db current",
        "version",
    ],
)
def test_desk_app_may_run_commands_that_read(app: Flask, command: str) -> None:
    result = run(app, *command.split())
    assert result.exit_code == 0, result.output


FORBIDDEN = """
INSERT INTO risk_table SELECT 99, source, effective_from, imported_at, sha256, range_count FROM risk_table
UPDATE risk_table SET cancelled_at = now()
DELETE FROM risk_table
INSERT INTO risk_range VALUES (1, 9999, 9999, 'A')
UPDATE risk_range SET factor = 'A'
DELETE FROM risk_range
INSERT INTO audit_log VALUES (99, now(), '', '', 1, '', '')
UPDATE audit_log SET reason = ''
DELETE FROM audit_log
DELETE FROM place
UPDATE place SET name = name
DELETE FROM special_zipcode
INSERT INTO place_name VALUES (9000, '', '', '', '', now())
INSERT INTO index_lock VALUES (2013, '2020-01-01', '', '', now())
DELETE FROM withdrawn_index_value
DELETE FROM upstream_check
INSERT INTO data_version VALUES (2, 2)
DELETE FROM data_version
UPDATE data_version SET id = 1
UPDATE alembic_version SET version_num = '0001'
TRUNCATE index_value
DROP TABLE index_value
ALTER TABLE risk_table DISABLE TRIGGER ALL
DROP TRIGGER keep_audit_log ON audit_log
CREATE INDEX a ON place (name)
CREATE TABLE a (b int)
CREATE TEMPORARY TABLE a (b int)
CREATE SCHEMA a
CREATE FUNCTION a() RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE OR REPLACE FUNCTION bump_data_version() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'
SET session_replication_role = replica
SET ROLE desk_owner
CREATE ROLE a
COPY place TO '/tmp/place'
COPY place TO PROGRAM 'cat'
SELECT pg_read_file('/etc/passwd')
""".strip().splitlines()


@pytest.fixture(scope="module")
def shared_url(databases: PostgresDatabases) -> str:
    """A database in which no test changes anything."""
    url = databases.seeded()
    create_roles(url)
    return url


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_desk_app_may_do_nothing_else(shared_url: str, statement: str) -> None:
    engine = sa.create_engine(as_user("desk_app", shared_url), poolclass=sa.pool.NullPool)
    with engine.connect() as connection, pytest.raises(sa.exc.ProgrammingError) as error:
        connection.exec_driver_sql(statement)
    assert error.value.orig.pgcode == "42501"  # type: ignore[union-attr]  # insufficient_privilege


def test_other_user_may_not_connect(shared_url: str) -> None:
    admin = sa.create_engine(shared_url, poolclass=sa.pool.NullPool)
    with admin.begin() as connection:
        connection.exec_driver_sql("CREATE ROLE stranger LOGIN")
    engine = sa.create_engine(as_user("stranger", shared_url), poolclass=sa.pool.NullPool)
    with pytest.raises(sa.exc.OperationalError, match="permission denied for database"):
        engine.connect()


def test_table_of_a_later_migration_is_readable(prepared_url: str, app: Flask) -> None:
    owner = sa.create_engine(as_user("desk_owner", prepared_url), poolclass=sa.pool.NullPool)
    with owner.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE later (id int)")
    with app.app_context(), db.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT * FROM later").all() == []
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            connection.exec_driver_sql("INSERT INTO later VALUES (1)")


def test_desk_owner_takes_over_a_database_of_another_user(
    databases: PostgresDatabases, make_app: MakeApp
) -> None:
    url = databases.seeded()
    create_roles(url)
    app = make_app(settings_for(as_user("desk_owner", url)))
    for arguments in (["db", "downgrade"], ["init-db"], ["init-db", "--risk-table"]):
        result = run(app, *arguments)
        assert result.exit_code == 0, result.output
    assert app.test_client().get("/zipcode/9000").json == {"risk_factor": "B"}
    with app.app_context():
        db.engine.dispose()
    databases.drop(url)


def assert_refused(app: Flask, *command: str) -> None:
    result = run(app, *command)
    message = result.output.splitlines()[-1]
    assert result.exit_code == 1
    assert message.startswith("Error: The user of the database may not do this: permission denied for ")
    assert message.endswith(". Use the owner of the tables (desk_owner).")


def test_command_that_needs_desk_owner_says_so(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("1000 - 9999,A\n")
    assert_refused(app, "risk-table", "load", str(file), "--effective-from", "2035-01-01", "--force")
    assert_refused(app, "index-value", "lock", "2013", "2020-01", "--reason", "none")


def test_downgrade_needs_desk_owner(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    result = run(app, "db", "downgrade")
    assert isinstance(result.exception, SystemExit)
    assert caplog.messages[-1].startswith("Error: The user of the database may not do this: ")


def test_init_db_of_an_empty_database_needs_desk_owner(
    databases: PostgresDatabases, make_app: MakeApp
) -> None:
    url = databases.empty()
    create_roles(url)
    assert_refused(make_app(settings_for(as_user("desk_app", url))), "init-db")
    databases.drop(url)
