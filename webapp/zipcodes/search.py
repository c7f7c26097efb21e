"""Search of places by zipcode and name, and of zipcodes by risk factor."""

from __future__ import annotations

import re
from bisect import bisect_left
from difflib import get_close_matches
from itertools import chain, islice
from operator import itemgetter
from typing import Iterable, NamedTuple, TypedDict

from webapp.errors import ZipcodeNotFound, ZipcodeNotValid
from webapp.i18n.folding import fold, spellings
from webapp.i18n.messages import N_
from webapp.zipcodes.places import Candidate, PlaceDescription, Places, Suggestion
from webapp.zipcodes.risk_table import RiskTable
from webapp.zipcodes.zipcode import is_zipcode

# Places that a page lists.
MAX_PLACES = 12
MAX_NEAREST = 6

# With a zipcode, a name of fewer letters has to match in full: it may be the country (L-9620) or the
# letters of a Dutch postcode (9000 GE).
MIN_LETTERS = 3

# In addresses Brussels often stands for the municipality: 1050 Bruxelles is Ixelles.
BRUSSELS = ("brussel", "bruxelles", "brussels")

# The likeness, as difflib measures it, from which a name may be a misspelling of another one.
MIN_LIKENESS = 0.65

# No place has a longer name; the time of a comparison grows with the length.
MAX_NAME_LETTERS = 60


class Interpretation(NamedTuple):
    """The zipcode that a text stands for, if it is clear, and further places that it may stand for."""

    zipcode: int | None
    places: list[Suggestion]


class ZipcodeInUse(TypedDict):
    """A zipcode that bpost uses, with its places."""

    zipcode: int
    places: list[PlaceDescription]


class ZipcodesWithFactor(NamedTuple):
    """A page of the zipcodes with a factor.

    `total` counts them all. `next_after` is the zipcode after which the next page begins, None at the end.
    """

    total: int
    zipcodes: list[ZipcodeInUse]
    next_after: int | None


def suggest(places: Places, text: str, limit: int) -> list[Suggestion]:
    """Return the places that match the beginning of a zipcode or name, best first.

    Digits are the beginning of a zipcode; the rest is the beginning of a name, or of a word in it,
    in any language: "90", "gen", "truiden", "9000 gent". An exact name ranks before the beginning of
    a name, that before the beginning of a word, and the parts of a municipality that begins so come last.
    Where nothing matches, "st" and "ste" before a word are spelled out: "st vith".
    """
    digits, name = split(fold(text))
    if not digits and not name:
        return []
    ranked = _match(places, digits, name, limit)
    if not ranked:
        spelled = chain.from_iterable(_match(places, digits, form, limit) for form in spellings(name))
        ranked = sorted(spelled, key=itemgetter(0))
    found = {(place["zipcode"], place["name"]): place for _rank, place in ranked}  # each once
    return list(found.values())[:limit]


def interpret(places: Places, text: str) -> Interpretation:
    """Interpret a text as a zipcode: "9000", "B-9000 Gent", "1050 Brussel", "gand", "sint-truid".

    A place with exactly that name wins over those that only begin so. Names are compared as by `suggest`.

    Raises ZipcodeNotValid for a number that is no zipcode, ZipcodeNotFound for a name that no place has.
    """
    # Pages show some places with two names, "Elsene / Ixelles" or "Luik (Liège)": one is enough.
    one_name = re.sub(r"/[^0-9]*| \([^0-9]*\)", " ", _without_country(text))
    digits, name = split(fold(one_name))
    if is_zipcode(digits) and (not name or (name in BRUSSELS and _is_in_brussels(places, int(digits)))):
        return Interpretation(int(digits), [])
    if not name:
        raise ZipcodeNotValid(
            N_("A zipcode has four digits, from 1000 to 9999. You can also enter a place name.")
        )
    found = suggest(places, one_name, MAX_PLACES + 1)
    wanted = {name, *spellings(name)}
    zipcodes = {place["zipcode"] for place in found if wanted & _folded_names(place)}
    if not zipcodes and not (is_zipcode(digits) and len(name.replace(" ", "")) < MIN_LETTERS):
        zipcodes = {place["zipcode"] for place in found}
    if not zipcodes:
        raise ZipcodeNotFound(N_("No place found for “%(given)s”. Check the spelling."), given=text)
    zipcode = zipcodes.pop() if len(zipcodes) == 1 else None
    return Interpretation(zipcode, [place for place in found if place["zipcode"] != zipcode][:MAX_PLACES])


