"""The clock: instants in UTC, days as they are in Belgium."""

import os
import subprocess
import sys
from datetime import date, datetime, timedelta, timezone

import pytest

from tests.conftest import SetClock
from webapp import clock
from webapp.config import ROOT

REAL_NOW = clock.now


def test_now_is_an_instant_in_utc() -> None:
    assert REAL_NOW().utcoffset() == timedelta(0)
    assert abs(REAL_NOW() - datetime.now(timezone.utc)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 8, 14, 21, 59, 59), date(2026, 8, 14)),  # summer: two hours ahead
        (datetime(2026, 8, 14, 22, 0), date(2026, 8, 15)),
        (datetime(2026, 8, 14, 23, 30), date(2026, 8, 15)),
        (datetime(2026, 1, 31, 22, 59, 59), date(2026, 1, 31)),  # winter: one hour ahead
        (datetime(2026, 1, 31, 23, 0), date(2026, 2, 1)),
        (datetime(2026, 12, 31, 23, 30), date(2027, 1, 1)),
        (datetime(2026, 3, 28, 23, 0), date(2026, 3, 29)),  # the night in which summer begins
        (datetime(2026, 10, 25, 22, 59), date(2026, 10, 25)),  # and ends
        (datetime(2026, 10, 25, 23, 0), date(2026, 10, 26)),
    ],
)
def test_a_day_begins_at_midnight_in_brussels(set_clock: SetClock, instant: datetime, day: date) -> None:
    set_clock(instant.replace(tzinfo=timezone.utc))
    assert clock.today() == day


@pytest.mark.parametrize(("month", "hours"), [(1, 1), (7, 2)])
def test_belgian_time_is_known_whatever_zone_the_machine_is_in(month: int, hours: int) -> None:
    noon = datetime(2026, month, 1, 12, 0, tzinfo=timezone.utc)
    assert noon.astimezone(clock.BRUSSELS).utcoffset() == timedelta(hours=hours)


def test_belgian_time_is_known_on_a_machine_without_a_file_of_zones() -> None:
    program = "from datetime import datetime; from webapp.clock import BRUSSELS; "
    program += "print(datetime(2026, 7, 1, tzinfo=BRUSSELS).utcoffset())"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONTZPATH": "", "TZ": "UTC"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert done.stdout == "2:00:00\n"
