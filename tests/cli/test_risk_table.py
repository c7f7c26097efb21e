"""`flask risk-table`: output, exit status and refusals. The rules are in tests/data/test_risk_tables.py."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openpyxl import Workbook
from sqlalchemy import text

from tests.conftest import SetClock
from tests.health_index.stored_values import on_sqlite
from tests.support.commands import run, start
from tests.support.snapshot import snapshot
from webapp.config import ROOT
from webapp.data.database import db

SEED = (ROOT / "seed" / "risk_table.csv").read_text()
NEW_YEAR = ("--effective-from", "2035-01-01")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The seed's table with another factor in the range of Ghent, 9000 to 9032."""
    path = tmp_path / "2035.csv"
    path.write_text(SEED.replace("9000 - 9032,B", "9000 - 9032,C"))
    return path


def do(app: Flask, *arguments: str) -> str:
    """Run a command that has to succeed, and return its output."""
    result = run(app, "risk-table", *arguments)
    assert result.exit_code == 0, result.output
    return result.output


def do_json(app: Flask, *arguments: str) -> Any:
    return json.loads(do(app, *arguments, "--json"))


def refused(app: Flask, *arguments: str, code: int = 1) -> str:
    """Run a command that has to fail without a change, and return the last line of its output."""
    before = snapshot(app)
    result = run(app, "risk-table", *arguments)
    assert (result.exit_code, snapshot(app) == before) == (code, True), result.output
    return str(result.output.splitlines()[-1])


def load(app: Flask, file: Path, *options: str) -> int:
    table_id: int = do_json(app, "load", str(file), *NEW_YEAR, *options)["id"]
    return table_id


# list and log


def test_tables_are_listed_with_their_state(app: Flask, file: Path) -> None:
    load(app, file, "--name", "Tariff 2035", "--note", "first try", "--by", "Els")
    planned, seed = do(app, "list").splitlines()
    assert planned.split("\t") == [
        *("2", "Tariff 2035", "planned", "2035-01-01", "-", "2026-09-14T12:00Z", "Els", "164"),
        do_json(app, "list")[0]["sha256"],
        "first try",
    ]
    assert seed.split("\t")[:8] == [
        *("1", "seed/risk_table.csv", "in force", "-", "2034-12-31", "2026-09-14T12:00Z", "flask init-db"),
        "164",
    ]


@on_sqlite
def test_list_as_json_is_an_array_of_objects(app: Flask, file: Path) -> None:
    load(app, file)
    listed = do_json(app, "list")
    assert [(entry["id"], entry["name"], entry["effective_from"], entry["state"]) for entry in listed] == [
        (2, "2035.csv", "2035-01-01", "planned"),
        (1, "seed/risk_table.csv", None, "in force"),
    ]


@on_sqlite
def test_replaced_table_names_its_successor(app: Flask, file: Path) -> None:
    load(app, file)
    load(app, file)
    assert do(app, "list").splitlines()[1].split("\t")[:5] == [
        "2",
        "2035.csv",
        "planned",
        "2035-01-01",
        "replaced by 3",
    ]


@on_sqlite
def test_log_has_every_action(app: Flask, file: Path) -> None:
    load(app, file, "--by", "Els", "--reason", "board of May")
    do(app, "cancel", "2", "--reason", "postponed", "--by", "Jan")
    assert [(entry["by"], entry["action"], entry["reason"]) for entry in do_json(app, "log")] == [
        ("Jan", "cancel", "postponed"),
        ("Els", "load", "board of May"),
        ("flask init-db", "load", ""),
    ]
    assert do(app, "log").splitlines()[0].split("\t")[1:] == [
        *("Jan", "cancel", "2", "2035.csv, from 2035-01-01", "postponed")
    ]


# check


@on_sqlite
def test_check_prints_every_fault(app: Flask, file: Path) -> None:
    file.write_text("1000 - 1310,C\n1300,A\nabc,A\n")
    result = run(app, "risk-table", "check", str(file))
    assert (result.exit_code, result.output.splitlines()) == (
        1,
        [
            "2035.csv, row 2: zipcode 1300 is already in row 1",
            "2035.csv, row 3: 'abc' is not a zipcode or a range such as 1000 - 1310",
        ],
    )
    result = run(app, "risk-table", "check", str(file), "--json")
    assert (result.exit_code, [fault["row"] for fault in json.loads(result.output)["faults"]]) == (1, [2, 3])


