"""Periods of a series, and its grid of months by year."""

from __future__ import annotations

from datetime import date
from typing import List, Optional, Sequence, Tuple, TypedDict, TypeVar

from dateutil.relativedelta import relativedelta

from webapp.errors import RequestNotValid
from webapp.health_index.series import MonthlyIndex
from webapp.i18n.messages import N_

# Years up to the latest month.
ALL = "all"
PERIODS = ("1", "5", "10", ALL)
DEFAULT_PERIOD = "5"


class InMonth(TypedDict):
    month: date


Entry = TypeVar("Entry", bound=InMonth)

# A year and its twelve months; None for a missing one.
YearOfMonths = Tuple[int, List[Optional[MonthlyIndex]]]


def latest_months(months: Sequence[Entry], period: str) -> Sequence[Entry]:
    """Return the months of `period` years, with the latest: 60 for "5". Raises RequestNotValid."""
    if period not in PERIODS:
        raise RequestNotValid(N_("Choose one of these periods: %(known)s."), known=", ".join(PERIODS))
    if period == ALL:
        return months
    before = months[-1]["month"] - relativedelta(years=int(period))
    return [entry for entry in months if entry["month"] > before]


def by_year(months: Sequence[MonthlyIndex]) -> list[YearOfMonths]:
    """Return the months by year, latest year first."""
    years: dict[int, dict[int, MonthlyIndex]] = {}
    for entry in months:
        years.setdefault(entry["month"].year, {})[entry["month"].month] = entry
    return [
        (year, [years[year].get(month) for month in range(1, 13)]) for year in sorted(years, reverse=True)
    ]
