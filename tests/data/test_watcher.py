"""The watcher: it detects each change with one statement, and survives an unresponsive database."""

from __future__ import annotations

import socket
import threading
import time
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import Connection, create_engine, delete, event, insert, literal, select, text, update

from tests.conftest import ORDINARY_DAY, SetClock
from tests.health_index.stored_values import on_sqlite
from tests.support.databases import PostgresDatabases, settings_for, statements_of
from tests.support.fake_statbel import FakeStatbel
from tests.support.risk_tables import unprotect_in
from webapp.config import Settings
from webapp.data import watcher as watcher_module
from webapp.data.database import db
from webapp.data.index_models import IndexValue, UpstreamCheck
from webapp.data.snapshot import Snapshot
from webapp.data.watcher import Watcher
from webapp.data.zipcode_models import Place, RiskRange, RiskTable

NEW_TABLE = {
    "id": 2,
    "source": "new.csv",
    "effective_from": date(2026, 9, 14),
    "imported_at": ORDINARY_DAY,
    "sha256": "0" * 64,
    "range_count": 0,
}
LATER = ORDINARY_DAY + timedelta(days=1)
DECEMBER = (IndexValue.base_year == 2013, IndexValue.month == date(2025, 12, 1))
PLANNED = insert(RiskTable).values(**{**NEW_TABLE, "effective_from": date(2026, 9, 15)})
CORRECTED_FACTOR = update(RiskRange).where(RiskRange.first == 9000).values(factor="C")
REVISED_VALUE = update(IndexValue).where(*DECEMBER).values(value=Decimal("136.70"))

NEW_PLACE = insert(Place).from_select(
    [column.name for column in Place.__table__.columns],
    select(
        *(literal(9001) if column.name == "zipcode" else column for column in Place.__table__.columns)
    ).where(Place.zipcode == 9000),
)

MakeApp = Callable[[Settings], Flask]

# Each kind of change that a trigger must detect.
CHANGES = {
    "risk_table": [
        insert(RiskTable).values(**NEW_TABLE),
        update(RiskTable).values(effective_from=date(2026, 1, 1)),
        delete(RiskTable).where(RiskTable.id == 2),
    ],
    "risk_range": [
        insert(RiskRange).values(risk_table_id=1, first=1311, last=1311, factor="A"),
        CORRECTED_FACTOR,
        delete(RiskRange).where(RiskRange.first == 9000),
    ],
    "index_value": [
        insert(IndexValue).values(
            base_year=2013,
            month=date(2026, 9, 1),
            value=Decimal("140.60"),
            status="published",
            source="bestat",
            fetched_at=ORDINARY_DAY,
        ),
        REVISED_VALUE,
        update(IndexValue).where(*DECEMBER).values(status="converted"),
        update(IndexValue).where(*DECEMBER).values(fetched_at=LATER),
        delete(IndexValue).where(*DECEMBER),
    ],
    "place": [
        NEW_PLACE,
        update(Place).where(Place.zipcode == 9000).values(name_fr="Gant"),
        update(Place).values(loaded_at=LATER),
        delete(Place).where(Place.zipcode == 9000),
    ],
    "upstream_check": [
        insert(UpstreamCheck).values(id=1, attempted_at=LATER),
        update(UpstreamCheck).values(succeeded_at=LATER),
        delete(UpstreamCheck),
    ],
}


def watcher_of(app: Flask) -> Watcher:
    found: Watcher = app.extensions["watcher"]
    return found


def contents(snapshot: Snapshot | None) -> object:
    assert snapshot is not None
    return (
        snapshot.risk_tables,
        snapshot.places.rows,
        snapshot.places.loaded_at,
        snapshot.index.by_base_year,
        snapshot.upstream,
    )


def write(app: Flask, statement: Any) -> None:
    with app.app_context():
        db.session.execute(statement)
        db.session.commit()


@pytest.fixture
def watcher(app: Flask) -> Watcher:
    found = watcher_of(app)
    found.poll()
    return found


@pytest.fixture
def started(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watcher]:
    """A watcher with its thread, which polls every 50 ms."""
    monkeypatch.setattr(watcher_module, "POLL_SECONDS", 0.05)
    found = watcher_of(app)
    found.start(wait_seconds=10)
    yield found
    found.stop()


