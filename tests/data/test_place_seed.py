"""Reading and loading of `places.csv`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import ORDINARY_DAY, SetClock
from tests.zipcodes.seed import FACTORS, PLACES
from tests.zipcodes.seed import places as seed_places
from webapp.config import ROOT
from webapp.data import place_seed as places
from webapp.data.zipcode_models import Place, SpecialZipcode
from webapp.tables.csv_file import FileError
from webapp.zipcodes.place import PlaceRow

HEADER = (
    "zipcode,name,name_nl,name_fr,name_de,municipality_nl,municipality_fr,municipality_de,nis,"
    "province_nl,province_fr,region,language,lat,lon"
)
GENT = (
    "9000,Gent,Gent,Gand,Gent,Gent,Gand,Gent,44021,Oost-Vlaanderen,Flandre orientale,Flanders,nl,51.05,3.72"
)


def write(folder: Path, *lines: str) -> Path:
    file = folder / "places.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def seed_rows() -> list[dict[str, Any]]:
    return places.read(ROOT / "seed" / "places.csv")


def test_seed_has_every_locality_with_its_fields(seed_rows: list[dict[str, Any]]) -> None:
    assert [PlaceRow(**row) for row in seed_rows] == list(seed_places().rows)
    assert (len(PLACES), len({row["zipcode"] for row in seed_rows})) == (2781, 1146)


def test_every_zipcode_in_use_has_a_risk_factor(seed_rows: list[dict[str, Any]]) -> None:
    assert {row["zipcode"] for row in seed_rows} <= set(FACTORS)


def test_place_is_read_with_its_names_and_coordinates(tmp_path: Path) -> None:
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
        ([HEADER], "places.csv: contains no places"),
        ([HEADER, "9000,Gent"], "row 2: must have 15 fields, but has 2"),
        ([HEADER, GENT, GENT.replace("9000", "900")], "row 3: '900' is not a zipcode"),
        ([HEADER, GENT.replace("9000,Gent", "9000,")], "row 2: the place has no name"),
        ([HEADER, GENT, "", GENT], "row 4: 'Gent' appears twice for 9000"),
        ([HEADER, GENT.replace("51.05", "91")], "row 2: '91' is not a coordinate in degrees"),
        ([HEADER, GENT.replace("51.05", "nan")], "row 2: 'nan' is not a coordinate in degrees"),
        ([HEADER, GENT.replace("3.72", "east")], "row 2: 'east' is not a coordinate in degrees"),
    ],
)
def test_invalid_file_is_rejected(tmp_path: Path, lines: list[str], message: str) -> None:
    with pytest.raises(FileError) as error:
        places.read(write(tmp_path, *lines))
    assert str(error.value).endswith(message)
    assert str(error.value).startswith("places.csv")


def test_text_longer_than_its_column_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="row 2: nis is longer than 5 characters"):
        places.read(write(tmp_path, HEADER, GENT.replace(",44021,", ",440211,")))


def test_error_about_a_name_with_a_line_end_is_one_line(tmp_path: Path) -> None:
    row = GENT.replace("9000,Gent", '9000,"Ge\nnt"')
    with pytest.raises(FileError) as error:
        places.read(write(tmp_path, HEADER, row, row))
    assert len(str(error.value).splitlines()) == 1


SPECIAL_HEADER = "zipcode,kind,name,name_nl,name_fr,name_de,name_en,region,language"
NATO = "1110,organisation,NAVO,NAVO,OTAN,NATO,NATO,Brussels,nl+fr"
NAMES_HEADER = "zipcode,place,name,kind,source"


@pytest.mark.parametrize(
    ("special", "names", "message"),
    [
        ([NATO, NATO], [], "special_zipcodes.csv, row 3: 'NAVO' appears twice for 1110"),
        (
            [NATO.replace("organisation", "army")],
            [],
            "special_zipcodes.csv, row 2: the kind is 'army', but must be one of organisation, mail_centre, "
            "site",
        ),
        ([NATO.replace("1110", "9000")], [], "special_zipcodes.csv, row 2: 9000 is the zipcode of a place"),
        (
            [],
            ["9000,Gand,Ghent,exonym,test"],
            "place_names.csv, row 2: no place 'Gand' has the zipcode 9000",
        ),
        (
            [],
            ["9000,Gent,Ghent,nickname,test"],
            "place_names.csv, row 2: the kind is 'nickname', but must be one of exonym, spelling, "
            "municipality, part",
        ),
        (
            [NATO],
            ["1110,NAVO,Nato,spelling,test", "1110,NAVO,Nato,exonym,test"],
            "place_names.csv, row 3: 'Nato' appears twice for 1110",
        ),
    ],
)
def test_invalid_special_zipcode_or_name_is_rejected(
    tmp_path: Path, special: list[str], names: list[str], message: str
) -> None:
    write(tmp_path, HEADER, GENT)
    (tmp_path / "special_zipcodes.csv").write_text("\n".join([SPECIAL_HEADER, *special]), encoding="utf-8")
    (tmp_path / "place_names.csv").write_text("\n".join([NAMES_HEADER, *names]), encoding="utf-8")
    with pytest.raises(FileError) as error:
        places.read_all(tmp_path)
    assert str(error.value) == message


def test_special_zipcodes_and_other_names_are_loaded_once(session: Session) -> None:
    rows = places.read_all(ROOT / "seed")
    assert places.load_all(session, rows) is False
    assert places.load_all(session, rows._replace(names=rows.names[1:])) is True
    assert places.load_all(session, rows._replace(special=[], names=[])) is True
    assert session.scalar(select(func.count()).select_from(SpecialZipcode)) == 0


def loaded_at(session: Session) -> list[Any]:
    return list(session.scalars(select(Place.loaded_at).distinct()))


def test_same_places_are_not_loaded_again(
    session: Session, set_clock: SetClock, seed_rows: list[dict[str, Any]]
) -> None:
    set_clock(ORDINARY_DAY + timedelta(days=1))
    assert places.load(session, seed_rows[::-1]) is False
    assert loaded_at(session) == [ORDINARY_DAY]


def test_other_places_replace_the_loaded_ones(session: Session, set_clock: SetClock, tmp_path: Path) -> None:
    later = ORDINARY_DAY + timedelta(days=1)
    set_clock(later)
    rows = places.read(write(tmp_path, HEADER, GENT))
    assert places.load(session, rows) is True
    assert session.scalar(select(func.count()).select_from(Place)) == 1
    assert loaded_at(session) == [later]
    assert places.load(session, rows) is False


@pytest.mark.parametrize("field", ["zipcode", "name_fr", "lat"])
def test_place_with_a_changed_field_replaces_the_loaded_one(
    session: Session, tmp_path: Path, field: str
) -> None:
    (row,) = places.read(write(tmp_path, HEADER, GENT))
    places.load(session, [row])
    other = "x" if isinstance(row[field], str) else row[field] + 1
    assert places.load(session, [{**row, field: other}]) is True
