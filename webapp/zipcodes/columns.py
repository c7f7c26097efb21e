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
from webapp.zipcodes.column_values import (
    MIN_NUMBERS,
    MIN_SHARE,
    NEAR_SHARE,
    YEARS,
    ColumnValues,
    values_of,
)
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

# Filled cells needed to doubt a header that is an abbreviation.
MIN_ROWS_TO_DOUBT = 3

# Limits for the columns named in an error.
MAX_NAMED = 12
MAX_LETTERS = 40

DIGIT = re.compile("[0-9]")
# A line under a header: -----, (4 digits), [text].
UNDERLINE = re.compile(r"[-=_.*#\s]+|\(.*\)|\[.*\]|<.*>")
# A zipcode after its name, which is no name of a column: Postcode: 9000.
NAME_AND_VALUE = re.compile(r"[^0-9(]*[\s:=-]([1-9][0-9]{3})")


class ListColumns(NamedTuple):
    """Layout of a list.

    Attributes:
        column: zipcode column, from 0.
        width: number of columns; results follow.
        header: number of the header row, or 0.
        first: number of the first client row.
        names: all column names; empty without a header.
        country: column with the country, from 0, or -1.
    """

    column: int
    width: int
    header: int
    first: int
    names: list[str]
    is_requested: bool = False
    country: int = -1

    @property
    def name(self) -> str:
        return _name(self.names, self.column)


class _Header(NamedTuple):
    """Sample rows `first` to `last`; `names` come from the row at `named`."""

    first: int
    named: int
    last: int
    names: list[str]


