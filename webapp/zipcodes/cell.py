"""How people and programs write a zipcode in a cell: 9000, B-9000, 9000 Gent, 9000.0, ="9000".

The rule of the lookup field for one cell, without places that are only named: a list wants zipcodes.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from webapp.errors import DeskError
from webapp.i18n.folding import fold
from webapp.i18n.messages import N_
from webapp.zipcodes.interpretation import interpret
from webapp.zipcodes.places import Places

# Codes of warnings: the row has its factor all the same.
PLACE_DIFFERS = "PLACE_DIFFERS"
ZIPCODE_ROUNDED = "ZIPCODE_ROUNDED"
WARNINGS = {
    PLACE_DIFFERS: N_("The name belongs to another zipcode"),
    ZIPCODE_ROUNDED: N_("The number lost its last digit in a spreadsheet"),
}

# No cell with a zipcode and an address is longer.
MAX_CELL_LETTERS = 200

# Cells that are remembered. Lists have many rows with the same ones.
MAX_KNOWN_CELLS = 50_000

ZIPCODE = "[1-9][0-9]{3}"
BELGIUM = r"(?:B|BE|BEL)"

# Marks without width, spaces of any width, and the full-width letters of East Asian keyboards.
UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"), "")
SPACES = dict.fromkeys(
    map(ord, "\t\f\v\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))), " "
)
FULL_WIDTH = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
CLEANED: dict[int, str] = {**UNSEEN, **SPACES, **FULL_WIDTH, ord("\r"): "\n", ord("’"): "'"}

# ="9000" and '9000, which keep a spreadsheet from making a number of it.
GUARDED = re.compile(r"""=?"(?P<quoted>.*)"|'(?P<text>[^']*)'?""", re.DOTALL)

NUMBER = re.compile(
    rf"(?P<whole>{ZIPCODE})[.,]0+"
    r"|(?P<thousand>[1-9])[., '](?P<rest>[0-9]{3})(?:[.,]0{1,2})?"
    r"|(?P<first>[1-9])(?:[.,](?P<fraction>[0-9]+))?[eE]\+?0{0,2}3"
    rf"|{BELGIUM}\s*[-–—.:/]?\s*(?P<national>{ZIPCODE})",
    re.IGNORECASE,
)
# The letters of another country before a number: L-9620, F-59000, NL - 1234.
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
    """The zipcode that a cell stands for; empty when it stands for none.

    `is_plain` when it has just these four digits, white space around them aside. `warning` is a code
    of WARNINGS.
    """

    zipcode: str
    is_plain: bool = False
    warning: str = ""


NO_ZIPCODE = Cell("")


def strip(text: str) -> str:
    """Drop white space of every kind and width around a text."""
    return text.strip() if text.isascii() else text.translate(CLEANED).strip()


class CellReader:
    """Reads cells by the places of a snapshot, and remembers them. Thread-safe."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._in_use = frozenset(map(str, places.zipcodes))
        self._cells: dict[str, Cell] = {}
        self._names: dict[tuple[str, str], str] = {}

    def read(self, text: str) -> Cell:
        """Return the zipcode that a cell stands for."""
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
        """True for the name of a place."""
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
        """Read a zipcode with the name of its place, also at the end of an address."""
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
        """Tell if the name beside a zipcode is of the same place or of another one; empty if unknown.

        Args:
            before: in its segment of an address, and so `after`.
            following: the segment after that.
        """
        if after:
            return self._first_known(zipcode, _beginnings(after), is_alone=True)
        if before:
            return self._first_known(zipcode, _ends(before), is_alone=" " not in before)
        return self._first_known(zipcode, _beginnings(following), is_alone=True) if following else ""

    def _first_known(self, zipcode: str, names: list[str], is_alone: bool) -> str:
        """The relation of the longest of some names that is known.

        Args:
            is_alone: else a street may stand there, so that another place is no contradiction.
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
    """Read a zipcode in a format of numbers, or with the letters of the country."""
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
    """The text, and what is before its marks and words, longest first: "Gent (centrum)", "Gent"."""
    ends = [match.start() for match in WORD_END.finditer(text)]
    return [text, *(text[:end].strip(TRIMMED) for end in reversed(ends))]


def _ends(text: str) -> list[str]:
    """The text, and its last words, longest first."""
    words = text.split()[-5:]
    return [text, *(" ".join(words[count:]).strip(TRIMMED) for count in range(len(words)))]
