"""Models of index values, decisions, and the last check of Statbel."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Optional

from sqlalchemy import CheckConstraint, Date, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from webapp.data.columns import IndexNumber, Instant
from webapp.data.database import Model
from webapp.data.stored import readable
from webapp.health_index.values import CONVERTED, PUBLISHED


class MonthKey:
    """A month, stored as its first day, on a base year."""

    base_year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    month: Mapped[date] = mapped_column(Date, primary_key=True)


class ValueOrigin:
    """`status` is "published" by Statbel, or "converted" with a coefficient."""

    status: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(20))
    fetched_at: Mapped[datetime] = mapped_column(Instant)


class DecisionColumns:
    reason: Mapped[str] = mapped_column(String(500))
    decided_by: Mapped[str] = mapped_column(String(100))
    decided_at: Mapped[datetime] = mapped_column(Instant)


class IndexValue(MonthKey, ValueOrigin, Model):
    __tablename__ = "index_value"
    __table_args__ = (
        CheckConstraint("CAST(value AS NUMERIC) > 0", name="value_is_positive"),
        CheckConstraint(f"status IN ('{PUBLISHED}', '{CONVERTED}')", name="status_is_known"),
    )

    value: Mapped[Decimal] = mapped_column(IndexNumber)


def stored_values(session: Session) -> dict[tuple[int, date], IndexValue]:
    """Return all values by base year and month. Raises UnreadableData."""
    with readable(session.connection()):
        return {(value.base_year, value.month): value for value in session.scalars(select(IndexValue))}


class WithdrawnIndexValue(MonthKey, ValueOrigin, DecisionColumns, Model):
    """A value that triggers keep out of `index_value` (migration 0004)."""

    __tablename__ = "withdrawn_index_value"

    # sort_order, so that it follows the columns of MonthKey in the primary key.
    value: Mapped[Decimal] = mapped_column(IndexNumber, primary_key=True, sort_order=1)


class IndexLock(MonthKey, DecisionColumns, Model):
    """A month that triggers protect in `index_value` (migration 0004)."""

    __tablename__ = "index_lock"


class UpstreamCheck(Model):
    """The last check of Statbel by any process."""

    # Stored, so that the minimum interval between requests holds for all containers, also after a restart.

    __tablename__ = "upstream_check"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    attempted_at: Mapped[datetime] = mapped_column(Instant)
    succeeded_at: Mapped[Optional[datetime]] = mapped_column(Instant)
    failure: Mapped[Optional[str]] = mapped_column(String(500))
