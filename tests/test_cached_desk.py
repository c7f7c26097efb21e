"""The desk with the HTTP cache: the same answers as without, and for a fraction of the work."""

import contextlib
import re
import time
from datetime import date
from decimal import Decimal
from typing import Callable, Dict, Iterator, List, Tuple

import pytest
from flask import Flask
from sqlalchemy import insert, update
from werkzeug.test import Client

from tests.conftest import ORDINARY_DAY
from tests.databases import settings_for, statements_of
from webapp import clock
from webapp.app import create_app
from webapp.config import Settings
from webapp.data.extensions import db
from webapp.data.index_models import IndexValue
from webapp.data.zipcode_models import RiskRange, RiskTable

MakeApp = Callable[[Settings], Flask]

# What the cache itself says of an answer, and what the server says.
OF_THE_CACHE = {"Age", "Cache-Status", "Date"}

PATHS = [
    *("/", "/?zipcode=9000&year=2013", "/index", "/index?year=2013", "/index.csv?year=2025", "/about"),
    *("/zipcode/9000", "/zipcode/1311", "/zipcode/x", "/index?year=2020", "/nowhere"),
    *("/list", "/list?lang=fr", "/indexation?amount=100&year=2013&from=01%2F2020"),
    *("/healthz", "/static/style.css", "/api/v1/", "/api/v1/openapi.json"),
    *("/api/v1/zipcodes/9000", "/api/v1/zipcodes?q=gen&limit=3"),
    *("/api/v1/health-index?base=2013", "/api/v1/health-index/series?base=2013&format=csv"),
]

HEADERS: List[Dict[str, str]] = [
    {},
    {"Accept": "text/html", "Accept-Language": "nl-BE"},
    {"Accept": "text/html", "Cookie": "lang=fr"},
    {"If-None-Match": "*"},
    {"Origin": "http://elsewhere.example"},
]


@pytest.fixture(scope="module")
def desks(sqlite_app: Flask) -> Iterator[Tuple[Client, Client]]:
    """The same desk with the cache and without, started at the same time."""
    url = sqlite_app.config["SQLALCHEMY_DATABASE_URI"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: ORDINARY_DAY)
        apps = [create_app(settings_for(url, HTTP_CACHE_MB=size)) for size in ("16", "0")]
    yield Client(apps[0], use_cookies=False), Client(apps[1], use_cookies=False)
    for app in apps:
        with app.app_context():
            db.engine.dispose()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("headers", HEADERS, ids=str)
@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_the_same_with_the_cache_and_without(
    desks: Tuple[Client, Client], path: str, headers: Dict[str, str], method: str
) -> None:
    def seen(client: Client) -> Tuple[int, bytes, Dict[str, str]]:
        with contextlib.closing(client.open(path, method=method, headers=headers)) as answer:
            told = {name: value for name, value in answer.headers.items() if name not in OF_THE_CACHE}
            if "Set-Cookie" in told:  # which holds the second at which it ends
                told["Set-Cookie"] = re.sub("Expires=[^;]*", "Expires=", told["Set-Cookie"])
            return answer.status_code, answer.data, told

    with_it, without = desks
    expected = seen(without)
    assert [seen(with_it), seen(with_it)] == [expected, expected]


@pytest.mark.parametrize(
    "path", ["/zipcode/9000", "/index", "/?zipcode=9000&year=2013", "/api/v1/zipcodes/9000"]
)
def test_a_warm_request_asks_neither_flask_nor_the_database(
    make_app: MakeApp, sqlite_url: str, path: str
) -> None:
    app = make_app(settings_for(sqlite_url, HTTP_CACHE_MB="1"))
    client = app.test_client()
    client.get(path)
    sent = statements_of(app)
    flask: List[str] = []
    app.before_request_funcs.setdefault(None, []).insert(0, lambda: flask.append("asked"))
    for _ in range(50):
        assert client.get(path).status_code == 200
    assert (sent, flask) == ([], [])


@pytest.mark.parametrize("size", ["16", "0"])
def test_a_new_risk_table_counts_within_five_seconds(make_app: MakeApp, sqlite_url: str, size: str) -> None:
    app = make_app(settings_for(sqlite_url, HTTP_CACHE_MB=size))
    client = app.test_client()
    assert client.get("/zipcode/9000").json == {"risk_factor": "B"}
    with app.app_context():
        table = db.session.scalars(db.select(RiskTable)).one()
        values = {name: getattr(table, name) for name in ("effective_from", "imported_at", "range_count")}
        db.session.execute(insert(RiskTable).values(id=2, source="new", sha256="0" * 64, **values))
        db.session.execute(insert(RiskRange).values(risk_table_id=2, first=9000, last=9000, factor="C"))
        db.session.commit()
    changed = time.monotonic()
    while client.get("/zipcode/9000").json != {"risk_factor": "C"}:
        assert time.monotonic() - changed < 5
        time.sleep(0.1)


def test_a_revised_index_counts_at_once_when_the_change_is_seen(
    make_app: MakeApp, sqlite_url: str, changes_show_at_once: None
) -> None:
    app = make_app(settings_for(sqlite_url))
    client = app.test_client()
    assert client.get("/index?year=2013").json == {"index": 136.69}
    with app.app_context():
        last = (IndexValue.base_year == 2013, IndexValue.month == date(2025, 12, 1))
        db.session.execute(update(IndexValue).where(*last).values(value=Decimal("137.00")))
        db.session.commit()
    assert client.get("/index?year=2013").json == {"index": 137.0}


def test_behind_a_proxy_each_scheme_has_its_own_page(make_app: MakeApp, sqlite_url: str) -> None:
    client = make_app(settings_for(sqlite_url, TRUSTED_PROXIES="1", HTTP_CACHE_MB="1")).test_client()
    for scheme in ("http", "https", "http"):
        page = client.get("/", headers={"Accept": "text/html", "X-Forwarded-Proto": scheme}).text
        assert f'href="{scheme}://localhost/?lang=nl"' in page
