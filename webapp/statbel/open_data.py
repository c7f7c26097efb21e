"""Parser of the open data: a text or a workbook, alone or in a zip, as the body tells."""

from __future__ import annotations

import csv
import io
import struct
import zipfile
import zlib
from decimal import Decimal
from itertools import chain, islice
from typing import Any, Iterable, Iterator

from webapp.statbel.parsing import Columns, ParsedResponse, UpstreamError, parse

# Ten times the open-data text.
MAX_UNPACKED_BYTES = 8 * 1024 * 1024

# All files of a response together. A workbook is XML, which takes several times the space of the text.
MAX_TOTAL_BYTES = 4 * MAX_UNPACKED_BYTES

# A small workbook can name any cell.
MAX_ROWS, MAX_COLUMNS = 50_000, 30

# The header of a sheet may follow a title.
MAX_HEADER_ROW = 20

# A text in a gzip in a zip in a gzip.
MAX_NESTING = 3

DELIMITERS = "|;\t,"

GZIP, ZIP = b"\x1f\x8b", b"PK"
WORKBOOK_PART = "xl/workbook.xml"

# Exceptions of zipfile on damaged, encrypted and unsupported files.
ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ArithmeticError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)


def read_open_data(body: bytes) -> ParsedResponse:
    """Parse a response with one table. Raises UpstreamError."""
    if not body.strip():
        raise UpstreamError("empty response")
    return _Reader().read(body, 0)


class _Reader:
    """Counts the bytes that it unpacks."""

    def __init__(self) -> None:
        self._unpacked_bytes = 0

    def read(self, body: bytes, nesting: int) -> ParsedResponse:
        if nesting > MAX_NESTING:
            raise UpstreamError("response is compressed too often")
        if body.startswith(GZIP):
            return self.read(self._gunzip(body), nesting + 1)
        if body.startswith(ZIP):
            return self._read_zip(body, nesting)
        return _read_text(_decode(body))

    def _count(self, size: int) -> None:
        self._unpacked_bytes += size
        if size > MAX_UNPACKED_BYTES or self._unpacked_bytes > MAX_TOTAL_BYTES:
            raise UpstreamError(f"response unpacks to more than {MAX_UNPACKED_BYTES} bytes")

    def _gunzip(self, body: bytes) -> bytes:
        unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            unpacked = unpacker.decompress(body, MAX_UNPACKED_BYTES + 1)
        except zlib.error:
            raise UpstreamError("response is not a readable gzip file") from None
        self._count(len(unpacked))
        if not unpacker.eof:
            raise UpstreamError("response is not a readable gzip file")
        return unpacked

    def _read_zip(self, body: bytes, nesting: int) -> ParsedResponse:
        tables, failures = [], []
        try:
            with zipfile.ZipFile(io.BytesIO(body)) as archive:
                members = archive.infolist()
                if any(member.filename == WORKBOOK_PART for member in members):
                    return self._read_workbook(body, members)
                for member in members:
                    if _is_table(member.filename):
                        unpacked = self._unpack(archive, member)
                        try:
                            tables.append(self.read(unpacked, nesting + 1))
                        except UpstreamError as error:  # a readme, for example
                            failures.append(error)
        except ZIP_ERRORS:
            raise UpstreamError("response is not a readable zip") from None
        if not tables and len(failures) == 1:
            raise failures[0]
        if len(tables) != 1:
            raise UpstreamError(f"{len(tables)} tables in the zip, not one")
        return tables[0]

    def _unpack(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
        _require_deflate(member)
        with archive.open(member) as file:
            body = file.read(MAX_UNPACKED_BYTES + 1)
        self._count(len(body))
        return body

    def _read_workbook(self, body: bytes, members: list[zipfile.ZipInfo]) -> ParsedResponse:
        # A slow import, which most processes do not need.
        from openpyxl import load_workbook

        for member in members:
            _require_deflate(member)
            self._count(member.file_size)  # zipfile reads no more than the directory says
        try:
            sheets = load_workbook(io.BytesIO(body), read_only=True, data_only=True).worksheets
        except Exception:  # noqa: BLE001  # openpyxl raises errors of any kind on damaged files
            raise UpstreamError("response is not a readable workbook") from None
        tables = [table for table in map(_read_sheet, sheets) if table]
        if not tables:
            raise UpstreamError("workbook without columns of month, base year and health index")
        if len(tables) > 1:
            raise UpstreamError(f"{len(tables)} tables in the workbook, not one")
        return tables[0]


def _is_table(name: str) -> bool:
    """True for names of possible tables."""
    return name.lower().endswith((".txt", ".csv", ".xlsx", ".gz"))


def _require_deflate(member: zipfile.ZipInfo) -> None:
    # Other methods unpack in steps of any size, so a limit has no effect.
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UpstreamError("unsupported compression of the zip")


def _decode(text: bytes) -> str:
    try:
        return text.decode("utf-16" if text.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _read_text(text: str) -> ParsedResponse:
    lines = text.splitlines()
    header = lines[0] if lines else ""
    rows = _fields(lines, max(DELIMITERS, key=header.count))
    return _parse_table("line", 2, next(rows, []), rows)


def _fields(lines: list[str], delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(lines, delimiter=delimiter)
    except csv.Error:
        raise UpstreamError("text is not a table") from None


def _read_sheet(sheet: Any) -> ParsedResponse | None:
    """Read a sheet from its header on; None without a header."""
    rows = _cells(sheet)
    head = [*islice(rows, MAX_HEADER_ROW)]
    for number, row in enumerate(head, 1):
        names = ["" if cell is None else str(cell) for cell in row]
        if _is_header(names):
            return _parse_table("row", number + 1, names, chain(head[number:], rows))
    return None


def _is_header(names: list[str]) -> bool:
    try:
        Columns.among(names)
    except UpstreamError:
        return False
    return True


def _cells(sheet: Any) -> Iterator[list[Any]]:
    for number, row in enumerate(_rows(sheet)):
        if number == MAX_ROWS:
            raise UpstreamError(f"workbook has more than {MAX_ROWS} rows")
        yield [_exact(cell) for cell in row]


def _rows(sheet: Any) -> Iterator[tuple[Any, ...]]:
    try:
        yield from sheet.iter_rows(max_row=MAX_ROWS + 1, max_col=MAX_COLUMNS, values_only=True)
    except Exception:  # noqa: BLE001  # openpyxl raises errors of any kind on damaged files
        raise UpstreamError("response is not a readable workbook") from None


def _exact(cell: Any) -> Any:
    return Decimal(str(cell)) if isinstance(cell, (int, float)) and not isinstance(cell, bool) else cell


def _parse_table(kind: str, first: int, names: list[str], rows: Iterable[list[Any]]) -> ParsedResponse:
    columns = Columns.among(names)
    numbered = ((f"{kind} {number}", dict(zip(names, row))) for number, row in enumerate(rows, first))
    return parse(numbered, columns)
