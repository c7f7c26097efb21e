"""`flask risk-table` commands that have to succeed, or to fail without a change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flask import Flask

from tests.support.commands import run
from tests.support.snapshot import snapshot
from webapp.config import ROOT

SEED = (ROOT / "seed" / "risk_table.csv").read_text()
NEW_YEAR = ("--effective-from", "2035-01-01")


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
