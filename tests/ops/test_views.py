"""`/healthz` and `/readyz`: a running process is alive, and ready once it has a snapshot."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Callable

import pytest
from flask import Flask
from sqlalchemy import text

from tests.conftest import SetClock
from tests.support.databases import NEWEST_REVISION, PostgresDatabases, settings_for
from tests.support.risk_tables import unprotect_in
from webapp.config import Settings
from webapp.data import watcher
from webapp.data.database import db
from webapp.version import VERSION

STATE = ("version", "schema_revision", "snapshot_version", "snapshot_age_seconds", "index", "risk_table")

MakeApp = Callable[[Settings], Flask]


def test_process_is_alive_without_a_database(make_app: MakeApp, unreachable_url: str) -> None:
    response = make_app(settings_for(unreachable_url)).test_client().get("/healthz")
    assert (response.status_code, response.json) == (200, {"status": "ok"})


def readiness(app: Flask) -> tuple[int, str, list[str]]:
    """Return status code, status and reasons."""
    response = app.test_client().get("/readyz")
    assert response.json is not None
    return response.status_code, response.json["status"], response.json.get("reasons", [])


def test_service_with_a_snapshot_is_ready(shared_app: Flask) -> None:
    response = shared_app.test_client().get("/readyz")
    body = response.get_json()
    state = {name: body.pop(name) for name in STATE}
    assert (response.status_code, body) == (200, {"status": "ok", "last_look_seconds": 0.0})
    assert state.pop("snapshot_age_seconds") >= 0
    assert state.pop("snapshot_version") > 0
    assert state == {
        "version": VERSION,
        "schema_revision": NEWEST_REVISION,
        "index": {"base_year": 2025, "month": "2026-08", "lag_months": 0, "lag_working_days": 0},
        "risk_table": {"id": 1, "name": "seed/risk_table.csv", "effective_from": None},
    }


def test_readiness_has_the_age_of_the_last_poll(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = app.test_client()
    client.get("/readyz")
    monkeypatch.setattr(watcher, "POLL_SECONDS", 3600)
    client.get("/readyz")  # no poll is due after this one
    passed = time.monotonic() + 12.34
    monkeypatch.setattr(watcher, "monotonic", lambda: passed)
    assert (client.get("/readyz").json or {})["last_look_seconds"] == pytest.approx(12.3, abs=1)


def test_stopped_watcher_is_degraded(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    app.extensions["watcher"].poll()
    monkeypatch.setattr(watcher.Watcher, "poll_before_request", lambda _watcher: None)
    passed = time.monotonic() + 60
    monkeypatch.setattr(watcher, "monotonic", lambda: passed)
    status_code, status, reasons = readiness(app)
    assert (status_code, status) == (200, "degraded")
    assert reasons[0].startswith("the database was last checked ")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_response_is_json_and_not_stored(shared_app: Flask, path: str) -> None:
    response = shared_app.test_client().get(path, headers={"Accept": "text/html"})
    assert (response.status_code, response.content_type) == (200, "application/json")
    assert response.headers["Cache-Control"] == "no-store"


def test_service_without_a_snapshot_is_not_ready(make_app: MakeApp, unreachable_url: str) -> None:
    assert readiness(make_app(settings_for(unreachable_url))) == (
        503,
        "unavailable",
        ["the database does not respond (OperationalError)"],
    )


def test_readiness_reveals_neither_host_nor_password(make_app: MakeApp, closed_port: int) -> None:
    url = f"postgresql://postgres:secret@127.0.0.1:{closed_port}/desk"
    response = make_app(settings_for(url)).test_client().get("/readyz")
    assert "secret" not in response.text
    assert str(closed_port) not in response.text


def test_service_without_a_schema_is_not_ready(shared_empty_app: Flask) -> None:
    assert readiness(shared_empty_app) == (
        503,
        "unavailable",
        ["the database is not initialised: run flask init-db"],
    )


NO_TABLE = "no risk table is in force: run flask init-db"
NO_INDEX = "no index value is stored: run flask init-db or flask refresh-index"
MISSING_DATA = {
    "UPDATE risk_table SET effective_from = '2026-09-15', open_beginning = false": [NO_TABLE],
    "DELETE FROM index_value": [NO_INDEX],
    "DELETE FROM risk_table; DELETE FROM index_value": [NO_TABLE, NO_INDEX],
}


def execute(app: Flask, statements: str) -> None:
    with app.app_context(), db.engine.begin() as connection:
        for statement in statements.split("; "):
            connection.execute(text(statement))


@pytest.mark.parametrize(("statements", "reasons"), MISSING_DATA.items())
def test_missing_data_is_degraded(app: Flask, statements: str, reasons: list[str]) -> None:
    unprotect_in(app)
    execute(app, statements)
    assert readiness(app) == (200, "degraded", reasons)


def test_older_readable_schema_is_degraded(app: Flask) -> None:
    execute(app, "UPDATE alembic_version SET version_num = '0002'")
    app.extensions["watcher"].load()
    assert readiness(app) == (
        200,
        "degraded",
        [f"the schema is at 0002, not at {NEWEST_REVISION}: run flask init-db"],
    )


def test_newer_schema_is_ready(app: Flask) -> None:
    execute(app, "UPDATE alembic_version SET version_num = '9999'")
    app.extensions["watcher"].load()
    assert readiness(app) == (200, "ok", [])


DAMAGED = [
    "UPDATE alembic_version SET version_num = '0000'",
    "DELETE FROM alembic_version",
    "DROP TABLE index_value",
]


@pytest.mark.parametrize("statement", DAMAGED)
def test_damaged_schema_is_not_ready(
    make_app: MakeApp, app: Flask, settings: Settings, statement: str
) -> None:
    execute(app, statement)
    status_code, status, reasons = readiness(make_app(settings))
    assert (status_code, status, len(reasons)) == (503, "unavailable", 1)


def test_schema_damaged_after_the_first_snapshot_is_degraded(app: Flask) -> None:
    app.extensions["watcher"].poll()
    execute(app, "DROP TABLE index_value")
    execute(app, "DELETE FROM place")
    assert readiness(app)[:2] == (200, "degraded")
    assert app.test_client().get("/index").json == {"index": 165.08}


def test_lost_database_is_degraded_until_it_returns(make_app: MakeApp, postgresql: PostgresDatabases) -> None:
    url = postgresql.seeded()
    app = make_app(settings_for(url))
    seen = [readiness(app)]
    postgresql.drop(url)
    seen.append(readiness(app))
    postgresql.put_back(url)
    seen.append(readiness(app))
    with app.app_context():
        db.engine.dispose()
    postgresql.drop(url)
    assert seen == [
        (200, "ok", []),
        (200, "degraded", ["the database does not respond (OperationalError)"]),
        (200, "ok", []),
    ]


def test_service_without_a_snapshot_shows_its_version(make_app: MakeApp, unreachable_url: str) -> None:
    body = make_app(settings_for(unreachable_url)).test_client().get("/readyz").json or {}
    assert {name: body[name] for name in STATE} == {**dict.fromkeys(STATE), "version": VERSION}


# September's index is due on 29 September 2026, a Tuesday.
LAGS = [
    (datetime(2026, 9, 28, 12, 0, tzinfo=timezone.utc), 0, 0),
    (datetime(2026, 9, 29, 12, 0, tzinfo=timezone.utc), 1, 0),
    (datetime(2026, 10, 2, 12, 0, tzinfo=timezone.utc), 1, 3),
    (datetime(2026, 10, 4, 12, 0, tzinfo=timezone.utc), 1, 3),
    (datetime(2026, 10, 5, 12, 0, tzinfo=timezone.utc), 1, 4),
    (datetime(2026, 11, 2, 12, 0, tzinfo=timezone.utc), 2, 24),
]


@pytest.mark.parametrize(("now", "months", "days"), LAGS)
def test_strict_readiness_fails_when_the_index_is_late(
    app: Flask, set_clock: SetClock, now: datetime, months: int, days: int
) -> None:
    set_clock(now)
    client = app.test_client()
    plain, strict = client.get("/readyz"), client.get("/readyz?strict=1")
    assert plain.status_code == 200
    index = (plain.json or {})["index"]
    assert (index["lag_months"], index["lag_working_days"]) == (months, days)
    assert strict.status_code == (503 if days > 3 else 200)
    reasons = (strict.json or {}).get("reasons", [])
    assert [f"the index is {days} working days late" in reason for reason in reasons] == [True] * (days > 3)


@pytest.mark.parametrize(("most", "status"), [("3", 503), ("4", 200)])
def test_setting_decides_how_late_the_index_may_be(
    make_app: MakeApp, database_url: str, set_clock: SetClock, most: str, status: int
) -> None:
    app = make_app(settings_for(database_url, MAX_INDEX_LAG_DAYS=most))
    set_clock(datetime(2026, 10, 5, 12, 0, tzinfo=timezone.utc))
    assert app.test_client().get("/readyz?strict=1").status_code == status


def test_strict_readiness_fails_for_any_reason(app: Flask) -> None:
    execute(app, "DELETE FROM index_value")
    client = app.test_client()
    assert [client.get(path).status_code for path in ("/readyz", "/readyz?strict=1")] == [200, 503]
    assert client.get("/readyz?strict=0").status_code == 200
    assert [client.get(f"/readyz?{query}").status_code for query in ("strict", "strict=true")] == [503, 503]


@pytest.mark.parametrize("headers", [{}, {"Accept": "text/html"}])
def test_missing_schema_is_named_by_api_and_page(shared_empty_app: Flask, headers: dict[str, str]) -> None:
    response = shared_empty_app.test_client().get("/api/v1/zipcodes/9000", headers=headers)
    assert (response.status_code, (response.json or {})["code"]) == (503, "DATABASE_UNAVAILABLE")
    assert "not initialised" in response.text
    assert "flask init-db" in response.text
    page = shared_empty_app.test_client().get("/?zipcode=9000", headers={"Accept": "text/html"})
    assert "not initialised" in page.text
