"""Search of places by zipcode and name, and of zipcodes by risk factor."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from difflib import get_close_matches
from itertools import chain
from operator import itemgetter
from typing import Iterable, NamedTuple, TypedDict

from webapp.i18n.folding import fold, spellings
from webapp.zipcodes.places import Candidate, PlaceDescription, Places, Suggestion
from webapp.zipcodes.risk_table import RiskTable
from webapp.zipcodes.zipcode import is_zipcode

MAX_NEAREST = 6

# The likeness, as difflib measures it, from which a name may be a misspelling of another one.
MIN_LIKENESS = 0.65

# No place has a longer name; the time of a comparison grows with the length.
MAX_NAME_LETTERS = 60


class Matches(NamedTuple):
    """The first matches of a search, and the number of all."""

    places: list[Suggestion]
    total: int


class ZipcodeInUse(TypedDict):
    """A zipcode that bpost uses, with its places."""

    zipcode: int
    places: list[PlaceDescription]


class ZipcodesWithFactor(NamedTuple):
    """A page of the zipcodes with a factor, of `total`.

    The next page begins after the zipcode `next_after`, None at the end.
    """

    total: int
    zipcodes: list[ZipcodeInUse]
    next_after: int | None


def search(places: Places, text: str, limit: int) -> Matches:
    """Search places by the beginning of a zipcode, a name in any language, or both; best first.

    An exact name ranks first, then the beginning of a name, of a word in it, and of the municipality. A name
    with the same accents wins over equal ones: "liè" finds Liège before Lier. Organisations come last. If
    nothing matches, abbreviations are spelled out: "st vith".
    """
    found = ranked(places, text)
    return Matches([candidate.suggestion for candidate in found[:limit]], len(found))


def ranked(places: Places, text: str) -> list[Candidate]:
    folded = fold(text)
    digits, name = split(folded)
    if not name:
        near = _beginning_with(places.all_zipcodes, digits) if digits else []
        return list(chain.from_iterable(map(places.by_zipcode.__getitem__, near)))
    found = _match(places, digits, [name]) or _match(places, digits, spellings(name))
    if not found and digits:
        found = _match(places, "", [folded])  # 3 Suisses
    if found and not text.isascii():
        accented = unicodedata.normalize("NFC", text).casefold().strip()
        found.sort(key=lambda match: (match[0], not _has_accents(match[1], accented)))
    return [candidate for _rank, candidate in found]


def nearest(places: Places, text: str) -> list[Suggestion]:
    """Return places near a text without a match: by zipcode, by similar name."""
    digits, name = split(fold(without_country(text)))
    if not name and digits.isdigit() and int(digits[:5]) in places.special:
        return []  # no typing error
    own = search(places, digits, 1).places if name and is_zipcode(digits) else []
    by_name = _with_similar_name(places, name) if name else []
    by_zipcode = _with_near_zipcode(places, digits) if digits else []
    found = chain(own, by_name, by_zipcode)
    return list({place["zipcode"]: place for place in found}.values())[:MAX_NEAREST]


def with_factor(table: RiskTable, places: Places, factor: str, after: int, limit: int) -> ZipcodesWithFactor:
    """List the zipcodes of localities that have a factor, in ascending order, beyond `after`."""
    zipcodes = [zipcode for zipcode in places.zipcodes if table.factors.get(zipcode) == factor]
    rest = [zipcode for zipcode in zipcodes if zipcode > after]
    page = rest[:limit]
    return ZipcodesWithFactor(
        total=len(zipcodes),
        zipcodes=[{"zipcode": zipcode, "places": places.with_zipcode(zipcode)} for zipcode in page],
        next_after=page[-1] if len(rest) > limit else None,
    )


def split(folded: str) -> tuple[str, str]:
    """Split "9000gent" or "gent 9000" into digits and name; with other digits, all is a name."""
    for pattern in ("(?P<digits>[0-9]*) ?(?P<name>[^0-9]*)", "(?P<name>[^0-9]*) (?P<digits>[0-9]+)"):
        match = re.fullmatch(pattern, folded)
        if match:
            return match["digits"], match["name"]
    return "", folded


def _match(places: Places, digits: str, forms: list[str]) -> list[tuple[int, Candidate]]:
    """Return the matches of any of some names, with their ranks, the best first."""
    ranks: dict[int, tuple[int, Candidate]] = {}
    for form in forms:
        found = places.by_beginning.get(form.partition(" ")[0][:2], [])
        if digits:
            found = [candidate for candidate in found if str(candidate.zipcode).startswith(digits)]
        for candidate in found:
            new = rank(candidate, form)
            if new is not None and (id(candidate) not in ranks or new < ranks[id(candidate)][0]):
                ranks[id(candidate)] = new, candidate
    return sorted(ranks.values(), key=itemgetter(0))


def rank(candidate: Candidate, name: str) -> int | None:
    """Return the rank of a place for a folded name, 0 for the best, or None."""
    last = (
        4 * candidate.is_special
    )  # an organisation comes after all localities, unless this is its whole name
    if f"|{name}" in candidate.names:
        return 0 if f"|{name}|" in candidate.names else 1 + last
    if f" {name}" in candidate.names:
        return 2 + last
    return 3 if f"|{name}" in candidate.municipality else None


def _has_accents(candidate: Candidate, accented: str) -> bool:
    """True if a name begins with a text, letter for letter."""
    suggestion = candidate.suggestion
    names = (suggestion["name"], *suggestion["names"].values())
    return any(name.casefold().startswith(accented) for name in names)


def without_country(text: str) -> str:
    """Drop the country before a zipcode: B-9000, BE 9000."""
    return re.sub(r"^BE?[- ]?(?=[0-9])", "", text.strip(), flags=re.IGNORECASE)


def _with_similar_name(places: Places, name: str) -> Iterable[Suggestion]:
    names = places.folded_names
    similar = get_close_matches(name[:MAX_NAME_LETTERS], names, MAX_NEAREST, MIN_LIKENESS)
    return [candidate.suggestion for form in similar for candidate in names[form]]


def _with_near_zipcode(places: Places, digits: str) -> list[Suggestion]:
    """Return one place of each zipcode that begins with the digits, or is nearest to them."""
    if len(digits) < 4:
        near = _beginning_with(places.zipcodes, digits)
    else:
        wanted = int(digits[:4])
        position = bisect_left(places.zipcodes, wanted)
        around = places.zipcodes[max(position - MAX_NEAREST, 0) : position + MAX_NEAREST]
        near = sorted(around, key=lambda zipcode: (abs(zipcode - wanted), zipcode))
    return [places.by_zipcode[zipcode][0].suggestion for zipcode in near[:MAX_NEAREST]]


def _beginning_with(zipcodes: list[int], digits: str) -> list[int]:
    missing = 4 - len(digits)
    if missing < 0:
        return []
    first = int(digits) * 10**missing
    start, end = (bisect_left(zipcodes, zipcode) for zipcode in (first, first + 10**missing))
    return zipcodes[start:end]
