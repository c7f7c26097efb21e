"""The file of a risk table: one range a row, `first - last,factor` or `zipcode,factor`."""

import hashlib
import re
from pathlib import Path
from typing import List, NamedTuple

from webapp.data.zipcode_models import FACTORS, HIGHEST_ZIPCODE, LOWEST_ZIPCODE
from webapp.tables.csv_file import FileError, parse_rows, read_bytes


class Range(NamedTuple):
    """The zipcodes from `first` to `last`, both included, and their risk factor."""

    first: int
    last: int
    factor: str


class RiskFile(NamedTuple):
    """A risk table as a file holds it: name, SHA-256 of its bytes, ranges in ascending order."""

    name: str
    sha256: str
    ranges: List[Range]


def read(path: Path) -> RiskFile:
    """Read and check a file of ranges.

    Raises FileError, naming file, row and reason, for the first thing that is wrong with it.
    """
    content = read_bytes(path)
    numbered = [(number, _range(path, number, fields)) for number, fields in parse_rows(path, content)]
    if not numbered:
        raise FileError(path, None, "holds no ranges")
    numbered.sort(key=lambda entry: entry[1].first)
    for (earlier_number, earlier), (number, later) in zip(numbered, numbered[1:]):
        if later.first <= earlier.last:
            raise FileError(
                path,
                max(number, earlier_number),
                f"zipcode {later.first} is in row {min(number, earlier_number)} already",
            )
    return RiskFile(path.name, hashlib.sha256(content).hexdigest(), [entry for _, entry in numbered])


def _range(path: Path, number: int, fields: List[str]) -> Range:
    if len(fields) != 2:
        raise FileError(path, number, f"must have 2 fields, zipcodes and factor, but has {len(fields)}")
    zipcodes, factor = fields
    match = re.fullmatch(r"([0-9]{4})(?:\s*-\s*([0-9]{4}))?", zipcodes)
    if not match:
        raise FileError(path, number, f"{zipcodes!r} is not a zipcode or a range such as 1000 - 1310")
    first, last = int(match.group(1)), int(match.group(2) or match.group(1))
    if first < LOWEST_ZIPCODE:
        raise FileError(path, number, f"zipcodes go from {LOWEST_ZIPCODE} to {HIGHEST_ZIPCODE}")
    if first > last:
        raise FileError(path, number, f"the range runs backwards, from {first} to {last}")
    if factor not in FACTORS:
        raise FileError(path, number, f"the factor is {factor!r}, but must be A, B or C")
    return Range(first, last, factor)
