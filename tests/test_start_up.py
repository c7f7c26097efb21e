"""Imports of a starting process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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


def start_with(program: str, database_url: str) -> subprocess.CompletedProcess[str]:
    """Run gunicorn's configuration after a program that changes what it finds."""
    load = "import os, runpy, shutil, tempfile\n%s\nfound = runpy.run_path('gunicorn.conf.py')\n"
    return subprocess.run(
        [sys.executable, "-c", f"{load % program}print(found['_metrics_folder']())"],
        cwd=ROOT,
        env=environment(DATABASE_URL=database_url, **NOWHERE),
        capture_output=True,
        text=True,
        check=False,
    )


def test_start_without_a_writable_folder_is_refused_in_one_line(sqlite_url: str) -> None:
    nowhere = "os.access = lambda path, mode: False; tempfile._candidate_tempdir_list = lambda: ['/nowhere']"
    done = start_with(nowhere, sqlite_url)
    advice = "Mount a writable /tmp, as with --tmpfs /tmp"
    assert (done.returncode, done.stderr) == (
        1,
        f"Error: neither /dev/shm nor /tmp can be written. {advice}\n",
    )


def test_metrics_are_written_where_there_is_room(sqlite_url: str, tmp_path: Path) -> None:
    """A worker that maps a file on a full disk into memory is killed."""
    folder = f"tempfile.tempdir = {str(tmp_path)!r}; usage = shutil.disk_usage"
    memory = "/dev/shm"  # noqa: S108  # as gunicorn.conf.py
    full = "shutil.disk_usage = lambda path: usage(path)._replace(free=0 if path in {full} else 2**30)"
    done = start_with("; ".join([folder, full.format(full=[memory])]), sqlite_url)
    assert Path(done.stdout.strip()).parent == tmp_path, done.stderr
    done = start_with("; ".join([folder, full.format(full=[memory, str(tmp_path)])]), sqlite_url)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: METRICS_BIND needs 16 MB free in ")
    assert len(done.stderr.splitlines()) == 1


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
