"""Statbel's publication days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Iterator, Set

from dateutil.easter import easter
from dateutil.relativedelta import relativedelta

# Before, December followed the rule of the other months.
EARLY_DECEMBER_SINCE = 2020


def publication_day(month: date) -> date:
    """Return the second-to-last working day of a month; in December the last one up to the 23rd.

    Source: docs/domain.md, "When it is published".
    """
    if month.month == 12 and month.year >= EARLY_DECEMBER_SINCE:
        return next(_working_days_back(month.replace(day=23)))
    days = _working_days_back(month + relativedelta(day=31))
    next(days)
    return next(days)


def latest_published_month(on: date) -> date:
    """Return the first day of the latest month published by a day."""
    month = on.replace(day=1)
    return month if on >= publication_day(month) else month - relativedelta(months=1)


def _working_days_back(day: date) -> Iterator[date]:
    """Yield the working days from a day back."""
    while True:
        if is_working_day(day):
            yield day
        day -= timedelta(days=1)


def is_working_day(day: date) -> bool:
    return day.weekday() < 5 and day not in public_holidays(day.year)


def public_holidays(year: int) -> Set[date]:
    """Return Belgium's ten legal holidays (royal decree of 18 April 1974, article 1)."""
    easter_day = easter(year)
    fixed = ((1, 1), (5, 1), (7, 21), (8, 15), (11, 1), (11, 11), (12, 25))
    after_easter = (1, 39, 50)  # Easter Monday, Ascension, Whit Monday
    return {date(year, month, day) for month, day in fixed} | {
        easter_day + timedelta(days=days) for days in after_easter
    }
