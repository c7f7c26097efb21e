"""`/healthz` and `/readyz`: a running process is alive, and ready once it has a snapshot."""

from __future__ import annotations

import time
from typing import Callable

import pytest
from flask import Flask
from sqlalchemy import text

from tests.support.databases import NEWEST_REVISION, PostgresDatabases, settings_for
from tests.support.risk_tables import unprotect_in
from webapp.config import Settings
from webapp.data import watcher
from webapp.data.database import db

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
    assert (response.status_code, response.json) == (200, {"status": "ok", "last_look_seconds": 0.0})


def test_readiness_has_the_age_of_the_last_poll(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = app.test_client()
    client.get("/readyz")
    monkeypatch.setattr(watcher, "POLL_SECONDS", 3600)
    client.get("/readyz")  # no poll is due after this one
    passed = time.monotonic() + 12.34
    monkeypatch.setattr(watcher, "monotonic", lambda: passed)
    assert client.get("/readyz").json == {"status": "ok", "last_look_seconds": pytest.approx(12.3, abs=1)}


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
        [f"the schema is at nothing, not at {NEWEST_REVISION}: run flask init-db"],
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
