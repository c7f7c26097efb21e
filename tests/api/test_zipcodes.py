"""`/api/v1/zipcodes`: one zipcode, suggestions, all with a factor, and what is refused."""

import csv
import uuid
from datetime import date, datetime, timedelta, timezone
from typing import Any, Dict, Iterator, List, Tuple
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_schema_validator import OAS30Validator
from sqlalchemy import delete

from tests.conftest import SetClock
from tests.zipcodes.seed import FACTORS, GAPS, RANGES
from webapp.config import ROOT
from webapp.data import place_seed as places
from webapp.data.database import db
from webapp.data.risk_table_file import RiskFile, import_table
from webapp.data.zipcode_models import Place, RiskTable
from webapp.zipcodes.risk_table import Range

PATH = "/api/v1/zipcodes"
SEED = ROOT / "seed" / "places.csv"

NO_ZIPCODE = ["A zipcode has four digits, from 1000 to 9999. For example: 9000."]
ONE_OF_BOTH = ["Give either q or risk_factor."]
WRONG_Q = ["Write 1 to 100 characters."]
WRONG_FACTOR = ["Choose A, B or C."]
WRONG_LIMIT = ["Give a number from 1 to 100."]
WRONG_CURSOR = ["Give the next_cursor of the previous answer."]
NO_CURSOR = ["Suggestions for q have no cursor."]
UNKNOWN = ["This route does not know this parameter."]

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


def refusal(client: FlaskClient, query: "Dict[str, str]") -> Tuple[int, str, Dict[str, List[str]]]:
    """The status, the code, and what is wrong with each parameter."""
    response = client.get(PATH, query_string=query)
    body = response.json
    assert body is not None
    return response.status_code, body["code"], body["errors"]


def load_table(app: Flask, ranges: List[Range], effective_from: date) -> None:
    with app.app_context():
        file = RiskFile("new.csv", uuid.uuid4().hex * 2, ranges)
        assert import_table(db.session(), file, file.name, effective_from).table is not None
        db.session.commit()


def remove_all(app: Flask, model: Any) -> None:
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
def test_a_zipcode_has_its_factor_the_range_the_table_and_its_places(
    reader: FlaskClient, zipcode: str, factor: str, ends: Tuple[str, str], found: List[Any]
) -> None:
    assert get(reader, f"/{zipcode}") == {
        "zipcode": zipcode,
        "risk_factor": factor,
        "range": {"first": ends[0], "last": ends[1]},
        "risk_table": {"id": 1, "effective_from": "2026-08-14"},
        "assigned": bool(found),
        "kind": "locality" if found else None,
        "places": found,
    }


def test_every_zipcode_has_the_same_factor_as_on_the_older_route(reader: FlaskClient) -> None:
    for first, last, factor in RANGES:
        for zipcode in {first, last}:
            found = get(reader, f"/{zipcode}")
            older = reader.get(f"/zipcode/{zipcode}")
            assert older.json == {"risk_factor": found["risk_factor"]} == {"risk_factor": factor}
            assert found["range"] == {"first": str(first), "last": str(last)}


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


@pytest.mark.parametrize("zipcode", sorted({end for gap in GAPS for end in gap})[:5])
def test_a_zipcode_in_no_range_is_not_found(reader: FlaskClient, zipcode: int) -> None:
    response = reader.get(f"{PATH}/{zipcode}")
    assert (response.status_code, response.json) == (
        404,
        {
            "type": "/api/v1/#ZIPCODE_NOT_FOUND",
            "title": "This zipcode has no risk factor",
            "status": 404,
            "detail": f"No range of the risk table holds zipcode {zipcode}. Check it for a typing error.",
            "code": "ZIPCODE_NOT_FOUND",
        },
    )


