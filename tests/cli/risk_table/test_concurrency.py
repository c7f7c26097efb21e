"""Commands that are killed at any moment, or run at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from tests.cli.risk_table.commands import NEW_YEAR, SEED, do_json, load
from tests.support.commands import start
from tests.support.snapshot import snapshot
from webapp.config import ROOT
from webapp.data.database import db

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
