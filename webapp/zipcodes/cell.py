"""Read zipcodes as written in cells: 9000, B-9000, 9000 Gent, 9000.0, ="9000".

Follows the rule of the lookup field, but rejects bare place names.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from webapp.errors import DeskError
from webapp.i18n.folding import fold
from webapp.i18n.messages import N_
from webapp.zipcodes.interpretation import interpret
from webapp.zipcodes.places import Places

# Warning codes: the row still has a factor.
PLACE_DIFFERS = "PLACE_DIFFERS"
ZIPCODE_ROUNDED = "ZIPCODE_ROUNDED"
WARNINGS = {
    PLACE_DIFFERS: N_("The name belongs to another zipcode"),
    ZIPCODE_ROUNDED: N_("The number lost its last digit in a spreadsheet"),
}

# No zipcode with an address is longer.
MAX_CELL_LETTERS = 200

# Limit of the cache. Lists repeat the same cells.
MAX_KNOWN_CELLS = 50_000

ZIPCODE = "[1-9][0-9]{3}"
BELGIUM = r"(?:B|BE|BEL)"

# Zero-width marks, spaces of any width, and full-width characters of East Asian keyboards.
UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"), "")
SPACES = dict.fromkeys(
    map(ord, "\t\f\v\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))), " "
)
FULL_WIDTH = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
CLEANED: dict[int, str] = {**UNSEEN, **SPACES, **FULL_WIDTH, ord("\r"): "\n", ord("’"): "'"}

# ="9000" and '9000 keep a spreadsheet from converting text to a number.
GUARDED = re.compile(r"""=?"(?P<quoted>.*)"|'(?P<text>[^']*)'?""", re.DOTALL)

NUMBER = re.compile(
    rf"(?P<whole>{ZIPCODE})[.,]0+"
    r"|(?P<thousand>[1-9])[., '](?P<rest>[0-9]{3})(?:[.,]0{1,2})?"
    r"|(?P<first>[1-9])(?:[.,](?P<fraction>[0-9]+))?[eE]\+?0{0,2}3"
    rf"|{BELGIUM}\s*[-–—.:/]?\s*(?P<national>{ZIPCODE})",
    re.IGNORECASE,
)
# A foreign country code before a number: L-9620, F-59000, NL - 1234.
FOREIGN = re.compile(rf"\b(?!{BELGIUM}\b)[a-z]{{1,3}}\s?[-–—]\s?[0-9]", re.IGNORECASE)
TOKEN = re.compile(
    rf"(?<![\w.-])(?:{BELGIUM}\s?[-–—]?\s?)?(?P<zipcode>{ZIPCODE})(?![0-9]|[.,][0-9]|-[0-9])", re.IGNORECASE
)
COUNTRY = re.compile(
    r"[\s,;(/-]+(?:belgi[eëuë]m?|belgique|belgien|belgium|be|b)[\s.)]*\Z|\A(?:belgi[eë]|belgique|belgien|belgium)\Z",
    re.IGNORECASE,
)
SEGMENTS = re.compile(r"[,;\n]")
WORD_END = re.compile(r"[\s/()–—-]+")
TRIMMED = " ,;:./()[]-–—\n"


class Cell(NamedTuple):
    """Zipcode in a cell, empty if there is none.

    `is_plain` if the cell has only its digits and whitespace. `warning` is a code of WARNINGS.
    """

    zipcode: str
    is_plain: bool = False
    warning: str = ""


NO_ZIPCODE = Cell("")


def strip(text: str) -> str:
    """Strip all Unicode whitespace and zero-width marks."""
    return text.strip() if text.isascii() else text.translate(CLEANED).strip()


