"""Publications of the health index: past ones with their values, and expected ones."""

from __future__ import annotations

from datetime import date, datetime
from typing import Sequence, TypedDict

from dateutil.relativedelta import relativedelta

from webapp import clock
from webapp.health_index.coefficients import base_year_in_force
from webapp.health_index.publication import latest_published_month, publication_day
from webapp.health_index.values import HealthIndex, IndexValue

EXPECTED_MONTHS = 12


class Publication(TypedDict):
    """One month on all base years.

    Attributes:
        day: by the rule of publication_day.
        values: newest base year first; empty if they are not known yet.
        published_at: start of the day, or the retrieval of a value if that was earlier.
        changed_at: last change of a value, or of the whole index if there is none.
    """

    month: date
    day: date
    values: Sequence[IndexValue]
    published_at: datetime
    changed_at: datetime


def published(index: HealthIndex) -> list[Publication]:
    """Return all months with values, in order. Raises IndexUnavailable."""
    by_month: dict[date, list[IndexValue]] = {}
    for base_year in index.latest():
        for month, value in index.on(base_year).items():
            by_month.setdefault(month, []).append(value)
    return [_published(month, values) for month, values in sorted(by_month.items())]


def expected(index: HealthIndex, on: date) -> list[Publication]:
    """Return overdue months and the next twelve, as seen on a day. Raises IndexUnavailable."""
    latest = max(value.month for value in index.latest().values())
    last = max(latest, latest_published_month(on)) + relativedelta(months=EXPECTED_MONTHS)
    changed_at = index_changed_at(index)
    found: list[Publication] = []
    month = latest
    while month < last:
        month += relativedelta(months=1)
        day = publication_day(month)
        found.append(
            {
                "month": month,
                "day": day,
                "values": (),
                "published_at": clock.start_of(day),
                "changed_at": changed_at,
            }
        )
    return found


def value_in_force(publication: Publication) -> IndexValue | None:
    """Return the value on the base year in force in the month, else the newest base year, if any."""
    in_force = base_year_in_force(publication["month"])
    values = publication["values"]
    return next((value for value in values if value.base_year == in_force), values[0] if values else None)


def index_changed_at(index: HealthIndex) -> datetime:
    """Return the last change of any value. Raises IndexUnavailable."""
    return max(index.changed_at(base_year) for base_year in index.latest())


def _published(month: date, values: Sequence[IndexValue]) -> Publication:
    day = publication_day(month)
    retrieved_at = [value.fetched_at for value in values]
    published_at = min(clock.start_of(day), *retrieved_at)
    return {
        "month": month,
        "day": day,
        "values": values,
        "published_at": published_at,
        "changed_at": max(retrieved_at),
    }
