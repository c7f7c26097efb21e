"""Error handlers: a code for scripts, a page for browsers, and no internals for either."""

from __future__ import annotations

import re

import pytest
from flask import Flask, abort, request
from flask.testing import FlaskClient

from tests.support.databases import settings_for
from webapp.app import create_app

PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def client(sqlite_app: Flask) -> FlaskClient:
    """A client of an app with further routes that fail."""
    app = create_app(settings_for(sqlite_app.config["SQLALCHEMY_DATABASE_URI"]))

    @app.get("/broken")
    def broken() -> str:
        raise ZeroDivisionError("the secret is 42")

    @app.get("/bad")
    def bad() -> str:
        return request.args["missing"]

    @app.get("/teapot")
    def teapot() -> str:
        abort(418)  # not in webapp/errors.py

    @app.get("/folder/")
    def folder() -> str:
        return "here"

    return app.test_client()


ERRORS = [
    ("GET", "/nowhere", 404, "NOT_FOUND"),
    ("POST", "/zipcode/9000", 405, "METHOD_NOT_ALLOWED"),
    ("GET", "/bad", 400, "BAD_REQUEST"),
    ("GET", "/teapot", 418, "HTTP_418"),
    ("GET", "/zipcode/999", 400, "ZIPCODE_NOT_VALID"),
]


@pytest.mark.parametrize(("method", "path", "status", "code"), ERRORS)
def test_error_is_a_code_for_scripts(
    client: FlaskClient, method: str, path: str, status: int, code: str
) -> None:
    response = client.open(path, method=method)
    assert (response.status_code, response.json) == (status, {"detail": code})
    assert "Accept" in response.headers["Vary"]
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("method", "path", "status", "code"), ERRORS)
def test_error_is_a_page_for_browsers(
    client: FlaskClient, method: str, path: str, status: int, code: str
) -> None:
    response = client.open(path, method=method, headers=PAGE)
    assert response.status_code == status
    assert response.content_type == "text/html; charset=utf-8"
    assert "<h1>" in response.text
    assert "Accept" in response.headers["Vary"]


def test_wrong_method_names_the_allowed_ones(client: FlaskClient) -> None:
    assert set(client.post("/index").headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_large_body_has_a_code(client: FlaskClient) -> None:
    response = client.get("/index", data=b"x" * (64 * 1024 + 1))
    assert (response.status_code, response.json) == (413, {"detail": "TOO_LARGE"})


def test_redirect_is_not_an_error(client: FlaskClient) -> None:
    response = client.get("/folder")
    assert (response.status_code, response.headers["Location"]) == (308, "http://localhost/folder/")


@pytest.mark.parametrize("headers", [{}, PAGE], ids=["script", "browser"])
def test_unexpected_error_shows_a_reference_and_logs_the_traceback(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, headers: dict[str, str]
) -> None:
    response = client.get("/broken", headers=headers)
    assert response.status_code == 500
    assert "secret" not in response.text
    assert "Traceback" not in response.text
    logged = re.search(r"reference ([0-9a-f]{16}): GET /broken failed", caplog.text)
    assert logged
    assert logged.group(1) in response.text
    assert "ZeroDivisionError: the secret is 42" in caplog.text


def test_unexpected_error_has_a_code_and_a_reference_for_scripts(client: FlaskClient) -> None:
    body = client.get("/broken").get_json()
    assert (body["detail"], set(body)) == ("INTERNAL_ERROR", {"detail", "reference"})
