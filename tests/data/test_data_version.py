"""The version of the data: it changes with all that answers are made from, and cannot fail a request."""

import threading
import time
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Callable, List

import pytest
from flask import Flask
from sqlalchemy import case, delete, event, insert, update

from tests.conftest import ORDINARY_DAY, SetClock
from tests.databases import PostgresDatabases, settings_for, statements_of
from webapp.config import Settings
from webapp.data import data_version
from webapp.data.data_version import DataVersion
from webapp.data.extensions import db
from webapp.data.index_models import IndexValue, UpstreamCheck
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

MakeApp = Callable[[Settings], Flask]

CHANGES = {
    "a new risk table": insert(RiskTable).values(**NEW_TABLE),
    "a factor corrected by hand": update(RiskRange).where(RiskRange.first == 9000).values(factor="C"),
    "a range corrected by hand": update(RiskRange).where(RiskRange.first == 9000).values(last=9031),
    "a range taken out": delete(RiskRange).where(RiskRange.first == 9000),
    "another day on which a table counts": update(RiskTable).values(effective_from=date(2026, 1, 1)),
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
    "an index that was read again": update(IndexValue).where(*DECEMBER).values(fetched_at=LATER),
    "a month taken out": delete(IndexValue).where(*DECEMBER),
    "an answer of Statbel": insert(UpstreamCheck).values(id=1, attempted_at=LATER, succeeded_at=LATER),
    "places loaded anew": update(Place).values(loaded_at=LATER),
    "a zipcode corrected by hand": update(Place).where(Place.zipcode == 9000).values(zipcode=9001),
    "a place taken out": delete(Place).where(Place.zipcode == 9000),
}


def version_of(app: Flask) -> DataVersion:
    version: DataVersion = app.extensions["data_version"]
    return version


def write(app: Flask, statement: Any) -> None:
    with app.app_context():
        db.session.execute(statement)
        db.session.commit()


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_each_change_gives_another_version(changes_show_at_once: None, app: Flask, change: Any) -> None:
    before = version_of(app).current()
    assert version_of(app).current() == before
    write(app, change)
    assert version_of(app).current() != before


def test_a_new_day_in_belgium_gives_another_version(
    changes_show_at_once: None, app: Flask, set_clock: SetClock
) -> None:
    set_clock(datetime(2026, 8, 14, 21, 59, tzinfo=timezone.utc))
    before = version_of(app).current()
    set_clock(datetime(2026, 8, 14, 22, 0, tzinfo=timezone.utc))
    assert version_of(app).current() != before


def test_two_desks_on_one_database_have_the_same_version(make_app: MakeApp, settings: Settings) -> None:
    first, second = (version_of(make_app(settings)).current() for _ in range(2))
    assert first == second != ""


def test_the_database_is_asked_once_in_two_seconds_by_all_threads_together(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = [0.0]
    monkeypatch.setattr(data_version, "monotonic", lambda: passed[0])
    sent = statements_of(app)
    version = DataVersion(version_of(app)._engine)
    for seconds, statements in ((0.0, 1), (1.9, 1), (2.1, 2), (99.0, 3)):
        passed[0] = seconds
        threads = [threading.Thread(target=version.current) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(sent) == statements


def test_while_one_thread_looks_the_others_go_on(changes_show_at_once: None, app: Flask) -> None:
    version = version_of(app)
    known = version.current()
    looking, go_on = threading.Event(), threading.Event()

    def hang(*_call: object) -> None:
        looking.set()
        go_on.wait(10)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", hang)
    looker = threading.Thread(target=version.current)
    looker.start()
    looking.wait(10)
    started = time.monotonic()
    assert version.current() == known
    assert time.monotonic() - started < 5
    go_on.set()
    looker.join()


@pytest.mark.parametrize("known", [True, False], ids=["after a quiet time", "at the start"])
def test_nobody_goes_on_with_what_is_long_out_of_date(
    app: Flask, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_version, "PATIENCE_SECONDS", 10)
    version = version_of(app)
    if known:
        version.current()
        write(app, CHANGES["a new risk table"])
        version._next_look -= 3600

    def take_a_while(*_call: object) -> None:
        time.sleep(0.2)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", take_a_while)
    seen: List[str] = []
    threads = [threading.Thread(target=lambda: seen.append(version.current())) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [version.current()] * 5
    assert seen[0] != ""


@pytest.mark.usefixtures("changes_show_at_once")
def test_a_database_that_is_gone_leaves_the_version_and_says_so_once(
    make_app: MakeApp,
    postgresql: PostgresDatabases,
    postgresql_url: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(data_version, "REST_SECONDS", 0)
    version = version_of(make_app(settings_for(postgresql_url)))
    known = version.current()
    postgresql.drop(postgresql_url)
    assert [version.current() for _ in range(3)] == [known] * 3
    postgresql.put_back(postgresql_url)
    assert version.current() == known
    said = [record.getMessage() for record in caplog.records if record.name == "webapp.data.data_version"]
    assert said == [
        "it cannot be seen whether the data has changed (OperationalError)",
        "it can be seen again whether the data has changed",
    ]


def test_a_database_that_fails_is_left_alone_for_a_while(unreachable_url: str, make_app: MakeApp) -> None:
    version = version_of(make_app(settings_for(unreachable_url)))
    assert version.current() == ""
    assert version._next_look > time.monotonic() + data_version.REST_SECONDS - 1


def test_without_a_schema_there_is_a_version_too(shared_empty_app: Flask) -> None:
    assert version_of(shared_empty_app).current() == ""
