"""Risk tables with their ranges, and the places that a zipcode stands for."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, Double, ForeignKey, String, func, literal_column
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.data.columns import Instant, SearchText
from webapp.data.extensions import Model

# The form of a zipcode, and what that allows.
ZIPCODE = "[1-9][0-9]{3}"
LOWEST_ZIPCODE = 1000
HIGHEST_ZIPCODE = 9999
FACTORS = ("A", "B", "C")


class RiskTable(Model):
    """One version of the table of risk factors, as it was imported from one file.

    A table is never changed: a correction is a new one. In force on a day is the table with the
    latest `effective_from` up to that day; of several with the same date, the last imported.
    """

    __tablename__ = "risk_table"

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(200))
    effective_from: Mapped[date] = mapped_column(Date, index=True)
    imported_at: Mapped[datetime] = mapped_column(Instant)
    sha256: Mapped[str] = mapped_column(String(64))
    range_count: Mapped[int]


class RiskRange(Model):
    """The zipcodes from `first` to `last`, both included, and their risk factor."""

    __tablename__ = "risk_range"
    __table_args__ = (
        CheckConstraint(f"first BETWEEN {LOWEST_ZIPCODE} AND {HIGHEST_ZIPCODE}", name="first_in_bounds"),
        CheckConstraint(f"last BETWEEN {LOWEST_ZIPCODE} AND {HIGHEST_ZIPCODE}", name="last_in_bounds"),
        CheckConstraint("first <= last", name="first_up_to_last"),
        CheckConstraint("factor IN ('A', 'B', 'C')", name="factor_is_known"),
        # Two ranges of one table cannot share a zipcode. An id as a range of one number lets
        # the GiST index compare it without an extension. SQLite has nothing of the kind; there
        # the check of the reader has to be enough.
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
    """A locality with its zipcode, its names, and the municipality that it is part of.

    `name` is the one that GeoNames lists first. The others are empty in a language in which the
    place has none. `language` is that of the place itself: nl, fr, de, or nl+fr in Brussels.
    `nis` is the code of the municipality in Statbel's REFNIS. `province_*` are empty in Brussels.
    `search_*` are the names as place_names.search_text writes them. All places are `loaded_at` once.
    """

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
    search_names: Mapped[str] = mapped_column(SearchText)
    search_municipality: Mapped[str] = mapped_column(SearchText)
    loaded_at: Mapped[datetime] = mapped_column(Instant)
