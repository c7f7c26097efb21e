"""`flask init-db`: migrations, and loading of the seed."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path
from typing import Callable

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask.testing import FlaskClient

from tests.health_index.stored_values import on_sqlite
from tests.support.commands import run, start
from tests.support.databases import NEWEST_REVISION, Databases, settings_for
from tests.support.snapshot import snapshot
from webapp import cli
from webapp.config import ROOT, STATEMENT_MILLISECONDS, Settings
from webapp.data import schema
from webapp.data.database import Model, db, enforce_foreign_keys

MakeApp = Callable[[Settings], Flask]

UNAVAILABLE = (503, {"detail": "DATABASE_UNAVAILABLE"})
TABLES = {
    "alembic_version",
    "audit_log",
    "data_version",
    "index_lock",
    "index_value",
    "place",
    "place_name",
    "risk_range",
    "risk_table",
    "special_zipcode",
    "upstream_check",
    "withdrawn_index_value",
}


def get(client: FlaskClient, path: str) -> tuple[int, object]:
    response = client.get(path)
    return response.status_code, response.json


# The schema


def test_init_db_upgrades_to_the_last_migration() -> None:
    assert ScriptDirectory(str(schema.MIGRATIONS)).get_heads() == [NEWEST_REVISION]


def test_migrations_match_the_models(app: Flask) -> None:
    assert run(app, "db", "upgrade").exit_code == 0
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Model.metadata) == []


# Alembic compares neither checks nor exclusion constraints, so these are compared as the database lists them,
# in a schema created by the migrations and one created from the models.
CONSTRAINTS = {
    "postgresql": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'
    """,
    "sqlite": """
        SELECT 'sqlite', name, sql FROM sqlite_master
        WHERE name <> 'alembic_version' AND sql <> '' AND type <> 'trigger'
    """,
}


def constraints(app: Flask) -> set[tuple[str, str, str]]:
    """Return every constraint; on SQLite the sorted lines of each CREATE statement."""
    with app.app_context(), db.engine.connect() as connection:
        rows = connection.execute(sa.text(CONSTRAINTS[connection.dialect.name]))
        return {(table, name, _in_order(definition)) for table, name, definition in rows}


def _in_order(definition: str) -> str:
    """Sort the columns and constraints, because SQLite appends added columns to the text of a table."""
    start, _, body = " ".join(definition.replace('"', "").split()).partition("(")
    parts, depth = [""], 0
    for char in body.rpartition(")")[0]:
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return f"{start.strip()} ({', '.join(sorted(part.strip() for part in parts))})"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_migrations_create_the_constraints_of_the_models(
    request: pytest.FixtureRequest, make_app: MakeApp, kind: str
) -> None:
    databases: Databases = request.getfixturevalue(kind)
    migrated = make_app(settings_for(request.getfixturevalue(f"{kind}_url")))
    assert run(migrated, "db", "upgrade").exit_code == 0
    url = databases.empty()
    app = make_app(settings_for(url))
    with app.app_context():
        db.create_all()
    assert constraints(app) == constraints(migrated)
    with app.app_context():
        db.engine.dispose()
    databases.drop(url)


@pytest.mark.slow
def test_schema_can_be_downgraded_and_upgraded_again(app: Flask) -> None:
    def migrate(*arguments: str) -> set[str]:
        result = run(app, "db", *arguments)
        assert result.exit_code == 0, result.output
        with app.app_context():
            return set(sa.inspect(db.engine).get_table_names())

    assert migrate("downgrade", "base") == {"alembic_version"}
    assert migrate("upgrade") == TABLES
    assert migrate("upgrade") == TABLES


@on_sqlite
def test_schema_of_a_later_release_stays(app: Flask) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(sa.text("DELETE FROM index_value"))
    before = snapshot(app)
    result = run(app, "init-db")
    assert result.exit_code == 0
    assert result.output == (
        f"The schema is at revision 9999, of a later release, and stays: this one is at {NEWEST_REVISION}. "
        "Nothing was changed.\n"
    )
    assert run(app, "init-db", "--risk-table").exit_code == 1
    assert snapshot(app) == before


def test_tables_without_a_revision_are_refused_with_advice(app: Flask) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM alembic_version"))
    before = snapshot(app)
    result = run(app, "init-db")
    assert (result.exit_code, snapshot(app)) == (1, before)
    [line] = result.output.splitlines()
    assert line.startswith(
        "Error: The database has tables, but alembic_version does not name their revision: "
    )
    assert "Restore a backup, or name an empty database." in line
    assert run(app, "db", "stamp", NEWEST_REVISION).exit_code == 0
    assert run(app, "init-db").exit_code == 0


@pytest.mark.parametrize("command", ["current", "check", "upgrade", "downgrade"])
def test_migration_of_an_unreachable_database_is_refused_in_one_line(
    make_app: MakeApp, unreachable_url: str, caplog: pytest.LogCaptureFixture, command: str
) -> None:
    result = run(make_app(settings_for(unreachable_url)), "db", command)
    assert isinstance(result.exception, SystemExit)
    assert result.exit_code == 1
    [message] = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert message.startswith("Error: The database cannot be used: ")
    assert message.endswith(" Check its URL, its user and that it runs.")
    assert len(message.splitlines()) == 1


@pytest.mark.slow
def test_downgraded_database_can_be_filled_again(app: Flask) -> None:
    assert run(app, "db", "downgrade", "base").exit_code == 0
    assert run(app, "init-db").exit_code == 0
    assert get(app.test_client(), "/zipcode/9000") == (200, {"risk_factor": "B"})


