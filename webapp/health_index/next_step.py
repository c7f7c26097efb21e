"""Next step on a base year that lacks a month: another base year that has all wanted ones."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TypedDict

from webapp.errors import MonthNotFound
from webapp.health_index.coefficients import base_year_in_force
from webapp.health_index.values import HealthIndex
from webapp.i18n.messages import N_, Message


class Alternative(TypedDict):
    """A base year with all wanted months; status and coefficient are those of the new month's index."""

    base_year: int
    first_month: date
    last_month: date
    status: str
    coefficient: Decimal | None
    coefficient_source: str | None


class NextStep(TypedDict):
    """Months that a base year lacks, and the base years that have them.

    Attributes:
        first_month: first month on this base year.
        last_month: last month on this base year, which remains usable without an alternative.
        start_month: the wanted start month, if any.
        new_month: the wanted new month, or the newest month on any base year.
        alternatives: the base year in force first, then newest first; empty if none has both months.
    """

    base_year: int
    first_month: date
    last_month: date
    start_month: date | None
    new_month: date
    alternatives: list[Alternative]


def next_step(
    index: HealthIndex, base_year: int, start: date | None = None, new: date | None = None
) -> NextStep | None:
    """Return the next step, or None if `base_year` has both months, or no base year has one of them.

    Raises IndexUnavailable.

    Args:
        new: None for the newest month on any base year.
    """
    own = index.on(base_year)
    new = new or max(value.month for value in index.latest().values())
    wanted = {new} if start is None else {start, new}
    if wanted <= own.keys() or not wanted <= index.months:
        return None
    in_force = base_year_in_force(new)
    having_both = [year for year, values in index.by_base_year.items() if wanted <= values.keys()]
    return {
        "base_year": base_year,
        "first_month": min(own),
        "last_month": max(own),
        "start_month": start,
        "new_month": new,
        "alternatives": [
            _alternative(index, year, new)
            for year in sorted(having_both, key=lambda year: (year == in_force, year), reverse=True)
        ],
    }


def add_advice(error: MonthNotFound, step: NextStep | None) -> None:
    """Add the next step to the message of an error, unless a gap is the cause, with its neighbours named."""
    if step is None or _has_gap(step):
        return
    if step["alternatives"]:
        text = N_("Base %(other)s has every month of this request: use it for all of them.")
        error.add_advice(Message(text, {"other": step["alternatives"][0]["base_year"]}))
    else:
        text = N_("No base year has every month of this request. The last one on base %(year)s is %(last)s.")
        error.add_advice(Message(text, {"year": step["base_year"], "last": step["last_month"]}))


def _has_gap(step: NextStep) -> bool:
    """Return True if all wanted months are within the months of the base year."""
    wanted = [step["start_month"] or step["new_month"], step["new_month"]]
    return step["first_month"] <= min(wanted) and max(wanted) <= step["last_month"]


def _alternative(index: HealthIndex, base_year: int, new: date) -> Alternative:
    values = index.on(base_year)
    value = values[new]
    return {
        "base_year": base_year,
        "first_month": min(values),
        "last_month": max(values),
        "status": value.status,
        "coefficient": value.coefficient,
        "coefficient_source": value.coefficient_source,
    }
