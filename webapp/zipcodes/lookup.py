"""Look up cells of a list."""

from __future__ import annotations

from typing import Dict, Sequence, Tuple

from webapp.errors import ZipcodeNotFound, ZipcodeNotValid
from webapp.i18n.countries import is_abroad
from webapp.zipcodes.cell import CellReader
from webapp.zipcodes.columns import ListColumns
from webapp.zipcodes.places import Places
from webapp.zipcodes.risk_table import RiskTable
from webapp.zipcodes.zipcode import MAX_ZIPCODE, MIN_ZIPCODE

# A risk factor and a code: an error, then without a factor, or a warning (cell.WARNINGS).
Result = Tuple[str, str]
NOT_VALID: Result = ("", ZipcodeNotValid.code)


class Lookup:
    """Look up cells in one risk table. Thread-safe. `results` has all zipcodes from 1000 to 9999."""

    def __init__(self, table: RiskTable, places: Places) -> None:
        factors = table.factors
        self.results: Dict[str, Result] = {
            str(zipcode): (factors[zipcode], "") if zipcode in factors else ("", ZipcodeNotFound.code)
            for zipcode in range(MIN_ZIPCODE, MAX_ZIPCODE + 1)
        }
        self.cells = CellReader(places)

    def result(self, text: str) -> Result:
        found = self.results.get(text)
        if found:
            return found
        cell = self.cells.read(text)
        factor, error = self.results.get(cell.zipcode, NOT_VALID)
        return factor, error or cell.warning

    def client(self, fields: Sequence[str], columns: ListColumns) -> tuple[str, Result]:
        """Return the zipcode cell of a row and its result; not valid abroad, or if a delimiter moved it."""
        cell = fields[columns.column] if columns.column < len(fields) else ""
        if 0 <= columns.country < len(fields) and is_abroad(fields[columns.country].strip()):
            return cell, NOT_VALID
        if columns.column and len(fields) > columns.width and self._may_be_moved(fields, columns):
            return cell, NOT_VALID
        return cell, self.result(cell)

    def _may_be_moved(self, fields: Sequence[str], columns: ListColumns) -> bool:
        """True if a delimiter in a field before it may have moved another zipcode out of the column."""
        filled = [place for place, field in enumerate(fields, start=1) if field.strip()]
        surplus = max(filled, default=0) - columns.width
        nearby = fields[columns.column :][: surplus + 1] if surplus > 0 else [""]
        zipcode, *others = (self.cells.read(field).zipcode for field in nearby)
        return any(self.cells.is_in_use(other) and other != zipcode for other in others)

    def read_as(self, text: str) -> str:
        """Return the zipcode read from a cell, or "" if it was written plainly."""
        cell = self.cells.read(text)
        return "" if cell.is_plain else cell.zipcode
