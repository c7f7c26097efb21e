"""Choose the zipcode column of a list: as requested, else by header, else by values.

Never guesses: ColumnNotClear names the columns if none or several qualify.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import zip_longest
from typing import Iterable, NamedTuple, Sequence

from webapp.errors import ColumnNotClear, CsvNotValid
from webapp.i18n.messages import N_
from webapp.tables.csv_list import Row
from webapp.zipcodes import headers
from webapp.zipcodes.cell import CellReader
from webapp.zipcodes.written import strip

SEVERAL = N_(
    "Several columns may have the zipcodes: %(columns)s. Give the name or number of one as “column”."
)
NONE = N_(
    "No column is called zipcode or postcode, and none has zipcodes only. "
    "Give the name or number of the right one as “column”: %(columns)s."
)

# Rows searched for a header, not counting blank ones.
MAX_HEADER_ROWS = 20

# Shares of filled cells that are zipcodes in use: required of the column, and enough for another column to be
# near unless MIN_WRONG of its numbers are not in use. 13 % of all four-digit numbers are zipcodes in use.
MIN_SHARE = 0.9
NEAR_SHARE = 0.5
MIN_WRONG = 4

# A column with a lower share of filled cells is not near.
FEW = 0.2

# Filled cells needed to doubt a header that is an abbreviation, or that stands above other numbers.
MIN_ROWS_TO_DOUBT = 3
MIN_NUMBERS = 5

# This many numbers that rise by one small step are client numbers.
MIN_SERIES = 3
MAX_STEP = 100
# This many distinct multiples of 100, and nothing else, are amounts.
MIN_ROUND = 8

# Limits for the columns named in an error.
MAX_NAMED = 12
MAX_LETTERS = 40

DIGIT = re.compile("[0-9]")
# Amounts such as 1.500,00: read as zipcodes only in a known zipcode column.
AMOUNT = re.compile(r".*[0-9][.,][0-9]{2}")
# A line under a header: -----, (4 digits), [text].
UNDERLINE = re.compile(r"[-=_.*#\s]+|\(.*\)|\[.*\]|<.*>")


class ListColumns(NamedTuple):
    """Layout of a list.

    Attributes:
        column: zipcode column, from 0.
        width: number of columns; results follow.
        header: number of the header row, or 0.
        first: number of the first client row.
        names: all column names; empty without a header.
    """

    column: int
    width: int
    header: int
    first: int
    names: list[str]
    is_requested: bool = False

    @property
    def name(self) -> str:
        return _name(self.names, self.column)


class _Header(NamedTuple):
    """Sample rows `first` to `last`; `names` come from the row at `named`."""

    first: int
    named: int
    last: int
    names: list[str]


class _Values(NamedTuple):
    """Counts of cells in a column."""

    filled: int
    numbers: int
    zipcodes: int
    in_use: int

    @property
    def share(self) -> float:
        return self.in_use / self.filled if self.filled else 0.0


class ColumnChooser:
    def __init__(self, sample: Sequence[Row], cells: CellReader) -> None:
        self._rows = [row for row in sample if any(map(strip, row.fields))]
        self._cells = cells

    def choose(self, requested: str = "") -> ListColumns:
        """Return the layout, with a `requested` column name or number from 1; names win.

        Raises ColumnNotClear, and CsvNotValid for a list without rows.
        """
        if not self._rows:
            raise CsvNotValid(N_("The file has no rows."))
        if requested.strip():
            return self._requested(requested)._replace(is_requested=True)
        header = self._named_header()
        return self._by_name(header) if header else self._by_values()

    # By request

    def _requested(self, requested: str) -> ListColumns:
        number = int(requested) if re.fullmatch("[0-9]{1,4}", requested.strip()) else 0
        for index, row in enumerate(self._rows[:MAX_HEADER_ROWS]):
            if number and (index or self._has_zipcode(row.fields)):
                break  # below the header, a number is a value
            named = self._called(requested, row.fields)
            if len(named) == 1:
                return self._layout(_Header(index, index, index, row.fields), named[0])
            if named:
                text = N_("Several columns have that name: %(columns)s. Give the number of one as “column”.")
                raise self._not_clear(text, row.fields, named)
        header = self._named_header()
        if 1 <= number <= self._max_width:
            return self._layout(header, number - 1) if header else self._with_first_zipcode(number - 1)
        text = N_("The list has no such column. Give the name or number of one as “column”: %(columns)s.")
        raise self._not_clear(text, header.names if header else self._likely_names(), range(self._max_width))

    def _called(self, requested: str, names: Sequence[str]) -> list[int]:
        """Return the columns with exactly this name, else those equal once normalized."""
        exact = [column for column, name in enumerate(names) if strip(name) == strip(requested)]
        wanted = headers.normalized(requested)
        alike = [column for column, name in enumerate(names) if wanted and wanted == headers.normalized(name)]
        return exact or alike

    # By header

    def _by_name(self, header: _Header) -> ListColumns:
        data = self._rows[header.last + 1 :]
        named = [column for column, name in enumerate(header.names) if headers.names_zipcodes(name)]
        is_sure = bool(named)
        if not is_sure:
            named = [column for column, name in enumerate(header.names) if headers.may_name_zipcodes(name)]
        filled = [column for column in named if self._values(data, column).filled]
        if len(filled) == 1:
            named = filled
        if len(named) > 1:
            raise self._not_clear(SEVERAL, header.names, named)
        self._refuse_doubtful(header, data, named[0], is_sure)
        return self._layout(header, named[0])

    def _named_header(self) -> _Header | None:
        """Find the header that names a zipcode column. Raises ColumnNotClear for clients above it."""
        rows = self._rows[:MAX_HEADER_ROWS]
        for index, row in enumerate(rows):
            header = None
            if self._names_zipcodes(row.fields):
                header = _Header(index, index, index, row.fields)
            elif index + 1 < len(rows) and not self._names_zipcodes(rows[index + 1].fields):
                header = self._in_two_lines(index)
            if header:
                header = self._with_lines_under(header)
                self._refuse_clients_above(header)
                return header
        return None

    def _in_two_lines(self, index: int) -> _Header | None:
        """Return a header that spans this row and the next: "Post-" above "code"."""
        above, below = self._rows[index], self._rows[index + 1]
        pairs = zip_longest(above.fields, below.fields, fillvalue="")
        names = [f"{upper} {lower}".strip() for upper, lower in pairs]
        is_header = _is_text(above) and _is_text(below) and self._names_zipcodes(names)
        return _Header(index, index + 1, index + 1, names) if is_header else None

    def _names_zipcodes(self, names: Sequence[str]) -> bool:
        """True for a possible header that names a zipcode column."""
        sure = list(filter(headers.names_zipcodes, names))
        if self._has_zipcode(names):  # a client, or a header with years
            return any(map(headers.is_zipcode_alone, sure))
        return bool(sure) or any(map(headers.may_name_zipcodes, names))

    def _with_lines_under(self, header: _Header) -> _Header:
        """Extend the header by lines below it that are not clients."""
        last = header.last
        while last + 1 < len(self._rows):
            cells = list(filter(None, map(strip, self._rows[last + 1].fields)))
            if not all(map(UNDERLINE.fullmatch, cells)) or self._has_zipcode(cells):
                break
            last += 1
        return header._replace(last=last)

    def _refuse_clients_above(self, header: _Header) -> None:
        row_of_names = self._rows[header.first]
        columns = _count(header.names)
        for index, row in enumerate(self._rows[: header.first]):
            is_apart = row_of_names.number - row.number > header.first - index
            has_zipcode = self._has_zipcode(row.fields)
            is_short = _count(row.fields) <= max(1, columns // 2)
            if not (
                _is_text(row)
                or (is_apart and not has_zipcode)
                or (is_short and not (has_zipcode and columns <= 2))
            ):
                raise ColumnNotClear(
                    N_(
                        "Row %(row)s has the names of the columns, but row %(above)s looks like a client. "
                        "Remove the rows above the names."
                    ),
                    row=row_of_names.number,
                    above=row.number,
                )

    def _refuse_doubtful(self, header: _Header, data: Sequence[Row], column: int, is_sure: bool) -> None:
        """Raise ColumnNotClear if the values contradict the header."""
        values = self._values(data, column)
        if not values.filled or values.share > NEAR_SHARE:
            return
        others = [
            other
            for other in range(self._max_width)
            if other != column
            and self._is_better(self._values(data, other), values)
            and not headers.says_other(_name(header.names, other))
        ]
        has_better = bool(others) and (values.filled > 1 or not is_sure)
        are_numbers = values.filled >= MIN_NUMBERS and not values.zipcodes and values.numbers == values.filled
        is_wrong = not is_sure and values.filled >= MIN_ROWS_TO_DOUBT and values.share < NEAR_SHARE
        if has_better or are_numbers or is_wrong:
            text = N_(
                "The column with that name has something else than zipcodes. "
                "Give the name or number of the right one as “column”: %(columns)s."
            )
            raise self._not_clear(text, header.names, sorted([column, *others]))

    @staticmethod
    def _is_better(values: _Values, than: _Values) -> bool:
        return values.share >= MIN_SHARE and values.filled >= than.filled

    # By values

    def _by_values(self) -> ListColumns:
        if _usual_width(self._rows) <= 1:
            layout = self._with_first_zipcode(0)
            if headers.says_other(layout.name) and not headers.says_people(layout.name):
                raise self._not_clear(NONE, layout.names, [0])
            return layout
        names = self._likely_names()
        layouts = [self._with_first_zipcode(column) for column in range(self._max_width)]
        with_header = [layout for layout in layouts if layout.header and self._is_good(layout)]
        names = with_header[0].names if with_header else names
        good, near = [], []
        for layout in layouts:
            if headers.says_other(_name(names, layout.column)):
                continue
            if self._is_good(layout):
                good.append(layout)
            elif self._is_near(layout):
                near.append(layout)
        good, series = (
            [each for each in good if not self._is_series(each)],
            list(filter(self._is_series, good)),
        )
        if len(good) == 1 and not near and not series:
            return good[0]
        if len(good) + len(near) + len(series) > 1:
            found = sorted(layout.column for layout in (*good, *near, *series))
            raise self._not_clear(SEVERAL, names, found)
        raise self._not_clear(NONE, names, range(self._max_width))

    def _with_first_zipcode(self, column: int) -> ListColumns:
        """Derive the layout from the first zipcode in a column, perhaps below its name."""
        rows = self._rows
        with_zipcode = (index for index, row in enumerate(rows) if self._is_zipcode(_cell(row, column)))
        first = next(with_zipcode, 1)
        titles = self._count_titles(column, first - 1)
        if titles == first - 1 and self._may_be_name(_cell(rows[titles], column)):
            return self._layout(_Header(titles, titles, titles, rows[titles].fields), column)
        width = max(_usual_width(rows), column + 1)
        return ListColumns(column, width, header=0, first=rows[titles].number if titles else 1, names=[])

    def _count_titles(self, column: int, end: int) -> int:
        """Count leading title rows: one filled cell, outside the column."""
        columns = max(_count(row.fields) for row in self._rows)
        count = 0
        while count < end and columns > 1:
            row, following = self._rows[count : count + 2]
            is_apart = following.number - row.number > 1
            if _count(row.fields) > 1 or strip(_cell(row, column)) or not (is_apart or columns > 2):
                break
            count += 1
        return count

    def _may_be_name(self, text: str) -> bool:
        """True unless the text is empty, a place, a missing value or has digits."""
        name = strip(text)
        is_word = bool(name) and not DIGIT.search(name) and not headers.is_missing(name)
        return is_word and not self._cells.is_place(name)

    def _is_good(self, layout: ListColumns) -> bool:
        """True if nearly all filled cells are zipcodes in use, and enough are."""
        data = self._clients(layout)
        values = self._values(data, layout.column)
        return values.share >= MIN_SHARE and values.filled >= NEAR_SHARE * len(data)

    def _is_near(self, layout: ListColumns) -> bool:
        """True if the column may have the zipcodes too."""
        data = self._clients(layout)
        values = self._values(data, layout.column)
        if (
            not values.zipcodes
            or values.zipcodes < NEAR_SHARE * values.filled
            or values.filled < FEW * len(data)
        ):
            return False
        return values.share > NEAR_SHARE or values.zipcodes - values.in_use < MIN_WRONG

    def _is_series(self, layout: ListColumns) -> bool:
        """True for client numbers rising by one small step, and round amounts."""
        cells = (self._cells.read(_cell(row, layout.column)).zipcode for row in self._clients(layout))
        numbers = list(map(int, filter(None, cells)))
        steps = {later - earlier for earlier, later in zip(numbers, numbers[1:])}
        if len(set(numbers)) >= MIN_ROUND and all(number % 100 == 0 for number in numbers):
            return True
        return len(numbers) >= MIN_SERIES and len(steps) == 1 and 0 < abs(steps.pop()) <= MAX_STEP

    # Helpers

    def _clients(self, layout: ListColumns) -> list[Row]:
        return [row for row in self._rows if row.number >= layout.first]

    def _values(self, data: Sequence[Row], column: int) -> _Values:
        filled = numbers = zipcodes = in_use = 0
        for row in data:
            text = strip(_cell(row, column))
            if text:
                filled += 1
                numbers += text.isdigit()
                zipcode = "" if AMOUNT.fullmatch(text) else self._cells.read(text).zipcode
                zipcodes += bool(zipcode)
                in_use += self._cells.is_in_use(zipcode)
        return _Values(filled, numbers, zipcodes, in_use)

    def _is_zipcode(self, text: str) -> bool:
        return bool(self._cells.read(text).zipcode)

    def _has_zipcode(self, fields: Iterable[str]) -> bool:
        return any(map(self._is_zipcode, fields))

    @property
    def _max_width(self) -> int:
        return max(len(row.fields) for row in self._rows)

    def _likely_names(self) -> list[str]:
        """Return the first row if it may be a header."""
        return self._rows[0].fields if _is_text(self._rows[0]) else []

    def _layout(self, header: _Header, column: int) -> ListColumns:
        header = self._with_lines_under(header)
        data = self._rows[header.last + 1 :]
        width = max(len(header.names), column + 1)
        usual = _usual_width(data)
        if usual > width and sum(len(row.fields) == usual for row in data) >= MIN_SHARE * len(data):
            width = usual
        named, last = self._rows[header.named].number, self._rows[header.last].number
        return ListColumns(column, width, named, last + 1, header.names)

    def _not_clear(self, text: str, names: Sequence[str], columns: Sequence[int]) -> ColumnNotClear:
        labels = [_label(names, column) for column in columns[:MAX_NAMED]]
        choices = [(column + 1, _name(names, column)) for column in range(self._max_width)]
        shown = ", ".join(labels) + (", …" if len(columns) > MAX_NAMED else "")
        return ColumnNotClear(text, choices, columns=shown)


def _name(names: Sequence[str], column: int) -> str:
    return strip(names[column]) if column < len(names) else ""


def _label(names: Sequence[str], column: int) -> str:
    name = _name(names, column)[:MAX_LETTERS]
    return f"{column + 1} “{name}”" if name else str(column + 1)


def _cell(row: Row, column: int) -> str:
    return row.fields[column] if column < len(row.fields) else ""


def _is_text(row: Row) -> bool:
    """True if no field has a digit."""
    return not any(map(DIGIT.search, row.fields))


def _count(fields: Iterable[str]) -> int:
    return sum(1 for field in fields if strip(field))


def _usual_width(rows: Sequence[Row]) -> int:
    """Return the most common width, the largest on a tie."""
    widths = Counter(len(row.fields) for row in rows)
    return max(widths, key=lambda width: (widths[width], width), default=0)
