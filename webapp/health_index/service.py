"""The current health index, answered from the database."""

from datetime import date, datetime
from decimal import Decimal
from typing import List, Optional, TypedDict

from dateutil.relativedelta import relativedelta
from sqlalchemy import select

from webapp import clock
from webapp.data import refresh
from webapp.data.extensions import db
from webapp.data.index_models import IndexValue, UpstreamCheck
from webapp.errors import IndexUnavailable
from webapp.health_index.publication import latest_published_month, publication_day
from webapp.i18n.messages import N_


class LatestIndex(TypedDict):
    """The latest index on one base year.

    `month` is the first day of the month. `source` and `fetched_at` say where and when this value
    was read. `checked_at` is when Statbel last answered, None if it never has. `stale` tells that
    Statbel should have published a later month already, and `superseded_by` the base year on which a
    later one is held, None when none is; `next_publication` is the day on which it
    publishes again. `changed_at` is since when all of this, but for `checked_at`, is so.
    """

    base_year: int
    index: Decimal
    month: date
    status: str
    source: str
    fetched_at: datetime
    checked_at: Optional[datetime]
    stale: bool
    superseded_by: Optional[int]
    next_publication: date
    changed_at: datetime


def held_base_years() -> List[int]:
    """The base years of which at least one value is held."""
    return list(db.session.scalars(select(IndexValue.base_year).distinct()))


def latest(base_year: int) -> LatestIndex:
    """The index of the greatest month that is held on a base year, after a refresh where one is due.

    Raises IndexUnavailable when none is held.
    """
    refresh.refresh_if_due()
    value = db.session.scalars(
        select(IndexValue).where(IndexValue.base_year == base_year).order_by(IndexValue.month.desc()).limit(1)
    ).first()
    if value is None:
        raise IndexUnavailable(
            N_("No value is known on base year %(base_year)s yet. Please try again in a minute."),
            base_year=base_year,
        )
    check = db.session.get(UpstreamCheck, 1)
    due = latest_published_month(clock.today())
    return {
        "base_year": base_year,
        "index": value.value,
        "month": value.month,
        "status": value.status,
        "source": value.source,
        "fetched_at": value.fetched_at,
        "checked_at": check.succeeded_at if check else None,
        "stale": value.month < due,
        "superseded_by": _base_year_with_later(value.month),
        "next_publication": publication_day(due + relativedelta(months=1)),
        "changed_at": max(value.fetched_at, clock.start_of(publication_day(due))),
    }


def _base_year_with_later(month: date) -> Optional[int]:
    later = select(IndexValue.base_year).where(IndexValue.month > month)
    return db.session.scalar(later.order_by(IndexValue.month.desc(), IndexValue.base_year.desc()).limit(1))
