"""Publication days (docs/domain.md, "When it is published")."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Iterator

from dateutil.easter import easter
from dateutil.relativedelta import relativedelta

# Since this year, December's index comes on the last working day up to the 23rd. Other months, and December
# before, have the second-to-last working day.
EARLY_DECEMBER_SINCE = 2020


def publication_day(month: date) -> date:
    """Return the publication day of a month."""
    if month.month == 12 and month.year >= EARLY_DECEMBER_SINCE:
        return next(_working_days_back(month.replace(day=23)))
    days = _working_days_back(month + relativedelta(day=31))
    next(days)
    return next(days)


def latest_published_month(on: date) -> date:
    """Return the latest month published by a day."""
    month = on.replace(day=1)
    return month if on >= publication_day(month) else month - relativedelta(months=1)


def _working_days_back(day: date) -> Iterator[date]:
    """Yield working days, latest first."""
    while True:
        if is_working_day(day):
            yield day
        day -= timedelta(days=1)


def is_working_day(day: date) -> bool:
    return day.weekday() < 5 and day not in public_holidays(day.year)


def public_holidays(year: int) -> set[date]:
    """Return the holidays of the royal decree of 18 April 1974."""
    easter_day = easter(year)
    fixed = ((1, 1), (5, 1), (7, 21), (8, 15), (11, 1), (11, 11), (12, 25))
    after_easter = (1, 39, 50)  # Easter Monday, Ascension, Whit Monday
    return {date(year, month, day) for month, day in fixed} | {
        easter_day + timedelta(days=days) for days in after_easter
    }


def lag_months(last: date, on: date) -> int:
    """Return how many published months follow the last one that is held."""
    due = latest_published_month(on)
    return max(0, 12 * (due.year - last.year) + due.month - last.month)


def lag_working_days(last: date, on: date) -> int:
    """Return the working days since the publication of the month after the last one that is held."""
    if not lag_months(last, on):
        return 0
    day = publication_day(last + relativedelta(months=1))
    days = (day + timedelta(days=number) for number in range(1, (on - day).days + 1))
    return sum(map(is_working_day, days))
