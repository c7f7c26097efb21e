"""The contents of seed/ for tests of zipcodes: read without the program's code, and as its objects."""

from __future__ import annotations

import csv
from functools import lru_cache
from typing import Any

from tests.conftest import ORDINARY_DAY
from webapp.config import ROOT
from webapp.zipcodes.place import OtherName, PlaceRow, SpecialZipcode
from webapp.zipcodes.places import Places
from webapp.zipcodes.risk_table import Range, RiskTable


def _rows(name: str) -> list[dict[str, str]]:
    with (ROOT / "seed" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _zipcodes_by_name(rows: list[dict[str, str]]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for row in rows:
        for name in {row.get(column, "") for column in (*NAME_COLUMNS, "name_en")} - {""}:
            found.setdefault(name, set()).add(int(row["zipcode"]))
    return found


def _ranges() -> list[tuple[int, int, str]]:
    ranges = []
    for line in (ROOT / "seed" / "risk_table.csv").read_text(encoding="utf-8").splitlines():
        zipcodes, factor = line.split(",")
        ends = [int(zipcode) for zipcode in zipcodes.split(" - ")]
        ranges.append((ends[0], ends[-1], factor))
    return ranges


def _gaps() -> list[tuple[int, int]]:
    ends = [999, *(end for first, last, _ in sorted(RANGES) for end in (first, last)), 10000]
    between = [(last + 1, first - 1) for last, first in zip(ends[::2], ends[1::2])]
    return [(first, last) for first, last in between if first <= last]


PLACES = _rows("places.csv")
SPECIAL = _rows("special_zipcodes.csv")
OTHER_NAMES = _rows("place_names.csv")
NAME_COLUMNS = ("name", "name_nl", "name_fr", "name_de")
ZIPCODES_BY_NAME = _zipcodes_by_name(PLACES)
# With the names of organisations, in English too, and all other names.
ZIPCODES_BY_ANY_NAME = _zipcodes_by_name([*PLACES, *SPECIAL, *OTHER_NAMES])
IN_USE = sorted({int(row["zipcode"]) for row in PLACES})

RANGES = _ranges()
FACTORS = {zipcode: factor for first, last, factor in RANGES for zipcode in range(first, last + 1)}
# The zipcodes that no range holds, as first and last of each stretch between two ranges.
GAPS = _gaps()


def place_row(row: dict[str, str], **changes: Any) -> PlaceRow:
    """Return a row of the file as the program stores it, with some fields changed."""
    numbers = {"zipcode": int(row["zipcode"]), "lat": float(row["lat"]), "lon": float(row["lon"])}
    fields: dict[str, Any] = {**row, **numbers, **changes}
    return PlaceRow(**fields)


@lru_cache(maxsize=None)
def places() -> Places:
    """All places, loaded on ORDINARY_DAY."""
    special = [SpecialZipcode(**{**row, "zipcode": int(row["zipcode"])}) for row in SPECIAL]  # type: ignore[arg-type]
    other_names = [OtherName(**{**row, "zipcode": int(row["zipcode"])}) for row in OTHER_NAMES]  # type: ignore[arg-type]
    return Places(map(place_row, PLACES), ORDINARY_DAY, special, other_names)


@lru_cache(maxsize=None)
def risk_table() -> RiskTable:
    """The risk table, loaded and in force since ORDINARY_DAY."""
    ranges = tuple(Range(*entry) for entry in sorted(RANGES))
    return RiskTable(1, effective_from=ORDINARY_DAY.date(), imported_at=ORDINARY_DAY, ranges=ranges)
