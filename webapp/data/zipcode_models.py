"""Models of risk tables, their ranges, and places."""

from __future__ import annotations

from datetime import date, datetime
from typing import Optional

from sqlalchemy import CheckConstraint, Date, Double, ForeignKey, String, false, func, literal_column
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.data.columns import Instant
from webapp.data.database import Model
from webapp.zipcodes.zipcode import MAX_ZIPCODE, MIN_ZIPCODE


class RiskTable(Model):
    """A version of the risk table. Triggers of migration 0007 let only `cancelled_at` change, once."""

    __tablename__ = "risk_table"

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(200))
    effective_from: Mapped[date] = mapped_column(Date, index=True)
    imported_at: Mapped[datetime] = mapped_column(Instant)
    sha256: Mapped[str] = mapped_column(String(64))
    range_count: Mapped[int]
    name: Mapped[str] = mapped_column(String(100), server_default="")
    note: Mapped[str] = mapped_column(String(500), server_default="")
    loaded_by: Mapped[str] = mapped_column(String(100), server_default="")
    # True for a table that counts on every day before `effective_from` too.
    open_beginning: Mapped[bool] = mapped_column(server_default=false())
    cancelled_at: Mapped[Optional[datetime]] = mapped_column(Instant)


class RiskRange(Model):
    """The risk factor of the zipcodes from `first` to `last` inclusive."""

    __tablename__ = "risk_range"
    __table_args__ = (
        CheckConstraint(f"first BETWEEN {MIN_ZIPCODE} AND {MAX_ZIPCODE}", name="first_in_bounds"),
        CheckConstraint(f"last BETWEEN {MIN_ZIPCODE} AND {MAX_ZIPCODE}", name="last_in_bounds"),
        CheckConstraint("first <= last", name="first_up_to_last"),
        CheckConstraint("factor IN ('A', 'B', 'C')", name="factor_is_known"),
        # Ranges of one table cannot overlap. The id is written as a range, so that a GiST index needs no
        # extension for it. SQLite has no such constraint and relies on risk_table_file.read.
        ExcludeConstraint(
            (func.int4range(literal_column("risk_table_id"), literal_column("risk_table_id"), "[]"), "&&"),
            (func.int4range(literal_column("first"), literal_column("last"), "[]"), "&&"),
            name="ex_risk_range_no_overlap",
        ).ddl_if(dialect="postgresql"),
    )

    risk_table_id: Mapped[int] = mapped_column(
        ForeignKey("risk_table.id", ondelete="CASCADE"), primary_key=True
    )
    first: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]
    factor: Mapped[str] = mapped_column(String(1))


class Place(Model):
    """A locality; see zipcodes.places.PlaceRow. All rows have the same `loaded_at`."""

    __tablename__ = "place"

    zipcode: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    name_nl: Mapped[str] = mapped_column(String(100))
    name_fr: Mapped[str] = mapped_column(String(100))
    name_de: Mapped[str] = mapped_column(String(100))
    municipality_nl: Mapped[str] = mapped_column(String(100))
    municipality_fr: Mapped[str] = mapped_column(String(100))
    municipality_de: Mapped[str] = mapped_column(String(100))
    nis: Mapped[str] = mapped_column(String(5))
    province_nl: Mapped[str] = mapped_column(String(50))
    province_fr: Mapped[str] = mapped_column(String(50))
    region: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(10))
    lat: Mapped[float] = mapped_column(Double)
    lon: Mapped[float] = mapped_column(Double)
    loaded_at: Mapped[datetime] = mapped_column(Instant)


class SpecialZipcode(Model):
    """A zipcode of an organisation; see zipcodes.places.SpecialZipcode."""

    __tablename__ = "special_zipcode"

    zipcode: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(100))
    name_nl: Mapped[str] = mapped_column(String(100))
    name_fr: Mapped[str] = mapped_column(String(100))
    name_de: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100))
    region: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(10))
    loaded_at: Mapped[datetime] = mapped_column(Instant)


class PlaceName(Model):
    """A further name of a place, as zipcodes.places.OtherName describes it.

    No foreign key: a load replaces all places, and the release before does so without this table.
    """

    __tablename__ = "place_name"

    zipcode: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    place: Mapped[str] = mapped_column(String(100), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(100))
    loaded_at: Mapped[datetime] = mapped_column(Instant)
