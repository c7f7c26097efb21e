"""Latest index and its changes."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Mapping, Sequence, TypedDict

from dateutil.relativedelta import relativedelta

from webapp.health_index.values import HealthIndex, IndexValue

# Statbel publishes inflation in percent with two decimals.
BASIS_POINT = Decimal("0.0001")

MONTH, YEAR = relativedelta(months=1), relativedelta(years=1)


class BaseYearOverview(TypedDict):
    """Changes are fractions, or None if a month is missing."""

    base_year: int
    index: Decimal
    month: date
    month_change: Decimal | None
    year_change: Decimal | None


def overview(index: HealthIndex) -> list[BaseYearOverview]:
    """List base years, newest first. Raises IndexUnavailable."""
    return [_overview(index.on(base_year), latest) for base_year, latest in index.latest().items()]


def newest(overview: Sequence[BaseYearOverview]) -> BaseYearOverview:
    """Return the entry with the latest month."""
    return max(overview, key=lambda entry: (entry["month"], entry["base_year"]))


def _overview(values: Mapping[date, IndexValue], latest: IndexValue) -> BaseYearOverview:
    return {
        "base_year": latest.base_year,
        "index": latest.value,
        "month": latest.month,
        "month_change": change(values, latest, MONTH),
        "year_change": change(values, latest, YEAR),
    }


def change(values: Mapping[date, IndexValue], value: IndexValue, back: relativedelta) -> Decimal | None:
    """Return the change from an earlier month, as a fraction, or None if that is missing."""
    before = values.get(value.month - back)
    return (value.value / before.value - 1).quantize(BASIS_POINT, ROUND_HALF_UP) if before else None
