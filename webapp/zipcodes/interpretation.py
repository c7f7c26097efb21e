"""Interpret text as a zipcode."""

from __future__ import annotations

import re
import unicodedata
from typing import Iterable, NamedTuple

from webapp.errors import ZipcodeNotFound, ZipcodeNotValid
from webapp.i18n.folding import fold, spellings
from webapp.i18n.messages import N_
from webapp.zipcodes.places import Candidate, Places, Suggestion
from webapp.zipcodes.search import rank, ranked, split, without_country
from webapp.zipcodes.zipcode import ZIPCODE, is_zipcode

MAX_PLACES = 12

# Beside a zipcode, a shorter name must match in full: it may be a country (L-9620) or the letters of a Dutch
# postcode (9000 GE).
MIN_LETTERS = 3

# Names looked up per text: no address has more.
MAX_NAMES = 10

COUNTRIES = ("belgie", "belgique", "belgien", "belgium")
COUNTRY_CODES = ("b", "be")

# In addresses, Brussels often replaces the municipality: 1050 Bruxelles is Ixelles.
BRUSSELS = ("brussel", "bruxelles", "brussels")

# Spreadsheet formats of the number 9000: 9.000, 9 000, 9000.0, 9.00E+03.
GROUPED = re.compile(r"([1-9])[.,' \u2019]([0-9]{3})")
WITH_DECIMALS = re.compile(rf"({ZIPCODE})[.,]0+")
SCIENTIFIC = re.compile(r"([1-9])(?:[.,]([0-9]{1,3}))?E\+?0?3", re.IGNORECASE)
# Spreadsheet notations for a number as text: ="9000", "9000", '9000.
GUARDED = re.compile(r"=?\"(.*)\"|'(.*)")

# A zipcode in a text, with its country code: B-9000, BE 9000.
WRITTEN_ZIPCODE = re.compile(rf"(?:(?<![^\W_])BE?[- ]?)?(?<![0-9])({ZIPCODE})(?![0-9])", re.IGNORECASE)

BETWEEN_NAMES = re.compile(r"[,;/|()\[\]\n]|\s[-\u2013\u2014]+(?=\s|$)|^[-\u2013\u2014]+\s")
WITH_DISTRICT = re.compile("([^0-9]+) [0-9]{1,2}")
HOUSE_NUMBER = re.compile(r"[0-9]")


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


class _Written(NamedTuple):
    zipcode: int
    before: list[str]
    after: list[str]


def interpret(places: Places, text: str) -> Interpretation:
    """Interpret a text as a zipcode: "9000", "B-9000 Gent", "1050 Ixelles - Elsene", "gand".

    Raises ZipcodeNotValid for other numbers, ZipcodeNotFound for unknown names.
    """
    plain = _plain(text)
    number = _number(plain)
    if number is not None:
        return _clear(number)
    written = _written_zipcodes(plain)
    found = _by_zipcode(places, written) if written else _by_name(places, plain)
    if found is None:
        raise ZipcodeNotFound(N_("No place found for “%(given)s”. Check the spelling."), given=text)
    return found


def _clear(zipcode: int) -> Interpretation:
    return Interpretation(zipcode, [], 0)


def _plain(text: str) -> str:
    """Drop zero-width marks and normalize characters. ² and ½ are not digits."""
    if not text.isascii():
        categories = zip(text, map(unicodedata.category, text))
        kept = "".join(" " if kind == "No" else char for char, kind in categories if kind != "Cf")
        text = unicodedata.normalize("NFKC", kept)
    return text.strip()


def _number(text: str) -> int | None:
    guarded = GUARDED.fullmatch(text)
    text = (guarded[1] or guarded[2] or "").strip() if guarded else text
    if is_zipcode(text):
        return int(text)
    grouped = GROUPED.fullmatch(text)
    if grouped:
        return int(grouped[1] + grouped[2])
    with_decimals = WITH_DECIMALS.fullmatch(text)
    if with_decimals:
        return int(with_decimals[1])
    scientific = SCIENTIFIC.fullmatch(text)
    if scientific:
        return int(scientific[1] + (scientific[2] or "").ljust(3, "0"))
    return None


def _written_zipcodes(text: str) -> list[_Written]:
    matches = list(WRITTEN_ZIPCODE.finditer(text))
    ends = [0, *(match.end() for match in matches)]
    starts = [*(match.start() for match in matches), len(text)]
    names = [_without_codes(_names(text[end:start])) for end, start in zip(ends, starts)]
    return [_Written(int(match[1]), *names[at : at + 2]) for at, match in enumerate(matches)]


def _names(text: str) -> list[str]:
    return list(filter(fold, map(_without_country, BETWEEN_NAMES.split(text))))


def _without_codes(names: list[str]) -> list[str]:
    return [name for name in names if fold(name) not in COUNTRY_CODES]


def _without_country(name: str) -> str:
    words = name.strip(" .:-\u2013\u2014\t").split()
    while words and fold(words[-1]) in COUNTRIES:
        words.pop()
    while words and fold(words[0]) in COUNTRIES:
        words.pop(0)
    return " ".join(words)


def _forms(name: str) -> list[str]:
    """Fold a name without its district number (Liège 1), and expand its abbreviations."""
    folded = fold(name)
    with_district = WITH_DISTRICT.fullmatch(folded)
    bare = with_district[1] if with_district else folded
    return [bare, *spellings(bare)]


