"""Statbel's publication days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Set

from dateutil.easter import easter
from dateutil.relativedelta import relativedelta


def publication_day(month: date) -> date:
    """Return the second-to-last working day of a month (docs/domain.md, "When it is published")."""
    last = month + relativedelta(day=31)
    days = (last - timedelta(days=back) for back in range(31))
    working = (day for day in days if is_working_day(day))
    next(working)
    return next(working)


def latest_published_month(on: date) -> date:
    """Return the first day of the latest month published by a day."""
    month = on.replace(day=1)
    return month if on >= publication_day(month) else month - relativedelta(months=1)


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
