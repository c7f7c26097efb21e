"""A database that is lost, replaced, locked or unreadable leaves the snapshot."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Connection, create_engine, event, text

from tests.conftest import SetClock
from tests.data.watcher.changes import CORRECTED_FACTOR, PLANNED, MakeApp, watcher_of, write
from tests.support.databases import PostgresDatabases, settings_for
from tests.support.fake_statbel import FakeStatbel
from tests.support.risk_tables import unprotect_in
from webapp.data.database import db
from webapp.data.watcher import Watcher


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
    monkeypatch.setattr("webapp.config.database_options.CONNECT_SECONDS", 0.1)
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
