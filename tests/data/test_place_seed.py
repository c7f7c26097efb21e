"""The file of places: what is accepted, and how it gets into the table."""

from pathlib import Path
from typing import Any, Dict, List

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.zipcodes.seed import FACTORS
from webapp.config import ROOT
from webapp.data import place_seed as places
from webapp.data.extensions import db
from webapp.data.zipcode_models import Place
from webapp.tables.csv_file import FileError

HEADER = (
    "zipcode,name,name_nl,name_fr,name_de,municipality_nl,municipality_fr,municipality_de,nis,"
    "province_nl,province_fr,region,language,lat,lon"
)
GENT = (
    "9000,Gent,Gent,Gand,Gent,Gent,Gand,Gent,44021,Oost-Vlaanderen,Flandre orientale,Flanders,nl,51.05,3.72"
)


def write(folder: Path, *lines: str) -> Path:
    file = folder / "postal_codes.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def seed_rows() -> List[Dict[str, Any]]:
    return places.read(ROOT / "seed" / "postal_codes.csv")


def test_the_seed_holds_every_locality(seed_rows: List[Dict[str, Any]]) -> None:
    assert (len(seed_rows), len({row["zipcode"] for row in seed_rows})) == (2781, 1146)


def test_every_real_zipcode_has_a_risk_factor(seed_rows: List[Dict[str, Any]]) -> None:
    assert {row["zipcode"] for row in seed_rows} <= set(FACTORS)


def test_no_place_is_longer_than_its_column(seed_rows: List[Dict[str, Any]]) -> None:
    limits = {name: getattr(Place.__table__.columns[name].type, "length", None) for name in places.COLUMNS}
    too_long = [
        row for row in seed_rows for name, limit in limits.items() if limit and len(row[name]) > limit
    ]
    assert too_long == []


def test_a_place_is_read_with_its_names_and_coordinates(tmp_path: Path) -> None:
    (row,) = places.read(write(tmp_path, HEADER, GENT))
    assert (row["zipcode"], row["name"], row["name_fr"], row["lat"], row["lon"]) == (
        9000,
        "Gent",
        "Gand",
        51.05,
        3.72,
    )


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], f"row 1: the columns must be {HEADER}"),
        ([GENT], f"row 1: the columns must be {HEADER}"),
        ([HEADER], "postal_codes.csv: holds no places"),
        ([HEADER, "9000,Gent"], "row 2: must have 15 fields, but has 2"),
        ([HEADER, GENT, GENT.replace("9000", "900")], "row 3: '900' is not a zipcode"),
        ([HEADER, GENT.replace("9000", "0900")], "row 2: '0900' is not a zipcode"),
        ([HEADER, GENT.replace("9000,Gent", "9000,")], "row 2: the place has no name"),
        ([HEADER, GENT, "", GENT], "row 4: 'Gent' is given twice for 9000"),
        ([HEADER, GENT.replace("51.05", "91")], "row 2: '91' is not a coordinate in degrees"),
        ([HEADER, GENT.replace("51.05", "nan")], "row 2: 'nan' is not a coordinate in degrees"),
        ([HEADER, GENT.replace("3.72", "east")], "row 2: 'east' is not a coordinate in degrees"),
        ([HEADER, GENT.replace("3.72", "")], "row 2: '' is not a coordinate in degrees"),
    ],
)
def test_a_file_with_something_wrong_is_refused(tmp_path: Path, lines: List[str], message: str) -> None:
    with pytest.raises(FileError) as error:
        places.read(write(tmp_path, *lines))
    assert str(error.value).endswith(message)
    assert str(error.value).startswith("postal_codes.csv")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("9000,Gent", "9000," + "G" * 101), (",44021,", ",440211,"), (",nl,", ",nederlands+frans,")],
    ids=["name", "nis", "language"],
)
def test_a_text_that_its_column_cannot_hold_is_refused_by_the_reader(
    tmp_path: Path, wrong: str, right: str
) -> None:
    with pytest.raises(FileError, match="row 2"):
        places.read(write(tmp_path, HEADER, GENT.replace(wrong, right, 1)))


def test_an_error_is_one_line_even_when_a_name_is_two(tmp_path: Path) -> None:
    row = GENT.replace("9000,Gent", '9000,"Ge\nnt"')
    with pytest.raises(FileError) as error:
        places.read(write(tmp_path, HEADER, row, row))
    assert len(str(error.value).splitlines()) == 1


def test_the_same_places_are_not_written_again(shared_app: Flask, seed_rows: List[Dict[str, Any]]) -> None:
    with shared_app.app_context():
        assert places.load(db.session(), seed_rows) is False


def test_other_places_replace_those_that_were_there(shared_app: Flask, tmp_path: Path) -> None:
    rows = places.read(write(tmp_path, HEADER, GENT))
    with shared_app.app_context():  # rolls back at its end
        assert places.load(db.session(), rows) is True
        assert db.session.scalar(select(func.count()).select_from(Place)) == 1
        assert places.load(db.session(), rows) is False