@pytest.mark.parametrize(
    "text",
    [
        *("999", "0999", "10000", "-1000", "abc", "90 00", " 9000", "9000\n", "9000\0", "9000.0", "9e3"),
        *("٩٠٠٠", "９０００", "9000'--", "%", "9" * 1000),
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_what_is_no_zipcode_is_refused(reader: FlaskClient, text: str) -> None:
    response = reader.get(f"{PATH}/{quote(text)}")
    assert (response.status_code, response.json) == (
        400,
        {
            "type": "/api/v1/#ZIPCODE_NOT_VALID",
            "title": "That is not a zipcode",
            "status": 400,
            "detail": f"zipcode: {NO_ZIPCODE[0]}",
            "code": "ZIPCODE_NOT_VALID",
            "errors": {"zipcode": NO_ZIPCODE},
        },
    )


# Suggestions


def test_suggestions_for_the_beginning_of_a_name(reader: FlaskClient) -> None:
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


@pytest.mark.parametrize(
    "text", ["gent", "GAND", "9000", "9000 gent", "90 gen", "gent\0", "\0gent", "gent%", " gent "], ids=ascii
)
def test_a_place_is_suggested_for_its_zipcode_its_names_or_both(reader: FlaskClient, text: str) -> None:
    assert get(reader, q=text)["results"][0] == {"zipcode": "9000", **GENT}


@pytest.mark.parametrize(("limit", "count"), [({}, 20), ({"limit": "1"}, 1), ({"limit": "100"}, 100)])
def test_there_are_as_many_suggestions_as_asked_and_else_twenty(
    reader: FlaskClient, limit: "Dict[str, str]", count: int
) -> None:
    assert len(get(reader, q="a", **limit)["results"]) == count
    assert len(get(reader, risk_factor="A", **limit)["results"]) == count


@pytest.mark.parametrize(
    "text", ["zzz", "90000", " ", "-", "%", "_", "|", "\0", "%00", "北", "' OR 1=1 --", "x" * 100], ids=ascii
)
def test_where_nothing_is_found_the_answer_is_empty_and_no_error(reader: FlaskClient, text: str) -> None:
    assert get(reader, q=text) == {"results": [], "matches": 0}


def test_bytes_that_are_no_text_find_nothing(reader: FlaskClient) -> None:
    assert reader.get(f"{PATH}?q=%ff%fe").json == {"results": [], "matches": 0}


# All with a risk factor


def test_the_zipcodes_with_a_factor(reader: FlaskClient) -> None:
    assert get(reader, risk_factor="C", limit="2") == {
        "total": 114,
        "results": [
            {"zipcode": "1000", "risk_factor": "C", "places": [BRUSSELS]},
            {"zipcode": "1020", "risk_factor": "C", "places": [LAKEN]},
        ],
        "next_cursor": "1020",
    }


def test_it_goes_on_after_the_cursor(reader: FlaskClient) -> None:
    found = get(reader, risk_factor="C", limit="1", cursor="1000")
    assert found == {
        "total": 114,
        "results": [{"zipcode": "1020", "risk_factor": "C", "places": [LAKEN]}],
        "next_cursor": "1020",
    }


@pytest.mark.parametrize(("factor", "limit"), [("A", "100"), ("B", "33"), ("C", "19"), ("C", "100")])
def test_who_follows_the_cursor_reads_every_zipcode_once(
    reader: FlaskClient, factor: str, limit: str
) -> None:
    with SEED.open(encoding="utf-8", newline="") as file:
        in_use = sorted({row["zipcode"] for row in csv.DictReader(file)})
    right = [zipcode for zipcode in in_use if FACTORS[int(zipcode)] == factor]
    query, read = {"risk_factor": factor, "limit": limit}, []
    while True:
        page = get(reader, **query)
        assert page["total"] == len(right)
        assert 0 < len(page["results"]) <= int(limit)
        read += page["results"]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert [entry["zipcode"] for entry in read] == right
    assert {entry["risk_factor"] for entry in read} == {factor}
    assert all(entry["places"] for entry in read)


def test_beyond_the_end_the_answer_is_empty_and_no_error(reader: FlaskClient) -> None:
    found = get(reader, risk_factor="A", cursor="9999")
    assert found == {"total": 596, "results": [], "next_cursor": None}


def test_a_factor_that_no_zipcode_has_is_empty_and_no_error(app: Flask, client: FlaskClient) -> None:
    load_table(app, [Range(1000, 9999, "A")], date(2026, 8, 14))
    assert get(client, risk_factor="B") == {"total": 0, "results": [], "next_cursor": None}
    assert get(client, risk_factor="A")["total"] == 1146


# What is refused


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
        ({"q": "gent", "format": "html"}, {"format": UNKNOWN}),
        ({"risk_factor": "A", "factor": "A"}, {"factor": UNKNOWN}),
        (
            {"risk_factor": "D", "limit": "0", "cursor": "0", "x": ""},
            {"risk_factor": WRONG_FACTOR, "limit": WRONG_LIMIT, "cursor": WRONG_CURSOR, "x": UNKNOWN},
        ),
    ],
    ids="-".join,
)
def test_a_question_that_is_not_clear_is_refused(
    reader: FlaskClient, query: "Dict[str, str]", errors: "Dict[str, List[str]]"
) -> None:
    assert refusal(reader, query) == (400, "NOT_VALID", errors)


