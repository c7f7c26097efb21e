"""Values that SQLite stores although they are not of their column's type: one line says so."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.support.commands import run
from webapp.data.watcher import Watcher
from webapp.version import VERSION

# Edits that other programs may make, and what is wrong after them.
ADVICE = ": correct it, or restore a backup"
EDITS = {
    "index_value SET value = 'abc'": "a stored value cannot be read ('abc' is not a number)",
    "index_value SET value = 'NaN'": "a stored value cannot be read ('NaN' is not a number)",
    "index_value SET base_year = 'x' WHERE month = '2025-12-01' AND base_year = 2013": (
        "index_value.base_year is 'x', but must be integer"
    ),
    "index_value SET fetched_at = 'now'": "a stored value cannot be read (Invalid isoformat string: 'now')",
    "risk_range SET first = 'x' WHERE first = 9000": "risk_range.first is 'x', but must be integer",
    "place SET lat = 'north' WHERE zipcode = 9000": "place.lat is 'north', but must be real",
    "place SET loaded_at = 17": "place.loaded_at is 17, but must be text",
}
NORTH = "place SET lat = 'north' WHERE zipcode = 9000"


@pytest.fixture
def kind() -> str:
    """PostgreSQL checks the types itself."""
    return "sqlite"


def edit(url: str, change: str) -> None:
    """Edit the file without triggers and checks, but count it as a change."""
    with closing(sqlite3.connect(sa.make_url(url).database or "")) as connection, connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(f"UPDATE {change}")
        connection.execute("UPDATE data_version SET version = version + 1")


@pytest.mark.parametrize("change", EDITS)
def test_unreadable_value_is_one_line_of_every_command(app: Flask, database_url: str, change: str) -> None:
    edit(database_url, change)
    wrong = f"The database cannot be used: {EDITS[change]}{ADVICE}\n"
    version = run(app, "version")
    assert (version.exit_code, version.output) == (0, f"{VERSION}\n{wrong}")
    for command in ("init-db", "lookup 9000", "risk-table diff seed/risk_table.csv"):
        result = run(app, *command.split())
        assert (result.exit_code, result.output) == (1, f"Error: {wrong}"), command


def test_unreadable_value_is_one_line_of_the_doctor(app: Flask, database_url: str) -> None:
    edit(database_url, NORTH)
    lines = run(app, "doctor").output.splitlines()
    assert f"failed   database: place.lat is 'north', but must be real{ADVICE}" in lines


@pytest.mark.parametrize(
    ("command", "change"),
    [
        ("risk-table list", "risk_table SET effective_from = 'now'"),
        ("risk-table list", "risk_table SET open_beginning = 'x'"),
        ("risk-table log", "audit_log SET at = 'now'"),
        ("index-value list", "index_value SET value = 'abc'"),
        ("index-value list", "index_value SET fetched_at = 'now'"),
    ],
)
def test_unreadable_value_is_one_line_of_a_list(
    app: Flask, database_url: str, command: str, change: str
) -> None:
    edit(database_url, change)
    result = run(app, *command.split())
    assert (result.exit_code, len(result.output.splitlines())) == (1, 1)
    assert result.output.endswith(f"{ADVICE}\n")


@pytest.mark.parametrize("change", EDITS)
def test_service_keeps_the_last_readable_snapshot(app: Flask, database_url: str, change: str) -> None:
    client = app.test_client()
    watcher: Watcher = app.extensions["watcher"]
    assert client.get("/zipcode/9000").json == {"risk_factor": "B"}
    before = watcher.snapshot
    edit(database_url, change)
    assert client.get("/zipcode/9000").json == {"risk_factor": "B"}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json and ready.json["reasons"]) == (200, [f"{EDITS[change]}{ADVICE}"])
    assert watcher.snapshot is before


def test_unreadable_value_is_not_copied(app: Flask, database_url: str, empty_database_url: str) -> None:
    edit(database_url, NORTH)
    result = run(app, "copy-db", "--to", empty_database_url)
    assert (result.exit_code, result.output) == (
        1,
        f"Error: The database cannot be used: place.lat is 'north', but must be real{ADVICE}\n",
    )


def test_tables_of_another_program_are_not_read(app: Flask, database_url: str) -> None:
    with closing(sqlite3.connect(sa.make_url(database_url).database or "")) as connection, connection:
        connection.execute("CREATE TABLE other (number INTEGER)")
        connection.execute("INSERT INTO other VALUES ('x')")
    assert run(app, "lookup", "9000").output == "9000\tB\n"
