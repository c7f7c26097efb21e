"""Read CSV files with errors that name the file, row and reason."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Iterator, List, Optional, Tuple

# The csv module has one limit for the whole process.
LONGEST_FIELD = 1024 * 1024
csv.field_size_limit(LONGEST_FIELD)


class FileError(Exception):
    def __init__(self, path: Path, row: Optional[int], reason: str) -> None:
        place = path.name if row is None else f"{path.name}, row {row}"
        super().__init__(f"{place}: {reason}")
        self.row, self.reason = row, reason


def read_rows(path: Path) -> Iterator[Tuple[int, List[str]]]:
    """Read a file; see parse_rows."""
    return parse_rows(path, read_bytes(path))


def parse_rows(path: Path, content: bytes, delimiter: str = ",") -> Iterator[Tuple[int, List[str]]]:
    """Yield the row number, from 1, and the stripped fields of each row that is not blank.

    Accepts a byte order mark and any line ending. Raises FileError if `content` is not UTF-8 or CSV.
    """
    reader = csv.reader(io.StringIO(_decode(path, content), newline=""), delimiter=delimiter, strict=True)
    start = 1
    while True:
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise FileError(path, start, f"is not CSV ({error})") from None
        if fields is None:
            return
        fields = [field.strip() for field in fields]
        if any(fields):
            yield start, fields
        start = reader.line_num + 1


def read_records(path: Path, columns: Tuple[str, ...]) -> Iterator[Tuple[int, List[str]]]:
    """Read rows below a header that equals `columns`.

    Raises FileError, also if the number of fields differs.
    """
    rows = read_rows(path)
    number, header = next(rows, (1, []))
    if tuple(header) != columns:
        raise FileError(path, number, f"the columns must be {','.join(columns)}")
    for number, fields in rows:
        if len(fields) != len(columns):
            raise FileError(path, number, f"must have {len(columns)} fields, but has {len(fields)}")
        yield number, fields


def read_bytes(path: Path) -> bytes:
    """Read a whole file. Raises FileError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileError(path, None, f"cannot be read ({error.strerror})") from None


def _decode(path: Path, content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise FileError(path, row, "is not UTF-8 text") from None
    if "\0" in text:
        raise FileError(path, text[: text.index("\0")].count("\n") + 1, "holds a NUL character")
    return text
