"""Import of a risk table file, whose rows are `first - last,factor` or `zipcode,factor`."""

from __future__ import annotations

import hashlib
import re
from datetime import date
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.data.zipcode_models import RiskRange, RiskTable
from webapp.tables.csv_file import FileError, parse_rows, read_bytes
from webapp.zipcodes.risk_table import FACTORS, Range
from webapp.zipcodes.zipcode import MAX_ZIPCODE, MIN_ZIPCODE


class RiskFile(NamedTuple):
    """A file, with its ranges in ascending order."""

    name: str
    sha256: str
    ranges: list[Range]


class Import(NamedTuple):
    """The new version, or an older one with the same ranges that prevented the import."""

    table: RiskTable | None
    superseded: RiskTable | None = None


def read(path: Path) -> RiskFile:
    """Read a file of ranges. Raises FileError for the first invalid row."""
    body = read_bytes(path)
    numbered = [(number, _range(path, number, fields)) for number, fields in parse_rows(path, body)]
    if not numbered:
        raise FileError(path, None, "contains no ranges")
    numbered.sort(key=lambda entry: entry[1].first)
    for (earlier_number, earlier), (number, later) in zip(numbered, numbered[1:]):
        if later.first <= earlier.last:
            raise FileError(
                path,
                max(number, earlier_number),
                f"zipcode {later.first} is already in row {min(number, earlier_number)}",
            )
    return RiskFile(path.name, hashlib.sha256(body).hexdigest(), [entry for _, entry in numbered])


def import_table(
    session: Session, file: RiskFile, source: str, effective_from: date, *, again: bool = False
) -> Import:
    """Add a version of the risk table, unless one from the same source has the same ranges.

    Args:
        again: import ranges that a later version superseded.
    """
    versions = session.scalars(
        select(RiskTable).where(RiskTable.source == source).order_by(RiskTable.id.desc())
    ).all()
    same = next((version for version in versions if _ranges(session, version) == file.ranges), None)
    if same and same is versions[0]:
        return Import(None)
    if same and not again:
        return Import(None, superseded=same)
    table = RiskTable(
        source=source,
        effective_from=effective_from,
        imported_at=clock.now(),
        sha256=file.sha256,
        range_count=len(file.ranges),
    )
    session.add(table)
    session.flush()
    session.add_all(RiskRange(risk_table_id=table.id, **entry._asdict()) for entry in file.ranges)
    session.flush()
    return Import(table)


def _ranges(session: Session, table: RiskTable) -> list[Range]:
    rows = session.execute(
        select(RiskRange.first, RiskRange.last, RiskRange.factor)
        .where(RiskRange.risk_table_id == table.id)
        .order_by(RiskRange.first)
    )
    return [Range(*row) for row in rows]


def _range(path: Path, number: int, fields: list[str]) -> Range:
    if len(fields) != 2:
        raise FileError(path, number, f"must have 2 fields, zipcodes and factor, but has {len(fields)}")
    zipcodes, factor = fields
    match = re.fullmatch(r"([0-9]{4})(?:\s*-\s*([0-9]{4}))?", zipcodes)
    if not match:
        raise FileError(path, number, f"{zipcodes!r} is not a zipcode or a range such as 1000 - 1310")
    first, last = int(match.group(1)), int(match.group(2) or match.group(1))
    if first < MIN_ZIPCODE:
        raise FileError(path, number, f"zipcodes go from {MIN_ZIPCODE} to {MAX_ZIPCODE}")
    if first > last:
        raise FileError(path, number, f"the range runs backwards, from {first} to {last}")
    if factor not in FACTORS:
        raise FileError(path, number, f"the factor is {factor!r}, but must be A, B or C")
    return Range(first, last, factor)