def wait_until(is_so: Callable[[], bool], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("table", CHANGES)
def test_every_change_of_a_table_is_loaded(app: Flask, watcher: Watcher, table: str) -> None:
    unprotect_in(app)
    for change in CHANGES[table]:
        before, serial = contents(watcher.snapshot), watcher.serial
        write(app, change)
        watcher.poll()
        assert contents(watcher.snapshot) != before, change
        assert watcher.serial == serial + 1


def test_poll_without_a_change_is_one_statement(app: Flask, watcher: Watcher) -> None:
    before, sent = watcher.snapshot, statements_of(app)
    watcher.poll()
    assert len(sent) == 1
    assert watcher.snapshot is before


def test_unchanged_places_keep_their_search_index(app: Flask, watcher: Watcher) -> None:
    assert watcher.snapshot is not None
    before = watcher.snapshot.places
    write(app, REVISED_VALUE)
    watcher.poll()
    assert watcher.snapshot.places is before


def test_past_and_planned_risk_tables_are_loaded(app: Flask, watcher: Watcher) -> None:
    write(app, PLANNED)
    watcher.poll()
    assert watcher.snapshot is not None
    assert [table.id for table in watcher.snapshot.risk_tables] == [1, 2]
    assert watcher.snapshot.risk_table.id == 1


@on_sqlite
def test_day_changes_at_midnight_in_brussels(app: Flask, watcher: Watcher, set_clock: SetClock) -> None:
    assert watcher.snapshot is not None
    serial = watcher.serial
    set_clock(datetime(2026, 9, 14, 21, 59, 59, tzinfo=timezone.utc))
    watcher.poll()
    assert (watcher.snapshot.day, watcher.serial) == (date(2026, 9, 14), serial)
    set_clock(datetime(2026, 9, 14, 22, 0, tzinfo=timezone.utc))
    watcher.poll()
    assert (watcher.snapshot.day, watcher.serial) == (date(2026, 9, 15), serial + 1)


def test_planned_risk_table_comes_into_force_while_the_database_is_gone(
    make_app: MakeApp, postgresql: PostgresDatabases, postgresql_url: str, set_clock: SetClock
) -> None:
    app = make_app(settings_for(postgresql_url))
    write(app, PLANNED)
    watcher = watcher_of(app)
    watcher.poll()
    assert watcher.snapshot is not None
    postgresql.drop(postgresql_url)
    set_clock(datetime(2026, 9, 14, 22, 0, tzinfo=timezone.utc))
    watcher.poll()
    assert watcher.failure
    assert watcher.snapshot.risk_table.id == 2
    postgresql.put_back(postgresql_url)


def test_thread_loads_a_change_without_a_request(app: Flask, started: Watcher) -> None:
    serial = started.serial
    write(app, REVISED_VALUE)
    wait_until(lambda: started.serial > serial)


@on_sqlite
def test_request_does_not_poll_while_a_thread_does(app: Flask, started: Watcher) -> None:
    pollers: list[str] = []

    def note(*_call: object) -> None:
        pollers.append(threading.current_thread().name)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
    for zipcode in range(9000, 9010):
        app.test_client().get(f"/zipcode/{zipcode}")
    assert threading.current_thread().name not in pollers


@pytest.mark.slow
@on_sqlite
def test_hanging_refresh_does_not_delay_polling(
    make_app: MakeApp,
    database_url: str,
    statbel: FakeStatbel,
    set_clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watcher_module, "POLL_SECONDS", 0.05)
    statbel.bestat = statbel.open_data = statbel.hanging
    app = make_app(settings_for(database_url, HEALTH_INDEX_TIMEOUT="1,3", **statbel.addresses))
    set_clock(datetime(2026, 9, 30, 12, 0, tzinfo=timezone.utc))
    watcher = watcher_of(app)
    watcher.start(wait_seconds=10)
    wait_until(lambda: bool(statbel.requests))
    serial = watcher.serial
    write(app, REVISED_VALUE)
    wait_until(lambda: watcher.serial > serial, seconds=3)
    watcher.stop()


class Mute:
    """A proxy in front of PostgreSQL that forwards nothing while it is mute."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.is_mute = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _client_address = self._socket.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._forward, args=(source, target), daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        while True:
            try:
                data = source.recv(65536)
                while self.is_mute and data:
                    time.sleep(0.05)
                target.sendall(data)
            except OSError:
                data = b""
            if not data:
                target.close()
                return

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def mute(postgresql_url: str) -> Iterator[tuple[Mute, str]]:
    """The proxy, and the URL of a seeded database behind it."""
    from sqlalchemy import make_url

    url = make_url(postgresql_url)
    proxy = Mute(url.host or "127.0.0.1", url.port or 5432)
    behind = url.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
    yield proxy, behind
    proxy.is_mute = False
    proxy.close()


def poll_impatiently(watcher: Watcher, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(watcher_module, "POLL_TIMEOUT_SECONDS", 0.2)
        patch.setattr(watcher_module, "DATE_CHECK_SECONDS", 0.1)
        watcher.poll()


@pytest.mark.slow
def test_hanging_poll_is_abandoned_and_the_next_one_uses_a_new_connection(
    make_app: MakeApp,
    mute: tuple[Mute, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No statement timeout can fire while the proxy is mute: the server does not see the statement."""
    proxy, url = mute
    app = make_app(settings_for(url))
    watcher = watcher_of(app)
    watcher.poll()
    assert watcher.failure is None
    before = watcher.snapshot
    proxy.is_mute = True
    for _ in range(2):
        began = time.monotonic()
        poll_impatiently(watcher, monkeypatch)
        assert time.monotonic() - began < 5
        assert watcher.failure
        assert watcher.snapshot is before
    wait_until(lambda: all(thread.name != "database" for thread in threading.enumerate()))
    proxy.is_mute = False
    watcher.poll()
    assert watcher.failure is None
    logged = [record.getMessage() for record in caplog.records if "version check" in record.getMessage()]
    messages = [message.partition(" in ")[0] for message in logged]
    assert messages == [
        "data version check failed: the database does not respond (timeout)",
        "data version check works again after 2 failures",
    ]


def test_connection_that_the_server_closed_is_replaced_without_a_failure(
    make_app: MakeApp, postgresql_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    watcher = watcher_of(make_app(settings_for(postgresql_url)))
    watcher.poll()
    other = create_engine(postgresql_url)
    with other.connect() as connection:
        others = text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
        connection.execute(others)
    other.dispose()
    watcher.poll()
    assert watcher.failure is None
    assert "failed" not in caplog.text


def test_abandoned_poll_does_not_replace_a_newer_snapshot(
    make_app: MakeApp, mute: tuple[Mute, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, url = mute
    watcher = watcher_of(make_app(settings_for(url)))
    proxy.is_mute = True
    poll_impatiently(watcher, monkeypatch)
    assert watcher.snapshot is None
    proxy.is_mute = False
    watcher.poll()
    newer = watcher.snapshot
    assert newer is not None
    time.sleep(0.3)  # in which the abandoned poll would end, if it could
    assert watcher.snapshot is newer


def test_lost_database_leaves_the_snapshot_and_is_logged_once(
    make_app: MakeApp,
    postgresql: PostgresDatabases,
    postgresql_url: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    watcher = watcher_of(make_app(settings_for(postgresql_url)))
    watcher.poll()
    before = watcher.snapshot
    postgresql.drop(postgresql_url)
    for _ in range(3):
        watcher.poll()
    assert watcher.snapshot is before
    assert watcher.failure == "the database does not respond (OperationalError)"
    postgresql.put_back(postgresql_url)
    watcher.poll()
    assert watcher.failure is None
    logged = [record.getMessage() for record in caplog.records if record.name == "webapp.data.watcher"]
    assert len(logged) == 2
    assert logged[0].startswith("data version check failed: ")
    assert logged[1].startswith("data version check works again after 3 failures in ")


def test_unreadable_data_leaves_the_snapshot_and_is_logged_once(
    app: Flask, watcher: Watcher, caplog: pytest.LogCaptureFixture
) -> None:
    unprotect_in(app)
    before = watcher.snapshot
    write(app, text("UPDATE risk_table SET effective_from = '10026-01-01'"))
    for _ in range(3):
        watcher.poll()
    assert watcher.snapshot is before
    assert watcher.failure
    assert watcher.failure.startswith("a stored value cannot be read (")
    assert watcher.failure.endswith("): correct it, or restore a backup")
    logged = [record for record in caplog.records if record.name == "webapp.data.watcher"]
    assert [record.getMessage() for record in logged] == [f"data version check failed: {watcher.failure}"]
    assert not logged[0].exc_info
    write(app, text("UPDATE risk_table SET effective_from = '2026-01-01'"))
    watcher.poll()
    assert watcher.failure is None
    assert watcher.snapshot is not before


def test_other_database_behind_the_same_name_is_loaded_whatever_its_version(
    make_app: MakeApp, postgresql: PostgresDatabases, postgresql_url: str
) -> None:
    app = make_app(settings_for(postgresql_url))
    watcher = watcher_of(app)
    watcher.poll()
    postgresql.drop(postgresql_url)
    watcher.poll()
    postgresql.put_back(postgresql_url)  # with the same version
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE risk_range DISABLE TRIGGER USER"))
        connection.execute(CORRECTED_FACTOR)
    assert app.test_client().get("/zipcode/9000").json == {"risk_factor": "C"}


def test_locked_sqlite_database_is_reported_and_the_snapshot_served(
    make_app: MakeApp, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.config.CONNECT_SECONDS", 0.1)
    app = make_app(settings_for(sqlite_url))
    watcher = watcher_of(app)
    watcher.poll()
    with app.app_context(), db.engine.connect() as connection:
        connection.exec_driver_sql("BEGIN EXCLUSIVE")
        watcher.poll()
        assert watcher.failure
        assert app.test_client().get("/zipcode/9200").json == {"risk_factor": "A"}
        connection.rollback()
    watcher.poll()
    assert watcher.failure is None


def test_read_only_database_is_served_and_logged_once(
    app: Flask, set_clock: SetClock, statbel: FakeStatbel, caplog: pytest.LogCaptureFixture
) -> None:
    read_only = {"postgresql": "SET TRANSACTION READ ONLY", "sqlite": "PRAGMA query_only = on"}

    def refuse_writing(connection: Connection) -> None:
        connection.exec_driver_sql(read_only[connection.dialect.name])

    with app.app_context():
        event.listen(db.engine, "begin", refuse_writing)
    set_clock(datetime(2026, 9, 30, 12, 0, tzinfo=timezone.utc))
    for _ in range(3):
        watcher_of(app).poll()
    assert app.test_client().get("/index?year=2025").json == {"index": 103.49}
    (message,) = [text for text in caplog.messages if "refresh" in text]
    assert message.startswith("refresh of the health index failed: ")
    assert statbel.requests == []


def test_schema_without_a_data_version_is_loaded_at_every_poll(app: Flask, watcher: Watcher) -> None:
    """As of the previous release, until `flask init-db` has run."""
    serial = watcher.serial
    unprotect_in(app)
    with app.app_context(), db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("DROP FUNCTION bump_data_version() CASCADE"))
        else:
            names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
            for name in names.scalars().all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text("DROP TABLE data_version"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
    watcher.poll()  # fails, and the next one loads
    watcher.poll()
    assert watcher.failure is None
    write(app, CORRECTED_FACTOR)
    watcher.poll()
    assert watcher.serial >= serial + 2
    assert app.test_client().get("/zipcode/9000").json == {"risk_factor": "C"}


def test_unreachable_database_is_reported(make_app: MakeApp, unreachable_url: str) -> None:
    watcher = watcher_of(make_app(settings_for(unreachable_url)))
    watcher.poll()
    assert (watcher.snapshot, watcher.serial) == (None, 0)
    assert watcher.failure == "the database does not respond (OperationalError)"


def test_file_that_is_no_database_is_reported(make_app: MakeApp, tmp_path: Path) -> None:
    file = tmp_path / "desk.sqlite3"
    file.write_bytes(b"this is no database" * 1000)
    watcher = watcher_of(make_app(settings_for(f"sqlite:///{file}")))
    watcher.poll()
    assert watcher.failure == "the database does not respond (DatabaseError)"
