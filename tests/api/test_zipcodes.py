"""`/api/v1/zipcodes`: one zipcode, suggestions, zipcodes by risk factor, and invalid parameters."""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta, timezone
from typing import Any, Iterator
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_schema_validator import OAS30Validator
from sqlalchemy import delete

from tests.conftest import SetClock
from tests.support.risk_tables import delete_risk_tables, load_table
from tests.zipcodes.seed import FACTORS, GAPS, RANGES
from webapp.config import ROOT
from webapp.data import place_seed as places
from webapp.data.database import db
from webapp.data.zipcode_models import Place
from webapp.zipcodes.risk_table import Range

PATH = "/api/v1/zipcodes"
SEED = ROOT / "seed" / "places.csv"

NO_ZIPCODE = ["A zipcode has four digits, from 1000 to 9999, for example 9000."]
ONE_OF_BOTH = ["Specify either q or risk_factor."]
WRONG_Q = ["Must have 1 to 100 characters."]
WRONG_FACTOR = ["Must be A, B or C."]
WRONG_LIMIT = ["Must be a number from 1 to 100."]
WRONG_CURSOR = ["Use the next_cursor of the previous response."]
NO_CURSOR = ["Cannot be combined with q."]
UNKNOWN = ["Unknown parameter."]

GENT = {
    "name": "Gent",
    "names": {"nl": "Gent", "fr": "Gand", "de": "Gent"},
    "municipality": {"nis": "44021", "names": {"nl": "Gent", "fr": "Gand", "de": "Gent"}},
    "province": {"nl": "Oost-Vlaanderen", "fr": "Flandre orientale"},
    "region": "Flanders",
}
BRUSSELS_NAMES = {"nl": "Brussel", "fr": "Bruxelles", "de": "Brüssel"}
BRUSSELS = {
    "name": "Brussel / Bruxelles",
    "names": BRUSSELS_NAMES,
    "municipality": {"nis": "21004", "names": BRUSSELS_NAMES},
    "province": None,
    "region": "Brussels",
}
LAKEN = {**BRUSSELS, "name": "Laken / Laeken", "names": {"nl": "Laken", "fr": "Laeken"}}


def get(client: FlaskClient, path: str = "", **query: str) -> Any:
    response = client.get(f"{PATH}{path}", query_string=query or None)
    assert (response.status_code, response.content_type) == (200, "application/json")
    return response.json


def problem(client: FlaskClient, query: dict[str, str]) -> tuple[int, str, dict[str, list[str]]]:
    """Return the status, the code and the messages by parameter."""
    response = client.get(PATH, query_string=query)
    body = response.json
    assert body is not None
    return response.status_code, body["code"], body["errors"]


def delete_all(app: Flask, model: Any) -> None:
    with app.app_context():
        db.session.execute(delete(model))
        db.session.commit()


# One zipcode


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


# Suggestions


def test_suggestions_start_with_the_text(reader: FlaskClient) -> None:
    assert get(reader, q="bruxe", limit="2") == {
        "results": [
            {"zipcode": "1000", **BRUSSELS},
            {
                "zipcode": "1130",
                **BRUSSELS,
                "name": "Haren",
                "names": {"nl": "Haren", "fr": "Haren"},
            },
        ],
        "matches": 6,
    }


@pytest.mark.parametrize("text", ["GAND", "90 gen", "\0gent%"], ids=ascii)
def test_place_is_suggested_for_its_zipcode_its_names_or_both(reader: FlaskClient, text: str) -> None:
    assert get(reader, q=text)["results"][0] == {"zipcode": "9000", **GENT}


@pytest.mark.parametrize(("limit", "count"), [({}, 20), ({"limit": "1"}, 1), ({"limit": "100"}, 100)])
def test_limit_is_20_by_default(reader: FlaskClient, limit: dict[str, str], count: int) -> None:
    assert len(get(reader, q="a", **limit)["results"]) == count
    assert len(get(reader, risk_factor="A", **limit)["results"]) == count


@pytest.mark.parametrize("text", ["zzz", " ", "北", "x" * 100], ids=ascii)
def test_text_without_match_has_no_suggestions(reader: FlaskClient, text: str) -> None:
    assert get(reader, q=text) == {"results": [], "matches": 0}


def test_invalid_utf_8_has_no_suggestions(reader: FlaskClient) -> None:
    assert reader.get(f"{PATH}?q=%ff%fe").json == {"results": [], "matches": 0}


# Zipcodes by risk factor


def test_zipcodes_with_a_risk_factor(reader: FlaskClient) -> None:
    assert get(reader, risk_factor="C", limit="2") == {
        "total": 114,
        "results": [
            {"zipcode": "1000", "risk_factor": "C", "places": [BRUSSELS]},
            {"zipcode": "1020", "risk_factor": "C", "places": [LAKEN]},
        ],
        "next_cursor": "1020",
    }


