"""Databases for the tests: each test gets a copy of its own, and nothing is left of it."""

import os
import shutil
import uuid
from pathlib import Path
from typing import Dict, List, Protocol

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event

from webapp.app import create_app
from webapp.config import ROOT, Settings
from webapp.data import init_db, schema
from webapp.data.database import db

# Nobody listens there, so that an upstream that no test expects to be asked answers at once.
NOWHERE = {"HEALTH_INDEX_URL": "http://127.0.0.1:9/", "HEALTH_INDEX_FALLBACK_URL": "http://127.0.0.1:9/"}


# What `flask init-db` brings a database to.
NEWEST_REVISION = schema.REVISION


class Databases(Protocol):
    """A kind of database that can be made empty or seeded, and dropped again."""

    def empty(self) -> str:
        """Make an empty database, and give its address."""

    def seeded(self) -> str:
        """Make a database with schema and seed, and give its address."""

    def drop(self, url: str) -> None:
        """Remove a database that was made here."""

    def put_back(self, url: str) -> None:
        """Make a database that was dropped again, with schema and seed."""


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
    """Databases of a server, beside the one whose address is given."""

    def __init__(self, url: sa.engine.URL) -> None:
        self._url = url
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
        """Drop what all tests shared."""
        self.drop(self._template)

    def _create(self, name: str, template: str) -> str:
        with self._admin.connect() as connection:
            connection.execute(sa.text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _name(self, url: str) -> str:
        return sa.make_url(url).database or ""


def _new_name() -> str:
    return f"desk_test_{uuid.uuid4().hex}"


def settings_for(url: str, **variables: str) -> Settings:
    """Settings for a database, with no upstream within reach unless one is given, and no rate limit.

    The HTTP cache is as the environment says, because all tests have to pass with it and without it.
    """
    chosen = {name: os.environ[name] for name in ("HTTP_CACHE_MB",) if name in os.environ}
    given: Dict[str, str] = {**NOWHERE, **chosen, "RATE_LIMIT": "0", "DATABASE_URL": url, **variables}
    return Settings.of(given)


def statements_of(app: Flask) -> List[str]:
    """The SQL statements that the application sends from now on."""
    sent: List[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
    return sent


def _seed(url: str) -> None:
    app = create_app(settings_for(url))
    with app.app_context():
        init_db.init(ROOT / "seed")
        db.engine.dispose()
