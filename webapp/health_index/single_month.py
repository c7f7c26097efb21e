"""One month on all base years."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TypedDict

from webapp.errors import MonthNotFound
from webapp.health_index import overview, series
from webapp.health_index.coefficients import base_year_in_force
from webapp.health_index.series import MonthlyIndex
from webapp.health_index.values import HealthIndex
from webapp.i18n.messages import N_


class MonthOnBaseYear(MonthlyIndex):
    """Changes are fractions, or None if a month is missing."""

    month_change: Decimal | None
    year_change: Decimal | None


class SingleMonth(TypedDict):
    """One month.

    Attributes:
        values: newest base year first.
        previous: the nearest earlier month on any base year, if any.
        next: the nearest later one.
    """

    month: date
    values: list[MonthOnBaseYear]
    previous: date | None
    next: date | None


def single_month(index: HealthIndex, month: date) -> SingleMonth:
    """Return a month. Raises IndexUnavailable, or MonthNotFound if no base year has it."""
    index.latest()  # raises IndexUnavailable
    months = sorted(index.months)
    if month not in months:
        raise MonthNotFound(
            N_("No health index is available for %(month)s, only for %(first)s to %(last)s."),
            month=month,
            first=months[0],
            last=months[-1],
        )
    at = months.index(month)
    return {
        "month": month,
        "values": [
            {
                **series.describe(values, values[month]),
                "month_change": overview.change(values, values[month], overview.MONTH),
                "year_change": overview.change(values, values[month], overview.YEAR),
            }
            for values in index.by_base_year.values()
            if month in values
        ],
        "previous": months[at - 1] if at else None,
        "next": months[at + 1] if at + 1 < len(months) else None,
    }


def value_on(found: SingleMonth, base_year: int | None) -> MonthOnBaseYear:
    """Return the value on a base year, else on the one in force in the month, else on the newest."""
    by_base_year = {value["base_year"]: value for value in found["values"]}
    in_force = base_year_in_force(found["month"])
    return by_base_year.get(base_year or in_force) or by_base_year.get(in_force) or found["values"][0]
