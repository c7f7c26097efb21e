"""Shared fixtures: databases, clock, Statbel on loopback, applications."""

import socket
from datetime import datetime, timezone
from pathlib import Path
from typing import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support import redis_server
from tests.support.databases import Databases, PostgresDatabases, SQLiteDatabases, settings_for
from tests.support.fake_statbel import FakeStatbel
from tests.support.postgres import NoPostgres, server
from webapp import clock
from webapp.app import create_app
from webapp.config import Settings
from webapp.data import watcher
from webapp.data.database import db

# The latest month of the seed, August 2026, is the latest published by this day, so no refresh is due.
ORDINARY_DAY = datetime(2026, 9, 14, 12, 0, tzinfo=timezone.utc)

SetClock = Callable[[datetime], None]


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> SQLiteDatabases:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: ORDINARY_DAY)
        return SQLiteDatabases(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresDatabases]:
    try:
        with server() as url:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(clock, "now", lambda: ORDINARY_DAY)
                databases = PostgresDatabases(url)
            yield databases
            databases.close()
    except NoPostgres as error:
        pytest.exit(f"The tests need PostgreSQL: {error}", returncode=1)


@pytest.fixture
def kind() -> str:
    """The kind of database, SQLite by default. Tests of SQL override this with both kinds."""
    return "sqlite"


@pytest.fixture
def databases(request: pytest.FixtureRequest, kind: str) -> Databases:
    """Databases of the chosen kind."""
    chosen: Databases = request.getfixturevalue(kind)
    return chosen


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A new seeded database."""
    url = databases.seeded()
    yield url
    databases.drop(url)


@pytest.fixture
def empty_database_url(databases: Databases) -> Iterator[str]:
    """A new database without a schema."""
    url = databases.empty()
    yield url
    databases.drop(url)


@pytest.fixture(autouse=True)
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Stop the clock at ORDINARY_DAY, and return a function that sets it."""

    def set_to(instant: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: instant)

    set_to(ORDINARY_DAY)
    return set_to


@pytest.fixture(autouse=True)
def changes_show_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let applications poll before every request, not every two seconds."""
    monkeypatch.setattr(watcher, "POLL_SECONDS", 0)


@pytest.fixture
def statbel() -> Iterator[FakeStatbel]:
    """Statbel's two sources on loopback; a test sets their replies."""
    with FakeStatbel() as fake:
        yield fake


@pytest.fixture
def settings(database_url: str, statbel: FakeStatbel) -> Settings:
    return settings_for(database_url, **statbel.addresses)


@pytest.fixture
def make_app() -> Iterator[Callable[[Settings], Flask]]:
    """Create applications, and close their connections afterwards."""
    made = []

    def make(settings: Settings) -> Flask:
        made.append(create_app(settings))
        return made[-1]

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def app(make_app: Callable[[Settings], Flask], settings: Settings) -> Flask:
    return make_app(settings)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def sqlite_url(sqlite: SQLiteDatabases) -> Iterator[str]:
    """A new seeded SQLite database."""
    url = sqlite.seeded()
    yield url
    sqlite.drop(url)


@pytest.fixture
def postgresql_url(postgresql: PostgresDatabases) -> Iterator[str]:
    """A new seeded PostgreSQL database."""
    url = postgresql.seeded()
    yield url
    postgresql.drop(url)


def _session_app(databases: Databases, url: str) -> Iterator[Flask]:
    app = create_app(settings_for(url))
    yield app
    with app.app_context():
        db.engine.dispose()
    databases.drop(url)


@pytest.fixture(scope="session")
def sqlite_app(sqlite: SQLiteDatabases) -> Iterator[Flask]:
    yield from _session_app(sqlite, sqlite.seeded())


@pytest.fixture(scope="session")
def postgresql_app(postgresql: PostgresDatabases) -> Iterator[Flask]:
    yield from _session_app(postgresql, postgresql.seeded())


@pytest.fixture(scope="session")
def empty_sqlite_app(sqlite: SQLiteDatabases) -> Iterator[Flask]:
    yield from _session_app(sqlite, sqlite.empty())


@pytest.fixture(scope="session")
def empty_postgresql_app(postgresql: PostgresDatabases) -> Iterator[Flask]:
    yield from _session_app(postgresql, postgresql.empty())


@pytest.fixture
def shared_app(request: pytest.FixtureRequest, kind: str) -> Flask:
    """A session's application on a seeded database, for tests that only read."""
    app: Flask = request.getfixturevalue(f"{kind}_app")
    return app


@pytest.fixture
def reader(sqlite_app: Flask) -> FlaskClient:
    """A client of a session's application on SQLite, for tests that only read."""
    return sqlite_app.test_client()


@pytest.fixture
def shared_empty_app(request: pytest.FixtureRequest, kind: str) -> Flask:
    """A session's application on a database without a schema."""
    app: Flask = request.getfixturevalue(f"empty_{kind}_app")
    return app


@pytest.fixture
def unreachable_url(kind: str, tmp_path: Path, closed_port: int) -> str:
    """URL of an unreachable database."""
    if kind == "sqlite":
        return f"sqlite:///{tmp_path / 'no-such-folder' / 'desk.sqlite3'}"
    return f"postgresql://postgres@127.0.0.1:{closed_port}/desk"


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A reserved port that refuses connections."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis that others may use too: choose unique keys, and delete them."""
    try:
        with redis_server.server() as url:
            yield url
    except redis_server.NoRedis as error:
        pytest.exit(f"The tests need Redis: {error}", returncode=1)
