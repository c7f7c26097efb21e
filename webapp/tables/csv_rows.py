"""Parse CSV rows and keep the bytes of each."""

from __future__ import annotations

import csv
from typing import Iterable, Iterator, NamedTuple

from webapp.errors import CsvNotValid, DeskError, TooLarge
from webapp.i18n.messages import N_
from webapp.tables.csv_file import LONGEST_FIELD

# Without the line ending. Limits the memory per file.
MAX_ROW_BYTES = LONGEST_FIELD


class Dialect(NamedTuple):
    """Delimiter of fields; `skips_spaces` if a space precedes quotes."""

    delimiter: str
    skips_spaces: bool = False


class RawRow(NamedTuple):
    """A row number from 1, the fields, and the raw lines as Latin-1."""

    number: int
    fields: list[str]
    raw: str


class CsvRows:
    """Iterate over rows, numbered from `first`. Raises CsvNotValid and TooLarge, naming the row."""

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
        """Yield lines. Raises TooLarge above MAX_ROW_BYTES per row."""
        for line in lines:
            self._lines.append(line)
            self._bytes += len(line)
            if self._bytes > MAX_ROW_BYTES:
                without_end = self._bytes - len(line) + len(line.rstrip("\r\n"))
                if without_end > MAX_ROW_BYTES:
                    raise row_too_long(self._row)
            yield line


def lines_of(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield lines with their endings; very long lines come in parts.

    Latin-1 maps each byte to one character and back, whatever the encoding.
    """
    pending = b""
    for chunk in chunks:
        lines = (pending + chunk).splitlines(keepends=True)
        # The last line may continue in the next chunk, even after \r: with its \n.
        pending = lines.pop() if lines and len(lines[-1]) <= MAX_ROW_BYTES + 1 else b""
        yield from (line.decode("latin-1") for line in lines)
    if pending:
        yield pending.decode("latin-1")


def decoded(field: str) -> str:
    """Decode a Latin-1 field as UTF-8, else as Windows-1252."""
    if field.isascii():
        return field
    body = field.encode("latin-1")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("windows-1252", "replace")


def not_csv(row: int, error: csv.Error) -> DeskError:
    """Return a translatable error."""
    reason = str(error)
    if "field limit" in reason:
        return row_too_long(row)
    if "unexpected end" in reason:
        return CsvNotValid(N_("Row %(row)s is not valid CSV: a quote is never closed."), row=row)
    if "expected after" in reason:
        return CsvNotValid(N_("Row %(row)s is not valid CSV: text follows a closing quote."), row=row)
    return CsvNotValid(N_("Row %(row)s is not valid CSV."), row=row)


def row_too_long(row: int) -> TooLarge:
    text = N_("Row %(row)s is too long or has an unclosed quote. A row can have at most %(bytes)s bytes.")
    return TooLarge(text, row=row, bytes=MAX_ROW_BYTES)
