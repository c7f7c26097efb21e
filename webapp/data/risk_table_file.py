"""Reading of risk table files; zipcodes.risk_file describes their rows."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path
from typing import IO, Iterator, NamedTuple

from webapp.errors import CsvNotValid, TooLarge
from webapp.tables import kinds, workbook, workbook_writer
from webapp.tables.chunks import text_of
from webapp.tables.csv_file import FileError, parse_rows, read_bytes
from webapp.tables.workbook import SheetCell, SheetRow, Workbook
from webapp.zipcodes import risk_file
from webapp.zipcodes.risk_file import Fault, RiskFileRows
from webapp.zipcodes.risk_table import Range, RiskTable, to_csv

# In the order in which they are looked for in the first row.
DELIMITERS = (b";", b",", b"\t")


class RiskFile(NamedTuple):
    """A file, with its ranges in ascending order."""

    name: str
    sha256: str
    ranges: list[Range]


class CheckedFile(NamedTuple):
    """A file, whose ranges are incomplete if there are faults."""

    file: RiskFile
    faults: list[Fault]


def read(path: Path) -> RiskFile:
    """Read and validate a file. Raises FileError for the first fault."""
    file, faults = check(path)
    if faults:
        raise FileError(path, *faults[0])
    return file


def check(path: Path) -> CheckedFile:
    """Read a file and find all its faults. Raises FileError if it cannot be read at all."""
    body = read_bytes(path)
    found = _parse(path, body)
    return CheckedFile(RiskFile(path.name, hashlib.sha256(body).hexdigest(), found.ranges), found.faults)


def _parse(path: Path, body: bytes) -> RiskFileRows:
    rows: list[tuple[int, list[str]]] = []
    unreadable = []
    try:
        rows.extend(_workbook_rows(body) if kinds.is_workbook(body) else _csv_rows(path, body))
    except FileError as error:
        unreadable.append(Fault(error.row, error.reason))
    except (CsvNotValid, TooLarge) as error:
        unreadable.append(Fault(None, str(error).rstrip(".")))
    found = risk_file.parse(rows)
    if not unreadable:
        return found
    faults = [fault for fault in found.faults if fault.row is not None]
    return found._replace(faults=faults + unreadable)


def _csv_rows(path: Path, body: bytes) -> Iterator[tuple[int, list[str]]]:
    kinds.refuse_other_kinds(body[: kinds.HEAD_BYTES])
    try:
        body.decode("utf-8-sig")
    except UnicodeDecodeError:
        body = text_of(body).encode()  # as Excel saves CSV
    first = next((line for line in body.splitlines() if line.strip()), b"")
    delimiter = next((delimiter for delimiter in DELIMITERS if delimiter in first), b",").decode()
    return parse_rows(path, body, delimiter)


def _workbook_rows(body: bytes) -> Iterator[tuple[int, list[str]]]:
    if len(body) > workbook.MAX_FILE_BYTES:
        raise workbook.too_large_file()
    file = Workbook(io.BytesIO(body))
    sheets = [name for name in file.sheets() if next(file.rows(name), None)]
    if len(sheets) > 1:
        raise CsvNotValid("Several sheets have rows. Keep only the risk table.")
    for name in sheets:
        for row in file.rows(name):
            fields = [field.strip() for field in workbook.texts(row.cells)]
            if any(fields):
                yield row.number, fields


def write_workbook(file: IO[bytes], table: RiskTable) -> None:
    """Write the ranges of a table as an Excel workbook that `read` reads."""
    rows = (
        SheetRow(number, [SheetCell(text), SheetCell(factor)])
        for number, (text, factor) in enumerate(csv.reader(to_csv(table).splitlines()), start=1)
    )
    workbook_writer.write(file, f"Risk table {table.id}", rows)
