"""How errors look: one shape for scripts, a helpful page for people, and never our internals."""

import re
from typing import Callable

import pytest
from flask import Flask, abort, request
from flask.testing import FlaskClient
from sqlalchemy import text

from tests.databases import settings_for
from webapp import errors
from webapp.config import Settings
from webapp.data.extensions import db

PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def app(make_app: Callable[[Settings], Flask], settings: Settings) -> Flask:
    """The desk, with routes that fail in ways which the real ones never should."""
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
        abort(418)  # errors.py has no words of its own for this one

    return app


HTTP_ERRORS = [
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


@pytest.mark.parametrize(("method", "path", "status", "code"), HTTP_ERRORS)
def test_a_script_gets_a_code(client: FlaskClient, method: str, path: str, status: int, code: str) -> None:
    response = client.open(path, method=method)
    assert (response.status_code, response.json) == (status, {"detail": code})
    assert "Accept" in response.headers["Vary"]
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("method", "path", "status", "code"), HTTP_ERRORS)
def test_a_person_gets_a_page(client: FlaskClient, method: str, path: str, status: int, code: str) -> None:
    response = client.open(path, method=method, headers=PAGE)
    assert response.status_code == status
    assert response.content_type == "text/html; charset=utf-8"
    assert "<h1>" in response.text
    assert "Accept" in response.headers["Vary"]
    assert "Content-Security-Policy" in response.headers


def test_a_wrong_method_is_told_the_right_ones(client: FlaskClient) -> None:
    assert set(client.post("/index").headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_a_request_that_is_too_large_is_refused(client: FlaskClient) -> None:
    response = client.post("/body", data=b"x" * (64 * 1024 + 1))
    assert (response.status_code, response.json) == (413, {"detail": "TOO_LARGE"})


def test_a_request_that_is_too_large_is_refused_where_nobody_reads_it(client: FlaskClient) -> None:
    response = client.get("/index", data=b"x" * (64 * 1024 + 1))
    assert (response.status_code, response.json) == (413, {"detail": "TOO_LARGE"})


def test_a_redirection_is_not_an_error(app: Flask) -> None:
    @app.get("/folder/")
    def folder() -> str:
        return "here"

    response = app.test_client().get("/folder")
    assert (response.status_code, response.headers["Location"]) == (308, "http://localhost/folder/")


@pytest.mark.parametrize("headers", [{}, PAGE])
def test_what_was_not_foreseen_shows_a_reference_and_logs_the_rest(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, headers: "dict[str, str]"
) -> None:
    response = client.get("/broken", headers=headers)
    assert response.status_code == 500
    assert "secret" not in response.text
    assert "Traceback" not in response.text
    logged = re.search(r"reference ([0-9a-f]{8}): GET /broken failed", caplog.text)
    assert logged
    assert logged.group(1) in response.text
    assert "ZeroDivisionError: the secret is 42" in caplog.text


def test_what_was_not_foreseen_has_a_code_for_scripts(client: FlaskClient) -> None:
    body = client.get("/broken").json
    assert body is not None
    assert body["detail"] == "INTERNAL_ERROR"
    assert set(body) == {"detail", "reference"}


def test_a_slip_in_our_sql_is_not_taken_for_a_database_that_is_gone(
    postgresql_url: str, make_app: Callable[[Settings], Flask]
) -> None:
    app = make_app(settings_for(postgresql_url))
    app.add_url_rule("/slip", view_func=lambda: str(db.session.execute(text("SELECT slip(1)"))))
    assert app.test_client().get("/slip").status_code == 500


def test_every_error_of_the_domain_says_what_it_is() -> None:
    for error in errors.DeskError.__subclasses__():
        assert re.fullmatch("[A-Z_]+", error.code)
        assert 400 <= error.status < 600
        assert error.title
        assert (error.retry_after is not None) == (error.status in (429, 503))
