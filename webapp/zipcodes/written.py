"""The grammar of a written zipcode: 9000, B-9000, 9.000, ="9000", Veldstraat 1, 9000 Gent.

Knows no places; see reading.py.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from webapp.i18n.folding import fold
from webapp.zipcodes.zipcode import ZIPCODE, is_zipcode

# No zipcode with an address is longer.
MAX_LETTERS = 200

# Names looked up on either side of a zipcode: no address has more.
MAX_NAMES = 10

# Shorter ones beside a zipcode are a country (L-9620) or the letters of a Dutch postcode (9000 GE).
MIN_LETTERS = 3

COUNTRIES = ("belgie", "belgique", "belgien", "belgium")
COUNTRY_CODES = ("b", "be", "bel")

QUOTES = str.maketrans({**dict.fromkeys("’‘ʼ´`′", "'"), **dict.fromkeys("“”„«»", '"')})

# ="9000", "9000" and '9000 keep a spreadsheet from converting text to a number.
GUARDED = re.compile(r"=?\"(?P<quoted>.*)\"|'(?P<text>.*?)'?", re.DOTALL)

# 9000.0, 9.000, 9 000,00, 9'000, 9.00E+03
NUMBER = re.compile(
    rf"(?P<whole>{ZIPCODE})[.,]0+"
    r"|(?P<thousand>[1-9])[., '](?P<rest>[0-9]{3})(?:[.,]0{1,2})?"
    r"|(?P<first>[1-9])(?:[.,](?P<fraction>[0-9]{1,3})0*)?[eE]\+?0{0,2}3"
)

# Neither a part of a date or another number (2018-01-01, 9000.5), nor an amount (-9000, 1000,-).
FREE_ZIPCODE = re.compile(
    r"(?<![0-9])(?<![0-9][.-])(?<!\b[0-9]/)(?<!\b[0-9][0-9]/)(?<!\A[-+])"
    r"(?:(?<![^\W_])(?:BEL|BE|B)\s?[-–—.:/]?\s?)?"
    rf"({ZIPCODE})(?![0-9]|[.,-][0-9]|/[0-9][0-9]?\b|[.,][-–—])",
    re.IGNORECASE,
)

BETWEEN_LINES = re.compile(r"[,;\n]")
BETWEEN_NAMES = re.compile(r"[,;/|()\[\]\n]|\s[-–—]+(?=\s|$)|^[-–—]+\s")
AROUND_NAMES = " .:-–—_/|()[]\"'!?*"


class Number(NamedTuple):
    """A zipcode in a number format; `is_rounded` if it may have lost digits: 9.00E+03."""

    zipcode: int
    is_rounded: bool


class Side(NamedTuple):
    """Text beside a zipcode, up to a comma or line: the nearest name of several, and the text as one name."""

    name: str
    whole: str


class WrittenZipcode(NamedTuple):
    """A zipcode and the names around it, nearest last in `before` and first in `after`."""

    zipcode: int
    before: list[str]
    after: list[str]
    beside: list[Side]


def strip(text: str) -> str:
    """Strip whitespace of any kind, and zero-width marks wherever they are."""
    if not text.isascii():
        text = "".join(char for char in text if unicodedata.category(char) != "Cf")
    return text.strip()


def clean(text: str) -> str:
    """Normalize characters and whitespace, and drop a spreadsheet's guards. ² and ½ are not digits."""
    if not text.isascii():
        categories = zip(text, map(unicodedata.category, text))
        kept = "".join(" " if kind == "No" else char for char, kind in categories if kind != "Cf")
        text = unicodedata.normalize("NFKC", kept.translate(QUOTES))
    lines = re.sub(r"[^\S\n]+", " ", text.replace("`", "'").replace("\r", "\n"))
    return _without_guard(_without_guard(lines.strip()))  # a guard in a guard


def _without_guard(text: str) -> str:
    guarded = GUARDED.fullmatch(text)
    return (guarded["quoted"] or guarded["text"] or "").replace('""', '"').strip() if guarded else text


def read_number(text: str) -> Number | None:
    """Read a clean text as a zipcode in digits alone."""
    if is_zipcode(text):
        return Number(int(text), is_rounded=False)
    match = NUMBER.fullmatch(text)
    if match is None:
        return None
    if match["first"]:
        fraction = match["fraction"] or ""
        return Number(int(match["first"] + fraction.ljust(3, "0")), is_rounded=len(fraction) < 3)
    return Number(int(match["whole"] or match["thousand"] + match["rest"]), is_rounded=False)


def zipcodes_in(text: str) -> list[WrittenZipcode]:
    """Find the zipcodes in a clean text."""
    if len(text) > MAX_LETTERS:
        return []
    matches = list(FREE_ZIPCODE.finditer(text))
    ends = [0, *(match.end() for match in matches)]
    starts = [*(match.start() for match in matches), len(text)]
    between = [text[end:start] for end, start in zip(ends, starts)]
    return [
        _with_names(int(match[1]), before, after)
        for match, before, after in zip(matches, between, between[1:])
    ]


def _with_names(zipcode: int, before: str, after: str) -> WrittenZipcode:
    names_before, names_after = names_in(before), names_in(after)
    left = _without_country(BETWEEN_LINES.split(before)[-1])
    right = _without_country(BETWEEN_LINES.split(after)[0])
    beside = [Side(name, left) for name in names_before[-1:] if left]
    beside += [Side(name, right) for name in names_after[:1] if right]
    return WrittenZipcode(zipcode, names_before[-MAX_NAMES:], names_after[:MAX_NAMES], beside)


def names_in(text: str) -> list[str]:
    """Split a text into names, without the country. Symbols are names, too: € 9000 is no zipcode."""
    return list(filter(None, map(_without_country, BETWEEN_NAMES.split(text))))


def _without_country(name: str) -> str:
    words = name.strip(AROUND_NAMES).split()
    while words and _is_one_of(words[-1], COUNTRIES + COUNTRY_CODES):
        words.pop()
    while words and _is_one_of(words[0], COUNTRIES):
        words.pop(0)
    return " ".join(words)


def _is_one_of(word: str, countries: tuple[str, ...]) -> bool:
    return "b" in word[:2].lower() and fold(word) in countries  # folding every word would take twice as long


def is_foreign(name: str) -> bool:
    """True if the letters beside a zipcode are too few for a name: L-9620, 9000 GE."""
    letters = fold(name).replace(" ", "")
    return letters.isalpha() and len(letters) < MIN_LETTERS
