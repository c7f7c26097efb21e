"""Rows of CSV from its bytes, with the bytes of each row."""

from __future__ import annotations

import csv
from typing import Iterable, Iterator, NamedTuple

from webapp.errors import CsvNotValid, DeskError, TooLarge
from webapp.i18n.messages import N_
from webapp.tables.csv_file import LONGEST_FIELD

# Bytes of a row without its line end. Bounds the memory of a file.
MAX_ROW_BYTES = LONGEST_FIELD


class Dialect(NamedTuple):
    """How fields are separated. `skips_spaces` when a space stands before quotes."""

    delimiter: str
    skips_spaces: bool = False


class RawRow(NamedTuple):
    """A row: its number from 1, its fields, and its lines with their ends; Latin-1 stands for bytes."""

    number: int
    fields: list[str]
    raw: str


class CsvRows:
    """The rows that the csv module reads. Raises CsvNotValid and TooLarge, naming the row.

    Args:
        first: the number of the first row in its file.
    """

    def __init__(self, lines: Iterable[str], dialect: Dialect, first: int) -> None:
        self._lines: list[str] = []
        self._row = first
        self._bytes = 0
        self._reader = csv.reader(
            self._measured(lines),
            delimiter=dialect.delimiter,
            skipinitialspace=dialect.skips_spaces,
            strict=True,
        )

    def __iter__(self) -> Iterator[RawRow]:
        lines = self._lines
        try:
            for fields in self._reader:
                yield RawRow(self._row, fields, lines[0] if len(lines) == 1 else "".join(lines))
                self._row += 1
                self._bytes = 0
                lines.clear()
        except csv.Error as error:
            raise not_csv(self._row, error) from None

    def _measured(self, lines: Iterable[str]) -> Iterator[str]:
        """The lines, while those that the fields of one row go on over are not too long."""
        for line in lines:
            self._lines.append(line)
            self._bytes += len(line)
            if self._bytes > MAX_ROW_BYTES:
                without_end = self._bytes - len(line) + len(line.rstrip("\r\n"))
                if without_end > MAX_ROW_BYTES:
                    raise row_too_long(self._row)
            yield line


def lines_of(chunks: Iterable[bytes]) -> Iterator[str]:
    """The lines in the chunks of a file, with their ends; of one that is longer than a row, a part.

    Latin-1 gives each byte a letter of its own, whatever the encoding is, and gives it back.
    """
    pending = b""
    for chunk in chunks:
        lines = (pending + chunk).splitlines(keepends=True)
        # The last may go on in the next chunk, even when it ends: with the \n after a \r.
        pending = lines.pop() if lines and len(lines[-1]) <= MAX_ROW_BYTES + 1 else b""
        yield from (line.decode("latin-1") for line in lines)
    if pending:
        yield pending.decode("latin-1")


def decoded(field: str) -> str:
    """The text of a field whose bytes Latin-1 stands for: UTF-8, else Windows-1252."""
    if field.isascii():
        return field
    body = field.encode("latin-1")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("windows-1252", "replace")


def not_csv(row: int, error: csv.Error) -> DeskError:
    """The error of a file whose row the csv module cannot read, in words that can be translated."""
    reason = str(error)
    if "field limit" in reason:
        return row_too_long(row)
    if "unexpected end" in reason:
        return CsvNotValid(N_("Row %(row)s is not valid CSV: a quote is never closed."), row=row)
    if "expected after" in reason:
        return CsvNotValid(N_("Row %(row)s is not valid CSV: text follows a closing quote."), row=row)
    return CsvNotValid(N_("Row %(row)s is not valid CSV."), row=row)


def row_too_long(row: int) -> TooLarge:
    """The error of a file in which that row is too long."""
    text = N_("Row %(row)s is too long or has an unclosed quote. A row can have at most %(bytes)s bytes.")
    return TooLarge(text, row=row, bytes=MAX_ROW_BYTES)
