"""`flask risk-table load`, `cancel` and `reinstate`. Their rules are in tests/data/test_risk_tables.py."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest
from flask import Flask

from tests.cli.risk_table.commands import NEW_YEAR, do, do_json, load, refused
from tests.conftest import SetClock
from tests.health_index.stored_values import on_sqlite
from tests.support.snapshot import snapshot


@on_sqlite
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["diff", "7"], 1, "Error: There is no risk table 7."),
        (["diff", "1", "--json", "--csv"], 2, "Error: Use --csv without --json and --clients."),
        (["export", "1", "--output", "table.ods"], 2, "Error: --output must end in .csv or .xlsx."),
        (
            ["diff", "1", *NEW_YEAR],
            2,
            "Error: A stored table has its own first day: leave out --effective-from.",
        ),
        (
            ["diff", "none.csv"],
            1,
            "Error: none.csv: cannot be read (No such file or directory). Nothing was changed.",
        ),
        (["cancel", "1"], 2, "Error: Missing option '--reason'."),
        (["cancel", "7", "--reason", "x"], 1, "Error: There is no risk table 7."),
        (["reinstate", "7", *NEW_YEAR], 1, "Error: There is no risk table 7."),
        (["export", "7"], 1, "Error: There is no risk table 7."),
        (["diff", "1", "--column", "x"], 2, "Error: Use --column with --clients."),
    ],
)
def test_impossible_action_is_explained_in_one_line(
    app: Flask, arguments: list[str], code: int, message: str
) -> None:
    assert refused(app, *arguments, code=code) == message


def test_load_shows_what_changes_and_counts_from_its_first_day(
    app: Flask, file: Path, set_clock: SetClock
) -> None:
    output = do(app, "load", str(file), *NEW_YEAR, "--name", "Tariff 2035").splitlines()
    assert "B → C: 4 zipcodes in use" in output
    assert output[-1] == "Stored: 164 ranges as risk table 2, in force from 2035-01-01."
    client = app.test_client()
    set_clock(datetime(2034, 12, 31, 22, 59, 59, tzinfo=timezone.utc))
    assert client.get("/zipcode/9000").json == {"risk_factor": "B"}
    set_clock(datetime(2034, 12, 31, 23, 0, tzinfo=timezone.utc))
    assert client.get("/zipcode/9000").json == {"risk_factor": "C"}


@on_sqlite
def test_dry_run_stores_nothing(app: Flask, file: Path) -> None:
    before = snapshot(app)
    output = do(app, "load", str(file), *NEW_YEAR, "--dry-run").splitlines()
    assert ("B → C: 4 zipcodes in use" in output, output[-1]) == (True, "Dry run: nothing was stored.")
    assert do_json(app, "load", str(file), *NEW_YEAR, "--dry-run")["id"] is None
    assert snapshot(app) == before


@on_sqlite
def test_load_refuses_a_table_that_drops_zipcodes_in_use_without_force(app: Flask, file: Path) -> None:
    file.write_text("9000 - 9999,A\n")
    assert refused(app, "load", str(file), *NEW_YEAR) == (
        "Error: 1073 of 1187 zipcodes in use would lose their factor, more than 1.0%. If that is right, add "
        "--force. Nothing was stored."
    )
    refused(app, "load", str(file), *NEW_YEAR, "--max-lost", "90")
    refused(app, "load", str(file), *NEW_YEAR, "--max-lost", "nan", code=2)
    refused(app, "load", str(file), *NEW_YEAR, "--dry-run")
    assert load(app, file, "--max-lost", "91") == 2
    assert load(app, file, "--force") == 3


@on_sqlite
def test_date_in_the_past_needs_backdate_and_a_reason(app: Flask, file: Path) -> None:
    command = ("load", str(file), "--effective-from", "2026-01-01")
    assert "2026-01-01 is in the past" in refused(app, *command)
    assert refused(app, *command, "--backdate", code=2) == "Error: --backdate needs a --reason."
    do(app, *command, "--backdate", "--reason", "agreed with the auditor")
    assert app.test_client().get("/zipcode/9000").json == {"risk_factor": "C"}


@on_sqlite
@pytest.mark.parametrize("day", ["2035-02-30", "2035-1-1", "01/01/2035", "0001-01-01", "９035-01-01", ""])
def test_invalid_date_is_refused(app: Flask, file: Path, day: str) -> None:
    assert "--effective-from" in refused(app, "load", str(file), "--effective-from", day, code=2)


@on_sqlite
def test_file_with_faults_is_not_loaded(app: Flask, file: Path) -> None:
    file.write_text("1000,D\n")
    assert refused(app, "load", str(file), *NEW_YEAR) == (
        "Error: 2035.csv, row 1: the factor is 'D', but must be A, B or C. Nothing was changed."
    )


def test_cancelled_table_never_counts(app: Flask, file: Path, set_clock: SetClock) -> None:
    load(app, file)
    assert do(app, "cancel", "2", "--reason", "postponed") == (
        "Cancelled: risk table 2, which was planned from 2035-01-01.\n"
    )
    assert do_json(app, "list")[0]["state"] == "cancelled"
    set_clock(datetime(2035, 1, 2, 12, 0, tzinfo=timezone.utc))
    assert app.test_client().get("/zipcode/9000").json == {"risk_factor": "B"}
    assert "already cancelled" in refused(app, "cancel", "2", "--reason", "again")


def test_reinstated_table_counts_again(app: Flask, file: Path) -> None:
    do(app, "load", str(file), "--effective-from", "2026-09-14")
    client = app.test_client()
    assert client.get("/zipcode/9000").json == {"risk_factor": "C"}
    output = do(app, "reinstate", "1", "--effective-from", "2026-09-14", "--reason", "wrong file")
    assert output.splitlines()[-1] == "Stored: 164 ranges as risk table 3, in force from 2026-09-14."
    assert client.get("/zipcode/9000").json == {"risk_factor": "B"}
    assert do_json(app, "log")[0]["action"] == "reinstate"


@on_sqlite
def test_cancelled_table_can_be_reinstated(app: Flask, file: Path, set_clock: SetClock) -> None:
    load(app, file)
    do(app, "cancel", "2", "--reason", "postponed")
    reinstated = do_json(app, "reinstate", "2", *NEW_YEAR, "--reason", "not postponed after all")
    assert (reinstated["id"], reinstated["diff"]["in_use"]["changed"]) == (3, 4)
    assert [entry["state"] for entry in do_json(app, "list")] == ["planned", "cancelled", "in force"]
    set_clock(datetime(2035, 1, 2, 12, 0, tzinfo=timezone.utc))
    assert app.test_client().get("/zipcode/9000").json == {"risk_factor": "C"}