@pytest.mark.parametrize("factor", ["", "D", "a", "AB", " A", "A\n", "A\0", "Ａ"], ids=ascii)
def test_what_is_no_risk_factor_is_refused(reader: FlaskClient, factor: str) -> None:
    found = refusal(reader, {"risk_factor": factor})
    assert found == (400, "NOT_VALID", {"risk_factor": WRONG_FACTOR})


@pytest.mark.parametrize("question", [{"q": "gent"}, {"risk_factor": "A"}], ids=["q", "risk_factor"])
@pytest.mark.parametrize(
    "limit",
    [
        *("0", "-1", "101", "", "abc", "1.5", "1e1", "0x10"),
        *("1\0", "1\n", " 1", "+1", "1_0", "１０", "9" * 5000),
    ],
    ids=lambda limit: ascii(limit)[:10],
)
def test_a_limit_that_is_no_number_from_1_to_100_is_refused(
    reader: FlaskClient, question: "Dict[str, str]", limit: str
) -> None:
    assert refusal(reader, {**question, "limit": limit}) == (400, "NOT_VALID", {"limit": WRONG_LIMIT})


@pytest.mark.parametrize(
    "cursor",
    ["", "0", "999", "0999", "10000", "-1000", "abc", "9000 ", " 9000", "9000\0", "9000\n", "９０００"],
    ids=ascii,
)
def test_what_is_no_cursor_is_refused(reader: FlaskClient, cursor: str) -> None:
    found = refusal(reader, {"risk_factor": "A", "cursor": cursor})
    assert found == (400, "NOT_VALID", {"cursor": WRONG_CURSOR})


def test_a_parameter_is_given_once(reader: FlaskClient) -> None:
    response = reader.get(f"{PATH}?q=gent&q=luik&limit=1")
    assert response.json is not None
    assert (response.status_code, response.json["errors"]) == (400, {"q": ["Give this parameter once."]})


def test_one_zipcode_has_no_parameters(reader: FlaskClient) -> None:
    response = reader.get(f"{PATH}/9000?year=2026")
    assert response.json is not None
    assert (response.status_code, response.json["errors"]) == (400, {"year": UNKNOWN})


def test_a_hundred_characters_are_not_too_many(reader: FlaskClient) -> None:
    assert get(reader, q="gent" + " " * 96)["results"][0]["zipcode"] == "9000"


# Nothing to answer from


def test_without_a_risk_table_there_are_suggestions_and_no_factors(app: Flask, client: FlaskClient) -> None:
    remove_all(app, RiskTable)
    for question in ("/9000", "?risk_factor=A"):
        response = client.get(f"{PATH}{question}")
        assert response.json is not None
        assert (response.status_code, response.json["code"]) == (503, "RISK_TABLE_UNAVAILABLE")
        assert response.content_type == "application/problem+json"
        assert (response.headers["Retry-After"], response.headers["Cache-Control"]) == ("60", "no-store")
    assert get(client, q="gent", limit="1")["results"] == [{"zipcode": "9000", **GENT}]


def test_without_places_there_are_factors_and_no_suggestions(app: Flask, client: FlaskClient) -> None:
    remove_all(app, Place)
    assert get(client, q="gent") == {"results": [], "matches": 0}
    assert get(client, risk_factor="A") == {"total": 0, "results": [], "next_cursor": None}
    found = get(client, "/9000")
    assert (found["risk_factor"], found["assigned"], found["places"]) == ("B", False, [])


# Since when


QUESTIONS = ["/9000", "?risk_factor=C", "?q=gent"]


def modified(client: FlaskClient, question: str) -> str:
    response = client.get(f"{PATH}{question}")
    assert response.status_code == 200
    return response.headers["Last-Modified"]


@pytest.mark.parametrize("question", [*QUESTIONS, "?q=zzz", "?risk_factor=A&cursor=9999"])
def test_an_answer_is_not_sent_again_while_it_is_the_same(reader: FlaskClient, question: str) -> None:
    first = reader.get(f"{PATH}{question}")
    assert first.headers["Last-Modified"] == "Fri, 14 Aug 2026 12:00:00 GMT"
    for name, value in (
        ("If-None-Match", first.headers["ETag"]),
        ("If-Modified-Since", first.headers["Last-Modified"]),
    ):
        again = reader.get(f"{PATH}{question}", headers={name: value})
        assert (again.status_code, again.data) == (304, b"")
    earlier = {"If-Modified-Since": "Fri, 14 Aug 2026 11:59:59 GMT"}
    assert reader.get(f"{PATH}{question}", headers=earlier).status_code == 200


