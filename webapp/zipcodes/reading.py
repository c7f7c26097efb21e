"""Read the zipcode of a text: one rule for the lookup field, cells of lists, and JSON.

The names beside a zipcode decide: a number beside a name of its own place is a zipcode, one beside an unknown
name is not.
"""

from __future__ import annotations

import re
from functools import partial
from typing import NamedTuple

from webapp.zipcodes.places import Candidate, Places, forms
from webapp.zipcodes.search import ranking
from webapp.zipcodes.written import MIN_LETTERS, WrittenZipcode, is_foreign, read_number, zipcodes_in

# In addresses, Brussels often replaces the municipality: 1050 Bruxelles is Ixelles.
BRUSSELS = ("brussel", "bruxelles", "brussels", "bxl")

WITH_HOUSE_NUMBER = re.compile(r"[^\W\d].*[0-9]")

# After a comma, a year follows a day as a zipcode follows a street: 12 mei, 2018.
YEARS = range(1900, 2100)


class Reading(NamedTuple):
    """The zipcodes that a text may mean: one if it is clear.

    Attributes:
        other_name: the name beside the zipcode, if it belongs to another place.
        is_rounded: the number may have lost digits in a spreadsheet.
    """

    zipcodes: list[int]
    other_name: str = ""
    is_rounded: bool = False


class _Relation(NamedTuple):
    """Relation of a zipcode to the names around it: one is its own, may be, or is that of another place."""

    is_named: bool = False
    is_possible: bool = False
    other_name: str = ""


NAMED = _Relation(is_named=True)
POSSIBLE = _Relation(is_possible=True)
UNKNOWN = _Relation()


def read(places: Places, text: str) -> Reading | None:
    """Read a clean text (written.clean); return None if it has no zipcode."""
    number = read_number(text)
    if number:
        return Reading([number.zipcode], is_rounded=number.is_rounded)
    written = zipcodes_in(text)
    if not written:
        return None
    relate = _relate_alone if len(written) == 1 else _relate_beside
    relations = [(each.zipcode, relate(places, each)) for each in written]
    named = dict.fromkeys(zipcode for zipcode, relation in relations if relation.is_named)
    if named:
        return Reading(list(named))
    likely = {zipcode: relation.other_name for zipcode, relation in relations if relation != UNKNOWN}
    if len(likely) != 1:
        return Reading([])
    return Reading(list(likely), other_name="".join(likely.values()))


def _relate_alone(places: Places, written: WrittenZipcode) -> _Relation:
    """Relate the only zipcode of a text to all its names."""
    names = written.before + written.after
    if not names:
        return NAMED
    relation = _relate(places, written, names)
    return POSSIBLE if relation == UNKNOWN and _is_after_street(places, written) else relation


def _relate_beside(places: Places, written: WrittenZipcode) -> _Relation:
    """Relate one of several zipcodes to the names next to it."""
    return _relate(places, written, [] if written.beside else written.before[-1:] + written.after[:1])


def _relate(places: Places, written: WrittenZipcode, names: list[str]) -> _Relation:
    """Relate a zipcode to the names beside it, and to further ones."""
    zipcode = written.zipcode
    is_own = partial(has_name, places, zipcode)
    unknown = [side.name for side in written.beside if not is_own(side.whole)]
    if any(is_foreign(name) and not is_own(name) for name in unknown):
        return UNKNOWN
    nearest = [side.name for side in written.beside] or names
    if len(unknown) < len(written.beside) or any(map(is_own, nearest + names)):
        return NAMED
    if any(_is_shortened(places, zipcode, name) for name in nearest):
        return POSSIBLE
    elsewhere = list(filter(places.named, nearest))
    if elsewhere and zipcode in places.by_zipcode:
        return _Relation(other_name=elsewhere[0])
    return POSSIBLE if any(_has_part_of_name(places, zipcode, name) for name in nearest + names) else UNKNOWN


def has_name(places: Places, zipcode: int, name: str) -> bool:
    """True if a place with this zipcode has the name, or its municipality has."""
    halves = name.split("-")
    return _has_one_name(places, zipcode, name) or (
        len(halves) == 2 and all(_has_one_name(places, zipcode, half) for half in halves)  # "Ixelles-Elsene"
    )


def _has_one_name(places: Places, zipcode: int, name: str) -> bool:
    folded = forms(name)
    if folded[0] in BRUSSELS and places.is_in_brussels(zipcode):
        return True
    candidates = places.by_zipcode.get(zipcode, ())
    if any(candidate.has_name(form) or candidate.is_in(form) for candidate in candidates for form in folded):
        return True
    # bpost numbers organisations like the places nearby: SHAPE, 7010, is in Mons, 7000.
    return zipcode in places.special and any(
        candidate.zipcode // 100 == zipcode // 100 and not candidate.is_special
        for candidate in places.named(name)
    )


def _is_shortened(places: Places, zipcode: int, name: str) -> bool:
    """True for the first or last words of a name, although another place has it: "1082 Berchem"."""
    return any(
        f"|{form} " in candidate.names or f" {form}|" in candidate.names
        for candidate in places.by_zipcode.get(zipcode, ())
        for form in forms(name)
        if len(form) >= MIN_LETTERS
    )


def _has_part_of_name(places: Places, zipcode: int, name: str) -> bool:
    """True for a partial or extended name: "1000 Bruxelles-Ville"."""
    candidates = places.by_zipcode.get(zipcode, ())
    for form in forms(name):
        rank = ranking(form)
        if len(form) >= MIN_LETTERS and any(
            rank(candidate) is not None or _is_extended(candidate, form) for candidate in candidates
        ):
            return True
    return False


def _is_extended(candidate: Candidate, folded: str) -> bool:
    names = (candidate.names + candidate.municipality).split("|")
    return any(
        len(name) >= MIN_LETTERS and (folded.startswith(f"{name} ") or folded.endswith(f" {name}"))
        for name in names
    )


def _is_after_street(places: Places, written: WrittenZipcode) -> bool:
    """True for a zipcode in use that follows a street and a comma: "Veldstraat 1, 9000"."""
    is_apart = bool(written.before) and not written.beside and not written.after
    is_in_use = written.zipcode in places.by_zipcode and written.zipcode not in YEARS
    return is_apart and is_in_use and bool(WITH_HOUSE_NUMBER.search(written.before[-1]))
