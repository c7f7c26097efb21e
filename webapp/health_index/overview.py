"""The latest index on every base year, and how it changed against a month and a year before."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Dict, List, Mapping, Optional, Sequence, TypedDict

from dateutil.relativedelta import relativedelta
from sqlalchemy import select

from webapp.data import refresh
from webapp.data.extensions import db
from webapp.data.index_models import IndexValue
from webapp.errors import IndexUnavailable
from webapp.i18n.messages import N_

# Changes are given in percent with two decimals, as Statbel gives inflation.
BASIS_POINT = Decimal("0.0001")


class BaseYearOverview(TypedDict):
    """The latest index on one base year. A change is a fraction: 0.0244 for 2.44 %.

    None stands for a change against a month that is not held.
    """

    base_year: int
    index: Decimal
    month: date
    month_change: Optional[Decimal]
    year_change: Optional[Decimal]


def overview() -> List[BaseYearOverview]:
    """Every base year of which a value is held, newest first, after a refresh where one is due.

    Raises IndexUnavailable when there is none.
    """
    refresh.refresh_if_due()
    held: Dict[int, Dict[date, Decimal]] = {}
    rows = select(IndexValue.base_year, IndexValue.month, IndexValue.value).order_by(IndexValue.month)
    for base_year, month, value in db.session.execute(rows):
        held.setdefault(base_year, {})[month] = value
    if not held:
        raise IndexUnavailable(N_("No value is known yet. Please try again in a minute."))
    return [_latest(base_year, held[base_year]) for base_year in sorted(held, reverse=True)]


def newest(overview: Sequence[BaseYearOverview]) -> BaseYearOverview:
    """The base year on which the latest month is held: the one on which Statbel publishes now."""
    return max(overview, key=lambda entry: (entry["month"], entry["base_year"]))


def _latest(base_year: int, values: Mapping[date, Decimal]) -> BaseYearOverview:
    month = max(values)
    return {
        "base_year": base_year,
        "index": values[month],
        "month": month,
        "month_change": _change(values, month, relativedelta(months=1)),
        "year_change": _change(values, month, relativedelta(years=1)),
    }


def _change(values: Mapping[date, Decimal], month: date, back: relativedelta) -> Optional[Decimal]:
    before = values.get(month - back)
    return (values[month] / before - 1).quantize(BASIS_POINT, ROUND_HALF_UP) if before else None
