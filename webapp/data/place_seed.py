"""Loading of places, special zipcodes and other names."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Sequence

from sqlalchemy import String, delete, insert, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.data.database import Model
from webapp.data.zipcode_models import Place, PlaceName, SpecialZipcode
from webapp.tables.csv_file import FileError, read_records
from webapp.zipcodes.place import NAME_KINDS, SPECIAL_KINDS
from webapp.zipcodes.zipcode import is_zipcode

Row = Dict[str, Any]
Rows = List[Row]


class PlaceRows(NamedTuple):
    places: Rows
    special: Rows
    names: Rows


def read_all(folder: Path) -> PlaceRows:
    """Read the files of a seed folder. Raises FileError for the first invalid row."""
    places = read(folder / "places.csv")
    special = read_special(folder / "special_zipcodes.csv", places)
    return PlaceRows(places, special, read_names(folder / "place_names.csv", [*places, *special]))


def read(path: Path) -> Rows:
    """Read `places.csv`. Raises FileError."""
    rows = _read(path, Place, keys=("zipcode", "name"))
    for number, row in rows:
        for name, limit in (("lat", 90.0), ("lon", 180.0)):
            row[name] = _degrees(path, number, row[name], limit)
    if not rows:
        raise FileError(path, None, "contains no places")
    return [row for _number, row in rows]


def read_special(path: Path, places: Rows) -> Rows:
    """Read `special_zipcodes.csv`. Raises FileError, also for zipcodes of places."""
    of_places = {row["zipcode"] for row in places}
    rows = _read(path, SpecialZipcode, keys=("zipcode",))
    for number, row in rows:
        _check_kind(path, number, row, SPECIAL_KINDS)
        if row["zipcode"] in of_places:
            raise FileError(path, number, f"{row['zipcode']} is the zipcode of a place")
    return [row for _number, row in rows]


def read_names(path: Path, places: Rows) -> Rows:
    """Read `place_names.csv`. Raises FileError, also for unknown places."""
    known = {(row["zipcode"], row["name"]) for row in places}
    rows = _read(path, PlaceName, keys=("zipcode", "place", "name"))
    for number, row in rows:
        _check_kind(path, number, row, NAME_KINDS)
        if (row["zipcode"], row["place"]) not in known:
            raise FileError(path, number, f"no place {row['place']!r} has the zipcode {row['zipcode']}")
    return [row for _number, row in rows]


def load_all(session: Session, rows: PlaceRows) -> bool:
    """Replace all rows. Return False if they are equal."""
    changed = (
        load(session, rows.places),
        _load(session, SpecialZipcode, rows.special),
        _load(session, PlaceName, rows.names),
    )
    return any(changed)


def load(session: Session, rows: Rows) -> bool:
    """Replace the places. Return False if they are equal."""
    return _load(session, Place, rows)


def _load(session: Session, model: type[Model], rows: Rows) -> bool:
    columns = _columns(model)
    table = model.metadata.tables[model.__tablename__]
    stored = session.execute(select(*(table.columns[name] for name in columns)))
    if {tuple(row) for row in stored} == {tuple(row[name] for name in columns) for row in rows}:
        return False
    now = clock.now()
    session.execute(delete(model))
    if rows:
        session.execute(insert(model), [{**row, "loaded_at": now} for row in rows])
    return True


def _read(path: Path, model: type[Model], keys: Sequence[str]) -> list[tuple[int, Row]]:
    """Read the rows of a table from a file, with their numbers."""
    columns = _columns(model)
    table = model.metadata.tables[model.__tablename__]
    rows: dict[Any, tuple[int, Row]] = {}
    for number, fields in read_records(path, columns):
        row: Row = dict(zip(columns, fields))
        if not is_zipcode(row["zipcode"]):
            raise FileError(path, number, f"{row['zipcode']!r} is not a zipcode")
        if not row["name"]:
            raise FileError(path, number, "the place has no name")
        for name in columns:
            length = getattr(table.columns[name].type, "length", None)
            if isinstance(table.columns[name].type, String) and length and len(row[name]) > length:
                raise FileError(path, number, f"{name} is longer than {length} characters")
        row["zipcode"] = int(row["zipcode"])
        key = tuple(row[name] for name in keys)
        if key in rows:
            raise FileError(path, number, f"{row['name']!r} appears twice for {row['zipcode']}")
        rows[key] = number, row
    return list(rows.values())


def _columns(model: type[Model]) -> tuple[str, ...]:
    """Return the columns that the file has, too."""
    names = model.metadata.tables[model.__tablename__].columns.keys()
    return tuple(name for name in names if name != "loaded_at")


def _check_kind(path: Path, number: int, row: Row, kinds: Sequence[str]) -> None:
    if row["kind"] not in kinds:
        raise FileError(path, number, f"the kind is {row['kind']!r}, but must be one of {', '.join(kinds)}")


def _degrees(path: Path, number: int, text: str, limit: float) -> float:
    try:
        degrees = float(text)
    except ValueError:
        degrees = float("nan")
    if not -limit <= degrees <= limit:
        raise FileError(path, number, f"{text!r} is not a coordinate in degrees")
    return degrees
