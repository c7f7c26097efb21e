"""The SQLAlchemy extension, and the base class of the models."""

from __future__ import annotations

import re
import sqlite3

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import MetaData, event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase


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


def enforce_foreign_keys(engine: Engine) -> None:
    """Enforce foreign keys on SQLite, which needs a pragma on each connection."""

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")


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
