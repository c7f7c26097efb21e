"""Latest health index on a base year."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TypedDict

from dateutil.relativedelta import relativedelta

from webapp import clock
from webapp.health_index.publication import latest_published_month, publication_day
from webapp.health_index.values import HealthIndex


class LatestIndex(TypedDict):
    """The latest index on one base year.

    Attributes:
        checked_at: last response of Statbel.
        stale: True if a later month is due.
        superseded_by: a base year with a later month.
        changed_at: last change of the other members.
    """

    base_year: int
    index: Decimal
    month: date
    status: str
    coefficient: Decimal | None
    coefficient_source: str | None
    source: str
    fetched_at: datetime
    checked_at: datetime | None
    stale: bool
    superseded_by: int | None
    next_publication: date
    changed_at: datetime


def latest(index: HealthIndex, base_year: int, day: date, checked_at: datetime | None) -> LatestIndex:
    """Return the latest index on a day. Raises IndexUnavailable."""
    values = index.on(base_year)
    value = values[max(values)]
    due = latest_published_month(day)
    newest = max(index.latest().values(), key=lambda entry: (entry.month, entry.base_year))
    superseded = newest.month > value.month
    changes = [index.changed_at(base_year), clock.start_of(publication_day(due))]
    return {
        "base_year": base_year,
        "index": value.value,
        "month": value.month,
        "status": value.status,
        "coefficient": value.coefficient,
        "coefficient_source": value.coefficient_source,
        "source": value.source,
        "fetched_at": value.fetched_at,
        "checked_at": checked_at,
        "stale": value.month < due,
        "superseded_by": newest.base_year if superseded else None,
        "next_publication": publication_day(due + relativedelta(months=1)),
        "changed_at": max([*changes, newest.fetched_at] if superseded else changes),
    }