def test_list_continues_after_the_cursor(reader: FlaskClient) -> None:
    found = get(reader, risk_factor="C", limit="1", cursor="1000")
    assert found == {
        "total": 114,
        "results": [{"zipcode": "1020", "risk_factor": "C", "places": [LAKEN]}],
        "next_cursor": "1020",
    }


@pytest.mark.parametrize(("factor", "limit"), [("A", "100"), ("C", "19")])
def test_following_the_cursor_lists_every_zipcode_once(reader: FlaskClient, factor: str, limit: str) -> None:
    with SEED.open(encoding="utf-8", newline="") as file:
        in_use = sorted({row["zipcode"] for row in csv.DictReader(file)})
    expected = [zipcode for zipcode in in_use if FACTORS[int(zipcode)] == factor]
    query, read = {"risk_factor": factor, "limit": limit}, []
    while True:
        page = get(reader, **query)
        assert page["total"] == len(expected)
        assert 0 < len(page["results"]) <= int(limit)
        read += page["results"]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert [entry["zipcode"] for entry in read] == expected
    assert {entry["risk_factor"] for entry in read} == {factor}
    assert all(entry["places"] for entry in read)


def test_list_beyond_the_end_is_empty(reader: FlaskClient) -> None:
    found = get(reader, risk_factor="A", cursor="9999")
    assert found == {"total": 596, "results": [], "next_cursor": None}


def test_list_of_a_risk_factor_without_zipcodes_is_empty(app: Flask, client: FlaskClient) -> None:
    load_table(app, [Range(1000, 9999, "A")], date(2026, 9, 14))
    assert get(client, risk_factor="B") == {"total": 0, "results": [], "next_cursor": None}
    assert get(client, risk_factor="A")["total"] == 1146


# Invalid parameters


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ({}, {"q": ONE_OF_BOTH}),
        ({"q": "gent", "risk_factor": "A"}, {"q": ONE_OF_BOTH}),
        ({"cursor": "9000"}, {"q": ONE_OF_BOTH}),
        ({"q": "gent", "cursor": "9000"}, {"cursor": NO_CURSOR}),
        ({"q": ""}, {"q": WRONG_Q}),
        ({"q": "x" * 101}, {"q": WRONG_Q}),
        ({"q": "gent", "zipcode": "9000"}, {"zipcode": UNKNOWN}),
        (
            {"risk_factor": "D", "limit": "0", "cursor": "0", "x": ""},
            {"risk_factor": WRONG_FACTOR, "limit": WRONG_LIMIT, "cursor": WRONG_CURSOR, "x": UNKNOWN},
        ),
    ],
    ids="-".join,
)
def test_invalid_combination_is_rejected(
    reader: FlaskClient, query: dict[str, str], errors: dict[str, list[str]]
) -> None:
    assert problem(reader, query) == (400, "NOT_VALID", errors)


@pytest.mark.parametrize("factor", ["", "D", "a", "A\n"], ids=ascii)
def test_invalid_risk_factor_is_rejected(reader: FlaskClient, factor: str) -> None:
    found = problem(reader, {"risk_factor": factor})
    assert found == (400, "NOT_VALID", {"risk_factor": WRONG_FACTOR})


@pytest.mark.parametrize(
    "limit",
    ["0", "-1", "101", "", "abc", "1\n", " 1", "1_0", "１０", "9" * 5000],
    ids=lambda limit: ascii(limit)[:10],
)
def test_limit_other_than_1_to_100_is_rejected(reader: FlaskClient, limit: str) -> None:
    assert problem(reader, {"q": "gent", "limit": limit}) == (400, "NOT_VALID", {"limit": WRONG_LIMIT})


@pytest.mark.parametrize("cursor", ["", "0999", "9000\n"], ids=ascii)
def test_invalid_cursor_is_rejected(reader: FlaskClient, cursor: str) -> None:
    found = problem(reader, {"risk_factor": "A", "cursor": cursor})
    assert found == (400, "NOT_VALID", {"cursor": WRONG_CURSOR})


def test_text_of_100_characters_is_accepted(reader: FlaskClient) -> None:
    assert get(reader, q="gent" + " " * 96)["results"][0]["zipcode"] == "9000"


# Without data


def test_without_a_risk_table_there_are_suggestions_and_no_risk_factors(
    app: Flask, client: FlaskClient
) -> None:
    delete_risk_tables(app)
    for url in ("/9000", "?risk_factor=A"):
        response = client.get(f"{PATH}{url}")
        assert response.json is not None
        assert (response.status_code, response.json["code"]) == (503, "RISK_TABLE_UNAVAILABLE")
        assert response.content_type == "application/problem+json"
        assert (response.headers["Retry-After"], response.headers["Cache-Control"]) == ("60", "no-store")
    assert get(client, q="gent", limit="1")["results"] == [{"zipcode": "9000", **GENT}]


