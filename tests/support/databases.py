"""Temporary databases, copied from a seeded template."""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event

from webapp.app import create_app
from webapp.config import ROOT, Settings
from webapp.data import init_db, schema
from webapp.data.database import db

# Nothing listens there, so an unexpected request to Statbel fails at once.
NOWHERE = {"HEALTH_INDEX_URL": "http://127.0.0.1:9/", "HEALTH_INDEX_FALLBACK_URL": "http://127.0.0.1:9/"}

# The revision after `flask init-db`.
NEWEST_REVISION = schema.REVISION


class Databases(Protocol):
    """A kind of database."""

    def empty(self) -> str:
        """Create an empty database, and return its URL."""

    def seeded(self) -> str:
        """Create a database with schema and seed, and return its URL."""

    def drop(self, url: str) -> None:
        """Drop a database."""

    def put_back(self, url: str) -> None:
        """Create a dropped database again, with schema and seed."""


class SQLiteDatabases:
    """Files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template = self.empty()
        _seed(self._template)

    def empty(self) -> str:
        return f"sqlite:///{self._folder / uuid.uuid4().hex}.sqlite3"

    def seeded(self) -> str:
        url = self.empty()
        self.put_back(url)
        return url

    def drop(self, url: str) -> None:
        self._file(url).unlink(missing_ok=True)

    def put_back(self, url: str) -> None:
        shutil.copyfile(self._file(self._template), self._file(url))

    def _file(self, url: str) -> Path:
        return Path(sa.make_url(url).database or "")


class PostgresDatabases:
    """Databases of a server, which is given by the URL of one of them."""

    def __init__(self, url: sa.engine.URL) -> None:
        self.url = url
        self._admin = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
        self._template = self.empty()
        _seed(self._template)

    def empty(self) -> str:
        return self._create(_new_name(), "template1")

    def seeded(self) -> str:
        return self._create(_new_name(), self._name(self._template))

    def drop(self, url: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(sa.text(f'DROP DATABASE "{self._name(url)}" WITH (FORCE)'))

    def put_back(self, url: str) -> None:
        self._create(self._name(url), self._name(self._template))

    def close(self) -> None:
        """Drop the template."""
        self.drop(self._template)

    def _create(self, name: str, template: str) -> str:
        with self._admin.connect() as connection:
            connection.execute(sa.text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
        return self.url.set(database=name).render_as_string(hide_password=False)

    def _name(self, url: str) -> str:
        return sa.make_url(url).database or ""


def _new_name() -> str:
    return f"desk_test_{uuid.uuid4().hex}"


def settings_for(url: str, **variables: str) -> Settings:
    """Return settings for a database, by default without upstream and rate limit.

    HTTP_CACHE_MB comes from the environment, because all tests must pass with and without the cache.
    """
    cache = {name: os.environ[name] for name in ("HTTP_CACHE_MB",) if name in os.environ}
    return Settings.of({**NOWHERE, **cache, "RATE_LIMIT": "0", "DATABASE_URL": url, **variables})


def statements_of(app: Flask) -> list[str]:
    """Collect the SQL statements of the application from now on."""
    sent: list[str] = []

    def record(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", record)
    return sent


def _seed(url: str) -> None:
    app = create_app(settings_for(url))
    with app.app_context():
        init_db.init(ROOT / "seed")
        db.engine.dispose()
