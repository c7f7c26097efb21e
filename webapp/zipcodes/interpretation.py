"""Interpret the text of the lookup field: a zipcode (reading.py), or the name of a place."""

from __future__ import annotations

import re
from typing import Iterable, NamedTuple

from webapp.errors import ZipcodeNotFound, ZipcodeNotValid
from webapp.i18n.folding import fold
from webapp.i18n.messages import N_
from webapp.zipcodes.place import Suggestion
from webapp.zipcodes.places import Candidate, Places, forms
from webapp.zipcodes.reading import Reading, read
from webapp.zipcodes.search import ranked, split, without_country
from webapp.zipcodes.written import MAX_NAMES, clean, names_in

MAX_PLACES = 12


# Four digits that were read as no zipcode, such as 1/6500: the name beside them is not enough.
NOT_A_ZIPCODE = re.compile("(?<![0-9])[0-9]{4}(?![0-9])")


class Contradiction(NamedTuple):
    """A zipcode beside the name of another place: "9000 Antwerpen"."""

    zipcode: int
    place: Suggestion
    name: str


class Interpretation(NamedTuple):
    """Zipcode of a text, None if unclear, and the first of `total` other places, best first.

    With a contradiction, the places are the zipcode's and those with the name.
    """

    zipcode: int | None
    places: list[Suggestion]
    total: int
    contradiction: Contradiction | None = None


def interpret(places: Places, text: str) -> Interpretation:
    """Interpret a text as a zipcode: "9000", "B-9000 Gent", "1050 Ixelles - Elsene", "gand".

    Raises ZipcodeNotValid for other numbers, ZipcodeNotFound for unknown names.
    """
    cleaned = clean(text)
    reading = read(places, cleaned)
    found = _by_reading(places, reading) if reading else _by_name(places, cleaned)
    if found is None:
        raise ZipcodeNotFound(N_("No place found for “%(given)s”. Check the spelling."), given=text)
    return found


def _by_reading(places: Places, reading: Reading) -> Interpretation | None:
    zipcodes = reading.zipcodes
    if reading.other_name:
        own = places.by_zipcode[zipcodes[0]][0]
        offered = _offer([own, *places.named(reading.other_name)])
        return offered._replace(contradiction=Contradiction(zipcodes[0], own.suggestion, reading.other_name))
    if len(zipcodes) > 1:
        return _offer(places.by_zipcode[zipcode][0] for zipcode in zipcodes)
    return _clear(zipcodes[0]) if zipcodes else None


def _by_name(places: Places, text: str) -> Interpretation | None:
    """Interpret a text without a full zipcode: "gent", "90 gent"."""
    text = without_country(text)
    is_name = fold(text) in places.folded_names  # "Louvain - la - Neuve"
    names = [text] if is_name else list(filter(fold, names_in(text)))[:MAX_NAMES]
    if len(names) > 1:
        found = _by_names(places, names)
        if found:
            return found
    names = [name for name in names if split(fold(name))[1]]
    if not names:
        raise ZipcodeNotValid(
            N_("A zipcode has four digits, from 1000 to 9999. You can also enter a place name.")
        )
    for name in names:
        if NOT_A_ZIPCODE.search(name):
            continue
        found = _by_one_name(places, name) or _by_both_halves(places, name)
        if found:
            return found
    return None


def _by_one_name(places: Places, name: str) -> Interpretation | None:
    """Interpret one name. An exact match wins over longer names."""
    folded = forms(split(fold(name))[1])
    matches = ranked(places, name)
    if not matches:  # the number may be a district, not the beginning of a zipcode: Liège 1
        folded = forms(name)
        matches = ranked(places, folded[0])
    if not matches:
        return None
    exact = [candidate for candidate in matches if any(map(candidate.has_name, folded))]
    zipcodes = {candidate.zipcode for candidate in exact or matches}
    may_be_other = len(matches) > 1 and any(candidate.is_special for candidate in exact)
    if len(zipcodes) > 1 or may_be_other:
        return _offer(matches)
    zipcode = zipcodes.pop()
    return _offer(each for each in matches if each.zipcode != zipcode)._replace(zipcode=zipcode)


def _by_both_halves(places: Places, name: str) -> Interpretation | None:
    halves = name.split("-")
    return _by_names(places, halves) if len(halves) == 2 else None


def _by_names(places: Places, names: list[str]) -> Interpretation | None:
    """Interpret several names of one place or its municipality: "Antwerpen - Berchem"."""
    known = [name for name in names if places.named(name)]
    found = [candidate for name in known for candidate in places.named(name) + places.in_municipality(name)]
    if not found:
        return None

    def agreement(candidate: Candidate) -> tuple[int, int]:
        """Count the names that fit with the municipality, and without."""
        own = [any(map(candidate.has_name, forms(name))) for name in known]
        of_municipality = [any(map(candidate.is_in, forms(name))) for name in known]
        return sum(map(max, own, of_municipality)), sum(own)

    best = max(map(agreement, found))
    if best[0] < len(known):
        return _offer(found)
    chosen = [candidate for candidate in found if agreement(candidate) == best]
    if len({candidate.zipcode for candidate in chosen}) == 1:
        return _clear(chosen[0].zipcode)
    return _offer(chosen)


def _clear(zipcode: int) -> Interpretation:
    return Interpretation(zipcode, [], 0)


def _offer(candidates: Iterable[Candidate]) -> Interpretation:
    found = list({id(each): each.suggestion for each in candidates}.values())
    return Interpretation(None, found[:MAX_PLACES], len(found))
