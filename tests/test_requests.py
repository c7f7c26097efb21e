"""Requests execute no SQL and do not call Statbel; before the first snapshot, data is unavailable."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from tests.conftest import SetClock
from tests.support.databases import settings_for
from tests.support.fake_statbel import FakeStatbel
from tests.support.routes import CASES, REPRESENTATIONS, UNROUTED, Case, all_cases, rule_of, send
from webapp.config import Settings
from webapp.data import watcher
from webapp.data.database import db
from webapp.data.index_models import IndexValue

PUBLICATION = datetime(2026, 9, 29, 12, 0, tzinfo=timezone.utc)

MakeApp = Callable[[Settings], Flask]


# The list of cases


def test_every_route_has_its_cases(sqlite_app: Flask) -> None:
    assert set(CASES) == {rule.rule for rule in sqlite_app.url_map.iter_rules()}
    for rule, cases in CASES.items():
        assert {rule_of(sqlite_app, case) for case in cases} == {rule}
    assert {rule_of(sqlite_app, case) for case in UNROUTED} <= {None, "/list"}


def test_every_method_of_a_route_has_a_case(sqlite_app: Flask) -> None:
    for rule in sqlite_app.url_map.iter_rules():
        assert (rule.methods or set()) - {"HEAD", "OPTIONS"} == {case.method for case in CASES[rule.rule]}


def test_every_route_with_parameters_has_a_case_that_succeeds_and_one_that_fails() -> None:
    for rule, cases in CASES.items():
        takes_input = any("?" in case.url or case.options for case in cases) or "<" in rule
        assert {case.status < 400 for case in cases} == ({True, False} if takes_input else {True}), rule


# Without SQL


@pytest.fixture
def app(
    request: pytest.FixtureRequest,
    make_app: MakeApp,
    sqlite_url: str,
    statbel: FakeStatbel,
    monkeypatch: pytest.MonkeyPatch,
) -> Flask:
    """An application with a snapshot that it does not renew."""
    http_cache_mb = getattr(request, "param", "0")
    app = make_app(settings_for(sqlite_url, HTTP_CACHE_MB=http_cache_mb, **statbel.addresses))
    monkeypatch.setattr(watcher, "POLL_SECONDS", 3600)
    app.extensions["watcher"].poll()
    return app


@pytest.fixture
def touches(app: Flask) -> list[str]:
    """Connections and SQL statements of the application from now on."""
    found: list[str] = []
    with app.app_context():
        event.listen(db.engine, "engine_connect", lambda _connection: found.append("connection"))
        event.listen(db.engine, "before_cursor_execute", lambda *values: found.append(values[2]))
    return found


def statuses(client: FlaskClient) -> Iterator[tuple[Case, str, int]]:
    """Send all cases in every representation."""
    for case in all_cases():
        for name, headers in REPRESENTATIONS.items():
            yield case, name, send(client, case, headers)


@pytest.mark.parametrize("app", ["0", "1"], indirect=True, ids=["without HTTP cache", "with HTTP cache"])
def test_no_request_executes_sql_or_calls_statbel(
    app: Flask, touches: list[str], statbel: FakeStatbel
) -> None:
    client = app.test_client()
    for _temperature in ("cold", "warm"):
        for case, representation, status in statuses(client):
            assert touches == [], (case, representation)
            assert status == case.status_in(representation), (case, representation)
    assert statbel.requests == []


@pytest.mark.slow
def test_no_request_executes_sql_or_calls_statbel_when_a_month_is_due(
    app: Flask, touches: list[str], statbel: FakeStatbel, set_clock: SetClock
) -> None:
    set_clock(PUBLICATION)
    for case, representation, _status in statuses(app.test_client()):
        assert (touches, statbel.requests) == ([], []), (case, representation)


def test_sql_of_a_request_is_detected(app: Flask, touches: list[str]) -> None:
    app.add_url_rule("/slip", view_func=lambda: str(db.session.scalar(select(IndexValue.value))))
    app.test_client().get("/slip")
    assert touches[0] == "connection"
    assert touches[1].startswith("SELECT index_value.value")


# Before the first snapshot


@pytest.fixture(params=["empty", "unreachable"])
def without_snapshot(
    request: pytest.FixtureRequest, make_app: MakeApp, empty_sqlite_app: Flask, unreachable_url: str
) -> FlaskClient:
    """A client of an application whose database has no schema, or cannot be reached."""
    app = empty_sqlite_app if request.param == "empty" else make_app(settings_for(unreachable_url))
    return app.test_client()


@pytest.mark.parametrize("representation", REPRESENTATIONS)
def test_data_is_unavailable_before_the_first_snapshot(
    without_snapshot: FlaskClient, representation: str, caplog: pytest.LogCaptureFixture
) -> None:
    for case in all_cases():
        headers = REPRESENTATIONS[representation]
        with without_snapshot.open(case.url, method=case.method, headers=headers, **case.options) as response:
            assert response.status_code == case.status_before_snapshot(representation), case
            if response.status_code != 503 or case.method == "HEAD" or case.url == "/readyz":
                continue
            assert response.headers["Retry-After"] == "10"
            assert response.headers["Cache-Control"] == "no-store"
            if response.mimetype == "text/html":
                assert "Service temporarily unavailable" in response.get_data(as_text=True)
            elif case.url.startswith("/api/"):
                assert response.mimetype == "application/problem+json"
                assert response.get_json()["code"] == "DATABASE_UNAVAILABLE"
            elif response.mimetype == "text/plain":
                assert response.data == b"DATABASE_UNAVAILABLE"
            else:
                assert response.get_json() == {"detail": "DATABASE_UNAVAILABLE"}
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
