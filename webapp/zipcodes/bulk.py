"""Add a risk factor to each row of a CSV file.

The file is streamed as bytes, so other columns keep their values and encoding. Chunks in which no field
spans lines take a fast path, a fraction of the time of the csv module. The csv module reads the remaining
rows, and results are appended to the bytes of each row.
"""

from __future__ import annotations

import codecs
import csv
import io
from itertools import repeat
from typing import Callable, Dict, Iterable, Iterator, List, NamedTuple

from webapp.errors import TooLarge
from webapp.i18n.messages import N_
from webapp.tables.chunks import CHUNK_BYTES, MEGABYTE, UTF16, Read
from webapp.tables.csv_list import CsvList
from webapp.tables.csv_rows import CsvRows, decoded, lines_of
from webapp.zipcodes.columns import ColumnChooser, ListColumns
from webapp.zipcodes.lookup import Lookup

# Short rows are padded to the width of the list, so a few bytes could become any number. The result makes a
# row of a digit and a line ending 11 times as long.
MAX_ROWS = 1_000_000
MAX_BYTES = 128 * MEGABYTE
MAX_RESPONSE_BYTES = 2 * MAX_BYTES
MAX_EXPANSION = 32

# Rows between two writes: padding may make them much longer.
BATCH_ROWS = 4096

# Cached row ends, by cell.
MAX_TAILS = 50_000

RESULT_COLUMNS = ("risk_factor", "error")

Write = Callable[[bytes], object]


class CsvResult(NamedTuple):
    """IANA encoding, columns, and number of rows of a file that was read."""

    charset: str
    columns: ListColumns
    rows: int


def look_up_csv(
    read: Read,
    write: Write,
    lookup: Lookup,
    column: str = "",
    max_response_bytes: int = MAX_RESPONSE_BYTES,
) -> CsvResult:
    """Copy a CSV file row by row and add the columns risk_factor and error.

    Short rows are padded; in long rows the result precedes the surplus fields. Rows before the header, blank
    lines and rows of delimiters stay unchanged.

    Args:
        read: returns up to that many bytes, none at the end.
        column: name or number of the zipcode column; empty to detect it.

    Raises ColumnNotClear; CsvNotValid, naming the row; TooLarge.
    """
    found = CsvList(read, MAX_BYTES, MAX_ROWS)
    if found.preface_rows > MAX_ROWS:
        raise too_many_rows()
    columns = ColumnChooser(found.sample, lookup.cells).choose(column)
    output = _Output(write, max_response_bytes, found)
    output.write(found.preface)
    rows = _Rows(found, columns, lookup, output)
    body = found.body()
    remaining = rows.write_lines(body)
    rows.write_remaining(_with_first(remaining, body))
    output.flush()
    # The charset is final after the last chunk.
    return CsvResult(found.charset, columns, rows.total - found.preface_rows)


def too_many_rows(max_rows: int = MAX_ROWS) -> TooLarge:
    return TooLarge(N_("A list can have at most %(rows)s rows."), rows=max_rows)


class _Output:
    """Write rows in chunks, in the file's encoding. Raises TooLarge."""

    def __init__(self, write: Write, max_bytes: int, found: CsvList) -> None:
        self._write = write
        self._max_bytes = max_bytes
        self._chunks = found.chunks
        mark = found.chunks.mark
        self._encoding = UTF16.get(mark.mark)
        # A multi-byte character may be split between chunks.
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._parts: List[bytes] = []
        self._gathered = self._written = 0
        if mark.mark:
            write(mark.mark)

    def write(self, part: bytes) -> None:
        self._parts.append(part)
        self._gathered += len(part)
        if self._gathered > CHUNK_BYTES:
            self.flush()

    def flush(self) -> None:
        self._written += self._gathered
        max_bytes = min(self._max_bytes, MEGABYTE + MAX_EXPANSION * self._chunks.bytes)
        if self._written > max_bytes:
            megabytes = max_bytes // MEGABYTE
            raise TooLarge(N_("The result would be larger than %(megabytes)s MB."), megabytes=megabytes)
        chunk = b"".join(self._parts)
        self._write(self._decoder.decode(chunk).encode(self._encoding) if self._encoding else chunk)
        self._parts.clear()
        self._gathered = 0


