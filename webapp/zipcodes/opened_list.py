"""Open a CSV or Excel list of clients."""

from __future__ import annotations

import io
from typing import IO, Callable, Iterator, NamedTuple, Protocol

from webapp.errors import ColumnNotClear, CsvNotValid
from webapp.i18n.messages import N_
from webapp.tables import kinds, workbook, workbook_writer
from webapp.tables.csv_list import SAMPLE_ROWS, CsvList, Row
from webapp.tables.workbook import SheetCell, SheetRow, Workbook
from webapp.zipcodes import bulk
from webapp.zipcodes.columns import ColumnChooser, ListColumns
from webapp.zipcodes.lookup import Lookup, Result

# Returns the cells to add to a row, given its number, zipcode cell and result.
Added = Callable[[int, str, Result], "list[str]"]


class Client(NamedTuple):
    number: int
    fields: list[str]
    cell: str
    result: Result


class OpenedList(Protocol):
    """A list with a known zipcode column."""

    columns: ListColumns
    sheet: str

    def rows(self) -> Iterator[Row]:
        """Iterate over rows, once; blank ones may be left out."""


class OpenedCsv:
    sheet = ""

    def __init__(self, body: bytes, lookup: Lookup, column: str, *, is_pasted: bool = False) -> None:
        read = io.BytesIO(body).read
        self._list = CsvList(read, bulk.MAX_BYTES, bulk.MAX_ROWS, is_pasted=is_pasted)
        chooser = ColumnChooser(self._list.sample, lookup.cells, is_pasted=is_pasted)
        self.columns = chooser.choose(column)

    def rows(self) -> Iterator[Row]:
        for row in self._list.rows():
            if row.number - bool(self.columns.header) > bulk.MAX_ROWS:
                raise bulk.too_many_rows()
            yield row


class OpenedWorkbook:
    """Only visible sheet with a clear zipcode column; `sheet` is empty if it is the only one."""

    def __init__(self, file: IO[bytes], lookup: Lookup, column: str) -> None:
        self._workbook = Workbook(file)
        self._name, self.columns = self._choose_sheet(lookup, column)
        self.sheet = self._name if len(self._workbook.sheets()) > 1 else ""

    def rows(self) -> Iterator[Row]:
        for row in self._workbook.rows(self._name):
            yield Row(row.number, workbook.texts(row.cells))

    def write(self, file: IO[bytes], lookup: Lookup, names: list[str], added: Added) -> None:
        """Write the sheet, with cells added to header and clients."""
        workbook_writer.write(file, self._name, self._with_results(lookup, names, added))

    def _with_results(self, lookup: Lookup, names: list[str], added: Added) -> Iterator[SheetRow]:
        columns = self.columns
        for row in self._workbook.rows(self._name):
            result = row
            more: list[str] = []
            fields = workbook.texts(row.cells)
            if row.number == columns.header:
                more = names
            elif row.number >= columns.first and any(map(str.strip, fields)):
                more = added(row.number, *lookup.client(fields, columns))
            if more:
                cells = row.cells + [None] * (columns.width - len(row.cells))
                cells[columns.width : columns.width] = [SheetCell(text) if text else None for text in more]
                result = SheetRow(row.number, cells)
            yield result

    def _choose_sheet(self, lookup: Lookup, column: str) -> tuple[str, ListColumns]:
        clear: list[tuple[str, ListColumns]] = []
        unclear: list[ColumnNotClear] = []
        for name in self._workbook.sheets():
            sample = self._sample(name)
            if not sample:
                continue
            try:
                clear.append((name, ColumnChooser(sample, lookup.cells).choose(column)))
            except ColumnNotClear as error:
                unclear.append(error)
        if len(clear) == 1:
            return clear[0]
        if clear:
            sheets = ", ".join(f"“{name}”" for name, _columns in clear)
            raise ColumnNotClear(
                N_("Several sheets have zipcodes: %(sheets)s. Keep one of them."), sheets=sheets
            )
        if unclear:
            raise unclear[0]
        raise CsvNotValid(N_("The file has no rows."))

    def _sample(self, sheet: str) -> list[Row]:
        """Return the first rows, padded to equal width."""
        sample: list[Row] = []
        rows = self._workbook.rows(sheet)
        for row in rows:
            sample.append(Row(row.number, workbook.texts(row.cells)))
            if len(sample) == SAMPLE_ROWS:
                break
        width = max((len(row.fields) for row in sample), default=0)
        return [Row(row.number, row.fields + [""] * (width - len(row.fields))) for row in sample]


def open_list(
    body: bytes, lookup: Lookup, column: str, *, is_pasted: bool = False
) -> OpenedCsv | OpenedWorkbook:
    """Open a list by its content; see CsvList for `is_pasted`.

    Raises ColumnNotClear, CsvNotValid and TooLarge.
    """
    if kinds.is_workbook(body):
        if len(body) > workbook.MAX_FILE_BYTES:
            raise workbook.too_large_file()
        return OpenedWorkbook(io.BytesIO(body), lookup, column)
    return OpenedCsv(body, lookup, column, is_pasted=is_pasted)


def clients(opened: OpenedList, lookup: Lookup) -> Iterator[Client]:
    columns = opened.columns
    for row in opened.rows():
        if row.number < columns.first or not any(map(str.strip, row.fields)):
            continue
        yield Client(row.number, row.fields, *lookup.client(row.fields, columns))


class WorkbookResult(NamedTuple):
    """Columns, and number of rows, of a workbook that was read."""

    columns: ListColumns
    rows: int


def look_up_workbook(file: IO[bytes], output: IO[bytes], lookup: Lookup, column: str = "") -> WorkbookResult:
    """Copy a workbook's list and add the columns risk_factor and error."""
    opened = OpenedWorkbook(file, lookup, column)
    rows = 0

    def added(_number: int, _cell: str, result: Result) -> list[str]:
        nonlocal rows
        rows += 1
        return list(result)

    opened.write(output, lookup, list(bulk.RESULT_COLUMNS), added)
    return WorkbookResult(opened.columns, rows)
