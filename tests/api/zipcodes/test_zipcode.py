"""One zipcode."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from tests.api.zipcodes.client import BRUSSELS, GENT, PATH, get
from tests.zipcodes.seed import GAPS, RANGES

NO_ZIPCODE = ["A zipcode has four digits, from 1000 to 9999, for example 9000."]


@pytest.mark.parametrize(
    ("zipcode", "factor", "ends", "found"),
    [
        ("9000", "B", ("9000", "9032"), [GENT]),
        ("1000", "C", ("1000", "1310"), [BRUSSELS]),
        ("1001", "C", ("1000", "1310"), []),
    ],
)
def test_zipcode_has_risk_factor_range_table_and_places(
    reader: FlaskClient, zipcode: str, factor: str, ends: tuple[str, str], found: list[Any]
) -> None:
    assert get(reader, f"/{zipcode}") == {
        "zipcode": zipcode,
        "risk_factor": factor,
        "range": {"first": ends[0], "last": ends[1]},
        "risk_table": {"id": 1, "effective_from": None, "effective_until": None},
        "planned": [],
        "assigned": bool(found),
        "kind": "locality" if found else None,
        "places": found,
    }


def test_every_range_has_its_factor_and_every_gap_is_not_found(reader: FlaskClient) -> None:
    for first, last, factor in RANGES:
        found = get(reader, f"/{last}")
        assert found["risk_factor"] == factor, last
        assert found["range"] == {"first": str(first), "last": str(last)}
    for first, _last in GAPS:
        assert reader.get(f"{PATH}/{first}").status_code == 404, first


def test_special_zipcode_is_assigned_and_has_its_organisation_as_place(reader: FlaskClient) -> None:
    found = get(reader, "/1931")
    assert (found["risk_factor"], found["assigned"], found["kind"]) == ("B", True, "site")
    assert found["places"] == [
        {
            "name": "Brucargo",
            "names": {"nl": "Brucargo", "fr": "Brucargo"},
            "municipality": {"nis": "", "names": {}},
            "province": None,
            "region": "Flanders",
        }
    ]
    assert get(reader, q="shape")["results"][0]["zipcode"] == "7010"


@pytest.mark.parametrize(("zipcode", "name"), [("1733", "HighCo Data"), ("5012", "Parlement wallon")])
def test_special_zipcode_in_no_range_is_not_found_and_names_its_organisation(
    reader: FlaskClient, zipcode: str, name: str
) -> None:
    response = reader.get(f"{PATH}/{zipcode}")
    assert (response.status_code, (response.json or {})["code"]) == (404, "ZIPCODE_NOT_FOUND")
    assert f"Zipcode {zipcode} belongs to {name}" in (response.json or {})["detail"]


def test_zipcode_in_no_range_is_not_found(reader: FlaskClient) -> None:
    response = reader.get(f"{PATH}/1311")
    assert (response.status_code, response.json) == (
        404,
        {
            "type": "/api/v1/#ZIPCODE_NOT_FOUND",
            "title": "No risk factor for this zipcode",
            "status": 404,
            "detail": "Zipcode 1311 is in no range of the risk table. Check it for typing errors.",
            "code": "ZIPCODE_NOT_FOUND",
        },
    )


@pytest.mark.parametrize("text", ["999", "0999", "abc", "9000\n", "９０００"], ids=ascii)
def test_invalid_zipcode_is_rejected(reader: FlaskClient, text: str) -> None:
    response = reader.get(f"{PATH}/{quote(text)}")
    assert (response.status_code, response.json) == (
        400,
        {
            "type": "/api/v1/#ZIPCODE_NOT_VALID",
            "title": "Invalid zipcode",
            "status": 400,
            "detail": f"zipcode: {NO_ZIPCODE[0]}",
            "code": "ZIPCODE_NOT_VALID",
            "errors": {"zipcode": NO_ZIPCODE},
        },
    )
