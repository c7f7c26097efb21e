"""Requests to a real server while its database is frozen, stopped or locked."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import threading
import time
from pathlib import Path
from typing import Callable, Iterator

import pytest
import requests
import sqlalchemy as sa

from tests.performance.resources import tree
from tests.support.databases import NOWHERE, PostgresDatabases, SQLiteDatabases
from tests.support.live import Server, running
from tests.support.postgres import own_server
from tests.support.risk_tables import unprotect

pytestmark = [pytest.mark.slow, pytest.mark.serial]

# One of each kind, with a new zipcode, so that none is cached.
URLS = [
    "/",
    "/zipcode/{zipcode}",
    "/zipcode/{zipcode}?format=html",
    "/zipcode/1311",
    "/index?x={zipcode}",
    "/?zipcode={zipcode}&year=2013",
    "/indexation?amount={zipcode}&year=2013&from=01/2020",
    "/api/v1/zipcodes?q={zipcode}",
    "/api/v1/health-index/series?base=2013&from=2020-01",
    "/healthz",
    "/readyz",
]

# Generous for a busy machine: a request that waited for the database would take as long as the outage.
MAX_SECONDS = 2


def seeded(url: sa.engine.URL) -> str:
    return PostgresDatabases(url).seeded()


def ask_everything(server: Server, zipcode: int) -> None:
    """Request each URL, and check status and duration."""
    for pattern in URLS:
        url = pattern.format(zipcode=zipcode)
        began = time.monotonic()
        response = requests.get(f"{server.url}{url}", timeout=30)
        assert response.status_code in ((404,) if "1311" in url else (200,)), (url, response.text)
        assert time.monotonic() - began < MAX_SECONDS, url


def reasons(server: Server) -> list[str]:
    found: list[str] = requests.get(f"{server.url}/readyz", timeout=5).json().get("reasons", [])
    return found


def wait_until(is_so: Callable[[], bool], seconds: float) -> None:
    give_up = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < give_up
        time.sleep(0.1)


@contextlib.contextmanager
def frozen(process: subprocess.Popen[bytes]) -> Iterator[Callable[[], None]]:
    """Freeze the processes of a server, and yield a function that thaws them early.

    The kernel still acknowledges what clients send.
    """
    processes = tree(process.pid)
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)

    def thaw() -> None:
        for pid in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    try:
        yield thaw
    finally:
        thaw()


def execute(url: str, statement: str) -> None:
    """Execute a statement, even one that changes a risk table."""
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        unprotect(connection)
        connection.execute(sa.text(statement))


def test_frozen_postgresql_delays_no_request(tmp_path: Path) -> None:
    with own_server() as (url, process):
        database = seeded(url)
        with running(tmp_path, DATABASE_URL=database, **NOWHERE) as server:
            ask_everything(server, 9000)
            with frozen(process):
                began = time.monotonic()
                zipcode = 9000
                while time.monotonic() - began < 14:
                    zipcode += 1 if zipcode < 9032 else -32
                    ask_everything(server, zipcode)
                assert reasons(server)[0].startswith("the database does not respond")
                assert server.log.read_text().count("data version check failed") == 1
            execute(database, "UPDATE risk_range SET factor = 'C' WHERE first = 9000")

            def is_served() -> bool:
                response = requests.get(f"{server.url}/zipcode/9000", timeout=5)
                return bool(response.json() == {"risk_factor": "C"})

            wait_until(is_served, 5)
            assert reasons(server) == []


def test_server_that_starts_beside_a_frozen_postgresql_is_unavailable_and_recovers(tmp_path: Path) -> None:
    with own_server() as (url, process):
        database = seeded(url)
        with frozen(process) as thaw, running(tmp_path, DATABASE_URL=database, **NOWHERE) as server:
            response = requests.get(f"{server.url}/zipcode/9000", timeout=5)
            assert (response.status_code, response.json()) == (503, {"detail": "DATABASE_UNAVAILABLE"})
            assert int(response.headers["Retry-After"]) > 0
            assert requests.get(f"{server.url}/readyz", timeout=5).status_code == 503
            assert requests.get(f"{server.url}/healthz", timeout=5).status_code == 200
            thaw()
            wait_until(lambda: requests.get(f"{server.url}/readyz", timeout=5).status_code == 200, 10)
            ask_everything(server, 9000)


def test_stopped_postgresql_changes_no_response(tmp_path: Path) -> None:
    with contextlib.ExitStack() as until_stopped:
        url, process = until_stopped.enter_context(own_server())
        server = until_stopped.enter_context(running(tmp_path, DATABASE_URL=seeded(url), **NOWHERE))
        ask_everything(server, 9000)
        process.send_signal(signal.SIGINT)
        process.wait(20)
        wait_until(lambda: bool(reasons(server)), 10)
        for zipcode in (9001, 9002):
            ask_everything(server, zipcode)
        assert reasons(server) == ["the database does not respond (OperationalError)"]


def test_locked_sqlite_database_delays_no_request(tmp_path: Path, sqlite: SQLiteDatabases) -> None:
    url = sqlite.seeded()
    with running(tmp_path, DATABASE_URL=url, **NOWHERE) as server:
        connection = sqlite3.connect(sa.make_url(url).database or "", isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        while time.monotonic() - began < 5:
            ask_everything(server, 9000 + int(time.monotonic() - began))
        connection.execute("ROLLBACK")
        connection.close()
        wait_until(lambda: not reasons(server), 10)


def test_frozen_postgresql_delays_no_concurrent_request(tmp_path: Path) -> None:
    with own_server() as (url, process), running(tmp_path, DATABASE_URL=seeded(url), **NOWHERE) as server:
        failures: list[BaseException] = []

        def ask(first: int) -> None:
            try:
                for zipcode in range(first, first + 8):
                    ask_everything(server, zipcode)
            except BaseException as error:  # noqa: BLE001  # else lost with the thread
                failures.append(error)

        with frozen(process):
            threads = [threading.Thread(target=ask, args=[first]) for first in (9000, 9008, 9016, 9024)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert failures == []
