"""Read and cache cells of lists: zipcodes as in the lookup field (reading.py), but no place names alone."""

from __future__ import annotations

from typing import NamedTuple

from webapp.i18n.folding import fold
from webapp.i18n.messages import N_
from webapp.zipcodes.places import Places
from webapp.zipcodes.reading import read
from webapp.zipcodes.written import MAX_LETTERS, clean, strip
from webapp.zipcodes.zipcode import is_zipcode

# Warning codes: the row still has a factor.
PLACE_DIFFERS = "PLACE_DIFFERS"
ZIPCODE_ROUNDED = "ZIPCODE_ROUNDED"
WARNINGS = {
    PLACE_DIFFERS: N_("The name belongs to another zipcode"),
    ZIPCODE_ROUNDED: N_("The number lost its last digit in a spreadsheet"),
}

# Limit of the cache. Lists repeat the same cells.
MAX_KNOWN_CELLS = 50_000


class Cell(NamedTuple):
    """Zipcode in a cell, empty if there is none.

    `is_plain` if the cell has only its digits and whitespace. `warning` is a code of WARNINGS.
    """

    zipcode: str
    is_plain: bool = False
    warning: str = ""


NO_ZIPCODE = Cell("")


class CellReader:
    """Read and cache cells. Thread-safe."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._in_use = frozenset(map(str, places.all_zipcodes))
        self._cells: dict[str, Cell] = {}

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
        # Exports of fixed width pad a cell with any number of spaces.
        if len(text) > MAX_LETTERS and len(" ".join(text.split())) > MAX_LETTERS:
            return NO_ZIPCODE
        bare = strip(text)
        if is_zipcode(bare):
            return Cell(bare, is_plain=True)
        reading = read(self._places, clean(text))
        if reading is None or len(reading.zipcodes) != 1:
            return NO_ZIPCODE
        warning = ZIPCODE_ROUNDED if reading.is_rounded else PLACE_DIFFERS if reading.other_name else ""
        return Cell(str(reading.zipcodes[0]), warning=warning)