class CellReader:
    """Read and cache cells. Thread-safe."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._in_use = frozenset(map(str, places.zipcodes))
        self._cells: dict[str, Cell] = {}
        self._names: dict[tuple[str, str], str] = {}

    def read(self, text: str) -> Cell:
        cell = self._cells.get(text)
        if cell is None:
            cell = self._read(text)
            if len(self._cells) >= MAX_KNOWN_CELLS:
                self._cells = {}
            self._cells[text] = cell
        return cell

    def is_in_use(self, zipcode: str) -> bool:
        """True for a zipcode that bpost uses."""
        return zipcode in self._in_use

    def is_place(self, name: str) -> bool:
        return fold(name) in self._places.folded_names

    def _read(self, text: str) -> Cell:
        if len(text) > MAX_CELL_LETTERS:
            return NO_ZIPCODE
        cleaned = " ".join(text.translate(CLEANED).split(" ")).strip()
        if re.fullmatch(ZIPCODE, cleaned):
            return Cell(cleaned, is_plain=not re.search("[０-９]", text))
        for _ in range(2):  # a guard in a guard
            guarded = GUARDED.fullmatch(cleaned)
            if not guarded:
                break
            cleaned = (guarded["quoted"] or guarded["text"] or "").replace('""', '"').strip()
        if re.fullmatch(ZIPCODE, cleaned):
            return Cell(cleaned)
        return _as_number(cleaned) or self._with_name(cleaned)

    def _with_name(self, text: str) -> Cell:
        """Read a zipcode beside a place name, also in an address."""
        if not re.search(ZIPCODE, text) or FOREIGN.search(text):
            return NO_ZIPCODE
        text = COUNTRY.sub("", text)
        if re.fullmatch(ZIPCODE, text):
            return Cell(text)
        segments = [segment.strip(TRIMMED) for segment in SEGMENTS.split(text)]
        zipcodes: dict[str, set[str]] = {"same": set(), "other": set(), "": set()}
        for position, segment in enumerate(segments):
            for token in TOKEN.finditer(segment):
                before, after = segment[: token.start()].strip(TRIMMED), segment[token.end() :].strip(TRIMMED)
                following = segments[position + 1] if position + 1 < len(segments) else ""
                relation = self._relation(token["zipcode"], before, after, following)
                zipcodes[relation].add(token["zipcode"])
        if len(zipcodes["same"]) == 1:
            return Cell(zipcodes["same"].pop())
        if not zipcodes["same"] and len(zipcodes["other"]) == 1:
            return Cell(zipcodes["other"].pop(), warning=PLACE_DIFFERS)
        return NO_ZIPCODE

    def _relation(self, zipcode: str, before: str, after: str, following: str) -> str:
        """Return "same" or "other" for the place named beside a zipcode, or "".

        `before` and `after` are in the same segment of an address, `following` is the next.
        """
        if after:
            return self._first_known(zipcode, _beginnings(after), is_alone=True)
        if before:
            return self._first_known(zipcode, _ends(before), is_alone=" " not in before)
        return self._first_known(zipcode, _beginnings(following), is_alone=True) if following else ""

    def _first_known(self, zipcode: str, names: list[str], is_alone: bool) -> str:
        """Return the relation of the longest known name.

        Unless `is_alone`, a street may precede, so that another place is no contradiction.
        """
        relations = [self._name(zipcode, name) for name in names]
        if "same" in relations:
            return "same"
        return "other" if "other" in relations and (is_alone or relations[0] == "other") else ""

    def _name(self, zipcode: str, name: str) -> str:
        key = (zipcode, fold(name))
        relation = self._names.get(key)
        if relation is None:
            relation = self._compare(zipcode, name, key[1])
            if len(self._names) >= MAX_KNOWN_CELLS:
                self._names = {}
            self._names[key] = relation
        return relation

    def _compare(self, zipcode: str, name: str, folded: str) -> str:
        if not folded or any(map(str.isdigit, folded)):
            return ""
        try:
            found = interpret(self._places, f"{zipcode} {name}")
        except DeskError:
            return "other" if folded in self._places.folded_names else ""
        if found.zipcode == int(zipcode):
            return "same"
        return "other" if found.contradiction or folded in self._places.folded_names else ""


def _as_number(text: str) -> Cell | None:
    """Read a zipcode in a number format, or after its country code."""
    match = NUMBER.fullmatch(text)
    if match is None:
        return None
    if match["first"]:
        fraction = (match["fraction"] or "").ljust(3, "0")
        if fraction[3:].strip("0"):
            return None
        is_exact = len(match["fraction"] or "") >= 3
        return Cell(match["first"] + fraction[:3], warning="" if is_exact else ZIPCODE_ROUNDED)
    return Cell(match["whole"] or match["national"] or match["thousand"] + match["rest"])


def _beginnings(text: str) -> list[str]:
    """Return the text and its beginnings, longest first: "Gent (centrum)", "Gent"."""
    ends = [match.start() for match in WORD_END.finditer(text)]
    return [text, *(text[:end].strip(TRIMMED) for end in reversed(ends))]


def _ends(text: str) -> list[str]:
    """Return the text and its last words, longest first."""
    words = text.split()[-5:]
    return [text, *(" ".join(words[count:]).strip(TRIMMED) for count in range(len(words)))]
