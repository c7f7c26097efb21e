"""`/api/v1/indexation`: an amount indexed from one month to another, and invalid parameters."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import ORDINARY_DAY
from tests.health_index.stored_values import add_value, delete_values

PATH = "/api/v1/indexation"

QUERY = {"amount": "1250.50", "base": "2013", "from": "2020-01", "to": "2025-12"}

WRONG_AMOUNT = ["Use digits, with a point before one or two decimals, such as 1250.50."]
NO_BASE = ["Specify the base year named in the contract."]
WRONG_BASE = ["Choose a base year of the health index: 1988, 1996, 2004, 2013, 2025."]
WRONG_MONTH = ["Use the format YYYY-MM, such as 2020-01."]
UNKNOWN = ["Unknown parameter."]


def indexed(client: FlaskClient, **changed: str) -> Any:
    response = client.get(PATH, query_string={**QUERY, **changed})
    assert response.status_code == 200
    return response.json


def problem(client: FlaskClient, query: dict[str, str]) -> tuple[int, str, dict[str, list[str]]]:
    """Return the status, the code and the messages by parameter."""
    response = client.get(PATH, query_string=query)
    body = response.json
    assert body is not None
    return response.status_code, body["code"], body["errors"]


# The amount


def test_amount_is_indexed(reader: FlaskClient) -> None:
    assert indexed(reader) == {
        "amount": "1250.50",
        "base_year": 2013,
        "from": "2020-01",
        "to": "2025-12",
        "start_index": 109.72,
        "start_status": "published",
        "start_coefficient": None,
        "start_coefficient_source": None,
        "new_index": 136.69,
        "new_status": "published",
        "new_coefficient": None,
        "new_coefficient_source": None,
        "new_amount": "1557.88",
        "formula": "1250.50 × 136.69 ÷ 109.72 = 1557.88",
        "rounding": "half up to the cent, once, at the end",
        "superseded_by": None,
        "next_step": None,
    }


def test_formula_is_sent_unescaped(reader: FlaskClient) -> None:
    assert "1250.50 × 136.69 ÷ 109.72" in reader.get(PATH, query_string=QUERY).text


def test_new_month_defaults_to_the_latest(reader: FlaskClient) -> None:
    assert reader.get(f"{PATH}?amount=1000&base=2025&from=2026-01").json == {
        "amount": "1000.00",
        "base_year": 2025,
        "from": "2026-01",
        "to": "2026-08",
        "start_index": 101.33,
        "start_status": "published",
        "start_coefficient": None,
        "start_coefficient_source": None,
        "new_index": 103.49,
        "new_status": "published",
        "new_coefficient": None,
        "new_coefficient_source": None,
        "new_amount": "1021.32",
        "formula": "1000.00 × 103.49 ÷ 101.33 = 1021.32",
        "rounding": "half up to the cent, once, at the end",
        "superseded_by": None,
        "next_step": None,
    }


def test_later_month_on_another_base_year_is_named(reader: FlaskClient) -> None:
    assert indexed(reader, base="2004")["superseded_by"] == 2025


def test_new_month_on_another_base_year_changes_last_modified(app: Flask) -> None:
    delete_values(app, "2025-12")
    client = app.test_client()
    query = {**QUERY, "base": "2004"}
    since = {"If-Modified-Since": client.get(PATH, query_string=query).headers["Last-Modified"]}
    assert client.get(PATH, query_string=query, headers=since).status_code == 304
    add_value(app, 2025, "2026-01", "101.33", fetched_at=ORDINARY_DAY + timedelta(minutes=1))
    again = client.get(PATH, query_string=query, headers=since)
    assert (again.status_code, again.get_json()["superseded_by"]) == (200, 2025)


def test_next_step_is_a_base_year_with_both_months(reader: FlaskClient) -> None:
    query = {name: text for name, text in QUERY.items() if name != "to"}
    found = reader.get(PATH, query_string={**query, "base": "2004", "from": "2010-01"}).get_json()
    assert (found["to"], found["superseded_by"]) == ("2025-12", 2025)
    assert found["next_step"] == {
        "last_month": "2025-12",
        "new_month": "2026-08",
        "alternatives": [
            {
                "base_year": 2013,
                "first_month": "1994-01",
                "last_month": "2026-08",
                "status": "published",
                "coefficient": None,
                "coefficient_source": None,
                "url": "/api/v1/indexation?amount=1250.50&base=2013&from=2010-01",
            }
        ],
    }
    assert indexed(reader, base="2004")["next_step"] is None  # it has the month that `to` asks for


@pytest.mark.slow
def test_every_url_of_a_next_step_works(reader: FlaskClient) -> None:
    months = [f"{year}-{number:02}" for year in range(1994, 2027) for number in (1, 8, 12)][:-1]
    urls = set()
    for base_year, start in product(("1988", "1996", "2004", "2013", "2025"), months):
        response = reader.get(PATH, query_string={"amount": "1", "base": base_year, "from": start})
        if response.status_code == 404:
            assert " has every month of this request: use it" in response.get_json()["detail"]
            continue
        step = response.get_json()["next_step"]
        assert bool(step) == (base_year not in ("2013", "2025"))
        urls |= {other["url"] for other in step["alternatives"]} if step else set()
    assert len(urls) == 3 * 32 + 3 * 12
    for url in urls:
        assert reader.get(url).get_json()["to"] == "2026-08"


def test_index_converted_with_the_derived_coefficient_is_marked(reader: FlaskClient) -> None:
    found = indexed(reader, to="2026-07")
    assert (found["new_status"], found["new_coefficient"], found["new_coefficient_source"]) == (
        "converted",
        1.3557,
        "derived",
    )
    assert (found["start_status"], found["start_coefficient_source"]) == ("published", None)
    found = indexed(reader, **{"from": "2026-07", "to": "2026-08"})
    assert (found["start_status"], found["start_coefficient"], found["start_coefficient_source"]) == (
        "converted",
        1.3557,
        "derived",
    )


def test_amount_is_indexed_back_in_time(reader: FlaskClient) -> None:
    found = indexed(reader, **{"amount": "1557.88", "from": "2025-12", "to": "2020-01"})
    assert (found["from"], found["to"], found["new_amount"]) == ("2025-12", "2020-01", "1250.50")


@pytest.mark.parametrize(
    ("text", "amount", "new_amount"),
    [
        ("1000", "1000.00", "1245.81"),
        ("5.5", "5.50", "6.85"),
        ("0.01", "0.01", "0.01"),
        ("999999999999.99", "999999999999.99", "1245807510025.51"),
    ],
)
def test_amounts_are_exact_with_two_decimals(
    reader: FlaskClient, text: str, amount: str, new_amount: str
) -> None:
    found = indexed(reader, amount=text)
    assert (found["amount"], found["new_amount"]) == (amount, new_amount)


def test_further_base_year_of_the_data_is_accepted(app: Flask) -> None:
    add_value(app, 2035, "2026-06", "80.00")
    add_value(app, 2035, "2026-07", "81.00")
    found = indexed(app.test_client(), **{"base": "2035", "from": "2026-06", "to": "2026-07"})
    assert found["formula"] == "1250.50 × 81.00 ÷ 80.00 = 1266.13"


# Invalid parameters


@pytest.mark.parametrize(
    "text",
    [
        *("", "1.250", "1250.", ".50", "1,50", "1 250", "-5", "€5", "1e3", "1_000", "NaN", "5\n", " 5"),
        *("1" * 13, "５", "²"),
    ],
    ids=ascii,
)
def test_invalid_amount_is_rejected(reader: FlaskClient, text: str) -> None:
    found = problem(reader, {**QUERY, "amount": text})
    assert found == (400, "AMOUNT_NOT_VALID", {"amount": WRONG_AMOUNT})


@pytest.mark.parametrize(
    ("name", "text", "code", "messages"),
    [
        ("from", "2020-13", "MONTH_NOT_VALID", WRONG_MONTH),
        ("to", "", "MONTH_NOT_VALID", WRONG_MONTH),
        ("base", "2020", "WRONG_YEAR", WRONG_BASE),
    ],
)
def test_invalid_month_or_base_year_is_rejected(
    reader: FlaskClient, name: str, text: str, code: str, messages: list[str]
) -> None:
    assert problem(reader, {**QUERY, name: text}) == (400, code, {name: messages})


@pytest.mark.parametrize(
    ("name", "code", "messages"),
    [
        ("amount", "AMOUNT_NOT_VALID", WRONG_AMOUNT),
        ("base", "WRONG_YEAR", NO_BASE),
        ("from", "MONTH_NOT_VALID", WRONG_MONTH),
    ],
)
def test_missing_parameter_is_rejected(
    reader: FlaskClient, name: str, code: str, messages: list[str]
) -> None:
    query = {other: text for other, text in QUERY.items() if other != name}
    assert problem(reader, query) == (400, code, {name: messages})


def test_every_invalid_parameter_has_messages(reader: FlaskClient) -> None:
    assert problem(reader, {"amount": "1.250", "base": "2020", "to": "2025", "too": "2025-01"}) == (
        400,
        "NOT_VALID",
        {
            "amount": WRONG_AMOUNT,
            "base": WRONG_BASE,
            "from": WRONG_MONTH,
            "to": WRONG_MONTH,
            "too": UNKNOWN,
        },
    )


@pytest.mark.parametrize(("name", "text"), [("from", "1993-12"), ("to", "2026-09")])
def test_month_outside_the_data_is_not_found(reader: FlaskClient, name: str, text: str) -> None:
    response = reader.get(PATH, query_string={**QUERY, name: text})
    assert (response.status_code, response.json) == (
        404,
        {
            "type": "/api/v1/#MONTH_NOT_FOUND",
            "title": "No health index for this month",
            "status": 404,
            "detail": (f"No health index is available for {text} on base 2013, only for 1994-01 to 2026-08."),
            "code": "MONTH_NOT_FOUND",
        },
    )


@pytest.mark.parametrize(
    ("base_year", "start", "new", "advice"),
    [
        ("2004", "2013-12", "2026-03", "Base 2013 has every month of this request: use it for all of them."),
        ("2004", "2014-01", "2026-03", "Base 2025 has every month of this request: use it for all of them."),
        ("2025", "2010-01", "2026-03", "Base 2013 has every month of this request: use it for all of them."),
    ],
)
def test_month_that_another_base_year_has_is_not_found_with_advice(
    reader: FlaskClient, base_year: str, start: str, new: str, advice: str
) -> None:
    query = {**QUERY, "base": base_year, "from": start, "to": new}
    assert (reader.get(PATH, query_string=query).json or {})["detail"].endswith(f". {advice}")


# Without data


def test_indexation_without_values_is_unavailable(app: Flask) -> None:
    delete_values(app)
    response = app.test_client().get(PATH, query_string=QUERY)
    assert response.json is not None
    assert (response.status_code, response.json["code"]) == (503, "INDEX_UNAVAILABLE")
    assert response.content_type == "application/problem+json"
    assert int(response.headers["Retry-After"]) > 0


def test_amounts_of_a_response_match_the_documented_pattern(reader: FlaskClient) -> None:
    schemas = (reader.get("/api/v1/openapi.json").json or {})["components"]["schemas"]
    result = reader.get("/api/v1/indexation?amount=999999999999.99&base=1988&from=1994-01").json or {}
    for name in ("amount", "new_amount"):
        assert re.search(schemas["Indexation"]["properties"][name]["pattern"], result[name])
    assert len(result["new_amount"]) > len(result["amount"])
