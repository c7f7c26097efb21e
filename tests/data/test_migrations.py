"""Downgrades: the previous release finds all that it knows, and so does this one afterwards."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from tests.support.commands import run
from tests.support.risk_tables import load_table
from tests.support.snapshot import snapshot
from webapp.data.database import db
from webapp.zipcodes.risk_table import Range

pytestmark = pytest.mark.slow

DAYS = ("2010-01-01", "2019-12-31", "2020-01-01", "2026-09-14", "2034-12-31", "2035-07-01", "2036-01-01")


@pytest.fixture
def used(app: Flask) -> Flask:
    """A database after some years: backdated, planned and cancelled risk tables, and decisions."""
    load_table(app, [Range(9000, 9099, "C")], date(2020, 1, 1), "backdated.csv")
    load_table(app, [Range(9000, 9099, "A")], date(2035, 1, 1), "planned.csv")
    load_table(app, [Range(9000, 9099, "C")], date(2035, 6, 1), "cancelled.csv")
    load_table(app, [Range(9000, 9099, "B")], date(2036, 1, 1), "planned later.csv")
    for command in (
        ["risk-table", "cancel", "4", "--reason", "a mistake"],
        ["index-value", "withdraw", "2013", "2025-12", "--reason", "taken back"],
        ["index-value", "lock", "2013", "2025-11", "--value", "136.70", "--reason", "corrected"],
    ):
        result = run(app, *command)
        assert result.exit_code == 0, result.output
    return app


def responses(app: Flask) -> list[Any]:
    """Return the factor on each day, and index values."""
    client = app.test_client()
    found = [client.get(f"/api/v1/zipcodes/9000?on={day}").get_json() for day in DAYS]
    return [
        *((day["risk_factor"], day["risk_table"]["id"]) for day in found),
        client.get("/api/v1/health-index/series?base=2013&from=2025-10").get_json(),
        client.get("/api/v1/zipcodes?q=gand").get_json(),
    ]


def test_cancelled_and_backdated_tables_count_as_before_after_a_downgrade(used: Flask) -> None:
    before = responses(used)
    assert [factor for factor, _table in before[: len(DAYS)]] == ["B", "B", "C", "C", "C", "A", "B"]
    assert run(used, "db", "downgrade", "0006").exit_code == 0
    assert responses(used) == before
    assert run(used, "init-db").exit_code == 0
    assert responses(used) == before


@pytest.mark.parametrize("revision", ["0006", "0005", "0004", "0003"])
def test_rows_of_the_previous_release_survive_a_downgrade_and_an_upgrade(used: Flask, revision: str) -> None:
    assert run(used, "db", "downgrade", revision).exit_code == 0
    before = snapshot(used)
    assert run(used, "db", "upgrade", "0007").exit_code == 0
    assert run(used, "db", "downgrade", revision).exit_code == 0
    after = snapshot(used)
    assert {**after, "data_version": None} == {**before, "data_version": None}


def test_triggers_survive_a_downgrade_and_an_upgrade(used: Flask) -> None:
    before = triggers(used)
    assert run(used, "db", "downgrade", "0003").exit_code == 0
    assert run(used, "init-db").exit_code == 0
    assert triggers(used) == before


TRIGGERS = {
    "postgresql": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'",
}


def triggers(app: Flask) -> set[tuple[str, str]]:
    with app.app_context(), db.engine.connect() as connection:
        found = connection.execute(text(TRIGGERS[connection.dialect.name]))
        return {(name, definition) for name, definition in found}