def _by_zipcode(places: Places, written: list[_Written]) -> Interpretation | None:
    if len(written) == 1:
        return _with_one_zipcode(places, *written[0])
    named = [each.zipcode for each in written if _is_named(places, each)]
    if len(set(named)) == 1:
        return _clear(named[0])
    return _offer(places.by_zipcode[zipcode][0] for zipcode in named) if named else None


def _is_named(places: Places, written: _Written) -> bool:
    beside = written.after[:1] + written.before[-1:]
    return any(_has_name(places, written.zipcode, name) for name in beside)


def _with_one_zipcode(
    places: Places, zipcode: int, before: list[str], after: list[str]
) -> Interpretation | None:
    names = before[-MAX_NAMES:] + after[:MAX_NAMES]
    if _is_foreign(places, zipcode, before[-1:] + after[:1]):
        return None
    if not names or any(_has_name(places, zipcode, name) for name in names):
        return _clear(zipcode)
    contradiction = _contradiction(places, zipcode, names)
    if contradiction:
        return contradiction
    if any(_has_part_of_name(places, zipcode, name) for name in names):
        return _clear(zipcode)
    is_address = not after and all(map(HOUSE_NUMBER.search, before))
    return _clear(zipcode) if is_address else None


def _is_foreign(places: Places, zipcode: int, beside: Iterable[str]) -> bool:
    """True if the letters beside a zipcode are too few for a name: L-9620, 9000 GE."""
    return any(
        len(fold(name).replace(" ", "")) < MIN_LETTERS and not _has_name(places, zipcode, name)
        for name in beside
    )


def _has_name(places: Places, zipcode: int, name: str) -> bool:
    halves = name.split("-")
    return _has_one_name(places, zipcode, name) or (
        len(halves) == 2 and all(_has_one_name(places, zipcode, half) for half in halves)  # "Ixelles-Elsene"
    )


def _has_one_name(places: Places, zipcode: int, name: str) -> bool:
    forms = _forms(name)
    if forms[0] in BRUSSELS and places.is_in_brussels(zipcode):
        return True
    candidates = places.by_zipcode.get(zipcode, ())
    if any(candidate.has_name(form) or candidate.is_in(form) for candidate in candidates for form in forms):
        return True
    # bpost numbers organisations like the places nearby: SHAPE, 7010, is in Mons, 7000.
    return zipcode in places.special and any(
        candidate.zipcode // 100 == zipcode // 100 for candidate in _named(places, forms)
    )


def _has_part_of_name(places: Places, zipcode: int, name: str) -> bool:
    """True for a partial or extended name: "1000 Bruxelles-Ville"."""
    candidates = places.by_zipcode.get(zipcode, ())
    return any(
        rank(candidate, form) is not None or _is_extended(candidate, form)
        for candidate in candidates
        for form in _forms(name)
    )


def _is_extended(candidate: Candidate, folded: str) -> bool:
    names = (candidate.names + candidate.municipality).split("|")
    return any(
        len(name) >= MIN_LETTERS and (folded.startswith(f"{name} ") or folded.endswith(f" {name}"))
        for name in names
    )


def _contradiction(places: Places, zipcode: int, names: list[str]) -> Interpretation | None:
    if zipcode not in places.by_zipcode:
        return None
    own = places.by_zipcode[zipcode][0]
    for name in names:
        elsewhere = _named(places, _forms(name))
        if elsewhere:
            offered = _offer([own, *elsewhere])
            return offered._replace(contradiction=Contradiction(zipcode, own.suggestion, name))
    return None


def _by_name(places: Places, text: str) -> Interpretation | None:
    """Interpret a text without a full zipcode: "gent", "90 gent"."""
    names = _names(without_country(text))[:MAX_NAMES]
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
        found = _by_one_name(places, name) or _by_both_halves(places, name)
        if found:
            return found
    return None


def _by_one_name(places: Places, name: str) -> Interpretation | None:
    """Interpret one name. An exact match wins over longer names."""
    forms = _forms(split(fold(name))[1])
    matches = ranked(places, name)
    if not matches:  # the number may be a district, not the beginning of a zipcode: Liège 1
        forms = _forms(name)
        matches = ranked(places, forms[0])
    if not matches:
        return None
    exact = [candidate for candidate in matches if any(map(candidate.has_name, forms))]
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
    known = [forms for forms in map(_forms, names) if _named(places, forms)]
    found = [candidate for forms in known for candidate in _named(places, forms) + _in(places, forms)]
    if not found:
        return None

    def agreement(candidate: Candidate) -> tuple[int, int]:
        """Count the names that fit with the municipality, and without."""
        own = sum(any(map(candidate.has_name, forms)) for forms in known)
        with_municipality = sum(
            any(candidate.has_name(form) or candidate.is_in(form) for form in forms) for forms in known
        )
        return with_municipality, own

    best = max(map(agreement, found))
    if best[0] < len(known):
        return _offer(found)
    chosen = [candidate for candidate in found if agreement(candidate) == best]
    if len({candidate.zipcode for candidate in chosen}) == 1:
        return _clear(chosen[0].zipcode)
    return _offer(chosen)


def _named(places: Places, forms: list[str]) -> list[Candidate]:
    """Return the places with such a name, else those in such a municipality."""
    found = [candidate for form in forms for candidate in places.folded_names.get(form, ())]
    return found or _in(places, forms)


def _in(places: Places, forms: list[str]) -> list[Candidate]:
    return [candidate for form in forms for candidate in places.folded_municipalities.get(form, ())]


def _offer(candidates: Iterable[Candidate]) -> Interpretation:
    found = list({id(each): each.suggestion for each in candidates}.values())
    return Interpretation(None, found[:MAX_PLACES], len(found))
