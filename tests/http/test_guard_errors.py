"""The guard turns exceptions outside Flask into responses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Iterable, Iterator, List, NoReturn

import pytest
from flask import Flask, Response
from werkzeug.test import Client, create_environ

from tests.http.raw_requests import send
from tests.support.databases import NOWHERE, settings_for
from tests.support.live import started, wait
from tests.support.processes import free_port
from webapp.config import Settings
from webapp.http.security import HEADERS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


MakeApp = Callable[[Settings], Flask]

PAGE = {"Accept": "text/html"}


def fail(*_arguments: object) -> Iterable[bytes]:
    raise ZeroDivisionError("the secret is 42")


def guarding(respond: WSGIApplication, make_app: MakeApp, database_url: str) -> Flask:
    """Return an app whose guard calls this function in place of the app."""
    app = make_app(settings_for(database_url))
    app.wsgi_app._wsgi_app = respond  # type: ignore[attr-defined]  # Flask types it as a method
    return app


TARGETS_BY_PART = {
    "cache": "webapp.http.cache.HttpCache.__call__",
    "proxy": "werkzeug.middleware.proxy_fix.ProxyFix.__call__",
    "guard": "webapp.http.guard.normalize",
    "request": "webapp.http.guard.App.create_url_adapter",
}


@pytest.fixture
def broken(make_app: MakeApp, sqlite_url: str) -> Iterator[Callable[[str], Client]]:
    """Make a client of an app with one part that fails."""
    patch = pytest.MonkeyPatch()

    def make(part: str) -> Client:
        app = make_app(settings_for(sqlite_url, TRUSTED_PROXIES="1", HTTP_CACHE_MB="1"))
        patch.setattr(TARGETS_BY_PART[part], fail)
        return Client(app)

    yield make
    patch.undo()


@pytest.mark.parametrize(
    ("part", "path", "headers", "content_type"),
    [
        ("cache", "/zipcode/9000", {}, "application/json"),
        ("cache", "/nowhere", PAGE, "text/html"),
        ("cache", "/api/v1/zipcodes/9000", PAGE, "application/problem+json"),
        ("proxy", "/healthz", {}, "application/json"),
        ("guard", "/zipcode/9000", {}, "application/json"),
    ],
)
def test_error_outside_flask_has_a_reference_and_one_log_entry(
    broken: Callable[[str], Client],
    caplog: pytest.LogCaptureFixture,
    part: str,
    path: str,
    *,
    headers: dict[str, str],
    content_type: str,
) -> None:
    response = broken(part).get(path, headers=headers)
    assert (response.status_code, response.mimetype) == (500, content_type)
    assert "secret" not in response.text
    assert HEADERS.items() <= dict(response.headers).items()
    assert response.headers["Cache-Control"] == "no-store"
    assert len(caplog.records) == 1
    logged = re.search(rf"reference ([0-9a-f]{{16}}): GET {path} failed", caplog.text)
    assert logged
    assert logged[1] in response.text
    assert caplog.text.count("ZeroDivisionError: the secret is 42") == 1
    if content_type != "text/html":
        assert response.json is not None
        assert "INTERNAL_ERROR" in (response.json["detail"], response.json.get("code"))
        assert response.json["reference"] == logged[1]


def test_error_response_is_minimal_when_error_handlers_fail(
    broken: Callable[[str], Client], caplog: pytest.LogCaptureFixture
) -> None:
    response = broken("request").get("/zipcode/9000", headers=PAGE)
    assert response.status_code == 500
    assert response.json is not None
    assert response.json["detail"] == "INTERNAL_ERROR"
    assert HEADERS.items() <= dict(response.headers).items()
    assert f"reference {response.json['reference']}: GET /zipcode/9000 failed" in caplog.text
    assert len(caplog.records) == 1


def test_error_after_a_view_has_a_reference(
    make_app: MakeApp, sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(settings_for(sqlite_url))
    failures = iter([ZeroDivisionError("the secret is 42")])

    @app.after_request
    def fail_once(response: Response) -> Response:
        for error in failures:
            raise error
        return response

    response = app.test_client().get("/zipcode/9000")
    assert response.status_code == 500
    assert response.json is not None
    assert f"reference {response.json['reference']}: GET /zipcode/9000 failed" in caplog.text
    assert len(caplog.records) == 1


def test_body_is_closed_when_the_server_rejects_the_headers(make_app: MakeApp, sqlite_url: str) -> None:
    closed = []

    class Body(List[bytes]):
        def close(self) -> None:
            closed.append(True)

    def respond(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return Body([b"x"])

    def reject(*_arguments: object) -> NoReturn:
        raise ZeroDivisionError

    app = guarding(respond, make_app, sqlite_url)
    with pytest.raises(ZeroDivisionError):
        app(create_environ(), reject)
    assert closed == [True]


def test_app_may_replace_the_status_before_the_first_chunk(make_app: MakeApp, sqlite_url: str) -> None:
    def respond(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        start_response("404 NOT FOUND", [])
        return [b"x"]

    app = guarding(respond, make_app, sqlite_url)
    assert Client(app).get("/").status_code == 404


def test_response_that_fails_before_its_first_chunk_is_replaced(make_app: MakeApp, sqlite_url: str) -> None:
    closed = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            yield b""
            raise ZeroDivisionError

        def close(self) -> None:
            closed.append(True)

    def begin(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", "1")])
        return Body()

    app = guarding(begin, make_app, sqlite_url)
    response = Client(app).get("/zipcode/9000")
    assert (response.status_code, closed) == (500, [True])
    assert response.headers.getlist("Content-Length") == [str(len(response.data))]


def test_error_after_the_first_chunk_breaks_the_response(make_app: MakeApp, sqlite_url: str) -> None:
    def begin(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"beginning"
        raise ZeroDivisionError

    app = guarding(begin, make_app, sqlite_url)
    response = Client(app).get("/zipcode/9000")
    with pytest.raises(ZeroDivisionError):
        response.get_data()


@pytest.mark.slow
def test_error_outside_flask_is_not_left_to_gunicorn(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(
        "from webapp.app import create_app\n"
        "from webapp.http.cache import HttpCache\n"
        "HttpCache.__call__ = lambda *_: 1 / 0\n"
        "app = create_app()\n"
    )
    port = free_port()
    command = ["gunicorn", "broken:app", "--pythonpath", str(tmp_path), "--bind", f"127.0.0.1:{port}"]
    with started(command, port, tmp_path, DATABASE_URL=sqlite_url, **NOWHERE) as service:
        wait(service)
        before = service.log.read_text().count("Traceback")
        response = send(service, b"/zipcode/9000", b"Host: localhost")
        log = service.log.read_text()
    assert response.status == 500
    assert HEADERS.items() <= dict(response.headers).items()
    assert re.search(r'"reference":"([0-9a-f]{16})"', response.text)
    assert log.count("Traceback") == before + 1
    assert "ZeroDivisionError" in log
