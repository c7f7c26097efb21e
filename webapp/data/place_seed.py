"""Loading of `places.csv`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import String, delete, insert, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.data.zipcode_models import Place
from webapp.tables.csv_file import FileError, read_records
from webapp.zipcodes.places import PlaceRow
from webapp.zipcodes.zipcode import is_zipcode

COLUMNS = PlaceRow._fields
LENGTHS = {
    column.name: column.type.length
    for column in Place.__table__.columns
    if isinstance(column.type, String) and column.type.length
}


def read(path: Path) -> list[dict[str, Any]]:
    """Read `places.csv` as rows for the table. Raises FileError for the first invalid row."""
    rows: dict[Any, dict[str, Any]] = {}
    for number, fields in read_records(path, COLUMNS):
        row: dict[str, Any] = dict(zip(COLUMNS, fields))
        if not is_zipcode(row["zipcode"]):
            raise FileError(path, number, f"{row['zipcode']!r} is not a zipcode")
        if not row["name"]:
            raise FileError(path, number, "the place has no name")
        for name, length in LENGTHS.items():
            if len(row[name]) > length:
                raise FileError(path, number, f"{name} is longer than {length} characters")
        for name, limit in (("lat", 90.0), ("lon", 180.0)):
            row[name] = _degrees(path, number, row[name], limit)
        row["zipcode"] = int(row["zipcode"])
        key = (row["zipcode"], row["name"])
        if key in rows:
            raise FileError(path, number, f"{row['name']!r} appears twice for {row['zipcode']}")
        rows[key] = row
    if not rows:
        raise FileError(path, None, "contains no places")
    return list(rows.values())


def _degrees(path: Path, number: int, text: str, limit: float) -> float:
    try:
        degrees = float(text)
    except ValueError:
        degrees = float("nan")
    if not -limit <= degrees <= limit:
        raise FileError(path, number, f"{text!r} is not a coordinate in degrees")
    return degrees


def load(session: Session, rows: list[dict[str, Any]]) -> bool:
    """Replace the places in the table by these rows. Return False if they are the same."""
    stored = session.execute(select(*(Place.__table__.columns[name] for name in COLUMNS)))
    if {tuple(row) for row in stored} == {tuple(row[name] for name in COLUMNS) for row in rows}:
        return False
    now = clock.now()
    session.execute(delete(Place))
    session.execute(insert(Place), [{**row, "loaded_at": now} for row in rows])
    return True
