"""Invalid parameters of `/api/v1/health-index`."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.api.health_index.client import problem

NO_BASE = ["Specify the base year named in the contract."]
WRONG_BASE = ["Choose a base year of the health index: 1988, 1996, 2004, 2013, 2025."]
WRONG_MONTH = ["Use the format YYYY-MM, such as 2020-01."]
WRONG_FORMAT = ["Must be json or csv."]
UNKNOWN = ["Unknown parameter."]


@pytest.mark.parametrize("base", ["2020", "", "2013\n", "２０１３"], ids=ascii)
def test_invalid_base_year_is_rejected(reader: FlaskClient, base: str) -> None:
    assert problem(reader, "", {"base": base}) == (400, "WRONG_YEAR", {"base": WRONG_BASE})


def test_invalid_base_year_in_the_path_is_rejected(reader: FlaskClient) -> None:
    assert problem(reader, "/2020/2020-01", {}) == (400, "WRONG_YEAR", {"base": WRONG_BASE})


@pytest.mark.parametrize("path", ["", "/series"])
def test_missing_base_year_is_rejected(reader: FlaskClient, path: str) -> None:
    assert problem(reader, path, {}) == (400, "WRONG_YEAR", {"base": NO_BASE})


@pytest.mark.parametrize(
    "text",
    ["", "2020", "2020-13", "2020-00", "2020-1", "2020-01-01", "1899-12", "2100-01", "2020-01\n", "20２0-01"],
    ids=ascii,
)
def test_invalid_month_is_rejected(reader: FlaskClient, text: str) -> None:
    for name in ("from", "to"):
        found = problem(reader, "/series", {"base": "2013", name: text})
        assert found == (400, "MONTH_NOT_VALID", {name: WRONG_MONTH})


@pytest.mark.parametrize("text", ["2020-13", "2020-01%0A"])
def test_invalid_month_in_the_path_is_rejected(reader: FlaskClient, text: str) -> None:
    assert problem(reader, f"/2013/{text}", {}) == (400, "MONTH_NOT_VALID", {"month": WRONG_MONTH})


@pytest.mark.parametrize("text", ["", "html", "CSV"])
def test_invalid_format_is_rejected(reader: FlaskClient, text: str) -> None:
    found = problem(reader, "/series", {"base": "2013", "format": text})
    assert found == (400, "NOT_VALID", {"format": WRONG_FORMAT})


@pytest.mark.parametrize(
    ("path", "query", "errors"),
    [
        ("/2020/2020-13", {}, {"base": WRONG_BASE, "month": WRONG_MONTH}),
        (
            "/series",
            {"base": "x", "from": "x", "to": "x", "format": "x", "x": "x"},
            {
                "base": WRONG_BASE,
                "from": WRONG_MONTH,
                "to": WRONG_MONTH,
                "format": WRONG_FORMAT,
                "x": UNKNOWN,
            },
        ),
    ],
)
def test_every_invalid_parameter_has_messages(
    reader: FlaskClient, path: str, query: dict[str, str], errors: dict[str, list[str]]
) -> None:
    assert problem(reader, path, query) == (400, "NOT_VALID", errors)


def test_series_with_its_last_month_before_the_first_is_rejected(reader: FlaskClient) -> None:
    found = problem(reader, "/series", {"base": "2013", "from": "2020-02", "to": "2020-01"})
    assert found == (400, "NOT_VALID", {"to": ["Must not be before from."]})
