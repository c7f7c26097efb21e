"""What is kept about the health index: its values, and when Statbel was last asked."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Optional

from sqlalchemy import CheckConstraint, Date, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.data.columns import IndexNumber, Instant
from webapp.data.database import Model
from webapp.health_index.values import CONVERTED, PUBLISHED


class IndexValue(Model):
    """The health index of one month on one base year.

    `month` is the first day of the month. `status` is "published" for Statbel's own figure and
    "converted" for one made with Statbel's coefficients. `source` says where it was read.
    """

    __tablename__ = "index_value"
    __table_args__ = (
        CheckConstraint("CAST(value AS NUMERIC) > 0", name="value_is_positive"),
        CheckConstraint(f"status IN ('{PUBLISHED}', '{CONVERTED}')", name="status_is_known"),
    )

    base_year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    value: Mapped[Decimal] = mapped_column(IndexNumber)
    status: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(20))
    fetched_at: Mapped[datetime] = mapped_column(Instant)


class WithdrawnIndexValue(Model):
    """A value that an operator withdrew. Triggers of migration 0004 keep it out of `index_value`."""

    __tablename__ = "withdrawn_index_value"

    base_year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    value: Mapped[Decimal] = mapped_column(IndexNumber, primary_key=True)
    status: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(20))
    fetched_at: Mapped[datetime] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(String(500))
    decided_by: Mapped[str] = mapped_column(String(100))
    decided_at: Mapped[datetime] = mapped_column(Instant)


class IndexLock(Model):
    """A month whose value an operator locked. Triggers of migration 0004 keep it in `index_value`."""

    __tablename__ = "index_lock"

    base_year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    reason: Mapped[str] = mapped_column(String(500))
    decided_by: Mapped[str] = mapped_column(String(100))
    decided_at: Mapped[datetime] = mapped_column(Instant)


class UpstreamCheck(Model):
    """When Statbel was last asked, by any process, and how that went. One row, id 1.

    It stands in the database and not in memory so that several containers, and one that has
    just been restarted, together keep to the least interval between two questions.
    """

    __tablename__ = "upstream_check"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    attempted_at: Mapped[datetime] = mapped_column(Instant)
    succeeded_at: Mapped[Optional[datetime]] = mapped_column(Instant)
    failure: Mapped[Optional[str]] = mapped_column(String(500))