@pytest.mark.slow
@pytest.mark.parametrize("revision", ["0001", "0002", "0004", "0005"])
def test_database_of_an_older_release_is_upgraded(app: Flask, revision: str) -> None:
    before = snapshot(app)
    assert run(app, "db", "downgrade", revision).exit_code == 0
    assert run(app, "init-db").exit_code == 0
    after = snapshot(app)
    assert {**after, "data_version": None} == {**before, "data_version": None}


@pytest.mark.slow
@pytest.mark.parametrize("revision", ["0002", "0004", "0005"])
def test_database_of_an_older_release_is_served_before_init_db(app: Flask, revision: str) -> None:
    assert run(app, "db", "downgrade", revision).exit_code == 0
    client = app.test_client()
    assert [get(client, "/zipcode/9000"), get(client, "/index")] == [
        (200, {"risk_factor": "B"}),
        (200, {"index": 165.08}),
    ]
    assert "Gent" in client.get("/api/v1/zipcodes?q=gand").text
    assert (client.get("/api/v1/zipcodes/1931").json or {})["assigned"] is False


@pytest.mark.parametrize("table", ["place", "special_zipcode", "place_name"])
def test_change_of_a_place_by_hand_is_seen(app: Flask, table: str) -> None:
    before = snapshot(app)["data_version"]
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.text(f"DELETE FROM {table} WHERE zipcode > 1100"))  # noqa: S608  # our own names
    assert snapshot(app)["data_version"] != before


# Loading the seed


@pytest.mark.slow
def test_concurrent_runs_fill_an_empty_database_once(make_app: MakeApp, empty_database_url: str) -> None:
    commands = [start(empty_database_url, "init-db") for _ in range(3)]
    ends = [(command.communicate()[1], command.returncode) for command in commands]
    assert ends == [("", 0)] * 3
    stored = snapshot(make_app(settings_for(empty_database_url)))
    assert {table: len(stored[table]) for table in ("risk_table", "risk_range", "place", "index_value")} == {
        "risk_table": 1,
        "risk_range": 164,
        "place": 2781,
        "index_value": 1696,
    }


@pytest.mark.parametrize("turn", range(10))
def test_new_sqlite_file_can_be_opened_concurrently(tmp_path: Path, turn: int) -> None:
    # The first step of concurrent `flask init-db`, here close enough together to collide.
    url = f"sqlite:///{tmp_path / 'fresh.sqlite3'}"
    engines = [sa.create_engine(url, connect_args={"timeout": 3}) for _ in range(5)]
    start, failures = threading.Barrier(len(engines)), []

    def open_it(engine: sa.Engine) -> None:
        start.wait()
        try:
            engine.connect().close()
        except sa.exc.OperationalError as error:
            failures.append(str(error.orig))

    threads = []
    for engine in engines:
        enforce_foreign_keys(engine)
        threads.append(threading.Thread(target=open_it, args=[engine]))
        threads[-1].start()
    for thread in threads:
        thread.join()
    for engine in engines:
        engine.dispose()
    assert failures == []


def test_requests_are_served_while_the_database_is_filled_again(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = shutil.copytree(ROOT / "seed", tmp_path / "seed")
    (changed / "risk_table.csv").write_text("1000 - 9999,A\n")
    (changed / "places.csv").write_bytes((ROOT / "seed" / "places.csv").read_bytes().rsplit(b"\n", 2)[0])
    monkeypatch.setattr(cli, "SEED", changed)
    done, responses = threading.Event(), []

    def ask() -> None:
        client, zipcode = app.test_client(), 1000
        while not done.wait(0.01):
            responses.append(get(client, f"/zipcode/{zipcode}"))  # each zipcode once, so that none is cached
            zipcode += 1

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        result = run(app, "init-db", "--risk-table")
    finally:
        done.set()
        thread.join()
    assert result.exit_code == 0, result.output
    assert {status for status, _ in responses} <= {200, 404}
    assert get(app.test_client(), "/zipcode/9999") == (200, {"risk_factor": "A"})


# Failures


@on_sqlite
@pytest.mark.parametrize("path", ["/zipcode/9000", "/index"])
def test_unreachable_database_means_unavailable_with_retry_after(
    make_app: MakeApp, unreachable_url: str, path: str
) -> None:
    response = make_app(settings_for(unreachable_url)).test_client().get(path)
    assert (response.status_code, response.json) == UNAVAILABLE
    assert int(response.headers["Retry-After"]) > 0
    assert response.headers["Cache-Control"] == "no-store"


@on_sqlite
@pytest.mark.parametrize(("path", "status"), [("/zipcode/abc", 400), ("/index?year=abc", 400), ("/", 200)])
def test_request_that_needs_no_data_is_served_without_a_database(
    make_app: MakeApp, unreachable_url: str, path: str, status: int
) -> None:
    assert make_app(settings_for(unreachable_url)).test_client().get(path).status_code == status


@pytest.mark.slow
def test_slow_statement_is_cancelled_by_postgresql(postgresql_app: Flask) -> None:
    started = time.monotonic()
    with postgresql_app.app_context(), pytest.raises(sa.exc.OperationalError, match="statement timeout"):
        db.session.execute(sa.text("SELECT pg_sleep(10)"))
    assert STATEMENT_MILLISECONDS / 1000 <= time.monotonic() - started < 8


def test_sqlite_enforces_foreign_keys(sqlite_app: Flask) -> None:
    with sqlite_app.app_context(), db.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
