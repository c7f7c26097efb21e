"""Error handlers: one shape for scripts, a page for people, and never our internals."""

from __future__ import annotations

import re
from typing import Callable

import pytest
from flask import Flask, abort, request
from flask.testing import FlaskClient

from webapp.config import Settings

PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def app(make_app: Callable[[Settings], Flask], settings: Settings) -> Flask:
    """The application, with routes that fail as no real one should."""
    app = make_app(settings)

    @app.get("/broken")
    def broken() -> str:
        raise ZeroDivisionError("the secret is 42")

    @app.post("/body")
    def body() -> str:
        return str(len(request.get_data()))

    @app.get("/bad")
    def bad() -> str:
        return request.args["missing"]

    @app.get("/teapot")
    def teapot() -> str:
        abort(418)  # webapp/errors.py has no words for it

    @app.get("/folder/")
    def folder() -> str:
        return "here"

    return app


ERRORS = [
    ("GET", "/nowhere", 404, "NOT_FOUND"),
    ("GET", "/zipcode/", 404, "NOT_FOUND"),
    ("GET", "/zipcode/9000/more", 404, "NOT_FOUND"),
    ("POST", "/zipcode/9000", 405, "METHOD_NOT_ALLOWED"),
    ("DELETE", "/index", 405, "METHOD_NOT_ALLOWED"),
    ("GET", "/bad", 400, "BAD_REQUEST"),
    ("GET", "/teapot", 418, "HTTP_418"),
    ("GET", "/zipcode/999", 400, "ZIPCODE_NOT_VALID"),
    ("GET", "/zipcode/1311", 404, "ZIPCODE_NOT_FOUND"),
    ("GET", "/index?year=2020", 400, "WRONG_YEAR"),
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
def test_error_is_a_page_for_people(
    client: FlaskClient, method: str, path: str, status: int, code: str
) -> None:
    response = client.open(path, method=method, headers=PAGE)
    assert response.status_code == status
    assert response.content_type == "text/html; charset=utf-8"
    assert "<h1>" in response.text
    assert "Accept" in response.headers["Vary"]
    assert "Content-Security-Policy" in response.headers


def test_wrong_method_names_the_allowed_ones(client: FlaskClient) -> None:
    assert set(client.post("/index").headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize(("method", "path"), [("POST", "/body"), ("GET", "/index")], ids=["read", "not read"])
def test_body_that_is_too_large_is_rejected(client: FlaskClient, method: str, path: str) -> None:
    response = client.open(path, method=method, data=b"x" * (64 * 1024 + 1))
    assert (response.status_code, response.json) == (413, {"detail": "TOO_LARGE"})


def test_redirection_is_not_an_error(client: FlaskClient) -> None:
    response = client.get("/folder")
    assert (response.status_code, response.headers["Location"]) == (308, "http://localhost/folder/")


@pytest.mark.parametrize("headers", [{}, PAGE], ids=["script", "browser"])
def test_unexpected_error_shows_a_reference_and_logs_the_rest(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, headers: dict[str, str]
) -> None:
    response = client.get("/broken", headers=headers)
    assert response.status_code == 500
    assert "secret" not in response.text
    assert "Traceback" not in response.text
    logged = re.search(r"reference ([0-9a-f]{8}): GET /broken failed", caplog.text)
    assert logged
    assert logged.group(1) in response.text
    assert "ZeroDivisionError: the secret is 42" in caplog.text


def test_unexpected_error_has_a_code_and_a_reference_for_scripts(client: FlaskClient) -> None:
    body = client.get("/broken").get_json()
    assert (body["detail"], set(body)) == ("INTERNAL_ERROR", {"detail", "reference"})
