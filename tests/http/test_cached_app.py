"""The app with the HTTP cache: the same responses as without it."""

from __future__ import annotations

import contextlib
import re
from typing import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import insert
from werkzeug.test import Client

from tests.conftest import ORDINARY_DAY
from tests.support.databases import settings_for
from webapp import clock
from webapp.app import create_app
from webapp.config import Settings
from webapp.data.database import db
from webapp.data.zipcode_models import RiskRange, RiskTable

MakeApp = Callable[[Settings], Flask]

# Headers that the cache or the server adds.
ADDED_HEADERS = {"Age", "Cache-Status", "Date", "X-Request-ID"}

PATHS = [
    *(
        "/?zipcode=9000&year=2013",
        "/zipcode/9000",
        "/zipcode/1311",
        "/zipcode/9000?format=text",
        "/index.csv?year=2025",
        "/nowhere",
    ),
    *("/index.atom?lang=nl", "/index.ics"),
    *("/list?lang=fr", "/healthz", "/static/style.css", "/api/v1/", "/api/v1/openapi.json"),
    *("/api/v1/zipcodes?q=gen&limit=3", "/api/v1/health-index/series?base=2013&format=csv"),
]

HEADERS: list[dict[str, str]] = [
    {},
    {"Accept": "text/html", "Accept-Language": "nl-BE"},
    {"Accept": "text/html", "Cookie": "lang=fr"},
    {"Accept": "text/plain"},
    {"If-None-Match": "*"},
    {"Origin": "http://elsewhere.example"},
]


@pytest.fixture(scope="module")
def clients(sqlite_app: Flask) -> Iterator[tuple[Client, Client]]:
    """Clients of an app with the cache and of one without."""
    url = sqlite_app.config["SQLALCHEMY_DATABASE_URI"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: ORDINARY_DAY)
        apps = [create_app(settings_for(url, HTTP_CACHE_MB=size)) for size in ("16", "0")]
    yield Client(apps[0], use_cookies=False), Client(apps[1], use_cookies=False)
    for app in apps:
        with app.app_context():
            db.engine.dispose()


@pytest.mark.parametrize("path", PATHS)
def test_response_is_the_same_with_and_without_the_cache(clients: tuple[Client, Client], path: str) -> None:
    def get(client: Client, method: str, headers: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        with contextlib.closing(client.open(path, method=method, headers=headers)) as response:
            own = {name: value for name, value in response.headers.items() if name not in ADDED_HEADERS}
            if "Set-Cookie" in own:  # Expires has the present second
                own["Set-Cookie"] = re.sub("Expires=[^;]*", "Expires=", own["Set-Cookie"])
            return response.status_code, response.data, own

    cached, uncached = clients
    for method in ("GET", "HEAD"):
        for headers in HEADERS:
            expected = get(uncached, method, headers)
            for _ in range(2):
                assert get(cached, method, headers) == expected, (method, headers)


@pytest.mark.parametrize("path", ["/zipcode/9000", "/?zipcode=9000&year=2013", "/api/v1/zipcodes/9000"])
def test_cached_response_does_not_reach_flask(make_app: MakeApp, sqlite_url: str, path: str) -> None:
    app = make_app(settings_for(sqlite_url, HTTP_CACHE_MB="1"))
    client = app.test_client()
    expected = client.get(path).data
    app.before_request_funcs.setdefault(None, []).insert(0, lambda: "Flask")
    assert client.get(f"{path}{'&' if '?' in path else '?'}x=1").data == b"Flask"
    assert client.get(path).data == expected


@pytest.mark.parametrize("size", ["16", "0"])
def test_new_risk_table_is_served_with_and_without_the_cache(
    make_app: MakeApp, sqlite_url: str, size: str
) -> None:
    app = make_app(settings_for(sqlite_url, HTTP_CACHE_MB=size))
    client = app.test_client()
    assert client.get("/zipcode/9000").json == {"risk_factor": "B"}
    with app.app_context():
        table = db.session.scalars(db.select(RiskTable)).one()
        values = {name: getattr(table, name) for name in ("effective_from", "imported_at", "range_count")}
        db.session.execute(insert(RiskTable).values(id=2, source="new", sha256="0" * 64, **values))
        db.session.execute(insert(RiskRange).values(risk_table_id=2, first=9000, last=9000, factor="C"))
        db.session.commit()
    assert client.get("/zipcode/9000").json == {"risk_factor": "C"}


def test_schemes_behind_a_proxy_have_their_own_responses(make_app: MakeApp, sqlite_url: str) -> None:
    client = make_app(settings_for(sqlite_url, TRUSTED_PROXIES="1", HTTP_CACHE_MB="1")).test_client()
    for scheme in ("http", "https", "http"):
        page = client.get("/", headers={"Accept": "text/html", "X-Forwarded-Proto": scheme}).text
        assert f'href="{scheme}://localhost/?lang=nl"' in page
