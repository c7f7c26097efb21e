"""`/api/v1/indexation`: an amount brought from one month to another, and what is refused."""

import re
from typing import Any, Dict, List, Tuple

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.health_index.held import forget, hold

PATH = "/api/v1/indexation"

ASKED = {"amount": "1250.50", "base": "2013", "from": "2020-01", "to": "2025-12"}

WRONG_AMOUNT = ["Write the amount in digits, with a point only before one or two digits of cents: 1250.50"]
NO_BASE = ["Give the base year that the contract names."]
WRONG_BASE = ["Choose a base year of the health index: 1988, 1996, 2004, 2013, 2025."]
WRONG_MONTH = ["Write the month as a year and two digits, such as 2020-01."]
UNKNOWN = ["This route does not know this parameter."]


def indexed(client: FlaskClient, **changed: str) -> Any:
    response = client.get(PATH, query_string={**ASKED, **changed})
    assert response.status_code == 200
    return response.json


def refusal(client: FlaskClient, query: Dict[str, str]) -> Tuple[int, str, Dict[str, List[str]]]:
    """The status, the code, and what is wrong with each parameter."""
    response = client.get(PATH, query_string=query)
    body = response.json
    assert body is not None
    return response.status_code, body["code"], body["errors"]


# The amount


def test_an_amount_is_followed_along_the_index(reader: FlaskClient) -> None:
    assert indexed(reader) == {
        "amount": "1250.50",
        "base_year": 2013,
        "from": "2020-01",
        "to": "2025-12",
        "start_index": 109.72,
        "new_index": 136.69,
        "new_amount": "1557.88",
        "formula": "1250.50 × 136.69 ÷ 109.72 = 1557.88",
        "rounding": "half up to the cent, once, at the end",
    }


def test_the_formula_is_sent_as_it_is_read(reader: FlaskClient) -> None:
    assert "1250.50 × 136.69 ÷ 109.72" in reader.get(PATH, query_string=ASKED).text


def test_without_a_new_month_it_is_the_latest(reader: FlaskClient) -> None:
    assert reader.get(f"{PATH}?amount=1000&base=2025&from=2026-01").json == {
        "amount": "1000.00",
        "base_year": 2025,
        "from": "2026-01",
        "to": "2026-07",
        "start_index": 101.33,
        "new_index": 103.24,
        "new_amount": "1018.85",
        "formula": "1000.00 × 103.24 ÷ 101.33 = 1018.85",
        "rounding": "half up to the cent, once, at the end",
    }


def test_an_amount_is_brought_back_in_time_as_well(reader: FlaskClient) -> None:
    found = indexed(reader, **{"amount": "1557.88", "from": "2025-12", "to": "2020-01"})
    assert (found["from"], found["to"], found["new_amount"]) == ("2025-12", "2020-01", "1250.50")


@pytest.mark.parametrize(
    ("given", "amount", "new_amount"),
    [
        ("1000", "1000.00", "1245.81"),
        ("5.5", "5.50", "6.85"),
        ("0.01", "0.01", "0.01"),
        ("999999999999.99", "999999999999.99", "1245807510025.51"),
    ],
)
def test_amounts_are_exact_and_written_with_cents(
    reader: FlaskClient, given: str, amount: str, new_amount: str
) -> None:
    found = indexed(reader, amount=given)
    assert (found["amount"], found["new_amount"]) == (amount, new_amount)


def test_a_further_base_year_is_accepted_when_the_data_holds_it(app: Flask) -> None:
    hold(app, 2035, "2026-06", "80.00")
    hold(app, 2035, "2026-07", "81.00")
    found = indexed(app.test_client(), **{"base": "2035", "from": "2026-06", "to": "2026-07"})
    assert found["formula"] == "1250.50 × 81.00 ÷ 80.00 = 1266.13"


# What is refused


