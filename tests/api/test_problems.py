"""Every error of the API is an RFC 9457 problem, whatever the Accept header."""

from __future__ import annotations

import tempfile
from typing import Any, Callable

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.health_index.stored_values import delete_values
from tests.support.databases import settings_for
from tests.support.risk_tables import delete_risk_tables
from webapp.config import Settings
from webapp.errors import codes
from webapp.http import uploads

ELSEWHERE = {"Origin": "https://elsewhere.example"}
FIREFOX = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
LOOKUP = "/api/v1/zipcodes/lookup"

MEMBERS = {"type": str, "title": str, "status": int, "detail": str, "code": str}

PROBLEMS = [
    ("/api/v1/health-index?base=2020", 400, "WRONG_YEAR"),
    ("/api/v1/health-index?base=2013&year=2013", 400, "NOT_VALID"),
    ("/api/v1/health-index/2013/2020-13", 400, "MONTH_NOT_VALID"),
    ("/api/v1/indexation?amount=1.250&base=2013&from=2020-01", 400, "AMOUNT_NOT_VALID"),
    ("/api/v1/zipcodes/999", 400, "ZIPCODE_NOT_VALID"),
    ("/api/v1/zipcodes/9000?on=2026-02-30", 400, "DATE_NOT_VALID"),
    ("/api/v1/risk-tables/7", 404, "RISK_TABLE_NOT_FOUND"),
    ("/api/v1/health-index/2013/1993-12", 404, "MONTH_NOT_FOUND"),
    ("/api/v1/zipcodes/1311", 404, "ZIPCODE_NOT_FOUND"),
    ("/api/v1/nowhere", 404, "NOT_FOUND"),
    ("/api/v1/nowhere?format=html", 404, "NOT_FOUND"),
    ("/api/v1/nowhere/", 404, "NOT_FOUND"),
    ("/api/v1/health-index/2013", 400, "MONTH_NOT_VALID"),
    ("/api/v1//health-index?base=2013", 404, "NOT_FOUND"),
    ("/api/v2/health-index", 404, "NOT_FOUND"),
]


def assert_problem(response: TestResponse, status: int, code: str, extra: str | None = None) -> Any:
    """Check the members of a problem, and return the value of the extra one."""
    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    assert response.headers["Cache-Control"] == "no-store"
    assert "Accept" in response.headers["Vary"]
    body: dict[str, Any] = response.get_json()
    types = {name: type(body.get(name)) for name in MEMBERS}
    assert types == MEMBERS
    assert (body["status"], body["code"], body["type"]) == (status, code, f"/api/v1/#{code}")
    assert body["title"]
    assert body["detail"]
    assert set(body) - set(MEMBERS) == ({extra} if extra else set())
    return body.get(extra) if extra else None


@pytest.mark.parametrize(("path", "status", "code"), PROBLEMS)
def test_error_for_a_browser_is_a_problem(reader: FlaskClient, path: str, status: int, code: str) -> None:
    response = reader.get(path, headers=FIREFOX)
    errors = assert_problem(response, status, code, extra="errors" if status == 400 else None)
    for messages in (errors or {}).values():
        assert messages
        assert all(message and isinstance(message, str) for message in messages)


def test_rate_limited_request_is_a_problem(make_app: Callable[[Settings], Flask], database_url: str) -> None:
    client = make_app(settings_for(database_url, RATE_LIMIT="1", HTTP_CACHE_MB="0")).test_client()
    path, headers = "/api/v1/health-index?base=2013", {**FIREFOX, **ELSEWHERE}
    # Three, because a new minute may begin between two.
    responses = [client.get(path, headers=headers) for _ in range(3)]
    rejected = [response for response in responses if response.status_code == 429]
    assert_problem(rejected[0], 429, "RATE_LIMITED")
    assert 1 <= int(rejected[0].headers["Retry-After"]) <= 60
    assert rejected[0].headers["Access-Control-Allow-Origin"] == "*"


def test_unavailable_database_is_a_problem(shared_empty_app: Flask) -> None:
    response = shared_empty_app.test_client().get("/api/v1/health-index?base=2013", headers=FIREFOX)
    assert_problem(response, 503, "DATABASE_UNAVAILABLE")
    assert response.headers["Retry-After"] == "10"


def test_too_large_request_is_a_problem(reader: FlaskClient) -> None:
    response = reader.get("/api/v1/health-index?base=2013", data=b"x" * (64 * 1024 + 1), headers=FIREFOX)
    assert_problem(response, 413, "TOO_LARGE")


def test_unexpected_error_is_a_problem_with_a_reference(
    make_app: Callable[[Settings], Flask], settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(settings)
    app.add_url_rule("/api/v1/broken", view_func=lambda: str(1 // 0))
    response = app.test_client().get("/api/v1/broken", headers={**FIREFOX, **ELSEWHERE})
    reference = assert_problem(response, 500, "INTERNAL_ERROR", extra="reference")
    assert f"reference {reference}: GET /api/v1/broken failed" in caplog.text
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "ZeroDivisionError" not in response.text


def test_every_code_is_returned_as_a_problem(
    make_app: Callable[[Settings], Flask],
    sqlite_url: str,
    empty_sqlite_app: Flask,
) -> None:
    """Sends one request for each code, and fails for a code without a request."""
    app = make_app(settings_for(sqlite_url))
    app.add_url_rule("/api/v1/broken", "broken", lambda: str(1 // 0))
    app.add_url_rule("/api/v1/unread", "unread", lambda: request.args["missing"])
    limited = make_app(settings_for(sqlite_url, RATE_LIMIT="1", HTTP_CACHE_MB="0")).test_client()
    limited.get("/api/v1/zipcodes/9000")
    client = app.test_client()
    responses = [client.get(path) for path, _status, _code in PROBLEMS]
    responses += [
        client.get("/api/v1/broken"),
        client.get("/api/v1/unread"),
        client.delete("/api/v1/health-index"),
        client.post(LOOKUP, data=b"", headers={"Content-Type": "text/csv"}),
        client.post(LOOKUP, data=b"a;b\n9000;2000\n", headers={"Content-Type": "text/csv"}),
        client.post(LOOKUP, data=b"", headers={"Content-Type": "text/plain"}),
        client.post(LOOKUP, json={"zipcodes": ["9000"] * 10_001}),
        limited.get("/api/v1/zipcodes/9000"),
        empty_sqlite_app.test_client().get("/api/v1/zipcodes/9000"),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", "/no/such/folder")
        responses.append(client.post(LOOKUP, data=b"9000", headers={"Content-Type": "text/csv"}))
        patch.setattr(uploads, "MAX_UPLOADS", 0)
        headers = {"Content-Type": "text/csv", "Expect": "100-continue"}
        responses.append(client.post(LOOKUP, data=b"9000", headers=headers))
    delete_values(app)
    delete_risk_tables(app)
    responses += [client.get("/api/v1/health-index?base=2013"), client.get("/api/v1/zipcodes/2000")]
    for response in responses:
        body = response.get_json()
        extra = next((name for name in ("errors", "reference") if name in body), None)
        assert_problem(response, response.status_code, body["code"], extra)
    seen = {(response.status_code, response.get_json()["code"]) for response in responses}
    assert seen == {(status, code) for status, code, _meaning in codes()}