def test_without_places_there_are_risk_factors_and_no_suggestions(app: Flask, client: FlaskClient) -> None:
    delete_all(app, Place)
    assert get(client, q="gent") == {"results": [], "matches": 0}
    assert get(client, risk_factor="A") == {"total": 0, "results": [], "next_cursor": None}
    found = get(client, "/9000")
    assert (found["risk_factor"], found["assigned"], found["places"]) == ("B", False, [])


# Last-Modified


URLS = ["/9000", "?risk_factor=C", "?q=gent"]


def last_modified(client: FlaskClient, url: str) -> str:
    response = client.get(f"{PATH}{url}")
    assert response.status_code == 200
    return response.headers["Last-Modified"]


@pytest.mark.parametrize(
    ("midnight", "since"),
    [
        (datetime(2026, 9, 30, 22, 0, tzinfo=timezone.utc), "Wed, 30 Sep 2026 22:00:00 GMT"),
        (datetime(2026, 12, 31, 23, 0, tzinfo=timezone.utc), "Thu, 31 Dec 2026 23:00:00 GMT"),
    ],
    ids=["summer", "winter"],
)
def test_planned_risk_table_changes_last_modified_at_midnight_in_belgium(
    app: Flask,
    client: FlaskClient,
    set_clock: SetClock,
    midnight: datetime,
    since: str,
) -> None:
    imported = "Mon, 14 Sep 2026 12:00:00 GMT"
    load_table(app, [Range(9000, 9000, "C")], midnight.date() + timedelta(days=1))
    set_clock(midnight - timedelta(seconds=1))
    assert [last_modified(client, url) for url in URLS] == [imported] * 3
    assert get(client, "/9000")["risk_factor"] == "B"
    set_clock(midnight)
    assert [last_modified(client, url) for url in URLS] == [since, since, imported]
    assert get(client, "/9000")["risk_factor"] == "C"
    for url in URLS[:2]:
        again = client.get(f"{PATH}{url}", headers={"If-Modified-Since": imported})
        assert again.status_code == 200


def test_risk_table_in_force_at_once_changes_last_modified_at_its_import(
    app: Flask, client: FlaskClient, set_clock: SetClock
) -> None:
    set_clock(datetime(2026, 9, 20, 9, 30, tzinfo=timezone.utc))
    load_table(app, [Range(9000, 9000, "C")], date(2026, 9, 20))
    assert (
        last_modified(client, "/9000")
        == last_modified(client, "?risk_factor=C")
        == "Sun, 20 Sep 2026 09:30:00 GMT"
    )


def test_reloaded_places_change_last_modified(app: Flask, client: FlaskClient, set_clock: SetClock) -> None:
    before = [client.get(f"{PATH}{url}") for url in URLS]
    set_clock(datetime(2026, 9, 20, 9, 30, tzinfo=timezone.utc))
    with app.app_context():
        rows = [row for row in places.read(SEED) if row["zipcode"] != 1020]
        assert places.load(db.session(), rows) is True
        db.session.commit()
    for url, seen in zip(URLS, before):
        since = {"If-Modified-Since": seen.headers["Last-Modified"]}
        again = client.get(f"{PATH}{url}", headers=since)
        assert again.status_code == 200
        assert again.headers["Last-Modified"] == "Sun, 20 Sep 2026 09:30:00 GMT"
    assert get(client, risk_factor="C")["total"] == 113


# The documented schemas

RESPONSES = [
    *(("/{zipcode}", "/9000"), ("/{zipcode}", "/1001"), ("/{zipcode}", "/1000")),  # 1000 has no province
    *(("", "?q=bru"), ("", "?q=eupen"), ("", "?q=zzz")),
    *(("", "?risk_factor=A&limit=5"), ("", "?risk_factor=A&cursor=9999")),
]


def invalid_copies(value: Any) -> Iterator[Any]:
    """Yield copies with one required member removed or of another type."""
    for name, inner in value.items():
        yield {other: value[other] for other in value if other != name}
        if isinstance(inner, (str, int)):
            yield {**value, name: [inner]}
        elif name in ("range", "risk_table", "municipality"):
            yield from ({**value, name: other} for other in invalid_copies(inner))
        elif name in ("results", "places") and inner:
            yield from ({**value, name: [other]} for other in invalid_copies(inner[0]))


@pytest.mark.parametrize(("path", "url"), RESPONSES, ids=[url for _path, url in RESPONSES])
def test_documented_schema_accepts_the_response_and_no_invalid_copy(
    reader: FlaskClient, path: str, url: str
) -> None:
    document: Any = reader.get("/api/v1/openapi.json").json
    documented = document["paths"][f"{PATH}{path}"]["get"]["responses"]["200"]["content"]["application/json"]
    schema = {"allOf": [documented["schema"]], "components": document["components"]}
    validator = OAS30Validator(schema)
    response = get(reader, url)
    assert [error.message for error in validator.iter_errors(response)] == []
    assert [wrong for wrong in invalid_copies(response) if validator.is_valid(wrong)] == []
