"""The SQLAlchemy extension, and the base class of the models."""

from __future__ import annotations

import re
import sqlite3
from contextlib import suppress
from pathlib import Path

from flask import current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, MetaData, event
from sqlalchemy import create_engine as create_sqlalchemy_engine
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase

from webapp.config import STATEMENT_MILLISECONDS, engine_options
from webapp.data.schema import MISSING_TABLE


class Model(DeclarativeBase):
    """Base class of the models; migrations rely on its naming of constraints."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        }
    )


db = SQLAlchemy(model_class=Model)


def create_engine(database_url: str) -> Engine:
    """Create an engine for another database than the application's."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database and not url.database.startswith("file:"):
        url = url.set(database=str(Path(current_app.instance_path) / url.database))  # as Flask-SQLAlchemy
    engine = create_sqlalchemy_engine(url, **engine_options(database_url))
    configure(engine)
    return engine


def configure(engine: Engine) -> None:
    """Prepare the connections of a new engine."""
    if engine.dialect.name == "sqlite":
        enforce_foreign_keys(engine)
    else:
        limit_statements(engine)


def enforce_foreign_keys(engine: Engine) -> None:
    """Enforce foreign keys on SQLite, which needs a pragma on each connection."""

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")


def limit_statements(engine: Engine) -> None:
    """Set PostgreSQL's statement_timeout in each transaction, unless the URL sets it."""
    # Not when connecting: PgBouncer refuses the parameter, or hands the connection to other clients. Not as a
    # statement of SQLAlchemy, which could not begin a transaction for it here.
    if "statement_timeout" in str(engine.url.query.get("options", "")):
        return
    error_class = engine.dialect.loaded_dbapi.Error

    @event.listens_for(engine, "begin")
    def limit(connection: Connection) -> None:
        with suppress(error_class):  # a lost connection: the next statement reports it
            connection.connection.cursor().execute(f"SET LOCAL statement_timeout = {STATEMENT_MILLISECONDS}")


def reason(error: Exception) -> str:
    """Return the message of the database on one line, without SQL."""
    message = str(getattr(error, "orig", error))
    return " ".join(re.split(r"\nLINE [0-9]+:", message)[0].split())


def is_missing_table(error: Exception) -> bool:
    """Return True if a statement named a table that does not exist."""
    if not isinstance(error, DBAPIError):
        return False
    undefined_table = "42P01"
    return getattr(error.orig, "pgcode", None) == undefined_table or "no such table" in str(error.orig)


def explain(error: DBAPIError) -> str:
    """Return one line for operators: what the database refused, and what to do."""
    if is_missing_table(error):
        return f"The database cannot be used: {MISSING_TABLE}"
    cause = reason(error)
    code = getattr(error.orig, "pgcode", None)
    if code == "42501":  # insufficient_privilege
        return f"The user of the database may not do this: {cause}. Use the owner of the tables (desk_owner)."
    if code == "42P07" or "already exists" in cause:  # duplicate_table
        return (
            f"The database has tables, but alembic_version does not name their revision: {cause}. Restore a "
            "backup, or name an empty database. If you know the revision: flask db stamp REVISION"
        )
    if code == "25006" or "readonly database" in cause:  # read_only_sql_transaction
        return f"The database is read-only: {cause}. Use the one that takes writes, not a replica."
    end = "" if cause.endswith((".", "?")) else "."
    return f"The database cannot be used: {cause}{end} Check its URL, its user and that it runs."