class ColumnChooser:
    """Choose from the first rows of a list; `is_pasted` into a field for zipcodes."""

    def __init__(self, sample: Sequence[Row], cells: CellReader, *, is_pasted: bool = False) -> None:
        self._rows = [row for row in sample if any(map(strip, row.fields))]
        self._cells = cells
        self._is_pasted = is_pasted

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
                return self._named(self._header_at(index), named[0])
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
        sure = [column for column, name in enumerate(header.names) if headers.names_zipcodes(name)]
        short = [column for column, name in enumerate(header.names) if headers.may_name_zipcodes(name)]
        values = {column: self._values(self._below(header), column, has_name=True) for column in sure + short}
        if sure:  # beside "Postcode", "PC" may have the zipcodes of something else, or computers
            short = [column for column in short if values[column].share > NEAR_SHARE]
        named = sorted({*sure, *short})
        filled = [column for column in named if values[column].filled]
        if len(filled) == 1:
            named = filled
        if len(named) > 1:
            raise self._not_clear(SEVERAL, header.names, named)
        found = self._named(header, named[0])
        self._refuse_doubtful(header, found.column, is_sure=found.column in sure)
        return found

    def _named(self, header: _Header, column: int) -> ListColumns:
        """Return the layout, unless the next column may have the name: R leaves names of rows without one."""
        data = self._below(header)
        width = _width(header.names, data)
        is_longer = width > len(header.names) and self._values(data, width - 1).filled
        if is_longer and self._values(data, column + 1).is_near:
            raise self._not_clear(SEVERAL, header.names, [column, column + 1])
        return self._layout(header, column)

    def _named_header(self) -> _Header | None:
        """Find the header that names a zipcode column. Raises ColumnNotClear for clients above it."""
        rows = self._rows[:MAX_HEADER_ROWS]
        for index, row in enumerate(rows):
            header = None
            if self._is_title(index):
                continue
            if self._names_zipcodes(row.fields):
                header = self._header_at(index)
            elif index + 1 < len(rows) and not self._names_zipcodes(rows[index + 1].fields):
                header = self._in_two_lines(index)
            if header:
                header = self._with_lines_under(header)
                self._refuse_clients_above(header)
                return header
        return None

    def _is_title(self, index: int) -> bool:
        """True for a row of half the cells of a header below: "Clients per postcode"."""
        fields = self._rows[index].fields
        below = [
            row for row in self._rows[index + 1 : MAX_HEADER_ROWS] if 2 * _count(fields) <= _count(row.fields)
        ]
        if any(self._names_zipcodes(row.fields) for row in below):
            return True
        # A name may be the only one above its column.
        return any(map(_is_text, below)) and not any(map(headers.is_zipcode_alone, fields))

    def _in_two_lines(self, index: int) -> _Header | None:
        """Return a header that spans this row and the next: "Post-" above "code"."""
        above, below = self._rows[index], self._rows[index + 1]
        pairs = zip_longest(above.fields, below.fields, fillvalue="")
        names = [f"{upper} {lower}".strip() for upper, lower in pairs]
        is_header = _is_text(above) and _is_text(below) and self._names_zipcodes(names)
        return _Header(index, index + 1, index + 1, names) if is_header else None

    def _names_zipcodes(self, names: Sequence[str]) -> bool:
        """True for a possible header that names a zipcode column."""
        names = [name for name in names if not self._is_name_and_value(name)]
        sure = list(filter(headers.names_zipcodes, names))
        if self._has_zipcode(names):  # a client, or a header with years
            return any(map(headers.is_zipcode_alone, sure))
        return bool(sure) or any(map(headers.may_name_zipcodes, names))

    def _is_name_and_value(self, text: str) -> bool:
        match = NAME_AND_VALUE.fullmatch(strip(text))
        return match is not None and self._cells.is_in_use(match[1])

    def _with_lines_under(self, header: _Header) -> _Header:
        """Extend the header by lines below it that are not clients, such as its names in another language."""
        last = header.last
        while last + 1 < len(self._rows):
            row = self._rows[last + 1]
            cells = list(filter(None, map(strip, row.fields)))
            is_underline = all(map(UNDERLINE.fullmatch, cells)) and not self._has_zipcode(cells)
            if not is_underline and not (_is_text(row) and self._names_zipcodes(row.fields)):
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

    def _refuse_doubtful(self, header: _Header, column: int, *, is_sure: bool) -> None:
        """Raise ColumnNotClear if the values contradict the header."""
        data = self._below(header)
        values = self._values(data, column, has_name=True)
        if not values.filled or values.share > NEAR_SHARE:
            return
        others = [
            other
            for other in range(self._max_width)
            if other != column
            and not headers.says_other(_name(header.names, other))
            and (its := self._values(data, other)).share >= MIN_SHARE
            and its.filled >= values.filled
        ]
        has_better = bool(others) and (values.filled > 1 or not is_sure)
        is_wrong = not is_sure and values.filled >= MIN_ROWS_TO_DOUBT and values.share < NEAR_SHARE
        has_none = not values.zipcodes and (
            (values.filled >= MIN_NUMBERS and values.numbers == values.filled)
            # Names between delimiters that are not recognized: Nr^Postcode.
            or (self._max_width == 1 and not headers.is_zipcode_alone(_name(header.names, column)))
        )
        if has_better or is_wrong or has_none:
            text = N_(
                "The column with that name has something else than zipcodes. "
                "Give the name or number of the right one as “column”: %(columns)s."
            )
            raise self._not_clear(text, header.names, sorted([column, *others]))

    # By values

    def _by_values(self) -> ListColumns:
        """Choose the only column with zipcodes in use.

        A name that says neither zipcodes nor places is believed only if the values prove it.
        """
        is_alone = _usual_width(self._rows) <= 1
        layouts = [self._with_first_zipcode(column) for column in range(1 if is_alone else self._max_width)]
        values = [self._values(self._clients(each), each.column) for each in layouts]
        with_header = (
            each for each, its in zip(layouts, values) if each.header and (is_alone or its.is_good)
        )
        names = next((layout.names for layout in with_header), self._likely_names())
        found: list[ListColumns] = []
        is_clear = True
        for layout, its in zip(layouts, values):
            name = _name(names, layout.column)
            if headers.says_other(name) and not (is_alone and headers.says_people(name)):
                continue
            is_good = its.may_be_a_list_alone if is_alone else its.is_good
            if is_good or its.is_near:
                found.append(layout)
                is_clear = is_clear and is_good and _agrees(name, its)
            if is_alone and self._is_pasted and (its.zipcodes or its.numbers):
                return layout
        if len(found) == 1 and is_clear:
            return found[0]
        if len(found) > 1:
            raise self._not_clear(SEVERAL, names, [layout.column for layout in found])
        raise self._not_clear(NONE, names, range(self._max_width))

    def _with_first_zipcode(self, column: int) -> ListColumns:
        """Derive the layout from the first zipcode in a column, perhaps below its name."""
        rows = self._rows
        with_zipcode = (index for index, row in enumerate(rows) if self._is_zipcode(_cell(row, column)))
        first = next(with_zipcode, 1)
        titles = self._count_titles(first - 1)
        is_adjacent = titles == first - 1
        if first and self._may_be_header(rows[titles].fields, column, is_adjacent=is_adjacent):
            return self._layout(self._header_at(titles), column)
        width = max(_usual_width(rows), column + 1)
        return ListColumns(column, width, header=0, first=rows[titles].number if titles else 1, names=[])

    def _count_titles(self, end: int) -> int:
        """Count leading title rows: one filled cell without a zipcode."""
        columns = max(_count(row.fields) for row in self._rows)
        count = 0
        while count < end and columns > 1:
            row, following = self._rows[count : count + 2]
            is_apart = following.number - row.number > 1
            is_short = _count(row.fields) <= 1 and not self._has_zipcode(row.fields)
            if not is_short or not (is_apart or columns > 2):
                break
            count += 1
        return count

    def _may_be_header(self, names: Sequence[str], column: int, *, is_adjacent: bool) -> bool:
        """True for a name just above the zipcodes, or for usual names beside."""
        if any(map(_is_number, names)):
            return False
        name = _name(names, column)
        is_missing = headers.is_missing(name)
        is_usual = headers.says_anything(name) or headers.says_nothing(name)
        others = [each for each in map(strip, names) if not headers.is_missing(each) and each != name]
        has_digits = any(map(DIGIT.search, others))
        if is_adjacent and not is_missing and not self._cells.is_place(name):
            return headers.says_nothing(name) or (not DIGIT.search(name) and (is_usual or not has_digits))
        are_usual = 3 * sum(map(headers.says_anything, others)) >= max(1, len(others))
        return (is_usual or is_missing) and are_usual and not has_digits

    # Helpers

    def _header_at(self, index: int) -> _Header:
        return _Header(index, index, index, self._rows[index].fields)

    def _below(self, header: _Header) -> list[Row]:
        return self._rows[header.last + 1 :]

    def _clients(self, layout: ListColumns) -> list[Row]:
        return [row for row in self._rows if row.number >= layout.first]

    def _values(self, data: Sequence[Row], column: int, *, has_name: bool = False) -> ColumnValues:
        return values_of((_cell(row, column) for row in data), self._cells, has_name=has_name)

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
        width = max(_width(header.names, self._below(header)), column + 1)
        named, last = self._rows[header.named].number, self._rows[header.last].number
        country = _country(header.names, column)
        return ListColumns(column, width, named, last + 1, header.names, country=country)

    def _not_clear(self, text: str, names: Sequence[str], columns: Sequence[int]) -> ColumnNotClear:
        labels = [_label(names, column) for column in columns[:MAX_NAMED]]
        choices = [(column + 1, _name(names, column)) for column in range(self._max_width)]
        shown = ", ".join(labels) + (", …" if len(columns) > MAX_NAMED else "")
        return ColumnNotClear(text, choices, columns=shown)


