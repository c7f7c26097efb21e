"""Monthly series, with the smoothed index."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Mapping, Sequence, TypedDict

from webapp.errors import MonthNotFound
from webapp.health_index.values import CENT, HealthIndex, IndexValue
from webapp.i18n.messages import N_

# The smoothed index is a mean of four months. By law (the index jump) it was blocked from April 2015 to
# March 2016, and has been 2 % lower since. Source: docs/domain.md, "Smoothed index".
SMOOTHED_MONTHS = 4
BLOCKED_AT, REDUCED_FROM = date(2015, 3, 1), date(2016, 4, 1)
REDUCTION = Decimal("0.98")


class MonthlyIndex(TypedDict):
    """One month; `smoothed` may be None."""

    base_year: int
    month: date
    value: Decimal
    smoothed: Decimal | None
    status: str
    coefficient: Decimal | None
    coefficient_source: str | None
    source: str
    fetched_at: datetime


class BaseYearRange(TypedDict):
    base_year: int
    first_month: date
    last_month: date


def months(index: HealthIndex, base_year: int) -> list[MonthlyIndex]:
    """Return all months, in order. Raises IndexUnavailable."""
    values = index.on(base_year)
    return [describe(values, value) for value in values.values()]


def describe(values: Mapping[date, IndexValue], value: IndexValue) -> MonthlyIndex:
    """Describe one of the values of a base year."""
    return {
        "base_year": value.base_year,
        "month": value.month,
        "value": value.value,
        "smoothed": _smoothed(values, value.month),
        "status": value.status,
        "coefficient": value.coefficient,
        "coefficient_source": value.coefficient_source,
        "source": value.source,
        "fetched_at": value.fetched_at,
    }


def find(series: Sequence[MonthlyIndex], month: date) -> MonthlyIndex:
    """Return one month. Raises MonthNotFound, which names the nearest months."""
    for entry in series:
        if entry["month"] == month:
            return entry
    first, last = series[0], series[-1]
    if first["month"] < month < last["month"]:
        raise MonthNotFound(
            N_(
                "No health index is available for %(month)s on base %(base_year)s. "
                "The nearest available months are %(before)s and %(after)s."
            ),
            month=month,
            base_year=first["base_year"],
            before=max(entry["month"] for entry in series if entry["month"] < month),
            after=min(entry["month"] for entry in series if entry["month"] > month),
        )
    raise MonthNotFound(
        N_(
            "No health index is available for %(month)s on base %(base_year)s, "
            "only for %(first)s to %(last)s."
        ),
        month=month,
        base_year=first["base_year"],
        first=first["month"],
        last=last["month"],
    )


def base_year_ranges(index: HealthIndex) -> list[BaseYearRange]:
    """Return the ranges, newest first. Raises IndexUnavailable."""
    return [
        {
            "base_year": base_year,
            "first_month": min(index.on(base_year)),
            "last_month": last.month,
        }
        for base_year, last in index.latest().items()
    ]


def _smoothed(values: Mapping[date, IndexValue], month: date) -> Decimal | None:
    if BLOCKED_AT < month < REDUCED_FROM:
        month = BLOCKED_AT
    needed = [values.get(_months_before(month, count)) for count in range(SMOOTHED_MONTHS)]
    known = [value.value for value in needed if value]
    if len(known) < SMOOTHED_MONTHS:
        return None
    mean = sum(known) / Decimal(SMOOTHED_MONTHS)
    return (mean * (REDUCTION if month >= REDUCED_FROM else 1)).quantize(CENT, ROUND_HALF_UP)


def _months_before(month: date, count: int) -> date:
    year, index = divmod(12 * month.year + month.month - 1 - count, 12)
    return date(year, index + 1, 1)
