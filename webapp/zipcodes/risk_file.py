"""The rows of a risk table file: ranges, or a list of zipcodes with a header.

Without a header, each row is `first - last,factor` or `zipcode,factor`. With one, the columns may stand in
any order and beside others: `zipcode;factor`.
"""

from __future__ import annotations

import re
from typing import Iterable, NamedTuple, Sequence

from webapp.i18n.folding import fold
from webapp.zipcodes.risk_table import FACTORS, Range
from webapp.zipcodes.zipcode import MAX_ZIPCODE, MIN_ZIPCODE

# Names of the columns in a header, folded.
ZIPCODE_NAMES = {
    *("zipcode", "zipcodes", "zip", "zip code", "postcode", "post code", "postal code", "postnummer"),
    *("code postal", "cp", "postleitzahl", "plz"),
}
FACTOR_NAMES = {
    *("factor", "risk factor", "risk", "risicofactor", "risico", "facteur", "facteur de risque", "risque"),
    *("risikofaktor", "risiko"),
}


HEADER_ADVICE = "the header must name one column of zipcodes and one of factors, such as zipcode;factor"


class Fault(NamedTuple):
    """A fault of a file; `row` is None if it is of the whole file."""

    row: int | None
    reason: str


class RiskFileRows(NamedTuple):
    """The ranges of a file in ascending order, and all its faults in the order of rows."""

    ranges: list[Range]
    faults: list[Fault]


class _Columns(NamedTuple):
    zipcode: int
    factor: int


def parse(rows: Iterable[tuple[int, Sequence[str]]]) -> RiskFileRows:
    """Parse rows, each with its number in the file. Blank rows are left out by the caller.

    Zipcodes of a list that follow each other with the same factor become one range.
    """
    numbered: list[tuple[int, Range]] = []
    faults: list[Fault] = []
    columns: _Columns | None = None
    for position, (number, fields) in enumerate(rows):
        if position == 0:
            names = [fold(field) for field in fields]
            columns = _header(names)
            if columns:
                continue
            if not {*ZIPCODE_NAMES, *FACTOR_NAMES}.isdisjoint(names):
                return RiskFileRows([], [Fault(number, HEADER_ADVICE)])  # the rows would all be faults
        try:
            numbered.append((number, _range(fields, columns)))
        except ValueError as error:
            faults.append(Fault(number, str(error)))
    if not numbered and not faults:
        faults.append(Fault(None, "contains no ranges"))
    numbered.sort(key=lambda entry: (entry[1].first, entry[0]))
    faults += _overlaps(numbered)
    ranges = [entry for _number, entry in numbered]
    return RiskFileRows(_merged(ranges) if columns and not faults else ranges, sorted(faults, key=_row))


def _row(fault: Fault) -> int:
    return fault.row or 0


def _header(names: Sequence[str]) -> _Columns | None:
    zipcodes = [index for index, name in enumerate(names) if name in ZIPCODE_NAMES]
    factors = [index for index, name in enumerate(names) if name in FACTOR_NAMES]
    return _Columns(zipcodes[0], factors[0]) if len(zipcodes) == len(factors) == 1 else None


def _range(fields: Sequence[str], columns: _Columns | None) -> Range:
    """Raises ValueError with the fault of the row."""
    if columns:
        if max(columns) >= len(fields):
            raise ValueError(f"has only {len(fields)} fields, without a factor and a zipcode")
        zipcodes, factor = fields[columns.zipcode], fields[columns.factor]
    elif len(fields) == 2:
        zipcodes, factor = fields
    else:
        raise ValueError(f"must have 2 fields, zipcodes and factor, but has {len(fields)}")
    match = re.fullmatch(r"([0-9]{4})(?:\s*[-–]\s*([0-9]{4}))?", zipcodes)
    if not match:
        raise ValueError(f"{zipcodes!r} is not a zipcode or a range such as 1000 - 1310")
    first, last = int(match.group(1)), int(match.group(2) or match.group(1))
    if first < MIN_ZIPCODE:
        raise ValueError(f"zipcodes go from {MIN_ZIPCODE} to {MAX_ZIPCODE}")
    if first > last:
        raise ValueError(f"the range runs backwards, from {first} to {last}")
    if factor not in FACTORS:
        raise ValueError(f"the factor is {factor!r}, but must be A, B or C")
    return Range(first, last, factor)


def _overlaps(numbered: Sequence[tuple[int, Range]]) -> list[Fault]:
    """Return a fault for each range that holds a zipcode of another one."""
    faults = []
    longest: tuple[int, Range] | None = None  # the range before that ends last
    for number, entry in numbered:
        if longest and entry.first <= longest[1].last:
            rows = sorted((number, longest[0]))
            faults.append(Fault(rows[1], f"zipcode {entry.first} is already in row {rows[0]}"))
        if longest is None or entry.last > longest[1].last:
            longest = number, entry
    return faults


def _merged(ranges: Sequence[Range]) -> list[Range]:
    merged: list[Range] = []
    for entry in ranges:
        if merged and merged[-1].last + 1 == entry.first and merged[-1].factor == entry.factor:
            merged[-1] = merged[-1]._replace(last=entry.last)
        else:
            merged.append(entry)
    return merged