def _agrees(name: str, values: ColumnValues) -> bool:
    """True unless values or name allow for other numbers."""
    if headers.says_place(name) or values.is_proven:
        return True
    return headers.says_nothing(name) and not values.looks_like_others


def _name(names: Sequence[str], column: int) -> str:
    """Return a name on one line, "" for none."""
    return " ".join(strip(names[column]).split()) if column < len(names) else ""


def _country(names: Sequence[str], column: int) -> int:
    """Return the column with the country of the zipcodes, from 0, or -1: Billing Country for Billing Zip."""
    found = [each for each, name in enumerate(names) if each != column and headers.names_country(name)]
    if len(found) > 1:
        beginning = headers.normalized(_name(names, column)).split(" ")[0]
        found = [each for each in found if headers.normalized(names[each]).startswith(f"{beginning} ")]
    return found[0] if len(found) == 1 else -1


def _label(names: Sequence[str], column: int) -> str:
    name = _name(names, column)[:MAX_LETTERS]
    return f"{column + 1} “{name}”" if name else str(column + 1)


def _cell(row: Row, column: int) -> str:
    return row.fields[column] if column < len(row.fields) else ""


def _is_text(row: Row) -> bool:
    """True if no field has a digit."""
    return not any(map(DIGIT.search, row.fields))


def _is_number(name: str) -> bool:
    """True for a number, but not for a year, which may be a name."""
    number = re.sub("[.,]", "", strip(name))
    return number.isdecimal() and int(number) not in YEARS


def _count(fields: Iterable[str]) -> int:
    return sum(1 for field in fields if strip(field))


def _width(names: Sequence[str], data: Sequence[Row]) -> int:
    """Return the width of nearly all rows if they are wider than the header, else that of the header."""
    usual = _usual_width(data)
    is_wider = usual > len(names) and sum(len(row.fields) == usual for row in data) >= MIN_SHARE * len(data)
    return usual if is_wider else len(names)


def _usual_width(rows: Sequence[Row]) -> int:
    """Return the most common width, the largest on a tie."""
    widths = Counter(len(row.fields) for row in rows)
    return max(widths, key=lambda width: (widths[width], width), default=0)
