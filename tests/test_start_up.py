"""Imports of a starting process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ORDINARY_DAY
from tests.support.databases import NOWHERE
from tests.support.live import environment
from webapp.config import ROOT


def imported(program: str, database_url: str) -> set[str]:
    """Run a program in a new process, and return the packages that it imports."""
    program += "\nimport sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment(DATABASE_URL=database_url, **NOWHERE),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_settings_import_neither_flask_nor_a_database(sqlite_url: str) -> None:
    """Gunicorn's first process loads them, and stays small."""
    packages = imported("from webapp.config import Settings; Settings.load()", sqlite_url)
    assert not {"flask", "sqlalchemy", "requests", "prometheus_client"} & packages


@pytest.mark.slow
def test_first_response_imports_neither_migrations_nor_an_http_client(sqlite_url: str) -> None:
    program = f"""
from datetime import datetime, timezone
from webapp import clock
clock.now = lambda: datetime.fromtimestamp({ORDINARY_DAY.timestamp()}, timezone.utc)  # no month is due
from wsgi import app
response = app.test_client().get("/zipcode/9000")
assert response.json == {{"risk_factor": "B"}}, response.text
"""
    packages = imported(program, sqlite_url)
    assert "flask" in packages
    assert not {"alembic", "flask_migrate", "requests", "urllib3", "redis", "prometheus_client"} & packages
