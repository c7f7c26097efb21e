"""The launcher of PostgreSQL: it starts a server, and leaves nothing running."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support import postgres
from webapp.config import ROOT

# Starts a server, prints its URL, and waits to be killed.
PROGRAM = """
import time
from tests.support import postgres
postgres.LOCAL_URL = {local_url!r}
with postgres.server() as url:
    print(url, flush=True)
    time.sleep(60)
"""

# Each test starts a PostgreSQL.
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, closed_port: int) -> str:
    """Neither a configured server, nor one at the usual URL."""
    url = f"postgresql+psycopg2://postgres@127.0.0.1:{closed_port}/postgres"
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    monkeypatch.setattr(postgres, "LOCAL_URL", url)
    return url


def identify(url: sa.engine.URL) -> tuple[str, Path]:
    """Return the version of a server, and its data folder."""
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        version, folder = connection.execute(
            sa.text("SELECT version(), current_setting('data_directory')")
        ).one()
        return version, Path(folder)


def accepts_connections(url: sa.engine.URL) -> bool:
    try:
        identify(url)
    except sa.exc.OperationalError:
        return False
    return True


def test_started_server_is_gone_after_a_failing_test_run() -> None:
    with pytest.raises(ZeroDivisionError), postgres.server() as url:
        version, folder = identify(url)
        assert version.startswith("PostgreSQL ")
        assert folder.is_dir()
        raise ZeroDivisionError
    assert not accepts_connections(url)
    assert not folder.exists()


def test_started_server_is_gone_after_a_killed_test_run(nowhere: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(local_url=nowhere)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    url = sa.make_url(parent.stdout.readline().strip())
    _, folder = identify(url)
    os.kill(parent.pid, signal.SIGKILL)
    parent.communicate()
    give_up = time.monotonic() + 10
    while (folder / "postmaster.pid").exists() and time.monotonic() < give_up:
        time.sleep(0.05)
    alive = accepts_connections(url)
    shutil.rmtree(folder.parent)  # the killed process could not
    assert not alive


def test_server_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with postgres.server() as running:
        configured = running.set(drivername="postgresql").render_as_string(hide_password=False)
        monkeypatch.setenv("TEST_DATABASE_URL", configured)
        with postgres.server() as url:
            assert url == running
        assert accepts_connections(running)  # it is not stopped


def test_unreachable_server_of_the_environment_is_an_error(
    monkeypatch: pytest.MonkeyPatch, nowhere: str
) -> None:
    monkeypatch.setenv("TEST_DATABASE_URL", nowhere)
    with pytest.raises(postgres.NoPostgres, match="TEST_DATABASE_URL"), postgres.server():
        pass


def test_error_without_a_server_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "find_programs", lambda: None)
    with pytest.raises(postgres.NoPostgres, match="set TEST_DATABASE_URL"), postgres.server():
        pass


def test_programs_of_the_environment_are_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "initdb").touch()
    monkeypatch.setenv("PG_BIN", str(tmp_path))
    assert postgres.find_programs() == tmp_path
