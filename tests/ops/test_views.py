"""`/healthz` and `/readyz`: what a machine is told while all is well, and while something is not."""

from typing import Callable, List

import pytest
from flask import Flask
from sqlalchemy import text

from tests.databases import NEWEST_REVISION, PostgresDatabases, settings_for
from webapp.config import Settings
from webapp.data.extensions import db

MakeApp = Callable[[Settings], Flask]


def test_the_process_lives(shared_app: Flask) -> None:
    answer = shared_app.test_client().get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_the_process_lives_without_a_database(make_app: MakeApp, unreachable_url: str) -> None:
    answer = make_app(settings_for(unreachable_url)).test_client().get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_the_service_is_ready(shared_app: Flask) -> None:
    answer = shared_app.test_client().get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_nobody_keeps_an_answer(shared_app: Flask, path: str) -> None:
    assert shared_app.test_client().get(path).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("accept", ["text/html", "application/json", "*/*", "image/png"])
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_the_answer_is_json_for_everybody(shared_app: Flask, path: str, accept: str) -> None:
    answer = shared_app.test_client().get(path, headers={"Accept": accept})
    assert (answer.status_code, answer.content_type) == (200, "application/json")


def test_without_a_database_the_service_is_not_ready(make_app: MakeApp, unreachable_url: str) -> None:
    answer = make_app(settings_for(unreachable_url)).test_client().get("/readyz")
    assert (answer.status_code, answer.json) == (
        503,
        {"status": "unavailable", "reasons": ["the database does not answer (OperationalError)"]},
    )


def test_an_address_and_a_password_are_not_told(make_app: MakeApp, closed_port: int) -> None:
    url = f"postgresql://postgres:secret@127.0.0.1:{closed_port}/desk"
    answer = make_app(settings_for(url)).test_client().get("/readyz")
    assert "secret" not in answer.text
    assert str(closed_port) not in answer.text


def test_without_a_schema_the_service_is_not_ready(shared_empty_app: Flask) -> None:
    answer = shared_empty_app.test_client().get("/readyz")
    assert (answer.status_code, answer.json) == (
        503,
        {
            "status": "unavailable",
            "reasons": [f"the schema is at nothing, not at {NEWEST_REVISION}: run flask init-db"],
        },
    )


NO_TABLE = "no risk table is in force: run flask init-db"
NO_INDEX = "no index value is held: run flask init-db or flask refresh-index"
BROKEN = [
    (
        ["UPDATE alembic_version SET version_num = '0000'"],
        [f"the schema is at 0000, not at {NEWEST_REVISION}: run flask init-db"],
    ),
    (
        ["DELETE FROM alembic_version"],
        [f"the schema is at nothing, not at {NEWEST_REVISION}: run flask init-db"],
    ),
    (["DELETE FROM risk_table"], [NO_TABLE]),
    (["UPDATE risk_table SET effective_from = '2026-08-15'"], [NO_TABLE]),
    (["DELETE FROM index_value"], [NO_INDEX]),
    (["DELETE FROM risk_table", "DELETE FROM index_value"], [NO_TABLE, NO_INDEX]),
]


@pytest.mark.parametrize(("statements", "reasons"), BROKEN, ids=[";".join(case[0]) for case in BROKEN])
def test_what_is_missing_is_told(app: Flask, statements: List[str], reasons: List[str]) -> None:
    with app.app_context(), db.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json) == (503, {"status": "unavailable", "reasons": reasons})


@pytest.mark.parametrize(
    "statements",
    [
        ["DROP TABLE risk_range", "DROP TABLE risk_table"],
        ["DROP TABLE index_value"],
        ["INSERT INTO alembic_version VALUES ('0000')"],
    ],
    ids=";".join,
)
def test_a_schema_that_somebody_damaged_is_not_ready_and_no_crash(app: Flask, statements: List[str]) -> None:
    with app.app_context(), db.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert len(answer.json["reasons"]) == 1


def test_a_database_that_went_away_is_noticed_and_so_is_its_return(
    make_app: MakeApp, postgresql: PostgresDatabases
) -> None:
    url = postgresql.seeded()
    client = make_app(settings_for(url)).test_client()
    seen = [client.get("/readyz").status_code]
    postgresql.drop(url)
    seen += [client.get("/readyz").status_code, client.get("/healthz").status_code]
    postgresql.put_back(url)
    seen += [client.get("/readyz").status_code]
    postgresql.drop(url)
    assert seen == [200, 503, 200, 200]