@pytest.mark.parametrize(
    "text",
    [
        *("", "1.250", "1250.500", "1250.", ".50", "1,50", "1.250,50", "1 250", "-5", "+5", "€5", "5 EUR"),
        *("1e3", "1_000", "0x10", "NaN", "Infinity", "5\n", "5.5\n", " 5", "5 ", "5\0", "1" * 13),
        *("٥", "５", "²", "1.٥"),
    ],
    ids=ascii,
)
def test_what_is_no_amount_is_refused(reader: FlaskClient, text: str) -> None:
    found = refusal(reader, {**ASKED, "amount": text})
    assert found == (400, "AMOUNT_NOT_VALID", {"amount": WRONG_AMOUNT})


@pytest.mark.parametrize("name", ["from", "to"])
@pytest.mark.parametrize(
    "text", ["", "2020", "2020-13", "2020-1", "2020-01\n", "20２0-01", "1899-12"], ids=ascii
)
def test_what_is_no_month_is_refused(reader: FlaskClient, name: str, text: str) -> None:
    assert refusal(reader, {**ASKED, name: text}) == (400, "MONTH_NOT_VALID", {name: WRONG_MONTH})


@pytest.mark.parametrize("text", ["", "2020", "2035", "abc", "2013\n", "２０１３"], ids=ascii)
def test_what_is_no_base_year_is_refused(reader: FlaskClient, text: str) -> None:
    assert refusal(reader, {**ASKED, "base": text}) == (400, "WRONG_YEAR", {"base": WRONG_BASE})


@pytest.mark.parametrize(
    ("name", "code", "messages"),
    [
        ("amount", "AMOUNT_NOT_VALID", WRONG_AMOUNT),
        ("base", "WRONG_YEAR", NO_BASE),
        ("from", "MONTH_NOT_VALID", WRONG_MONTH),
    ],
)
def test_what_has_to_be_given_is_told(reader: FlaskClient, name: str, code: str, messages: List[str]) -> None:
    given = {other: text for other, text in ASKED.items() if other != name}
    assert refusal(reader, given) == (400, code, {name: messages})


def test_a_misspelt_parameter_is_refused_and_not_left_out(reader: FlaskClient) -> None:
    assert refusal(reader, {**ASKED, "until": "2025-01"}) == (400, "NOT_VALID", {"until": UNKNOWN})


def test_where_several_are_wrong_each_is_told(reader: FlaskClient) -> None:
    assert refusal(reader, {"amount": "1.250", "base": "2020", "to": "2025", "too": "2025-01"}) == (
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


@pytest.mark.parametrize(("name", "text"), [("from", "1993-12"), ("to", "2026-01")])
def test_a_month_that_is_not_held_names_the_range(reader: FlaskClient, name: str, text: str) -> None:
    response = reader.get(PATH, query_string={**ASKED, name: text})
    assert (response.status_code, response.json) == (
        404,
        {
            "type": "/api/v1/#MONTH_NOT_FOUND",
            "title": "No health index for this month",
            "status": 404,
            "detail": (f"No health index is available for {text} on base 2013, only for 1994-01 to 2025-12."),
            "code": "MONTH_NOT_FOUND",
        },
    )


# Nothing to answer


def assert_unavailable(client: FlaskClient, code: str) -> None:
    response = client.get(PATH, query_string=ASKED)
    assert response.json is not None
    assert (response.status_code, response.json["code"]) == (503, code)
    assert response.content_type == "application/problem+json"
    assert int(response.headers["Retry-After"]) > 0


def test_an_empty_table_is_unavailable(app: Flask) -> None:
    forget(app)
    assert_unavailable(app.test_client(), "INDEX_UNAVAILABLE")


def test_the_documented_amounts_are_those_that_are_answered(reader: FlaskClient) -> None:
    schemas = (reader.get("/api/v1/openapi.json").json or {})["components"]["schemas"]
    answer = reader.get("/api/v1/indexation?amount=999999999999.99&base=1988&from=1994-01").json or {}
    for name in ("amount", "new_amount"):
        assert re.search(schemas["Indexation"]["properties"][name]["pattern"], answer[name])
    assert len(answer["new_amount"]) > len(answer["amount"])