@on_sqlite
def test_check_of_a_good_file_succeeds(app: Flask, file: Path) -> None:
    assert do(app, "check", str(file)) == "2035.csv: 164 ranges, no faults.\n"
    assert do_json(app, "check", str(file))["faults"] == []
    file.write_text("Postcode;Factor\r\n9000;A\r\n9001;A\r\n")
    assert do(app, "check", str(file)) == "2035.csv: 1 ranges, no faults.\n"


@on_sqlite
def test_check_of_a_missing_file_fails_in_one_line(app: Flask) -> None:
    assert refused(app, "check", "none.csv").startswith("Error: none.csv: cannot be read")


# diff


@on_sqlite
def test_diff_of_a_file_names_the_zipcodes_in_use_with_their_places(app: Flask, file: Path) -> None:
    assert do(app, "diff", str(file)).splitlines() == [
        "Against risk table 1 (seed/risk_table.csv):",
        "B → C: 4 zipcodes in use",
        "  9000 Gent",
        "  9030 Mariakerke",
        "  9031 Drongen",
        "  9032 Wondelgem",
        "Added ranges: 9000 - 9032 C",
        "Dropped ranges: 9000 - 9032 B",
        "Zipcodes in use: 0 gain, 4 change and 0 lose a factor.",
        "Zipcodes not in use: 0 gain, 29 change and 0 lose a factor.",
    ]


@on_sqlite
def test_diff_as_csv_has_all_zipcodes(app: Flask, file: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(do(app, "diff", str(file), "--csv"))))
    assert len(rows) == 33
    assert rows[0] == {"zipcode": "9000", "places": "Gent", "from": "B", "to": "C", "in_use": "yes"}
    assert rows[1]["in_use"] == "no"


@on_sqlite
def test_diff_counts_the_clients_of_a_list(app: Flask, file: Path, tmp_path: Path) -> None:
    clients = tmp_path / "clients.csv"
    clients.write_text("client;postcode\nA;9000\nB;B-9030 Mariakerke\nC;2000\nD;\n", encoding="utf-8")
    assert do(app, "diff", str(file), "--clients", str(clients)).splitlines()[-3:] == [
        "Clients: 1 of 4 keep their factor.",
        "B → C: 2 clients, in row 2, 3",
        "Without a factor, before and after: 1.",
    ]
    assert do_json(app, "diff", str(file), "--clients", str(clients))["clients"] == {
        "total": 4,
        "unchanged": 1,
        "without_factor": 1,
        "groups": [{"from": "B", "to": "C", "rows": [2, 3]}],
    }
    clients.write_text("old zipcode;zipcode\n9000;2000\n9030;2000\n", encoding="utf-8")
    chosen = do_json(app, "diff", str(file), "--clients", str(clients), "--column", "old zipcode")
    assert chosen["clients"]["groups"] == [{"from": "B", "to": "C", "rows": [2, 3]}]
    clients.write_text("client;phone\nA;x\n", encoding="utf-8")
    assert refused(app, "diff", str(file), "--clients", str(clients)).startswith("Error: ")


@on_sqlite
def test_diff_counts_the_clients_of_a_workbook(app: Flask, file: Path, tmp_path: Path) -> None:
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet()
    for row in (("client", "postcode"), ("A", 9000), ("B", 2000), ("C", "9031 Drongen")):
        sheet.append(row)
    workbook.save(tmp_path / "clients.xlsx")
    found = do_json(app, "diff", str(file), "--clients", str(tmp_path / "clients.xlsx"))["clients"]
    assert (found["unchanged"], found["groups"]) == (1, [{"from": "B", "to": "C", "rows": [2, 4]}])


@on_sqlite
def test_diff_of_stored_tables(app: Flask, file: Path) -> None:
    load(app, file)
    assert do_json(app, "diff", "2")["against"] == 1
    assert do_json(app, "diff", "2")["in_use"] == {"gained": 0, "changed": 4, "lost": 0}
    assert do_json(app, "diff", "1")["against"] is None
    assert [(group["from"], group["to"]) for group in do_json(app, "diff", "1", "2")["groups"]] == [
        ("C", "B")
    ]
    # On its first day, the planned table counts.
    assert do_json(app, "diff", str(file), *NEW_YEAR)["groups"] == []


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


