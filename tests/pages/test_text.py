"""Plain text for spreadsheets and shells: a bare value, or a bare code with its status."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.health_index.stored_values import add_value, delete_values

PLAIN = {"Accept": "text/plain"}

QUERY = {"amount": "1.250,50", "year": "2013", "from": "01/2020", "to": "12/2025"}


def calculation(**changes: str) -> str:
    return f"/indexation?{urlencode({**QUERY, **changes})}"


TEXTS = [
    ("/zipcode/9000", "B"),
    ("/index", "165.08"),
    ("/index?year=1988", "226.44"),
    (calculation(), "1557.88"),
    (calculation(year="2004", to=""), "1557.86"),
    (calculation(amount="1000", to="2020-1"), "1000.00"),
]

CODES = [
    ("/zipcode/999", 400, "ZIPCODE_NOT_VALID"),
    ("/zipcode/1311", 404, "ZIPCODE_NOT_FOUND"),
    ("/index?year=2020", 400, "WRONG_YEAR"),
    (calculation(amount="much"), 400, "AMOUNT_NOT_VALID"),
    (calculation(year=""), 400, "WRONG_YEAR"),
    (calculation(year="2020"), 400, "WRONG_YEAR"),
    (calculation(to="13/2025"), 400, "MONTH_NOT_VALID"),
    (calculation(**{"from": "01/1990"}), 404, "MONTH_NOT_FOUND"),
    ("/indexation", 400, "AMOUNT_NOT_VALID"),
    ("/nowhere", 404, "NOT_FOUND"),
]


def in_text(path: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}format=text"


@pytest.mark.parametrize(("path", "text"), TEXTS)
def test_value_is_the_whole_text(reader: FlaskClient, path: str, text: str) -> None:
    for response in (reader.get(in_text(path)), reader.get(path, headers=PLAIN)):
        assert (response.status_code, response.text) == (200, text)
        assert response.content_type == "text/plain; charset=utf-8"
        assert response.headers["Vary"] == "Accept"


def test_index_always_has_two_decimals(app: Flask) -> None:
    add_value(app, 2034, "2026-07", "140.30")
    assert app.test_client().get("/index?year=2034&format=text").text == "140.30"


@pytest.mark.parametrize(("path", "status", "code"), CODES)
def test_error_is_its_bare_code(reader: FlaskClient, path: str, status: int, code: str) -> None:
    for response in (reader.get(in_text(path)), reader.get(path, headers=PLAIN)):
        assert (response.status_code, response.text) == (status, code)
        assert response.content_type == "text/plain; charset=utf-8"
        assert response.headers["Vary"] == "Accept"
        assert response.headers["Cache-Control"] == "no-store"


def test_first_error_of_a_calculation_counts(reader: FlaskClient) -> None:
    path = in_text(calculation(amount="x", year="x", to="x"))
    assert reader.get(path).text == "AMOUNT_NOT_VALID"


def test_text_is_the_same_in_every_language(reader: FlaskClient) -> None:
    response = reader.get(f"{in_text('/index')}&lang=nl", headers={"Accept-Language": "nl"})
    assert response.text == "165.08"
    assert not {"Set-Cookie", "Content-Language"} & set(response.headers.keys())


def test_text_has_the_headers_of_the_json(reader: FlaskClient) -> None:
    for path in ("/index", "/zipcode/9000"):
        for name, value in reader.get(path).headers.items():
            if name.startswith(("Index-", "Risk-")):
                assert reader.get(in_text(path)).headers[name] == value


def test_unavailable_index_has_its_code_and_retry_after(app: Flask) -> None:
    delete_values(app)
    for path in ("/index", calculation()):
        response = app.test_client().get(in_text(path))
        assert (response.status_code, response.text) == (503, "INDEX_UNAVAILABLE")
        assert int(response.headers["Retry-After"]) > 0


def test_calculator_without_a_preference_is_a_page(reader: FlaskClient) -> None:
    for accept in ("*/*", "text/plain, */*", "application/json"):
        assert reader.get(calculation(), headers={"Accept": accept}).mimetype == "text/html"


def test_calculation_in_text_has_the_source_of_both_indices_in_headers(reader: FlaskClient) -> None:
    headers = reader.get(in_text(calculation(to="07/2026"))).headers
    assert {name: value for name, value in headers if "-Index-" in name} == {
        "Start-Index-Month": "2020-01",
        "Start-Index-Status": "published",
        "New-Index-Month": "2026-07",
        "New-Index-Status": "converted",
        "New-Index-Coefficient": "1.3557",
        "New-Index-Coefficient-Source": "derived",
    }
