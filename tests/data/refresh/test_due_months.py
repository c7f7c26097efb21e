"""When Statbel is asked: from the publication day on, once in fifteen minutes, by one process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import islice

import pytest
from flask import Flask

from tests.conftest import ORDINARY_DAY, SetClock
from tests.data.refresh.steps import (
    AUGUST,
    ONE_REFRESH,
    PUBLICATION,
    SEPTEMBER,
    MakeApp,
    complete,
    latest,
    refresh,
)
from tests.health_index.stored_values import add_value, delete_values, month, on_sqlite, stored_value
from tests.support.fake_statbel import FakeStatbel, bestat, responding
from webapp.config import Settings
from webapp.data.refresh import RefreshResult
from webapp.errors import IndexUnavailable
from webapp.statbel.parsing import UpstreamError


@on_sqlite
@pytest.mark.parametrize(
    ("instant", "requests"),
    [
        (datetime(2026, 9, 28, 21, 59, tzinfo=timezone.utc), []),
        (datetime(2026, 9, 28, 22, 0, tzinfo=timezone.utc), ONE_REFRESH),  # midnight in Belgium
    ],
    ids=str,
)
def test_statbel_is_checked_from_the_publication_day_on(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock, instant: datetime, requests: list[str]
) -> None:
    set_clock(instant)
    latest(app)
    assert statbel.requests == requests


@on_sqlite
@pytest.mark.parametrize(("day", "requests"), [(22, []), (23, ONE_REFRESH)])
def test_statbel_is_checked_for_december_from_the_23rd_on(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock, day: int, requests: list[str]
) -> None:
    add_value(app, 2025, "2026-11", "104.05")
    set_clock(datetime(2026, 12, day, 12, 0, tzinfo=timezone.utc))
    latest(app)
    assert statbel.requests == requests


@pytest.mark.usefixtures("due")
def test_new_month_is_stored_and_served(app: Flask, statbel: FakeStatbel) -> None:
    statbel.bestat = responding(bestat([AUGUST, SEPTEMBER]))
    assert latest(app) == {
        "base_year": 2025,
        "index": Decimal("103.77"),
        "month": month("2026-09"),
        "status": "published",
        "coefficient": None,
        "coefficient_source": None,
        "source": "bestat",
        "fetched_at": PUBLICATION,
        "checked_at": PUBLICATION,
        "stale": False,
        "superseded_by": None,
        "next_publication": date(2026, 10, 29),
        "changed_at": PUBLICATION,
    }
    assert stored_value(app, 2025, "2026-09") == ("103.77", "published", "bestat")


@on_sqlite
def test_month_is_requested_until_it_is_stored(app: Flask, statbel: FakeStatbel, set_clock: SetClock) -> None:
    statbel.bestat = responding(complete([SEPTEMBER]))
    set_clock(PUBLICATION)
    latest(app)
    set_clock(PUBLICATION + timedelta(days=20))
    assert latest(app)["index"] == Decimal("103.77")
    assert statbel.requests == ["/bestat"]
    statbel.bestat = responding(complete([SEPTEMBER, (2025, "2026-10", 104.1)]))
    set_clock(datetime(2026, 10, 29, 12, 0, tzinfo=timezone.utc))
    assert latest(app)["index"] == Decimal("104.10")


def test_two_processes_share_the_fifteen_minutes(
    make_app: MakeApp, settings: Settings, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    one, other = make_app(settings), make_app(settings)
    set_clock(PUBLICATION)
    latest(one)
    latest(other)
    set_clock(PUBLICATION + timedelta(minutes=14, seconds=59))
    latest(other)
    assert statbel.requests == ONE_REFRESH
    set_clock(PUBLICATION + timedelta(minutes=15))
    latest(other)
    latest(one)
    assert statbel.requests == ONE_REFRESH * 2


@on_sqlite
def test_refresh_by_command_counts_for_the_fifteen_minutes(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    set_clock(PUBLICATION)
    with pytest.raises(UpstreamError):
        refresh(app)
    set_clock(PUBLICATION + timedelta(minutes=14))
    latest(app)
    assert statbel.requests == ONE_REFRESH


@on_sqlite
def test_refresh_by_command_needs_no_due_month(app: Flask, statbel: FakeStatbel) -> None:
    statbel.bestat = responding(bestat([(2025, "2026-06", 102.6), AUGUST]))
    assert refresh(app) == RefreshResult(source="bestat", changed=1)
    assert refresh(app) == RefreshResult(source="bestat", changed=0)
    assert latest(app)["checked_at"] == ORDINARY_DAY


@pytest.mark.slow
@pytest.mark.usefixtures("due")
def test_one_of_several_processes_checks_statbel(
    make_app: MakeApp, settings: Settings, statbel: FakeStatbel
) -> None:
    apps = [make_app(settings) for _ in range(4)]
    statbel.bestat = statbel.delayed(responding(complete([SEPTEMBER])))
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(latest, app) for app in apps]
        try:
            first = [future.result() for future in islice(as_completed(futures, timeout=10), 3)]
        finally:
            statbel.released.set()
    assert {found["index"] for found in first} == {Decimal("103.49")}
    assert statbel.requests == ["/bestat"]


def test_attempt_by_a_clock_far_ahead_is_ignored(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    set_clock(PUBLICATION.replace(year=2040))
    latest(app)
    set_clock(PUBLICATION)
    statbel.bestat = responding(complete([SEPTEMBER]))
    assert latest(app)["index"] == Decimal("103.77")


@on_sqlite
@pytest.mark.usefixtures("due")
def test_due_month_on_an_older_base_year_does_not_prevent_a_refresh(app: Flask, statbel: FakeStatbel) -> None:
    add_value(app, 2013, "2026-09", "140.68")
    add_value(app, 2013, "2026-10", "139.20")
    statbel.bestat = responding(complete([AUGUST, SEPTEMBER]))
    assert latest(app)["index"] == Decimal("103.77")


@on_sqlite
def test_empty_table_is_filled_from_statbel(app: Flask, statbel: FakeStatbel) -> None:
    delete_values(app)
    statbel.bestat = responding(bestat([AUGUST]))
    assert latest(app)["index"] == Decimal("103.49")


@on_sqlite
def test_empty_table_does_not_shorten_the_fifteen_minutes(app: Flask, statbel: FakeStatbel) -> None:
    delete_values(app)
    for _ in range(3):
        with pytest.raises(IndexUnavailable):
            latest(app)
    assert statbel.requests == ONE_REFRESH
