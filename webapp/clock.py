"""What day and what instant it is: the one place that asks the clock."""

from __future__ import annotations

from datetime import date, datetime, time, timezone

from dateutil.tz import gettz

BRUSSELS = gettz("Europe/Brussels")
if BRUSSELS is None:  # astimezone(None) would quietly mean the machine's own zone
    raise RuntimeError("no data for the time zone Europe/Brussels: install the package tzdata")


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(timezone.utc)


def today() -> date:
    """The date in Belgium, where risk tables come into force at midnight."""
    return now().astimezone(BRUSSELS).date()


def start_of(day: date) -> datetime:
    """The instant at which a day begins in Belgium, in UTC."""
    return datetime.combine(day, time.min, BRUSSELS).astimezone(timezone.utc)