# load, cancel, reinstate


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


# export


@on_sqlite
def test_exported_table_can_be_loaded_again(app: Flask, file: Path) -> None:
    text = do(app, "export", "1")
    assert sorted(text.splitlines()) == sorted(SEED.splitlines())
    do(app, "export", "1", "--output", str(file))
    assert file.read_text() == text
    assert do_json(app, "diff", str(file))["added_ranges"] == []


@on_sqlite
def test_table_exported_as_workbook_can_be_loaded_again(app: Flask, tmp_path: Path) -> None:
    workbook = tmp_path / "table.xlsx"
    do(app, "export", "1", "--output", str(workbook))
    assert do(app, "check", str(workbook)) == "table.xlsx: 164 ranges, no faults.\n"
    found = do_json(app, "load", str(workbook), *NEW_YEAR)["diff"]
    assert (found["added_ranges"], found["dropped_ranges"]) == ([], [])


# Killed at any moment

# Runs a command, and kills its process before the nth statement of the transaction; the last is the commit.
KILLED = """
import os, signal, sys
from flask.cli import FlaskGroup
from sqlalchemy import event
from webapp.app import create_app
from webapp.data.database import db
moment = int(sys.argv.pop(1))
seen = []
def note(connection, cursor=None, statement="COMMIT", *rest):
    if seen or statement.startswith("UPDATE data_version"):
        seen.append(statement)
    if len(seen) == moment:
        os.kill(os.getpid(), signal.SIGKILL)
app = create_app()
with app.app_context():
    event.listen(db.engine, "before_cursor_execute", note)
    event.listen(db.engine, "commit", note)
FlaskGroup(create_app=lambda: app, load_dotenv=False)()
"""


@pytest.mark.slow
def test_load_that_is_killed_at_any_moment_leaves_the_old_state(
    app: Flask, database_url: str, file: Path
) -> None:
    before = snapshot(app)
    command = ["risk-table", "load", str(file), *NEW_YEAR]
    for moment in range(1, 30):
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(moment), *command],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": database_url, "REDIS_URL": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            break
        assert (done.returncode, snapshot(app) == before) == (-signal.SIGKILL, True), done.stderr
    assert moment > 5
    assert [entry["id"] for entry in do_json(app, "list")][1:] == [1]


@pytest.mark.slow
def test_loads_at_once_are_stored_one_after_the_other(
    app: Flask, database_url: str, file: Path, tmp_path: Path
) -> None:
    commands = []
    for factor in "ABC":
        other = tmp_path / f"{factor}.csv"
        other.write_text(SEED.replace("9000 - 9032,B", f"9000 - 9032,{factor}"))
        options = ("--name", factor, "--by", factor, "--json")
        commands.append(start(database_url, "risk-table", "load", str(other), *NEW_YEAR, *options))
    ends = [(command.communicate(), command.returncode) for command in commands]
    assert [(errors, code) for (_output, errors), code in ends] == [("", 0)] * 3
    stored = {
        found["id"]: found["diff"]["against"] for found in (json.loads(output) for (output, _), _ in ends)
    }
    assert stored == {2: 1, 3: 2, 4: 3}  # each saw the one before
    listed = do_json(app, "list")
    assert [entry["replaced_by"] for entry in listed] == [None, 4, 4, None]
    assert {entry["name"] for entry in listed[:3]} == set("ABC")
    with app.app_context(), db.engine.connect() as connection:
        counts = connection.execute(text("SELECT count(*) FROM risk_range GROUP BY risk_table_id")).scalars()
        assert list(counts) == [164] * 4


@pytest.mark.slow
def test_table_is_cancelled_once_by_two_commands_at_once(app: Flask, database_url: str, file: Path) -> None:
    load(app, file)
    commands = [start(database_url, "risk-table", "cancel", "2", "--reason", "x") for _ in range(2)]
    codes = sorted((command.communicate(), command.returncode)[1] for command in commands)
    assert codes == [0, 1]
    assert [entry["action"] for entry in do_json(app, "log")] == ["cancel", "load", "load"]
