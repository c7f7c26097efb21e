"""The health index month by month, with the smoothed index where it is defined."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Mapping, Sequence, TypedDict

from webapp.errors import MonthNotFound
from webapp.health_index.values import CENT, HealthIndex, IndexValue
from webapp.i18n.messages import N_

# The smoothed index is the mean of four months. From April 2015 to March 2016 it was blocked by law
# (the index jump), and since then it is 2 % below the mean.
SMOOTHED_MONTHS = 4
BLOCKED_AT, REDUCED_FROM = date(2015, 3, 1), date(2016, 4, 1)
REDUCTION = Decimal("0.98")


class MonthlyIndex(TypedDict):
    """The index of one month on one base year, and its source.

    `month` is the first day of the month. `smoothed` is computed from the values of the same base
    year and rounded half up once; None where one of the four months is missing.
    """

    base_year: int
    month: date
    value: Decimal
    smoothed: Decimal | None
    status: str
    source: str
    fetched_at: datetime


class BaseYearRange(TypedDict):
    """The first and the last month on a base year."""

    base_year: int
    first_month: date
    last_month: date


def months(index: HealthIndex, base_year: int) -> list[MonthlyIndex]:
    """Return all months on a base year, in order. Raises IndexUnavailable when there are none."""
    values = index.on(base_year)
    return [
        {
            "base_year": base_year,
            "month": value.month,
            "value": value.value,
            "smoothed": _smoothed(values, value.month),
            "status": value.status,
            "source": value.source,
            "fetched_at": value.fetched_at,
        }
        for value in values.values()
    ]


def find(series: Sequence[MonthlyIndex], month: date) -> MonthlyIndex:
    """Return a month (its first day) of a series that is not empty.

    Raises MonthNotFound, which names the first and the last month or, for a month missing between
    these, its neighbours.
    """
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
    """Return the base years with a value, newest first. Raises IndexUnavailable when there are none."""
    return [
        {
            "base_year": base_year,
            "first_month": min(index.on(base_year)),
            "last_month": last.month,
        }
        for base_year, last in index.latest().items()
    ]


def _smoothed(values: Mapping[date, IndexValue], month: date) -> Decimal | None:
    """Compute the smoothed index of a month from the values of a base year by month."""
    if BLOCKED_AT < month < REDUCED_FROM:
        month = BLOCKED_AT
    needed = [values.get(_months_before(month, count)) for count in range(SMOOTHED_MONTHS)]
    known = [value.value for value in needed if value]
    if len(known) < SMOOTHED_MONTHS:
        return None
    mean = sum(known) / Decimal(SMOOTHED_MONTHS)
    return (mean * (REDUCTION if month >= REDUCED_FROM else 1)).quantize(CENT, ROUND_HALF_UP)


def _months_before(month: date, count: int) -> date:
    years, index = divmod(12 * month.year + month.month - 1 - count, 12)
    return date(years, index + 1, 1)
