"""Search places by zipcode and name, and zipcodes by risk factor."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from difflib import get_close_matches
from itertools import chain
from operator import itemgetter
from typing import Callable, Iterable, NamedTuple, TypedDict

from webapp.i18n.folding import fold, spellings
from webapp.zipcodes.place import PlaceDescription, Suggestion
from webapp.zipcodes.places import Candidate, Places
from webapp.zipcodes.risk_table import RiskTable
from webapp.zipcodes.zipcode import is_zipcode

MAX_NEAREST = 6

# difflib's ratio from which a name may be a misspelling.
MIN_LIKENESS = 0.65

# No place has a longer name; comparison time grows with length.
MAX_NAME_LETTERS = 60


class Matches(NamedTuple):
    places: list[Suggestion]
    total: int


class ZipcodeInUse(TypedDict):
    zipcode: int
    places: list[PlaceDescription]


class ZipcodesWithFactor(NamedTuple):
    """A page of `total` zipcodes; the next begins after `next_after`, None at the end."""

    total: int
    zipcodes: list[ZipcodeInUse]
    next_after: int | None


def search(places: Places, text: str, limit: int) -> Matches:
    """Search places by the beginning of a zipcode, a name in any language, or both; best first.

    Exact names come first, then beginnings of names, words and municipalities; organisations last. Matching
    accents break ties: "liè" finds Liège before Lier. Without a match, abbreviations are expanded: "st vith".
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
    """Return places near a text without a match, by zipcode and by similar name."""
    digits, name = split(fold(without_country(text)))
    if not name and digits.isdigit() and int(digits[:5]) in places.special:
        return []  # not a typing error
    own = search(places, digits, 1).places if name and is_zipcode(digits) else []
    by_name = _with_similar_name(places, name) if name else []
    by_zipcode = _with_near_zipcode(places, digits) if digits else []
    found = chain(own, by_name, by_zipcode)
    return list({place["zipcode"]: place for place in found}.values())[:MAX_NEAREST]


def with_factor(table: RiskTable, places: Places, factor: str, after: int, limit: int) -> ZipcodesWithFactor:
    """List the locality zipcodes with a factor, ascending, beyond `after`."""
    zipcodes = [zipcode for zipcode in places.zipcodes if table.factors.get(zipcode) == factor]
    rest = [zipcode for zipcode in zipcodes if zipcode > after]
    page = rest[:limit]
    return ZipcodesWithFactor(
        total=len(zipcodes),
        zipcodes=[{"zipcode": zipcode, "places": places.with_zipcode(zipcode)} for zipcode in page],
        next_after=page[-1] if len(rest) > limit else None,
    )


def split(folded: str) -> tuple[str, str]:
    """Split "9000gent" or "gent 9000" into digits and name; otherwise all is a name."""
    for pattern in ("(?P<digits>[0-9]*) ?(?P<name>[^0-9]*)", "(?P<name>[^0-9]*) (?P<digits>[0-9]+)"):
        match = re.fullmatch(pattern, folded)
        if match:
            return match["digits"], match["name"]
    return "", folded


def _match(places: Places, digits: str, forms: list[str]) -> list[tuple[int, Candidate]]:
    """Return the matches of any name with their ranks, best first."""
    ranks: dict[int, tuple[int, Candidate]] = {}
    for form in forms:
        rank = ranking(form)
        for candidate in places.by_beginning.get(form.partition(" ")[0][:2], ()):
            if digits and not str(candidate.zipcode).startswith(digits):
                continue
            new = rank(candidate)
            if new is not None and (id(candidate) not in ranks or new < ranks[id(candidate)][0]):
                ranks[id(candidate)] = new, candidate
    return sorted(ranks.values(), key=itemgetter(0))


def ranking(name: str) -> Callable[[Candidate], int | None]:
    """Return the function that ranks candidates for a folded name, 0 for the best."""
    whole, beginning, word = f"|{name}|", f"|{name}", f" {name}"

    def rank(candidate: Candidate) -> int | None:
        names = candidate.names
        if beginning in names:
            if whole in names:
                return 0
            # An organisation comes after all localities, unless this is its whole name.
            return 5 if candidate.is_special else 1
        if word in names:
            return 6 if candidate.is_special else 2
        return 3 if beginning in candidate.municipality else None

    return rank


def _has_accents(candidate: Candidate, accented: str) -> bool:
    """True if a name begins with this text, accents included."""
    suggestion = candidate.suggestion
    names = (suggestion["name"], *suggestion["names"].values())
    return any(name.casefold().startswith(accented) for name in names)


def without_country(text: str) -> str:
    """Drop the country code before a zipcode: B-9000, BE 9000."""
    return re.sub(r"^BE?[- ]?(?=[0-9])", "", text.strip(), flags=re.IGNORECASE)


def _with_similar_name(places: Places, name: str) -> Iterable[Suggestion]:
    names = places.folded_names
    similar = get_close_matches(name[:MAX_NAME_LETTERS], names, MAX_NEAREST, MIN_LIKENESS)
    return [candidate.suggestion for form in similar for candidate in names[form]]


def _with_near_zipcode(places: Places, digits: str) -> list[Suggestion]:
    """Return one place for each zipcode that begins with the digits or is nearest."""
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
