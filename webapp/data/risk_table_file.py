"""Reading of risk table files; zipcodes.risk_file describes their rows."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

from webapp.tables.csv_file import FileError, parse_rows, read_bytes
from webapp.zipcodes import risk_file
from webapp.zipcodes.risk_file import Fault, RiskFileRows
from webapp.zipcodes.risk_table import Range

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
        rows.extend(parse_rows(path, body, _delimiter(body)))
    except FileError as error:
        unreadable.append(Fault(error.row, error.reason))
    found = risk_file.parse(rows)
    if not unreadable:
        return found
    faults = [fault for fault in found.faults if fault.row is not None]
    return found._replace(faults=faults + unreadable)


def _delimiter(body: bytes) -> str:
    first = next((line for line in body.splitlines() if line.strip()), b"")
    return next((delimiter for delimiter in DELIMITERS if delimiter in first), b",").decode()
