"""The `flask` commands, by their output and exit status."""

import os
import pty
import shutil
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Callable, List, Optional

import pytest
from flask import Flask

from tests.conftest import SetClock
from tests.health_index.stored_values import on_sqlite
from tests.support.commands import run, start
from tests.support.databases import NEWEST_REVISION, settings_for
from tests.support.fake_statbel import FakeStatbel, bestat, responding
from tests.support.snapshot import snapshot
from webapp import cli
from webapp.config import ROOT, Settings

MakeApp = Callable[[Settings], Flask]


@pytest.fixture
def seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of seed/ that init-db loads, for the test to change."""
    folder = tmp_path / "seed"
    shutil.copytree(ROOT / "seed", folder)
    monkeypatch.setattr(cli, "SEED", folder)
    return folder


def test_first_init_db_creates_the_schema_and_loads_the_seed(
    make_app: MakeApp, empty_database_url: str
) -> None:
    app = make_app(settings_for(empty_database_url))
    result = run(app, "init-db")
    assert (result.exit_code, result.output.splitlines()) == (
        0,
        [
            f"Schema: at revision {NEWEST_REVISION}.",
            "Risk factors: 164 ranges loaded as risk table 1.",
            "Health index: 1696 values added or corrected.",
            "Places: loaded.",
        ],
    )
    client = app.test_client()
    assert [client.get(path).status_code for path in ("/zipcode/9000", "/index", "/readyz")] == [
        200,
        200,
        200,
    ]


def test_second_init_db_changes_nothing(app: Flask, set_clock: SetClock) -> None:
    before = snapshot(app)
    set_clock(datetime(2026, 9, 15, 12, 0, tzinfo=timezone.utc))
    result = run(app, "init-db")
    assert (result.exit_code, result.output.splitlines()) == (
        0,
        [
            f"Schema: at revision {NEWEST_REVISION}.",
            "Risk factors: up to date.",
            "Health index: 0 values added or corrected.",
            "Places: up to date.",
        ],
    )
    assert snapshot(app) == before


@pytest.mark.slow
def test_changed_risk_table_is_reported_and_loaded_only_on_request(
    app: Flask, seed: Path, set_clock: SetClock
) -> None:
    before = snapshot(app)
    client = app.test_client()
    file = seed / "risk_table.csv"
    file.write_text(file.read_text().replace("1315,B\n", "1315,C\n"))
    set_clock(datetime(2026, 9, 14, 23, 30, tzinfo=timezone.utc))
    assert run(app, "init-db").output.splitlines()[1] == (
        "Risk factors: seed/risk_table.csv has changed, and was not loaded. To see what it changes: "
        "flask risk-table diff seed/risk_table.csv. To load it from today on: flask init-db --risk-table"
    )
    assert snapshot(app) == before
    result = run(app, "init-db", "--risk-table")
    assert "Risk factors: 164 ranges loaded as risk table 2." in result.output
    response = client.get("/zipcode/1315")
    headers = response.headers
    assert (response.json, headers["Risk-Table"], headers["Risk-Table-Effective-From"]) == (
        {"risk_factor": "C"},
        "2",
        "2026-09-15",
    )
    after = snapshot(app)
    assert before["risk_range"] < after["risk_range"]
    assert before["risk_table"] < after["risk_table"]
    assert (len(after["risk_range"]), len(after["risk_table"]), len(after["audit_log"])) == (328, 2, 2)


@pytest.mark.slow
def test_risk_table_that_was_replaced_is_loaded_again_only_on_request(app: Flask, seed: Path) -> None:
    file, client = seed / "risk_table.csv", app.test_client()
    original = file.read_text()
    file.write_text(original.replace("1315,B\n", "1315,C\n"))
    assert run(app, "init-db", "--risk-table").exit_code == 0
    for _ in range(2):
        assert run(app, "init-db", "--risk-table").output.splitlines()[1] == "Risk factors: up to date."
    file.write_text(original)
    assert run(app, "init-db").output.splitlines()[1] == "Risk factors: up to date."
    assert client.get("/zipcode/1315").json == {"risk_factor": "C"}
    assert "loaded as risk table 3." in run(app, "init-db", "--risk-table").output
    assert client.get("/zipcode/1315").json == {"risk_factor": "B"}


@pytest.mark.slow
@on_sqlite
def test_changed_places_are_loaded(app: Flask, seed: Path) -> None:
    file = seed / "places.csv"
    file.write_text(
        file.read_text(encoding="utf-8").replace("9000,Gent,Gent,", "9000,Gent,Ganda,"), encoding="utf-8"
    )
    assert "Places: loaded." in run(app, "init-db").output
    assert "Ganda" in app.test_client().get("/zipcode/9000?format=html").text


@on_sqlite
@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        (
            "risk_table.csv",
            b"1000,A\n1310,D\n",
            "risk_table.csv, row 2: the factor is 'D', but must be A, B or C",
        ),
        ("places.csv", None, "places.csv: cannot be read (No such file or directory)"),
        (
            "health_index.csv",
            b"base_year,month,value,status\n2013,2026-13,1.00,published\n",
            "health_index.csv, row 2: '2026-13' is not a month, such as 2025-12",
        ),
    ],
)
def test_invalid_file_changes_nothing_and_is_explained_in_one_line(
    app: Flask, seed: Path, name: str, body: Optional[bytes], message: str
) -> None:
    (seed / name).unlink()
    if body is not None:
        (seed / name).write_bytes(body)
    before = snapshot(app)
    result = run(app, "init-db")
    assert (result.exit_code, result.output) == (1, f"Error: {message}. Nothing was changed.\n")
    assert snapshot(app) == before


@pytest.mark.slow
def test_failure_while_loading_leaves_the_database_empty(
    make_app: MakeApp, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(settings_for(empty_database_url))

    def fail(*_: object) -> None:
        raise RuntimeError("late")

    monkeypatch.setattr("webapp.data.init_db.place_seed.load", fail)
    result = run(app, "init-db")
    assert isinstance(result.exception, RuntimeError)
    assert snapshot(app) == {}


@pytest.mark.slow
def test_invalid_setting_is_explained_in_one_line_on_standard_error() -> None:
    command = start("mysql://127.0.0.1/desk", "init-db")
    output, error = command.communicate()
    assert (command.returncode, output) == (1, "")
    assert error.startswith("Error: DATABASE_URL")
    assert len(error.splitlines()) == 1


def test_unreachable_database_is_explained_in_one_line(make_app: MakeApp, unreachable_url: str) -> None:
    result = run(make_app(settings_for(unreachable_url)), "init-db")
    assert result.exit_code == 1
    assert result.output.startswith("Error: The database cannot be used: ")
    assert len(result.output.splitlines()) == 1


def test_lookup_without_a_risk_table_names_the_commands(make_app: MakeApp, empty_database_url: str) -> None:
    app = make_app(settings_for(empty_database_url))
    assert run(app, "db", "upgrade").exit_code == 0
    result = run(app, "lookup", "9000")
    assert (result.exit_code, result.output) == (
        1,
        "Error: No risk table is in force. Run flask init-db, or flask risk-table load.\n",
    )


# flask refresh-index


@on_sqlite
def test_refresh_index_prints_source_and_number_of_values(app: Flask, statbel: FakeStatbel) -> None:
    statbel.bestat = responding(bestat([(2025, "2026-07", 103.24), (2025, "2026-08", 104.00)]))
    result = run(app, "refresh-index")
    assert (result.exit_code, result.output) == (0, "Statbel (bestat): 1 values new or revised.\n")
    assert app.test_client().get("/index?year=2025").json == {"index": 104.0}


@on_sqlite
def test_refresh_index_without_statbel_fails_in_one_line(app: Flask) -> None:
    result = run(app, "refresh-index")
    assert result.exit_code == 1
    assert result.output.startswith("Error: Statbel cannot be read: ")
    assert len(result.output.splitlines()) == 1


# flask lookup


@on_sqlite
def test_lookup_prints_a_line_for_each_zipcode(app: Flask) -> None:
    result = run(app, "lookup", "9000", "2000", "9000")
    assert (result.exit_code, result.output) == (0, "9000\tB\n2000\tC\n9000\tB\n")


@on_sqlite
def test_lookup_of_a_zipcode_without_factor_exits_with_status_1(app: Flask) -> None:
    result = run(app, "lookup", "9000", "1311", "abc")
    assert (result.exit_code, result.output) == (
        1,
        "9000\tB\n1311\tZIPCODE_NOT_FOUND\nabc\tZIPCODE_NOT_VALID\n",
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["in.csv", "-"])
def test_lookup_of_a_file_prints_only_the_file(sqlite_url: str, tmp_path: Path, name: str) -> None:
    file = tmp_path / "in.csv"
    file.write_bytes(b"zipcode;client\r\n9000;\xc9lise\r\n")
    with file.open("rb") as content:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "flask",
                "--app",
                "wsgi",
                "lookup",
                "--csv",
                name.replace("in.csv", str(file)),
            ],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": sqlite_url, "REDIS_URL": ""},
            stdin=content,
            capture_output=True,
            check=True,
        )
    assert done.stdout == b"zipcode;client;risk_factor;error\r\n9000;\xc9lise;B;\r\n"
    assert done.stderr.decode() == "Zipcodes read from column 1 “zipcode”.\n"


@on_sqlite
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lookup", "9000", "--column", "1"], "leave --column out"),
        (["lookup"], "Give zipcodes, or a file with --csv."),
        (["lookup", "--csv", "no-such-file.csv"], "no-such-file.csv"),
    ],
)
def test_lookup_with_wrong_arguments_is_rejected(app: Flask, arguments: List[str], message: str) -> None:
    result = run(app, *arguments)
    assert result.exit_code == 2
    assert message in result.output


@on_sqlite
def test_lookup_of_an_invalid_file_fails_in_one_line(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_bytes(b'zipcode\n9000\n"open')
    result = run(app, "lookup", "--csv", str(file))
    told = "Error: Row 3 is not valid CSV: a quote is never closed.\n"
    assert (result.exit_code, result.output) == (1, told)


@on_sqlite
def test_lookup_of_a_list_whose_column_is_not_clear_fails_in_one_line(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_bytes(b"a;b\n9000;2000\n")
    result = run(app, "lookup", "--file", str(file))
    assert (result.exit_code, len(result.output.splitlines())) == (1, 1)
    assert result.output.startswith("Error: Several columns may have the zipcodes: 1 “a”, 2 “b”.")
    assert "9000;2000;C;" in run(app, "lookup", "--file", str(file), "--column", "b").output


@on_sqlite
def test_lookup_tells_how_a_zipcode_was_read(app: Flask) -> None:
    result = run(app, "lookup", "B-9000", "9000 Antwerpen")
    assert result.exit_code == 0
    assert "B-9000\tB\n" in result.output
    assert "9000 Antwerpen: read as 9000 PLACE_DIFFERS\n" in result.output


@on_sqlite
def test_lookup_without_a_risk_table_fails_in_one_line(make_app: MakeApp, empty_database_url: str) -> None:
    result = run(make_app(settings_for(empty_database_url)), "lookup", "9000")
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert len(result.output.splitlines()) == 1


@pytest.mark.slow
def test_lookup_shows_progress_in_a_terminal(sqlite_url: str, tmp_path: Path) -> None:
    file, output = tmp_path / "in.csv", tmp_path / "out.csv"
    file.write_bytes(b"9000\n" * 1000)
    terminal, end = pty.openpty()
    with output.open("wb") as out:
        command = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "wsgi", "lookup", "--csv", str(file)],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": sqlite_url, "REDIS_URL": ""},
            stdout=out,
            stderr=end,
        )
        command.wait()
    os.close(end)
    with os.fdopen(terminal, "rb", buffering=0) as shown:
        assert b"100%" in shown.read(10_000)
    assert output.read_bytes() == b"9000,B,\n" * 1000


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["9000"], ["--csv", "in.csv"]])
def test_full_disk_is_explained_in_one_line(sqlite_url: str, tmp_path: Path, arguments: List[str]) -> None:
    (tmp_path / "in.csv").write_bytes(b"9000\n")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", str(ROOT / "wsgi.py"), "lookup", *arguments],
            cwd=tmp_path,
            env={**os.environ, "DATABASE_URL": sqlite_url, "REDIS_URL": ""},
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode != 0
    assert done.stderr.splitlines()[0] == b"Error: The output cannot be written: No space left on device"


# Help

PRINT_HELP = """
import click
from webapp import cli
commands = [command for command in vars(cli).values() if isinstance(command, click.Command)]
groups = [cli.index_value.group, cli.risk_table.group]
for command in [*commands, *groups, *(command for group in groups for command in group.commands.values())]:
    assert command.help and command.get_short_help_str(), command.name
    print(command.name, command.help)
"""


@pytest.mark.slow
def test_every_command_has_help_without_docstrings() -> None:
    done = subprocess.run(
        [sys.executable, "-OO", "-c", PRINT_HELP], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for line in (
        "init-db Upgrade the database schema",
        "index-value List, withdraw",
        "lock Lock the value",
        "check Check FILE",
    ):
        assert line in done.stdout
