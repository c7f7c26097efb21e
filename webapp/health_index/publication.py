"""When Statbel publishes: on the second-to-last working day of the month that is described."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Set

from dateutil.easter import easter
from dateutil.relativedelta import relativedelta


def publication_day(month: date) -> date:
    """The day on which the index of `month` (any day in it) is published.

    Source of the rule: Statbel's release calendar, see docs/domain.md.
    """
    last = month + relativedelta(day=31)
    days = (last - timedelta(days=back) for back in range(31))
    working = (day for day in days if is_working_day(day))
    next(working)
    return next(working)


def latest_published_month(on: date) -> date:
    """The first day of the latest month whose index should be out on the given day."""
    month = on.replace(day=1)
    return month if on >= publication_day(month) else month - relativedelta(months=1)


def is_working_day(day: date) -> bool:
    """Whether Belgian public offices work: not at weekends, not on public holidays."""
    return day.weekday() < 5 and day not in public_holidays(day.year)


def public_holidays(year: int) -> Set[date]:
    """The ten legal holidays of Belgium (royal decree of 18 April 1974, article 1)."""
    easter_day = easter(year)
    fixed = ((1, 1), (5, 1), (7, 21), (8, 15), (11, 1), (11, 11), (12, 25))
    after_easter = (1, 39, 50)  # Easter Monday, Ascension, Whit Monday
    return {date(year, month, day) for month, day in fixed} | {
        easter_day + timedelta(days=days) for days in after_easter
    }