class _Rows:
    """Write and count the rows of one file."""

    def __init__(self, found: CsvList, columns: ListColumns, lookup: Lookup, output: _Output) -> None:
        self._dialect = found.dialect
        self._delimiter = found.dialect.delimiter
        self._line_end = found.line_end
        self._columns = columns
        self._lookup = lookup
        self._output = output
        self._rows = found.preface_rows
        # Row ends by the bytes of the cell.
        self._tails: Dict[bytes, bytes] = {}

    @property
    def total(self) -> int:
        """Return the number of rows without the header."""
        return self._rows - bool(self._columns.header)

    def write_lines(self, chunks: Iterable[bytes]) -> bytes:
        """Write rows until a field may span lines; return the remaining bytes of that chunk."""
        line_end = self._line_end
        remaining = b""
        for next_chunk in chunks:
            chunk = remaining + next_chunk
            end = chunk.rfind(line_end) + len(line_end)
            if end < len(line_end) or not _has_uniform_line_ends(chunk[:end], line_end):
                return chunk
            body = chunk[: end - len(line_end)]
            lines = body.split(line_end)
            quotes: List[int] = []
            if b'"' in body:
                quotes = list(map(bytes.count, lines, repeat(b'"')))
                if any(count % 2 for count in quotes):
                    return chunk
            remaining = chunk[end:]
            for start in range(0, len(lines), BATCH_ROWS):
                stop = start + BATCH_ROWS
                self._write_batch(lines[start:stop], quotes[start:stop])
        return remaining

    def write_remaining(self, chunks: Iterable[bytes]) -> None:
        """Write the remaining rows with the csv module."""
        for row in CsvRows(lines_of(chunks), self._dialect, self._rows + 1):
            self._count(1)
            line = row.raw.rstrip("\r\n") if row.fields else ""
            end = row.raw[len(line) :].encode("latin-1") or self._line_end
            self._output.write(self._row_with_result(line, row.fields) + end)

    def _write_batch(self, lines: List[bytes], quotes: List[int]) -> None:
        tails = self._known_tails(lines, quotes)
        if None in tails:
            first = self._rows + 1
            for index, tail in enumerate(tails):
                if tail is None:
                    self._rows = first + index  # the row being read
                    lines[index], tails[index] = self._line_with_result(lines[index]), self._line_end
            self._rows = first - 1
        self._count(len(lines))
        parts = lines + lines
        parts[::2], parts[1::2] = lines, tails  # type: ignore[assignment]  # none is None now
        self._output.write(b"".join(parts))

    def _known_tails(self, lines: List[bytes], quotes: List[int]) -> List[bytes | None]:
        """Return the cached end of each row, or None."""
        if self._columns.country >= 0:
            return self._known_tails_by_country(lines, quotes)
        column, width = self._columns.column, self._columns.width
        delimiter = self._delimiter.encode()
        known = self._tails.get
        if not quotes:
            if set(map(bytes.count, lines, repeat(delimiter))) == {width - 1}:
                if width == 1:
                    return list(map(known, lines))
                if not column:
                    return list(map(known, [line.partition(delimiter)[0] for line in lines]))
                return list(map(known, [line.split(delimiter, column + 1)[column] for line in lines]))
            return [
                known(line.split(delimiter, column + 1)[column])
                if line.count(delimiter) == width - 1
                else None
                for line in lines
            ]
        # Only lines in which every field is quoted.
        between = b'"' + delimiter + b'"'
        return [
            known(line[1:-1].split(between, column + 1)[column])
            if count == 2 * width
            and line.count(between) == width - 1
            and line.startswith(b'"')
            and line.endswith(b'"')
            else None
            for line, count in zip(lines, quotes)
        ]

    def _known_tails_by_country(self, lines: List[bytes], quotes: List[int]) -> List[bytes | None]:
        delimiter = self._delimiter.encode()
        rows: Iterable[List[bytes]] = (line.split(delimiter) for line in lines)
        if quotes:
            between = b'"' + delimiter + b'"'
            rows = (
                line[1:-1].split(between) if line[:1] == line[-1:] == b'"' and count == 2 * width else []
                for line, count, width in zip(lines, quotes, repeat(self._columns.width))
            )
        known = self._tails.get
        column, country, width = self._columns.column, self._columns.country, self._columns.width
        return [known(row[column] + b"\0" + row[country]) if len(row) == width else None for row in rows]

    def _line_with_result(self, line: bytes) -> bytes:
        """Add the result to a row of one line and cache its end."""
        text = line.decode("latin-1")
        fields = text.split(self._delimiter) if b'"' not in line else self._fields(text)
        row = self._row_with_result(text, fields)
        column, width = self._columns.column, self._columns.width
        is_client = self._rows >= self._columns.first and len(fields) == width and len(row) > len(line)
        key = fields[column] if is_client else '"'
        if is_client and self._columns.country >= 0:
            key += f"\0{fields[self._columns.country]}"
        if len(self._tails) < MAX_TAILS and '"' not in key:
            self._tails[key.encode("latin-1")] = row[len(line) :] + self._line_end
        return row

    def _fields(self, line: str) -> List[str]:
        rows = iter(CsvRows([line], self._dialect, self._rows))
        return next(rows).fields

    def _row_with_result(self, line: str, fields: List[str]) -> bytes:
        """Return a row with its result, for both paths."""
        columns = self._columns
        texts = fields if line.isascii() else list(map(decoded, fields))
        if self._rows == columns.header:
            result: Iterable[str] = RESULT_COLUMNS
        elif self._rows < columns.first or not any(map(str.strip, texts)):
            return line.encode("latin-1")
        else:
            _cell, result = self._lookup.client(texts, columns)
        missing = columns.width - len(fields)
        if missing < 0:
            return self._with_result_inside(fields, result)
        return (line + self._delimiter * missing + self._delimiter.join(("", *result))).encode("latin-1")

    def _with_result_inside(self, fields: List[str], result: Iterable[str]) -> bytes:
        width = self._columns.width
        text = io.StringIO()
        # With this line ending, csv.writer quotes fields that contain \r or \n.
        writer = csv.writer(text, delimiter=self._delimiter, lineterminator="\r\n")
        writer.writerow([*fields[:width], *result, *fields[width:]])
        return text.getvalue()[: -len("\r\n")].encode("latin-1")

    def _count(self, rows: int) -> None:
        self._rows += rows
        if self.total > MAX_ROWS:
            raise too_many_rows()


def _has_uniform_line_ends(chunk: bytes, line_end: bytes) -> bool:
    ends = chunk.count(line_end)
    return chunk.count(b"\n") == ends and chunk.count(b"\r") == ends * (len(line_end) - 1)


def _with_first(first: bytes, chunks: Iterable[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from chunks