@pytest.mark.parametrize(
    ("midnight", "since"),
    [
        (datetime(2026, 8, 31, 22, 0, tzinfo=timezone.utc), "Mon, 31 Aug 2026 22:00:00 GMT"),
        (datetime(2026, 12, 31, 23, 0, tzinfo=timezone.utc), "Thu, 31 Dec 2026 23:00:00 GMT"),
    ],
    ids=["summer", "winter"],
)
def test_a_risk_table_is_a_change_from_its_first_midnight_in_belgium(
    app: Flask,
    client: FlaskClient,
    set_clock: SetClock,
    midnight: datetime,
    since: str,
) -> None:
    imported = "Fri, 14 Aug 2026 12:00:00 GMT"
    load_table(app, [Range(9000, 9000, "C")], midnight.date() + timedelta(days=1))
    set_clock(midnight - timedelta(seconds=1))
    assert [modified(client, question) for question in QUESTIONS] == [imported] * 3
    assert get(client, "/9000")["risk_factor"] == "B"
    set_clock(midnight)
    assert [modified(client, question) for question in QUESTIONS] == [since, since, imported]
    assert get(client, "/9000")["risk_factor"] == "C"
    for question in QUESTIONS[:2]:
        again = client.get(f"{PATH}{question}", headers={"If-Modified-Since": imported})
        assert again.status_code == 200


def test_a_risk_table_that_counts_at_once_is_a_change_from_its_import(
    app: Flask, client: FlaskClient, set_clock: SetClock
) -> None:
    set_clock(datetime(2026, 8, 20, 9, 30, tzinfo=timezone.utc))
    load_table(app, [Range(9000, 9000, "C")], date(2026, 8, 20))
    assert modified(client, "/9000") == modified(client, "?risk_factor=C") == "Thu, 20 Aug 2026 09:30:00 GMT"


def test_that_places_are_loaded_anew_is_a_change(
    app: Flask, client: FlaskClient, set_clock: SetClock
) -> None:
    before = [client.get(f"{PATH}{question}") for question in QUESTIONS]
    set_clock(datetime(2026, 8, 20, 9, 30, tzinfo=timezone.utc))
    with app.app_context():
        rows = [row for row in places.read(SEED) if row["zipcode"] != 1020]
        assert places.load(db.session(), rows) is True
        db.session.commit()
    for question, seen in zip(QUESTIONS, before):
        since = {"If-Modified-Since": seen.headers["Last-Modified"]}
        again = client.get(f"{PATH}{question}", headers=since)
        assert again.status_code == 200
        assert again.headers["Last-Modified"] == "Thu, 20 Aug 2026 09:30:00 GMT"
    assert get(client, risk_factor="C")["total"] == 113


# What is documented

ANSWERS = [
    *(("/{zipcode}", "/9000"), ("/{zipcode}", "/1001"), ("/{zipcode}", "/4280")),
    *(("", "?q=gent"), ("", "?q=13&limit=2"), ("", "?q=eupen"), ("", "?q=zzz")),
    *(("", "?risk_factor=A&limit=5"), ("", "?risk_factor=C&cursor=1310")),
    *(("/{zipcode}", "/1000"), ("", "?q=bru"), ("", "?risk_factor=C&limit=3")),  # where no province is
    ("", "?risk_factor=A&cursor=9999"),
]


def spoilt(value: Any) -> Iterator[Any]:
    """The same with one member left out or of another type, once for each that must be so."""
    for name, inner in value.items():
        yield {other: value[other] for other in value if other != name}
        if isinstance(inner, (str, int)):
            yield {**value, name: [inner]}
        elif name in ("range", "risk_table", "municipality"):
            yield from ({**value, name: other} for other in spoilt(inner))
        elif name in ("results", "places") and inner:
            yield from ({**value, name: [other]} for other in spoilt(inner[0]))


@pytest.mark.parametrize(("path", "question"), ANSWERS, ids=[question for _path, question in ANSWERS])
def test_the_documented_schema_describes_the_answer_and_no_other(
    reader: FlaskClient, path: str, question: str
) -> None:
    document: Any = reader.get("/api/v1/openapi.json").json
    documented = document["paths"][f"{PATH}{path}"]["get"]["responses"]["200"]["content"]["application/json"]
    schema = {"allOf": [documented["schema"]], "components": document["components"]}
    validator = OAS30Validator(schema)
    answer = get(reader, question)
    assert [error.message for error in validator.iter_errors(answer)] == []
    assert [wrong for wrong in spoilt(answer) if validator.is_valid(wrong)] == []
