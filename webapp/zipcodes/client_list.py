"""Look up client lists, for display and as a spreadsheet."""

from __future__ import annotations

import io
from typing import Dict, Iterator, List, Mapping, NamedTuple, Sequence

from webapp.errors import CsvNotValid, TooLarge
from webapp.i18n.messages import N_
from webapp.tables import excel
from webapp.tables.chunks import MEGABYTE
from webapp.zipcodes.cell import WARNINGS
from webapp.zipcodes.columns import ListColumns
from webapp.zipcodes.lookup import Lookup, Result
from webapp.zipcodes.opened_list import Client, OpenedCsv, OpenedWorkbook, clients, open_list
from webapp.zipcodes.risk_table import FACTORS

MAX_BYTES = 5 * MEGABYTE

# A form may carry a file and a text, in which browsers send \r\n for each line ending.
MAX_FORM_BYTES = 2 * MAX_BYTES + MEGABYTE

# Padding of short rows may make the spreadsheet much larger than the list.
MAX_RESPONSE_BYTES = 32 * MEGABYTE

MAX_FIRST = 10
MAX_EXAMPLES = 10
MAX_ROW_NUMBERS = 50
MAX_SHOWN_LETTERS = 80


class ListRow(NamedTuple):
    """A row with its spreadsheet number, and an error or warning code.

    Attributes:
        zipcode: the cell as written.
        read_as: the zipcode in it, if not written plainly.
        others: other fields, shortened, to recognize the client.
    """

    number: int
    zipcode: str
    read_as: str
    others: str
    factor: str
    error: str


class Group(NamedTuple):
    """Rows with one error or warning."""

    code: str
    total: int
    numbers: List[int]
    examples: List[ListRow]


class ClientList(NamedTuple):
    """A list with its risk factors. Each of its `total` rows has a factor or a problem.

    Attributes:
        warnings: rows with a factor to be checked.
        read_as: rows whose zipcode was not written plainly.
        sheet: sheet name, if the workbook has several.
    """

    total: int
    totals: Dict[str, int]
    problem_total: int
    first: List[ListRow]
    problems: List[Group]
    warnings: List[Group]
    read_as: Group
    columns: ListColumns
    sheet: str

    @property
    def column_name(self) -> str:
        """Return the zipcode column's name, shortened; empty without a header."""
        return _short(self.columns.name)


class Words(NamedTuple):
    """Translated column names and texts."""

    factor: str
    note: str
    read_as: str
    by_code: Mapping[str, str]


class Spreadsheet(NamedTuple):
    """A csv or xlsx file with `clients` looked up."""

    body: bytes
    extension: str
    clients: int


