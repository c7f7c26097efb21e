"""The thread that polls beside the requests."""

from __future__ import annotations

import threading
from datetime import datetime, timezone
from typing import Iterator

import pytest
from flask import Flask
from sqlalchemy import event

from tests.conftest import SetClock
from tests.data.watcher.changes import REVISED_VALUE, MakeApp, wait_until, watcher_of, write
from tests.health_index.stored_values import on_sqlite
from tests.support.databases import settings_for
from tests.support.fake_statbel import FakeStatbel
from webapp.data import watcher as watcher_module
from webapp.data.database import db
from webapp.data.watcher import Watcher


@pytest.fixture
def started(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watcher]:
    """A watcher with its thread, which polls every 50 ms."""
    monkeypatch.setattr(watcher_module, "POLL_SECONDS", 0.05)
    found = watcher_of(app)
    found.start(wait_seconds=10)
    yield found
    found.stop()


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
