"""The launcher of the tests' own PostgreSQL: it starts, answers, and leaves nothing running."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Tuple

import pytest
import sqlalchemy as sa

from tests.support import postgres
from webapp.config import ROOT

# In a process of its own: start a server, say where it is, and wait to be killed.
PROGRAM = """
import time
from tests.support import postgres
postgres.LOCAL_URL = {local_url!r}
with postgres.server() as url:
    print(url, flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, closed_port: int) -> str:
    """No server is given, and none is to be found where one usually is."""
    url = f"postgresql+psycopg2://postgres@127.0.0.1:{closed_port}/postgres"
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    monkeypatch.setattr(postgres, "LOCAL_URL", url)
    return url


def ask(url: sa.engine.URL) -> Tuple[str, Path]:
    """The version of a server, and the folder of its data."""
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        version, folder = connection.execute(
            sa.text("SELECT version(), current_setting('data_directory')")
        ).one()
        return version, Path(folder)


def answers(url: sa.engine.URL) -> bool:
    try:
        ask(url)
    except sa.exc.OperationalError:
        return False
    return True


def test_it_starts_a_server_of_its_own_that_is_gone_afterwards() -> None:
    with postgres.server() as url:
        version, folder = ask(url)
        assert version.startswith("PostgreSQL ")
        assert folder.is_dir()
    assert not answers(url)
    assert not folder.exists()


def test_a_failing_test_run_leaves_no_server_behind() -> None:
    with pytest.raises(ZeroDivisionError), postgres.server() as url:
        raise ZeroDivisionError
    assert not answers(url)


def test_a_user_of_the_server_may_create_databases() -> None:
    with postgres.server() as url:
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
        with engine.connect() as connection:
            connection.execute(sa.text("CREATE DATABASE another"))
        assert answers(url.set(database="another"))


def test_a_test_run_that_was_killed_leaves_no_server_behind(nowhere: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(local_url=nowhere)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    url = sa.make_url(parent.stdout.readline().strip())
    _, folder = ask(url)
    os.kill(parent.pid, signal.SIGKILL)
    parent.communicate()
    give_up = time.monotonic() + 10
    while (folder / "postmaster.pid").exists() and time.monotonic() < give_up:
        time.sleep(0.05)
    alive = answers(url)
    shutil.rmtree(folder.parent)  # what a killed process cannot clean up
    assert not alive


def test_the_server_of_the_environment_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with postgres.server() as running:
        given = running.set(drivername="postgresql").render_as_string(hide_password=False)
        monkeypatch.setenv("TEST_DATABASE_URL", given)
        with postgres.server() as url:
            assert url == running
        assert answers(running)  # a server that was there is left alone


def test_a_server_of_the_environment_that_does_not_answer_is_an_error(
    monkeypatch: pytest.MonkeyPatch, nowhere: str
) -> None:
    monkeypatch.setenv("TEST_DATABASE_URL", nowhere)
    with pytest.raises(postgres.NoPostgres, match="TEST_DATABASE_URL"), postgres.server():
        pass


def test_without_any_server_the_error_says_what_would_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "find_programs", lambda: None)
    with pytest.raises(postgres.NoPostgres, match="set TEST_DATABASE_URL"), postgres.server():
        pass


def test_programs_are_taken_from_where_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "initdb").touch()
    monkeypatch.setenv("PG_BIN", str(tmp_path))
    assert postgres.find_programs() == tmp_path
