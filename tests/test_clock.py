"""The clock: times in UTC, days in Belgium."""

import os
import subprocess
import sys
from datetime import date, datetime, timedelta, timezone

import pytest

from tests.conftest import SetClock
from webapp import clock
from webapp.config import ROOT

REAL_NOW = clock.now


def test_now_is_in_utc() -> None:
    assert REAL_NOW().utcoffset() == timedelta(0)
    assert abs(REAL_NOW() - datetime.now(timezone.utc)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 8, 14, 21, 59, 59), date(2026, 8, 14)),  # summer: two hours ahead
        (datetime(2026, 8, 14, 22, 0), date(2026, 8, 15)),
        (datetime(2026, 12, 31, 22, 59, 59), date(2026, 12, 31)),  # winter: one hour ahead
        (datetime(2026, 12, 31, 23, 0), date(2027, 1, 1)),
        (datetime(2026, 3, 28, 23, 0), date(2026, 3, 29)),  # the night in which summer begins
        (datetime(2026, 10, 25, 22, 59), date(2026, 10, 25)),  # and ends
        (datetime(2026, 10, 25, 23, 0), date(2026, 10, 26)),
    ],
)
def test_day_begins_at_midnight_in_brussels(set_clock: SetClock, instant: datetime, day: date) -> None:
    set_clock(instant.replace(tzinfo=timezone.utc))
    assert clock.today() == day


def test_brussels_is_known_without_a_time_zone_database() -> None:
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
