"""`flask version`: the version, and what the database holds."""

from __future__ import annotations

import json
from typing import Callable

from flask import Flask

from tests.support.commands import run
from tests.support.databases import NEWEST_REVISION, settings_for
from webapp.config import Settings
from webapp.version import VERSION

MakeApp = Callable[[Settings], Flask]


def test_version_is_followed_by_the_state_of_the_data(app: Flask) -> None:
    version, schema, data, index, table, end = run(app, "version").stdout.split("\n")
    assert (version, schema, end) == (VERSION, f"Schema: revision {NEWEST_REVISION}.", "")
    assert data.startswith("Data: version ")
    assert index == "Index: 2026-08 on base 2025, 0 months (0 working days) behind the calendar."
    assert table == "Risk table: 1 (seed/risk_table.csv), in force since the beginning."


def test_json_has_the_members_of_readyz(app: Flask) -> None:
    found = json.loads(run(app, "version", "--json").stdout)
    ready = app.test_client().get("/readyz").get_json()
    ages = [members.pop("snapshot_age_seconds") for members in (found, ready)]
    assert all(age >= 0 for age in ages)
    assert found.items() <= ready.items()


def test_version_is_known_without_a_database(make_app: MakeApp, unreachable_url: str) -> None:
    result = run(make_app(settings_for(unreachable_url)), "version")
    version, problem = result.output.splitlines()
    assert (result.exit_code, version) == (0, VERSION)
    assert problem.startswith("The database cannot be used: ")


def test_version_tells_that_the_database_is_not_initialised(
    make_app: MakeApp, empty_database_url: str
) -> None:
    result = run(make_app(settings_for(empty_database_url)), "version", "--json")
    found = json.loads(result.stdout)
    assert (found["version"], found["reasons"]) == (
        VERSION,
        ["the database is not initialised: run flask init-db"],
    )
