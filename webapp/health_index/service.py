"""The current health index, answered from the database."""

from datetime import date, datetime
from decimal import Decimal
from typing import List, Optional, TypedDict

from sqlalchemy import select

from webapp import clock
from webapp.errors import IndexUnavailable
from webapp.extensions import db
from webapp.health_index import refresh
from webapp.health_index.models import IndexValue, UpstreamCheck
from webapp.health_index.publication import latest_published_month


class LatestIndex(TypedDict):
    """The latest index on one base year.

    `month` is the first day of the month. `checked_at` is when Statbel last answered, None if
    it never has. `stale` tells that Statbel should have published a later month already.
    """

    base_year: int
    index: Decimal
    month: date
    status: str
    checked_at: Optional[datetime]
    stale: bool


def held_base_years() -> List[int]:
    """The base years of which at least one value is held."""
    return list(db.session.scalars(select(IndexValue.base_year).distinct()))


def latest(base_year: int) -> LatestIndex:
    """The index of the greatest month that is held on a base year, after a refresh where one is due.

    Raises IndexUnavailable when none is held.
    """
    refresh.refresh_if_due()
    value = db.session.scalars(
        select(IndexValue).filter_by(base_year=base_year).order_by(IndexValue.month.desc()).limit(1)
    ).first()
    if value is None:
        raise IndexUnavailable(
            f"No value is known on base year {base_year} yet. Please try again in a minute."
        )
    check = db.session.get(UpstreamCheck, 1)
    return {
        "base_year": base_year,
        "index": value.value,
        "month": value.month,
        "status": value.status,
        "checked_at": check.succeeded_at if check else None,
        "stale": value.month < latest_published_month(clock.today()),
    }
