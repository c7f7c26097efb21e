"""A slow search of the places in seed/, without the program's code."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Iterable, NamedTuple, Tuple

from tests.zipcodes.seed import NAME_COLUMNS, OTHER_NAMES, PLACES, SPECIAL

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


def forms(names: Iterable[str]) -> list[str]:
    """Fold names, also without an apostrophe after one letter, and with umlauts spelled out."""
    found: list[str] = []
    for name in filter(None, names):
        umlauts = name
        for umlaut, letters in {"ä": "ae", "ö": "oe", "ü": "ue"}.items():
            umlauts = umlauts.replace(umlaut, letters)
        found += [fold(name), fold(re.sub(r"\b([dlDL])['’]\b|['’]([st])-", r"\1\2", name)), fold(umlauts)]
    return list(dict.fromkeys(found))


def others_of(row: dict[str, str], without: str = "") -> list[str]:
    return [
        other["name"]
        for other in OTHER_NAMES
        if (other["zipcode"], other["place"]) == (row["zipcode"], row["name"]) and other["kind"] != without
    ]


def names_municipality(row: dict[str, str]) -> bool:
    return row["name_nl"] == row["municipality_nl"] or row["name_fr"] == row["municipality_fr"]


def _searched() -> list[Searched]:
    of_municipality: dict[str, list[str]] = {}
    for row in PLACES:
        if names_municipality(row):
            of_municipality.setdefault(row["nis"], []).extend(others_of(row, without="part"))
    places = [
        Searched(
            row,
            forms([*(row[column] for column in NAME_COLUMNS), *others_of(row)]),
            forms(
                [
                    *(row[f"municipality_{language}"] for language in ("nl", "fr", "de")),
                    *of_municipality.get(row["nis"], []),
                ]
            ),
        )
        for row in PLACES
    ]
    special = [
        Searched(row, forms([*(row[column] for column in SPECIAL_COLUMNS), *others_of(row)]), [])
        for row in SPECIAL
    ]
    return places + special


SPECIAL_COLUMNS = (*NAME_COLUMNS, "name_en")
SEARCHED = _searched()
FORMER = {(row["zipcode"], row["place"]) for row in OTHER_NAMES if row["kind"] == "municipality"}


def key(row: dict[str, str]) -> Key:
    return int(row["zipcode"]), row["name_nl"], row["name_fr"], row["name_de"]


def is_main(row: dict[str, str]) -> bool:
    """True for a place that gave a municipality its name, or a part of it."""
    part = any(
        row[f"name_{code}"] and f"-{row[f'name_{code}']}-" in f"-{row[f'municipality_{code}']}-"
        for code in ("nl", "fr")
    )
    return names_municipality(row) or part or (row["zipcode"], row["name"]) in FORMER


def has_accents(row: dict[str, str], text: str) -> bool:
    """True if a name begins with the text as it is, accents included."""
    names = (row.get(column, "") for column in ("name_nl", "name_fr", "name_de", "name_en"))
    return any(name.casefold().startswith(text) for name in names)


def rank(place: Searched, name: str) -> int | None:
    """Return the rank of a place, 0 for the best; None when it does not match."""
    if name in place.names:
        return 0
    last = 4 if "nis" not in place.row else 0
    if any(own.startswith(name) for own in place.names):
        return 1 + last
    if any(f" {name}" in own for own in place.names):
        return 2 + last
    return 3 if any(own.startswith(name) for own in place.municipality) else None


def expected(text: str, limit: int) -> list[Key]:
    """Return what `suggest` has to find."""
    folded = fold(text)
    if re.fullmatch("[^0-9]+ [0-9]+", folded):
        folded = " ".join(reversed(folded.rsplit(" ", 1)))
    digits, name = re.findall("^([0-9]*) ?(.*)$", folded)[0]
    if digits and name and any(folded in own for place in SEARCHED for own in place.names):
        digits, name = "", folded  # 3 Suisses
    found: list[tuple[Any, Key]] = []
    for place in SEARCHED if digits or name else []:
        row = place.row
        found_rank = rank(place, name) if name else int(row["zipcode"])
        if found_rank is not None and row["zipcode"].startswith(digits):
            is_special = "nis" not in row
            order = (
                found_rank,
                not (text.isascii() or has_accents(row, text.casefold().strip())),
                is_special,
                is_special or not is_main(row),
                len(row["name"]),
                row["name"],
                int(row["zipcode"]),
            )
            found.append((order, key(row)))
    return [found_key for _order, found_key in sorted(found)[:limit]]
