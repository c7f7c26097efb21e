"""Invalid parameters of `/api/v1/zipcodes`."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.api.zipcodes.client import PATH

ONE_OF_BOTH = ["Specify either q or risk_factor."]
WRONG_Q = ["Must have 1 to 100 characters."]
WRONG_FACTOR = ["Must be A, B or C."]
WRONG_LIMIT = ["Must be a number from 1 to 100."]
WRONG_CURSOR = ["Use the next_cursor of the previous response."]
NO_CURSOR = ["Cannot be combined with q."]
UNKNOWN = ["Unknown parameter."]


def problem(client: FlaskClient, query: dict[str, str]) -> tuple[int, str, dict[str, list[str]]]:
    """Return the status, the code and the messages by parameter."""
    response = client.get(PATH, query_string=query)
    body = response.json
    assert body is not None
    return response.status_code, body["code"], body["errors"]


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
