"""A slow search of the places in seed/, without the program's code."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, NamedTuple, Tuple

from tests.zipcodes.seed import NAME_COLUMNS, PLACES

# A place as both a row of the seed and a suggestion tell it apart: its zipcode and its names.
Key = Tuple[int, str, str, str]


class Searched(NamedTuple):
    """A row of the seed with its folded names."""

    row: dict[str, str]
    names: list[str]
    municipality: list[str]


def fold(text: str) -> str:
    """Fold a Belgian name."""
    plain = unicodedata.normalize("NFD", text.lower()).encode("ascii", "ignore").decode()
    return " ".join(re.findall("[a-z0-9]+", re.sub("[^a-z0-9]", " ", plain)))


SEARCHED = [
    Searched(
        row,
        [fold(row[column]) for column in NAME_COLUMNS if row[column]],
        [fold(row[f"municipality_{language}"]) for language in ("nl", "fr", "de")],
    )
    for row in PLACES
]


def key(row: dict[str, str]) -> Key:
    return int(row["zipcode"]), row["name_nl"], row["name_fr"], row["name_de"]


def is_main(row: dict[str, str]) -> bool:
    """True for a place that gave its municipality the name, or a part of it."""
    merged = row["municipality_nl"].split("-")
    names_municipality = row["name_nl"] == row["municipality_nl"] or row["name_fr"] == row["municipality_fr"]
    return names_municipality or row["name_nl"] in merged


def rank(place: Searched, name: str) -> int | None:
    """Return the rank of a place, 0 for the best; None when it does not match."""
    if name in place.names:
        return 0
    if any(own.startswith(name) for own in place.names):
        return 1
    if any(f" {name}" in own for own in place.names):
        return 2
    return 3 if any(own.startswith(name) for own in place.municipality) else None


def expected(text: str, limit: int) -> list[Key]:
    """Return what `suggest` has to find."""
    folded = fold(text)
    if re.fullmatch("[^0-9]+ [0-9]+", folded):
        folded = " ".join(reversed(folded.rsplit(" ", 1)))
    digits, name = re.findall("^([0-9]*) ?(.*)$", folded)[0]
    found: list[tuple[Any, Key]] = []
    for place in SEARCHED if digits or name else []:
        row = place.row
        found_rank = rank(place, name) if name else int(row["zipcode"])
        if found_rank is not None and row["zipcode"].startswith(digits):
            order = (found_rank, not is_main(row), len(row["name"]), fold(row["name"]), int(row["zipcode"]))
            found.append((order, key(row)))
    return [found_key for _order, found_key in sorted(found)[:limit]]
