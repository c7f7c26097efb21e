"""Risk tables, in force from a date."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple, Sequence, TypedDict

from webapp import clock
from webapp.errors import RiskTableUnavailable, ZipcodeNotFound
from webapp.i18n.messages import N_
from webapp.zipcodes.place import PlaceDescription
from webapp.zipcodes.places import Places

FACTORS = ("A", "B", "C")


class Range(NamedTuple):
    """Zipcodes from `first` to `last`, inclusive."""

    first: int
    last: int
    factor: str


@dataclass(frozen=True)
class RiskTable:
    """One version, with sorted ranges. A correction is a new version.

    Attributes:
        effective_from: the first day; None for an open beginning.
        sha256: of the file.
    """

    id: int
    effective_from: date | None
    imported_at: datetime
    ranges: tuple[Range, ...]
    name: str = ""
    note: str = ""
    loaded_by: str = ""
    sha256: str = ""
    cancelled_at: datetime | None = None

    @property
    def first_day(self) -> date:
        """Return the first day, the earliest one for an open beginning."""
        return self.effective_from or date.min

    @cached_property
    def _firsts(self) -> list[int]:
        return [entry.first for entry in self.ranges]

    @cached_property
    def factors(self) -> dict[int, str]:
        return {zipcode: factor for first, last, factor in self.ranges for zipcode in range(first, last + 1)}

    def range_of(self, zipcode: int) -> Range | None:
        position = bisect_right(self._firsts, zipcode) - 1
        if position < 0 or self.ranges[position].last < zipcode:
            return None
        return self.ranges[position]

    def factor_of(self, zipcode: int) -> str | None:
        found = self.range_of(zipcode)
        return found.factor if found else None


class RiskFactor(TypedDict):
    """A risk factor and its range. `kind` is one of places.KINDS, None for an unused zipcode."""

    zipcode: int
    factor: str
    first: int
    last: int
    risk_table: int
    effective_from: date | None
    kind: str | None
    places: list[PlaceDescription]
    changed_at: datetime


class RiskTableDescription(TypedDict):
    id: int
    effective_from: date | None
    range_count: int
    imported_at: datetime
    places_loaded_at: datetime | None


def in_force(tables: Sequence[RiskTable], day: date) -> RiskTable:
    """Return the latest table in force on a day; of two with one date, the one loaded later.

    A cancelled table never counts. Raises RiskTableUnavailable if there is none.
    """
    started = [table for table in tables if table.first_day <= day and not table.cancelled_at]
    if not started:
        raise RiskTableUnavailable(N_("No risk table has been loaded yet. Please try again in a minute."))
    return max(started, key=precedence)


def precedence(table: RiskTable) -> tuple[date, int]:
    """Sort key: of two tables whose first days have come, the one with the greater key counts."""
    return table.first_day, table.id


def find(table: RiskTable, places: Places, zipcode: int) -> RiskFactor:
    """Look up a zipcode from 1000 to 9999. Raises ZipcodeNotFound if no range contains it."""
    found = table.range_of(zipcode)
    if found is None and zipcode in places.special:
        raise ZipcodeNotFound(
            N_(
                "Zipcode %(zipcode)s belongs to %(organisation)s, and the risk table has no factor for it. "
                "Use the zipcode of its street address."
            ),
            zipcode=zipcode,
            organisation=places.with_zipcode(zipcode)[0]["name"],
        )
    if found is None:
        raise ZipcodeNotFound(
            N_("Zipcode %(zipcode)s is in no range of the risk table. Check it for typing errors."),
            zipcode=zipcode,
        )
    return {
        "zipcode": zipcode,
        "factor": found.factor,
        "first": found.first,
        "last": found.last,
        "risk_table": table.id,
        "effective_from": table.effective_from,
        "kind": places.kind(zipcode),
        "places": places.with_zipcode(zipcode),
        "changed_at": changed_at(table, places),
    }


def describe(table: RiskTable, places: Places) -> RiskTableDescription:
    return {
        "id": table.id,
        "effective_from": table.effective_from,
        "range_count": len(table.ranges),
        "imported_at": table.imported_at,
        "places_loaded_at": places.loaded_at,
    }


def to_csv(table: RiskTable) -> str:
    """Return the ranges as the file format that is loaded: `1000 - 1310,C`."""
    return "".join(
        f"{first},{factor}\n" if first == last else f"{first} - {last},{factor}\n"
        for first, last, factor in table.ranges
    )


def changed_at(table: RiskTable, places: Places) -> datetime:
    """Return the last change to a risk table in force or the places."""
    instants = [table.imported_at, places.loaded_at]
    if table.effective_from:
        instants.append(clock.start_of(table.effective_from))
    return max(filter(None, instants))
