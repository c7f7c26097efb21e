"""The periods of a series that the page of the health index shows, and its months by year."""

from __future__ import annotations

from decimal import Decimal
from typing import Dict, List, Optional, Sequence, Tuple

from dateutil.relativedelta import relativedelta

from webapp.errors import RequestNotValid
from webapp.health_index.series import MonthlyIndex
from webapp.i18n.messages import N_

# Years up to the latest month that is held; ALL is everything since 1994.
ALL = "all"
PERIODS = ("1", "5", "10", ALL)
DEFAULT_PERIOD = "5"

# A year, and its twelve months: None for one that is not shown or not held.
YearOfValues = Tuple[int, List[Optional[Decimal]]]


def latest_months(months: Sequence[MonthlyIndex], period: str) -> Sequence[MonthlyIndex]:
    """The months of a period: of five years the latest month, the same one five years before, and all
    between them.

    Raises RequestNotValid when `period` is none of PERIODS.
    """
    if period not in PERIODS:
        raise RequestNotValid(N_("Choose one of these periods: %(known)s."), known=", ".join(PERIODS))
    if period == ALL:
        return months
    first = months[-1]["month"] - relativedelta(years=int(period))
    return [entry for entry in months if entry["month"] >= first]


def by_year(months: Sequence[MonthlyIndex]) -> List[YearOfValues]:
    """The values as a grid of years, the latest first, and months."""
    years: Dict[int, Dict[int, Decimal]] = {}
    for entry in months:
        years.setdefault(entry["month"].year, {})[entry["month"].month] = entry["value"]
    return [
        (year, [years[year].get(month) for month in range(1, 13)]) for year in sorted(years, reverse=True)
    ]
