"""Current time in UTC and in Belgium."""

from __future__ import annotations

from datetime import date, datetime, time, timezone

from dateutil.tz import gettz

BRUSSELS = gettz("Europe/Brussels")
if BRUSSELS is None:  # astimezone(None) would use the machine's time zone
    raise RuntimeError("no data for the time zone Europe/Brussels: install the package tzdata")


def now() -> datetime:
    return datetime.now(timezone.utc)


def today() -> date:
    """Return the date in Belgium, where risk tables take effect at midnight."""
    return now().astimezone(BRUSSELS).date()


def start_of(day: date) -> datetime:
    """Return the start of a day in Belgium, in UTC."""
    return datetime.combine(day, time.min, BRUSSELS).astimezone(timezone.utc)
