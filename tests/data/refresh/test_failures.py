"""Failures of Statbel: the last good value is served, and the log has one line."""

from __future__ import annotations

import re
import time
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from flask import Flask

from tests.conftest import ORDINARY_DAY, SetClock
from tests.data.refresh.steps import (
    AUGUST,
    GONE,
    ONE_REFRESH,
    PUBLICATION,
    RECORDINGS,
    SEPTEMBER,
    MakeApp,
    complete,
    latest,
    refresh,
)
from tests.health_index.stored_values import all_values, month, on_sqlite
from tests.support.fake_statbel import FakeStatbel, bestat, open_data, responding
from webapp.config import Settings
from webapp.statbel.parsing import UpstreamError


@on_sqlite
@pytest.mark.usefixtures("due")
def test_nothing_is_stored_when_both_sources_fail(app: Flask) -> None:
    before = all_values(app)
    with pytest.raises(UpstreamError) as caught:
        refresh(app)
    assert str(caught.value) == "bestat: status 404; open-data: status 404; workbook: status 404"
    assert all_values(app) == before


@on_sqlite
def test_refused_responses_are_logged_on_one_line_and_change_nothing(
    app: Flask, statbel: FakeStatbel, caplog: pytest.LogCaptureFixture
) -> None:
    before = all_values(app)
    names = ("refused-without-base.json", "refused-two-tables.zip", "refused-damaged.xlsx")
    bodies = [responding((RECORDINGS / name).read_bytes()) for name in names]
    statbel.bestat, statbel.open_data, statbel.workbook = bodies
    with pytest.raises(UpstreamError):
        refresh(app)
    assert caplog.messages == [
        "statbel refresh failed: bestat: table without a column of base year; "
        "open-data: 2 tables in the zip, not one; workbook: response is not a readable zip"
    ]
    assert all_values(app) == before


@on_sqlite
@pytest.mark.usefixtures("due")
def test_last_good_value_is_served_when_statbel_cannot_be_read(app: Flask) -> None:
    assert latest(app) == {
        "base_year": 2025,
        "index": Decimal("103.49"),
        "month": month("2026-08"),
        "status": "published",
        "coefficient": None,
        "coefficient_source": None,
        "source": "seed",
        "fetched_at": ORDINARY_DAY,
        "checked_at": None,
        "stale": True,
        "superseded_by": None,
        "next_publication": date(2026, 10, 29),
        "changed_at": datetime(2026, 9, 28, 22, 0, tzinfo=timezone.utc),  # midnight in Belgium
    }


@on_sqlite
@pytest.mark.usefixtures("due")
def test_last_good_value_is_served_within_the_deadlines(hasty: Flask, statbel: FakeStatbel) -> None:
    statbel.bestat = statbel.open_data = statbel.hanging
    begin = time.monotonic()
    assert latest(hasty)["index"] == Decimal("103.49")
    assert time.monotonic() - begin < 5
    assert statbel.requests == ONE_REFRESH[:2]


@on_sqlite
def test_failure_and_recovery_are_logged_once(
    make_app: MakeApp,
    settings: Settings,
    statbel: FakeStatbel,
    set_clock: SetClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    apps = [make_app(settings), make_app(settings)]

    def quarter(number: int) -> list[str]:
        """Return the log of a quarter of an hour, in which three polls are due."""
        caplog.clear()
        set_clock(PUBLICATION + timedelta(minutes=15 * number))
        for app in [apps[number % 2], *apps]:
            latest(app)
        return list(caplog.messages)

    (first,) = quarter(0)
    assert first.startswith("statbel refresh failed: bestat: ")
    assert "404; open-data: " in first
    assert quarter(1) == []
    assert quarter(2) == []
    statbel.bestat = responding(b"")
    assert quarter(3) == [
        "statbel refresh failed: bestat: empty response; open-data: status 404; workbook: status 404"
    ]
    assert quarter(4) == []
    statbel.bestat = responding(complete([SEPTEMBER]))
    (recovery,) = quarter(5)
    assert re.fullmatch("statbel refresh works again after [23] failures of this process", recovery)
    assert quarter(6) == []


@on_sqlite
@pytest.mark.usefixtures("due")
def test_failure_of_one_source_is_logged_once(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    statbel.bestat = GONE
    statbel.open_data = responding(open_data([AUGUST]))
    for number in range(3):
        set_clock(PUBLICATION + timedelta(minutes=15 * number))
        latest(app)
    assert caplog.messages == ["statbel refresh incomplete: bestat: status 404"]


@on_sqlite
def test_time_of_the_last_success_survives_a_failure(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    statbel.bestat = responding(bestat([AUGUST]))
    refresh(app)
    set_clock(PUBLICATION)
    statbel.bestat = GONE
    assert latest(app)["checked_at"] == ORDINARY_DAY