def nearest(places: Places, text: str) -> list[Suggestion]:
    """Return the places nearest to a text without a match: a zipcode close by, or a similar name.

    After a zipcode with a name of another place, the place of the zipcode comes first.
    """
    digits, name = split(fold(_without_country(text)))
    own = suggest(places, digits, 1) if name and is_zipcode(digits) else []
    by_name = _with_similar_name(places, name) if name else []
    by_zipcode = _with_near_zipcode(places, digits) if digits else []
    found = chain(own, by_name, by_zipcode)
    return list({place["zipcode"]: place for place in found}.values())[:MAX_NEAREST]


def with_factor(table: RiskTable, places: Places, factor: str, after: int, limit: int) -> ZipcodesWithFactor:
    """List the zipcodes in use that have a factor, in ascending order, beyond `after`."""
    zipcodes = [zipcode for zipcode in places.zipcodes if table.factors.get(zipcode) == factor]
    rest = [zipcode for zipcode in zipcodes if zipcode > after]
    page = rest[:limit]
    return ZipcodesWithFactor(
        total=len(zipcodes),
        zipcodes=[{"zipcode": zipcode, "places": places.with_zipcode(zipcode)} for zipcode in page],
        next_after=page[-1] if len(rest) > limit else None,
    )


def split(folded: str) -> tuple[str, str]:
    """Split "9000 gent", "9000gent" or "gent 9000" into digits and name.

    With other digits, all of it is a name, which no place has.
    """
    for pattern in ("(?P<digits>[0-9]*) ?(?P<name>[^0-9]*)", "(?P<name>[^0-9]*) (?P<digits>[0-9]+)"):
        match = re.fullmatch(pattern, folded)
        if match:
            return match["digits"], match["name"]
    return "", folded


def _match(places: Places, digits: str, name: str, limit: int) -> list[tuple[int, Suggestion]]:
    """Return the matching places, each with its rank: 0 is best."""
    if name:
        first_word = name.partition(" ")[0]
        found = places.by_beginning.get(first_word[:2], [])
        if digits:
            found = [each for each in found if str(each.row.zipcode).startswith(digits)]
        ranked = [(rank, each) for each in found if (rank := _rank(each, name)) is not None]
        best = sorted(ranked, key=itemgetter(0))[:limit]
    else:
        in_order = chain.from_iterable(map(places.by_zipcode.__getitem__, _beginning_with(places, digits)))
        best = [(0, candidate) for candidate in islice(in_order, limit)]
    return [(rank, candidate.suggestion) for rank, candidate in best]


def _rank(candidate: Candidate, name: str) -> int | None:
    """Return the rank of a place; None when it does not match."""
    if f"|{name}" in candidate.names:
        return 0 if f"|{name}|" in candidate.names else 1
    if f" {name}" in candidate.names:
        return 2
    return 3 if f"|{name}" in candidate.municipality else None


def _without_country(text: str) -> str:
    """Drop the country before the zipcode of an address abroad: B-9000, BE 9000."""
    return re.sub(r"^BE?[- ]?(?=[0-9])", "", text.strip(), flags=re.IGNORECASE)


def _is_in_brussels(places: Places, zipcode: int) -> bool:
    return any(place["region"] == "Brussels" for place in places.with_zipcode(zipcode))


def _folded_names(place: Suggestion) -> set[str]:
    return {fold(name) for name in (place["name"], *place["names"].values())}


def _with_similar_name(places: Places, name: str) -> Iterable[Suggestion]:
    names = places.folded_names
    similar = get_close_matches(name[:MAX_NAME_LETTERS], names, MAX_NEAREST, MIN_LIKENESS)
    return [candidate.suggestion for form in similar for candidate in names[form]]


def _with_near_zipcode(places: Places, digits: str) -> list[Suggestion]:
    """Return one place of each of the nearest zipcodes.

    They begin with the digits, or differ least from the number that the first four are.
    """
    if len(digits) < 4:
        near = _beginning_with(places, digits)
    else:
        wanted = int(digits[:4])
        position = bisect_left(places.zipcodes, wanted)
        around = places.zipcodes[max(position - MAX_NEAREST, 0) : position + MAX_NEAREST]
        near = sorted(around, key=lambda zipcode: (abs(zipcode - wanted), zipcode))
    return [places.by_zipcode[zipcode][0].suggestion for zipcode in near[:MAX_NEAREST]]


def _beginning_with(places: Places, digits: str) -> list[int]:
    """Return the zipcodes in use that begin with some digits, in ascending order."""
    missing = 4 - len(digits)
    if missing < 0:
        return []
    first = int(digits) * 10**missing
    start, end = (bisect_left(places.zipcodes, zipcode) for zipcode in (first, first + 10**missing))
    return places.zipcodes[start:end]
