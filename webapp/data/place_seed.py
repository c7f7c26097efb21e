"""The file of places, and how the table of places is brought in line with it."""

import re
from pathlib import Path
from typing import Any, Dict, List

from sqlalchemy import String, delete, insert, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.data.zipcode_models import ZIPCODE, Place
from webapp.tables.csv_file import FileError, read_records
from webapp.zipcodes.place_names import search_text

# What the file does not hold, because it follows from the rest.
SEARCH_COLUMNS = ("search_names", "search_municipality")
COLUMNS = tuple(
    column.name
    for column in Place.__table__.columns
    if column.name not in SEARCH_COLUMNS and column.name != "loaded_at"
)
LENGTHS = {
    column.name: column.type.length
    for column in Place.__table__.columns
    if column.name in COLUMNS and isinstance(column.type, String) and column.type.length
}


def read(path: Path) -> List[Dict[str, Any]]:
    """Read `postal_codes.csv` as rows for the table.

    Raises FileError, naming the row, when one of them cannot be right.
    """
    rows: Dict[Any, Dict[str, Any]] = {}
    for number, fields in read_records(path, COLUMNS):
        row: Dict[str, Any] = dict(zip(COLUMNS, fields))
        if not re.fullmatch(ZIPCODE, row["zipcode"]):
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
            raise FileError(path, number, f"{row['name']!r} is given twice for {row['zipcode']}")
        rows[key] = row
    if not rows:
        raise FileError(path, None, "holds no places")
    return list(rows.values())


def _degrees(path: Path, number: int, text: str, limit: float) -> float:
    try:
        degrees = float(text)
    except ValueError:
        degrees = float("nan")
    if not -limit <= degrees <= limit:
        raise FileError(path, number, f"{text!r} is not a coordinate in degrees")
    return degrees


def load(session: Session, rows: List[Dict[str, Any]]) -> bool:
    """Make the table hold exactly these rows; False when it did already."""
    rows = [{**row, **_searched(row)} for row in rows]
    names = (*COLUMNS, *SEARCH_COLUMNS)
    held = {tuple(row) for row in session.execute(select(*(Place.__table__.columns[name] for name in names)))}
    if held == {tuple(row[name] for name in names) for row in rows}:
        return False
    now = clock.now()
    session.execute(delete(Place))
    session.execute(insert(Place), [{**row, "loaded_at": now} for row in rows])
    return True


def _searched(row: Dict[str, Any]) -> Dict[str, str]:
    names = (row["name"], row["name_nl"], row["name_fr"], row["name_de"])
    municipality = (row["municipality_nl"], row["municipality_fr"], row["municipality_de"])
    return {"search_names": search_text(names), "search_municipality": search_text(municipality)}
