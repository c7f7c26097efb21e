"""The watcher: it sees every change, in one statement, and outlives a database that does not answer."""

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
from sqlalchemy import case, delete, event, insert, text, update

from tests.conftest import ORDINARY_DAY, SetClock
from tests.support.databases import PostgresDatabases, settings_for, statements_of
from tests.support.fake_statbel import FakeStatbel, answering, bestat
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
    "effective_from": date(2026, 8, 14),
    "imported_at": ORDINARY_DAY,
    "sha256": "0" * 64,
    "range_count": 0,
}
LATER = ORDINARY_DAY + timedelta(days=1)
DECEMBER = (IndexValue.base_year == 2013, IndexValue.month == date(2025, 12, 1))
PLANNED = insert(RiskTable).values(**{**NEW_TABLE, "effective_from": date(2026, 8, 15)})

MakeApp = Callable[[Settings], Flask]

CHANGES = {
    "a new risk table": insert(RiskTable).values(**NEW_TABLE),
    "a factor corrected by hand": update(RiskRange).where(RiskRange.first == 9000).values(factor="C"),
    "a range corrected by hand": update(RiskRange).where(RiskRange.first == 9000).values(last=9031),
    "a range deleted": delete(RiskRange).where(RiskRange.first == 9000),
    "another date of a table": update(RiskTable).values(effective_from=date(2026, 1, 1)),
    "a planned table": PLANNED,
    "a new month": insert(IndexValue).values(
        base_year=2013,
        month=date(2026, 1, 1),
        value=Decimal("137.00"),
        status="published",
        source="bestat",
        fetched_at=ORDINARY_DAY,
    ),
    "another status of a month": update(IndexValue).where(*DECEMBER).values(status="converted"),
    "two months interchanged": update(IndexValue)
    .where(IndexValue.base_year == 2013, IndexValue.month.in_([date(2025, 11, 1), date(2025, 12, 1)]))
    .values(value=case((IndexValue.month == date(2025, 12, 1), Decimal("136.49")), else_=Decimal("136.69"))),
    "a revised index": update(IndexValue).where(*DECEMBER).values(value=Decimal("136.70")),
    "an index read again": update(IndexValue).where(*DECEMBER).values(fetched_at=LATER),
    "a month deleted": delete(IndexValue).where(*DECEMBER),
    "a response of Statbel": insert(UpstreamCheck).values(id=1, attempted_at=LATER, succeeded_at=LATER),
    "places loaded anew": update(Place).values(loaded_at=LATER),
    "a zipcode corrected by hand": update(Place).where(Place.zipcode == 9000).values(zipcode=9001),
    "a name corrected by hand": update(Place).where(Place.zipcode == 9000).values(name_fr="Gant"),
    "a place deleted": delete(Place).where(Place.zipcode == 9000),
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
    found.look()
    return found


@pytest.fixture
def started(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watcher]:
    """A watcher with its threads, which looks every 50 ms; it is stopped by its process only."""
    monkeypatch.setattr(watcher_module, "LOOK_SECONDS", 0.05)
    found = watcher_of(app)
    found.start(wait_seconds=10)
    yield found
    found.stop()


def wait_until(is_so: Callable[[], bool], seconds: float = 5) -> None:
    give_up = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < give_up
        time.sleep(0.01)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_is_loaded(app: Flask, watcher: Watcher, change: Any) -> None:
    before, serial = contents(watcher.snapshot), watcher.serial
    write(app, change)
    watcher.look()
    assert contents(watcher.snapshot) != before
    assert watcher.serial == serial + 1


def test_a_look_without_a_change_is_one_statement(app: Flask, watcher: Watcher) -> None:
    before, sent = watcher.snapshot, statements_of(app)
    watcher.look()
    assert len(sent) == 1
    assert watcher.snapshot is before


def test_places_keep_their_search_index_when_something_else_changes(app: Flask, watcher: Watcher) -> None:
    assert watcher.snapshot is not None
    before = watcher.snapshot.places
    write(app, CHANGES["a revised index"])
    watcher.look()
    assert watcher.snapshot.places is before


def test_tables_of_the_past_and_the_future_are_loaded(app: Flask, watcher: Watcher) -> None:
    write(app, PLANNED)
    watcher.look()
    assert watcher.snapshot is not None
    assert [table.id for table in watcher.snapshot.risk_tables] == [1, 2]
    assert watcher.snapshot.risk_table.id == 1


LAST_MINUTES = {
    "summer": datetime(2026, 8, 14, 21, 59, tzinfo=timezone.utc),
    "new year": datetime(2026, 12, 31, 22, 59, tzinfo=timezone.utc),
    "the day before winter time": datetime(2026, 10, 24, 21, 59, tzinfo=timezone.utc),
    "the first day of winter time": datetime(2026, 10, 25, 22, 59, tzinfo=timezone.utc),
    "the day before summer time": datetime(2027, 3, 27, 22, 59, tzinfo=timezone.utc),
    "the first day of summer time": datetime(2027, 3, 28, 21, 59, tzinfo=timezone.utc),
}


@pytest.mark.parametrize("last_minute", LAST_MINUTES.values(), ids=LAST_MINUTES)
def test_the_day_turns_at_midnight_in_brussels(
    make_app: MakeApp, sqlite_url: str, set_clock: SetClock, last_minute: datetime
) -> None:
    set_clock(last_minute)
    watcher = watcher_of(make_app(settings_for(sqlite_url)))
    watcher.look()
    assert watcher.snapshot is not None
    day, serial = watcher.snapshot.day, watcher.serial
    set_clock(last_minute + timedelta(minutes=1))
    watcher.look()
    assert watcher.snapshot.day == day + timedelta(days=1)
    assert watcher.serial > serial


def test_a_planned_table_comes_into_force_while_the_database_is_gone(
    make_app: MakeApp, postgresql: PostgresDatabases, postgresql_url: str, set_clock: SetClock
) -> None:
    app = make_app(settings_for(postgresql_url))
    write(app, PLANNED)
    watcher = watcher_of(app)
    watcher.look()
    assert watcher.snapshot is not None
    postgresql.drop(postgresql_url)
    set_clock(datetime(2026, 8, 14, 22, 0, tzinfo=timezone.utc))
    watcher.look()
    assert watcher.failure
    assert watcher.snapshot.risk_table.id == 2
    postgresql.put_back(postgresql_url)


def test_threads_serve_a_change_without_a_request(app: Flask, started: Watcher) -> None:
    serial = started.serial
    write(app, CHANGES["a revised index"])
    wait_until(lambda: started.serial > serial)


def test_a_request_executes_no_look_when_threads_run(app: Flask, started: Watcher) -> None:
    looks: list[str] = []

    def note(*_call: object) -> None:
        looks.append(threading.current_thread().name)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
    for zipcode in range(9000, 9010):
        app.test_client().get(f"/zipcode/{zipcode}")
    assert threading.current_thread().name not in looks


def test_statbel_is_asked_without_a_request_and_without_delaying_the_looks(
    make_app: MakeApp,
    database_url: str,
    statbel: FakeStatbel,
    set_clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watcher_module, "LOOK_SECONDS", 0.05)
    statbel.bestat = statbel.open_data = statbel.hanging
    app = make_app(settings_for(database_url, HEALTH_INDEX_TIMEOUT="1,3", **statbel.addresses))
    set_clock(datetime(2026, 8, 29, 12, 0, tzinfo=timezone.utc))
    watcher = watcher_of(app)
    watcher.start(wait_seconds=10)
    wait_until(lambda: bool(statbel.asked))
    serial = watcher.serial
    write(app, CHANGES["a revised index"])
    wait_until(lambda: watcher.serial > serial, seconds=3)
    watcher.stop()


def test_a_new_month_of_statbel_is_served_at_once(
    make_app: MakeApp, database_url: str, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    statbel.bestat = answering(bestat([(2025, "2026-08", 103.30)]))
    app = make_app(settings_for(database_url, **statbel.addresses))
    set_clock(datetime(2026, 8, 29, 12, 0, tzinfo=timezone.utc))
    watcher_of(app).look()
    assert app.test_client().get("/index?year=2025").json == {"index": 103.3}


class Mute:
    """A proxy in front of PostgreSQL that forwards nothing any more once it is told so."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.is_mute = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._socket.accept()
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
    """The proxy, and the address of a seeded database behind it."""
    from sqlalchemy import make_url

    url = make_url(postgresql_url)
    proxy = Mute(url.host or "127.0.0.1", url.port or 5432)
    behind = url.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
    yield proxy, behind
    proxy.is_mute = False
    proxy.close()


def test_a_look_that_hangs_is_given_up_and_the_next_one_uses_a_new_connection(
    make_app: MakeApp,
    mute: tuple[Mute, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As long as the proxy is mute, no statement timeout can fire: the server does not see the statement."""
    monkeypatch.setattr(watcher_module, "LOOK_TIMEOUT_SECONDS", 2)
    proxy, url = mute
    app = make_app(settings_for(url))
    watcher = watcher_of(app)
    watcher.look()
    assert watcher.failure is None
    before = watcher.snapshot
    proxy.is_mute = True
    for _ in range(2):
        began = time.monotonic()
        watcher.look()
        assert time.monotonic() - began < 6
        assert watcher.failure
        assert watcher.snapshot is before
    proxy.is_mute = False
    watcher.look()
    assert watcher.failure is None
    messages = [record.getMessage() for record in caplog.records if "version check" in record.getMessage()]
    assert messages == [
        "data version check failed: the database does not answer (timeout)",
        "data version check works again",
    ]


def test_a_look_that_was_given_up_never_replaces_a_newer_snapshot(
    make_app: MakeApp, mute: tuple[Mute, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher_module, "LOOK_TIMEOUT_SECONDS", 2)
    proxy, url = mute
    watcher = watcher_of(make_app(settings_for(url)))
    proxy.is_mute = True
    watcher.look()
    assert watcher.snapshot is None
    proxy.is_mute = False
    watcher.look()
    newer = watcher.snapshot
    assert newer is not None
    time.sleep(0.3)  # in which the first look would end, if it could
    assert watcher.snapshot is newer


def test_a_database_that_is_gone_leaves_the_snapshot_and_is_logged_once(
    make_app: MakeApp,
    postgresql: PostgresDatabases,
    postgresql_url: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    watcher = watcher_of(make_app(settings_for(postgresql_url)))
    watcher.look()
    before = watcher.snapshot
    postgresql.drop(postgresql_url)
    for _ in range(3):
        watcher.look()
    assert watcher.snapshot is before
    assert watcher.failure == "the database does not answer (OperationalError)"
    postgresql.put_back(postgresql_url)
    watcher.look()
    assert watcher.failure is None
    logged = [record.getMessage() for record in caplog.records if record.name == "webapp.data.watcher"]
    assert len(logged) == 2
    assert logged[0].startswith("data version check failed: ")
    assert logged[1] == "data version check works again"


def test_data_that_cannot_be_read_leaves_the_snapshot_and_is_logged_once(
    app: Flask, watcher: Watcher, caplog: pytest.LogCaptureFixture
) -> None:
    before = watcher.snapshot
    write(app, text("UPDATE risk_table SET effective_from = '10026-01-01'"))
    for _ in range(3):
        watcher.look()
    assert watcher.snapshot is before
    assert watcher.failure == "the data cannot be read (ValueError)"
    logged = [record for record in caplog.records if record.name == "webapp.data.watcher"]
    assert [record.getMessage().partition(":")[0] for record in logged] == ["data version check failed"]
    assert logged[0].exc_info
    write(app, text("UPDATE risk_table SET effective_from = '2026-01-01'"))
    watcher.look()
    assert watcher.failure is None
    assert watcher.snapshot is not before


def test_another_database_behind_the_same_name_is_loaded_whatever_its_version(
    make_app: MakeApp, postgresql: PostgresDatabases, postgresql_url: str
) -> None:
    app = make_app(settings_for(postgresql_url))
    watcher = watcher_of(app)
    watcher.look()
    postgresql.drop(postgresql_url)
    watcher.look()
    postgresql.put_back(postgresql_url)  # with the same version
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE risk_range DISABLE TRIGGER USER"))
        connection.execute(CHANGES["a factor corrected by hand"])
    assert app.test_client().get("/zipcode/9000").json == {"risk_factor": "C"}


def test_a_locked_sqlite_database_is_noticed_and_serves_on(
    make_app: MakeApp, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.config.CONNECT_SECONDS", 0.1)
    app = make_app(settings_for(sqlite_url))
    watcher = watcher_of(app)
    watcher.look()
    with app.app_context(), db.engine.connect() as connection:
        connection.exec_driver_sql("BEGIN EXCLUSIVE")
        watcher.look()
        assert watcher.failure
        assert app.test_client().get("/zipcode/9200").json == {"risk_factor": "A"}
        connection.rollback()
    watcher.look()
    assert watcher.failure is None


def test_a_read_only_user_is_served_with_one_line_in_the_log(
    make_app: MakeApp,
    postgresql_url: str,
    set_clock: SetClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = make_app(settings_for(postgresql_url))
    with app.app_context(), db.engine.begin() as connection:
        name = connection.scalar(text("SELECT current_database()"))
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
    with app.app_context():
        db.engine.dispose()
    set_clock(datetime(2026, 8, 29, 12, 0, tzinfo=timezone.utc))
    for _ in range(3):
        watcher_of(app).look()
    assert app.test_client().get("/zipcode/9000").json == {"risk_factor": "B"}
    assert len([record for record in caplog.records if "refresh" in record.getMessage()]) == 1


def test_a_schema_without_versions_is_loaded_at_every_look(app: Flask, watcher: Watcher) -> None:
    """A database of the release before, until `flask init-db` has run."""
    serial = watcher.serial
    with app.app_context(), db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("DROP FUNCTION bump_data_version() CASCADE"))
        else:
            names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
            for name in names.scalars().all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text("DROP TABLE data_version"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
    watcher.look()  # fails, and the next one loads
    watcher.look()
    assert watcher.failure is None
    write(app, CHANGES["a factor corrected by hand"])
    watcher.look()
    assert watcher.serial >= serial + 2
    assert app.test_client().get("/zipcode/9000").json == {"risk_factor": "C"}


def test_an_unreachable_database_fails_no_look(make_app: MakeApp, unreachable_url: str) -> None:
    watcher = watcher_of(make_app(settings_for(unreachable_url)))
    watcher.look()
    assert (watcher.snapshot, watcher.serial) == (None, 0)
    assert watcher.failure == "the database does not answer (OperationalError)"


def test_a_file_that_is_no_database_fails_no_look(make_app: MakeApp, tmp_path: Path) -> None:
    file = tmp_path / "desk.sqlite3"
    file.write_bytes(b"this is no database" * 1000)
    watcher = watcher_of(make_app(settings_for(f"sqlite:///{file}")))
    watcher.look()
    assert watcher.failure == "the database does not answer (DatabaseError)"
