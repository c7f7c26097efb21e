"""A risk manager's year, through commands, API and pages, on both kinds of database."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.conftest import SetClock
from tests.pages.reading import text
from tests.support.commands import run
from webapp.clock import BRUSSELS
from webapp.config import ROOT

SEED = (ROOT / "seed" / "risk_table.csv").read_text()

# The clock of PostgreSQL is real, so that its triggers take later days as planned: the year is far away.
YEAR = 2035


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


class Manager:
    """Uses the service at the instants that the test sets."""

    def __init__(self, app: Flask, folder: Path, set_clock: SetClock) -> None:
        self._app = app
        self._client = app.test_client()
        self._folder = folder
        self._set_clock = set_clock

    def wait_until(self, month: int, day: int, hour: int = 12, year: int = YEAR) -> None:
        self._set_clock(datetime(year, month, day, hour, tzinfo=BRUSSELS).astimezone(timezone.utc))

    def wait_until_before(self, month: int, day: int, year: int = YEAR) -> None:
        midnight = datetime(year, month, day, tzinfo=BRUSSELS).astimezone(timezone.utc)
        self._set_clock(midnight - timedelta(seconds=1))

    def do(self, *arguments: str) -> Any:
        result = run(self._app, "risk-table", *arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.output)

    def refuse(self, *arguments: str) -> str:
        result = run(self._app, "risk-table", *arguments)
        assert result.exit_code == 1, result.output
        return str(result.output)

    def file(self, ghent: str, name: str) -> str:
        path = self._folder / name
        path.write_text(SEED.replace("9000 - 9032,B", f"9000 - 9032,{ghent}"))
        return str(path)

    def states(self) -> dict[int, str]:
        found = self._client.get("/api/v1/risk-tables").json or {}
        states = {entry["id"]: entry["state"] for entry in found["risk_tables"]}
        listed = self.do("list")
        assert states == {entry["id"]: entry["state"] for entry in listed}
        page = text(self._client.get("/risk-tables").text)
        for entry in listed:
            assert f"No. {entry['id']}: {entry['name']} {entry['state']}" in page
        return states

    def ghent(self, on: str | None = None) -> str:
        """Return the factor of 9000, on which short route, API and page agree."""
        query = {"on": on} if on else {}
        factor: str = (self._client.get("/zipcode/9000", query_string=query).json or {})["risk_factor"]
        found = self._client.get("/api/v1/zipcodes/9000", query_string=query).json or {}
        assert found["risk_factor"] == factor
        assert f"Risk factor {factor}" in self.page(**query)
        return factor

    def page(self, **query: str) -> str:
        return text(self._client.get("/zipcode/9000", query_string={"format": "html", **query}).text)

    def page_of_table(self, table_id: int) -> str:
        return text(self._client.get(f"/risk-tables/{table_id}").text)


@pytest.mark.slow
def test_risk_manager_plans_previews_cancels_rolls_back_and_answers_for_the_past(
    app: Flask, tmp_path: Path, set_clock: SetClock
) -> None:
    manager = Manager(app, tmp_path, set_clock)
    first, second = manager.file("C", "first.csv"), manager.file("A", "second.csv")

    # Plan and preview.
    manager.wait_until(10, 1, year=YEAR - 1)
    assert manager.do("check", first)["faults"] == []
    preview = manager.do("load", first, "--effective-from", f"{YEAR}-01-01", "--dry-run")
    assert (preview["id"], preview["diff"]["in_use"]) == (None, {"gained": 0, "changed": 4, "lost": 0})
    assert manager.do("load", first, "--effective-from", f"{YEAR}-01-01", "--name", "First")["id"] == 2
    assert manager.states() == {1: "in force", 2: "planned"}
    assert (manager.ghent(), manager.ghent(f"{YEAR}-01-01")) == ("B", "C")
    assert "From 1 January 2035: C" in manager.page()
    assert "B → C: 4 zipcodes 9000 Gent" in manager.page_of_table(2)

    # Cancel, and plan again.
    manager.do("cancel", "2", "--reason", "postponed", "--by", "Els")
    assert "From 1 January" not in manager.page()
    assert manager.do("load", second, "--effective-from", f"{YEAR}-01-01", "--name", "Second")["id"] == 3
    assert manager.states() == {1: "in force", 2: "cancelled", 3: "planned"}

    # Midnight of New Year.
    manager.wait_until_before(1, 1)
    assert manager.ghent() == "B"
    manager.wait_until(1, 1, hour=0)
    assert manager.ghent() == "A"
    assert manager.states() == {1: "past", 2: "cancelled", 3: "in force"}
    assert "no longer planned" in manager.refuse("cancel", "3", "--reason", "wrong")

    # Summer time begins on 25 March, when a day has 23 hours.
    manager.wait_until(3, 20)
    assert manager.do("load", first, "--effective-from", f"{YEAR}-03-26", "--name", "Third")["id"] == 4
    manager.wait_until_before(3, 26)
    assert manager.ghent() == "A"
    manager.wait_until(3, 26, hour=0)
    assert manager.ghent() == "C"

    # Roll back, at the end of summer time, whose day has 25 hours.
    manager.wait_until(10, 20)
    reinstated = manager.do("reinstate", "3", "--effective-from", f"{YEAR}-10-29", "--reason", "too dear")
    assert (reinstated["id"], reinstated["diff"]["against"]) == (5, 4)
    manager.wait_until_before(10, 29)
    assert manager.ghent() == "C"
    manager.wait_until(10, 29, hour=0)
    assert manager.ghent() == "A"

    # A quote of last March, and of years ago.
    manager.wait_until(12, 15)
    days = ("2020-01-01", "2034-12-31", "2035-01-01", "2035-03-25", "2035-03-26", "2035-10-28", "2035-10-29")
    assert "".join(map(manager.ghent, days)) == "BBAACCA"
    assert "No. 3, from 1 January 2035 to 25 March 2035" in manager.page(on="2035-03-15")
    assert "in the past" in manager.refuse("load", first, "--effective-from", "2035-12-01")

    assert [(entry["action"], entry["risk_table"]) for entry in manager.do("log")] == [
        *(("reinstate", 5), ("load", 4), ("load", 3), ("cancel", 2), ("load", 2), ("load", 1)),
    ]
    assert manager.states() == {1: "past", 2: "cancelled", 3: "past", 4: "past", 5: "in force"}
