"""Facts of a request for its metrics, also of one that the HTTP cache serves."""

from __future__ import annotations

import io
from typing import Any, Callable

import pytest
from flask import Flask
from openpyxl import Workbook
from werkzeug.test import create_environ

from tests.support.databases import settings_for
from webapp.config import Settings
from webapp.http import facts
from webapp.tables.workbook_writer import MEDIA_TYPE as WORKBOOK

MakeApp = Callable[[Settings], Flask]


@pytest.fixture
def app(make_app: MakeApp, sqlite_url: str) -> Flask:
    return make_app(settings_for(sqlite_url, METRICS_BIND="127.0.0.1:9100", HTTP_CACHE_MB="1"))


def recorded(app: Flask, path: str, **options: Any) -> dict[str, Any]:
    """Send a request, and return its facts."""
    environ = create_environ(path, **options)
    body: Any = app(environ, lambda *_: lambda _: None)
    b"".join(body)
    getattr(body, "close", lambda: None)()
    found: dict[str, Any] = environ.get(facts.KEY, {})
    return found


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/zipcode/9000", "/zipcode/<zipcode>"),
        ("/zipcode/abc", "/zipcode/<zipcode>"),
        ("/api/v1/zipcodes/9000", "/api/v1/zipcodes/<zipcode>"),
        ("/static/style.css", "/static/<path:filename>"),
        ("/readyz", "/readyz"),
        ("/nowhere", None),
    ],
)
def test_hit_and_miss_have_the_same_route(app: Flask, path: str, route: str | None) -> None:
    assert [recorded(app, path).get(facts.ROUTE) for _ in range(3)] == [route] * 3


def test_rejected_request_has_its_route(make_app: MakeApp, sqlite_url: str) -> None:
    settings = settings_for(sqlite_url, METRICS_BIND="127.0.0.1:9100", RATE_LIMIT="1", HTTP_CACHE_MB="0")
    app = make_app(settings)
    assert [recorded(app, "/index").get(facts.ROUTE) for _ in range(2)] == ["/index"] * 2


def test_nothing_is_recorded_of_the_route_without_metrics(make_app: MakeApp, sqlite_url: str) -> None:
    assert recorded(make_app(settings_for(sqlite_url)), "/zipcode/9000") == {}


LOOKUP = "/api/v1/zipcodes/lookup"
CSV = b"name,zipcode\nA,9000\nB,2000\nC,abc\n"


def workbook() -> bytes:
    """Return the list as a workbook."""
    book, file = Workbook(), io.BytesIO()
    for line in CSV.decode().splitlines():
        book.worksheets[0].append(line.split(","))
    book.save(file)
    return file.getvalue()


def test_rows_of_a_list_are_recorded(app: Flask) -> None:
    bodies = [
        (b'{"zipcodes": ["9000", "2000", "abc"]}', "application/json"),
        (CSV, "text/csv"),
        (b"9000\n2000\nabc\n", "text/csv"),
        (workbook(), WORKBOOK),
    ]
    found = [
        recorded(app, LOOKUP, method="POST", data=body, content_type=media_type).get(facts.ROWS)
        for body, media_type in bodies
    ]
    assert found == [3] * len(bodies)


@pytest.mark.parametrize("action", ["show", "download"])
def test_rows_of_the_page_are_recorded(app: Flask, action: str) -> None:
    for file in (CSV, workbook()):
        data = {"file": (io.BytesIO(file), "list"), "action": action}
        assert recorded(app, "/list", method="POST", data=data).get(facts.ROWS) == 3