def too_large() -> TooLarge:
    return TooLarge(N_("A list can have at most %(megabytes)s MB."), megabytes=MAX_BYTES // MEGABYTE)


def read(body: bytes, lookup: Lookup, column: str = "", *, is_pasted: bool = False) -> ClientList:
    """Look up a list; see CsvList for `is_pasted`, ColumnChooser for `column`.

    Raises ColumnNotClear; TooLarge and CsvNotValid, naming the row.
    """
    opened = _open(body, lookup, column, is_pasted)
    totals = dict.fromkeys(FACTORS, 0)
    groups: Dict[str, Group] = {}
    read_as = Group("", 0, [], [])
    first: List[ListRow] = []
    for client in clients(opened, lookup):
        factor, error = client.result
        if factor:
            totals[factor] += 1
        if len(first) < MAX_FIRST:
            first.append(_row(client, opened.columns, lookup))
        if error:
            group = groups.get(error) or Group(error, 0, [], [])
            groups[error] = _with_client(group, client, opened.columns, lookup)
        if factor and client.cell not in lookup.results and lookup.read_as(client.cell):
            read_as = _with_client(read_as, client, opened.columns, lookup)
    problems = [group for code, group in groups.items() if code not in WARNINGS]
    problem_total = sum(group.total for group in problems)
    total = sum(totals.values()) + problem_total
    if not total:
        raise _no_rows()
    warnings = [group for code, group in groups.items() if code in WARNINGS]
    return ClientList(
        total, totals, problem_total, first, problems, warnings, read_as, opened.columns, opened.sheet
    )


def spreadsheet(
    body: bytes, lookup: Lookup, words: Words, column: str = "", *, is_pasted: bool = False
) -> Spreadsheet:
    """Return the list with a column for the factor or problem, and one for any notes.

    Raises the errors of `read`.
    """
    opened = _open(body, lookup, column, is_pasted)
    if isinstance(opened, OpenedWorkbook):
        # Always add the notes column: reading a workbook twice to check for notes takes too long.
        notes = _Notes(words, lookup, has_notes=True)
        file = io.BytesIO()
        opened.write(file, lookup, notes.names, notes.added)
        if not notes.clients:
            raise _no_rows()
        return Spreadsheet(file.getvalue(), "xlsx", notes.clients)
    notes = _Notes(words, lookup)
    for client in clients(opened, lookup):
        notes.look_at(client)
    count = notes.clients
    if not count:
        raise _no_rows()
    opened = OpenedCsv(body, lookup, column, is_pasted=is_pasted)
    gathered: List[bytes] = []
    size = 0
    for chunk in excel.write(_with_results(opened, lookup, notes)):
        gathered.append(chunk)
        size += len(chunk)
        if size > MAX_RESPONSE_BYTES:
            megabytes = MAX_RESPONSE_BYTES // MEGABYTE
            raise TooLarge(N_("The result would be larger than %(megabytes)s MB."), megabytes=megabytes)
    return Spreadsheet(b"".join(gathered), "csv", count)


class _Notes:
    """Build the cells added to a list."""

    def __init__(self, words: Words, lookup: Lookup, *, has_notes: bool = False) -> None:
        self._words = words
        self._lookup = lookup
        self._has_notes = has_notes
        self.clients = 0

    def look_at(self, client: Client) -> None:
        """Count a client, and record whether it needs a note."""
        self.clients += 1
        if not self._has_notes and client.cell not in self._lookup.results:
            self._has_notes = bool(self._note(client.cell, client.result))

    @property
    def names(self) -> List[str]:
        return [self._words.factor, *([self._words.note] if self._has_notes else [])]

    def added(self, _number: int, cell: str, result: Result) -> List[str]:
        self.clients += 1
        factor, error = result
        cells = [factor or self._words.by_code[error]]
        return [*cells, self._note(cell, result)] if self._has_notes else cells

    def _note(self, cell: str, result: Result) -> str:
        factor, warning = result
        if not factor or cell in self._lookup.results:
            return ""
        zipcode = self._lookup.read_as(cell)
        texts = [
            self._words.read_as.replace("%s", zipcode) if zipcode else "",
            self._words.by_code.get(warning, ""),
        ]
        return ". ".join(filter(None, texts))


def _with_results(opened: OpenedCsv, lookup: Lookup, notes: _Notes) -> Iterator[Sequence[str]]:
    columns = opened.columns
    for row in opened.rows():
        fields = [excel.plain(field) for field in row.fields]
        added: List[str] = []
        if row.number == columns.header:
            added = notes.names
        elif row.number >= columns.first and any(map(str.strip, fields)):
            added = notes.added(row.number, *lookup.client(row.fields, columns))
        if added:
            fields += [""] * (columns.width - len(fields))
            fields[columns.width : columns.width] = added
        yield fields


def _open(body: bytes, lookup: Lookup, column: str, is_pasted: bool) -> OpenedCsv | OpenedWorkbook:
    if len(body) > MAX_BYTES:
        raise too_large()
    return open_list(body, lookup, column, is_pasted=is_pasted)


def _no_rows() -> CsvNotValid:
    return CsvNotValid(N_("The list has a header but no rows."))


def _with_client(group: Group, client: Client, columns: ListColumns, lookup: Lookup) -> Group:
    if len(group.numbers) < MAX_ROW_NUMBERS:
        group.numbers.append(client.number)
    if len(group.examples) < MAX_EXAMPLES:
        group.examples.append(_row(client, columns, lookup))
    return group._replace(total=group.total + 1)


def _row(client: Client, columns: ListColumns, lookup: Lookup) -> ListRow:
    factor, error = client.result
    others = [
        text
        for place, field in enumerate(client.fields)
        if (text := field.strip()) and place != columns.column
    ]
    read_as = lookup.read_as(client.cell) if factor else ""
    return ListRow(
        client.number, _short(client.cell.strip()), read_as, _short(", ".join(others)), factor, error
    )


def _short(text: str) -> str:
    return text if len(text) <= MAX_SHOWN_LETTERS else f"{text[: MAX_SHOWN_LETTERS - 1]}…"
