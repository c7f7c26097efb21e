"""The application under gunicorn: start, log, workers and stop."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from tests.performance.resources import tree
from tests.support.fake_statbel import FakeStatbel
from tests.support.live import environment, running
from webapp.config import ROOT

# Each test starts a server.
pytestmark = pytest.mark.slow


@pytest.mark.serial
def test_no_request_waits_while_statbel_hangs(sqlite_url: str, statbel: FakeStatbel, tmp_path: Path) -> None:
    """The clock of this process is real, so a month later than the seed's is due."""
    statbel.bestat = statbel.open_data = statbel.hanging
    variables = {**statbel.addresses, "HEALTH_INDEX_TIMEOUT": "0.5,1.5"}
    with running(tmp_path, DATABASE_URL=sqlite_url, **variables) as server:
        while not statbel.requests:
            time.sleep(0.01)
        for path in ("/index", "/index?format=html", "/zipcode/9000", "/api/v1/health-index?base=2025"):
            start = time.monotonic()
            assert requests.get(f"{server.url}{path}", timeout=20).status_code == 200
            assert time.monotonic() - start < 1
        give_up = time.monotonic() + 10
        while "statbel refresh failed" not in server.log.read_text():
            assert time.monotonic() < give_up
            time.sleep(0.05)
    assert statbel.requests == ["/bestat", "/open-data"]


def test_log_has_the_url_the_database_and_the_duration_of_requests(
    sqlite_url: str, statbel: FakeStatbel, tmp_path: Path
) -> None:
    with running(tmp_path, DATABASE_URL=sqlite_url, **statbel.addresses) as server:
        requests.get(f"{server.url}/zipcode/9000", timeout=5)
    log = server.log.read_text()
    assert f"Open {server.url}/" in log
    assert "(embedded)" in log
    assert "For PostgreSQL set DATABASE_URL=" in log
    line = next(line for line in log.splitlines() if "/zipcode/9000" in line)
    assert re.fullmatch(
        r"\S+Z INFO [0-9a-f]{16} gunicorn\.access: "
        r'127\.0\.0\.1 "GET /zipcode/9000 HTTP/1\.1" 200 20 "python-requests/[\d.]+" \d+ms',
        line,
    )


def test_cached_response_is_logged(sqlite_url: str, statbel: FakeStatbel, tmp_path: Path) -> None:
    with running(tmp_path, DATABASE_URL=sqlite_url, **statbel.addresses) as server:
        for _ in range(3):
            requests.get(f"{server.url}/zipcode/9000", headers={"User-Agent": 'a "browser"'}, timeout=5)
    lines = [line for line in server.log.read_text().splitlines() if "/zipcode/9000" in line]
    assert len(lines) == 3
    assert all('"a \\"browser\\""' in line for line in lines)


def cores(process: int) -> list[set[int]]:
    """Return the cores on which each thread of a process may run."""
    return [os.sched_getaffinity(int(task.name)) for task in Path(f"/proc/{process}/task").iterdir()]


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="only Linux has CPU affinity")
@pytest.mark.parametrize("pin", ["1", "0"])
def test_threads_of_a_worker_share_one_core_if_pinned(
    sqlite_url: str, statbel: FakeStatbel, tmp_path: Path, pin: str
) -> None:
    here = os.sched_getaffinity(0)
    with running(tmp_path, DATABASE_URL=sqlite_url, PIN_WORKER=pin, **statbel.addresses) as server:
        requests.get(f"{server.url}/zipcode/9000", timeout=5)
        threads = cores(*tree(server.process.pid)[1:])
        assert cores(server.process.pid) == [here]
    assert len(threads) >= 2
    assert len(set.union(*threads)) == (1 if pin == "1" else len(here))


def test_password_is_not_logged(postgresql_url: str, statbel: FakeStatbel, tmp_path: Path) -> None:
    url = postgresql_url.replace("postgres@", "postgres:s3cret@")
    with running(tmp_path, DATABASE_URL=url, **statbel.addresses) as server:
        requests.get(f"{server.url}/readyz", timeout=5)
    assert "Database: postgresql" in server.log.read_text()
    assert "s3cret" not in server.log.read_text()


def test_request_is_finished_before_the_stop(sqlite_url: str, statbel: FakeStatbel, tmp_path: Path) -> None:
    statbel.bestat = statbel.open_data = statbel.hanging
    statuses: list[int] = []
    variables = {**statbel.addresses, "HEALTH_INDEX_TIMEOUT": "0.2,0.8"}
    with running(tmp_path, DATABASE_URL=sqlite_url, **variables) as server:
        request = threading.Thread(
            target=lambda: statuses.append(requests.get(f"{server.url}/index", timeout=20).status_code)
        )
        request.start()
        while not statbel.requests:
            time.sleep(0.01)
        server.process.terminate()
        assert server.process.wait(9) == 0
        request.join()
    assert statuses == [200]


def test_incomplete_requests_do_not_occupy_all_threads(
    sqlite_url: str, statbel: FakeStatbel, tmp_path: Path
) -> None:
    with running(tmp_path, DATABASE_URL=sqlite_url, WEB_THREADS="2", **statbel.addresses) as server:
        address = ("127.0.0.1", int(server.url.rsplit(":", 1)[1]))
        with contextlib.ExitStack() as connections:
            for _ in range(4):
                client = connections.enter_context(socket.create_connection(address))
                client.sendall(b"GET /index HTTP/1.1\r\nHost: x\r\n")
            assert requests.get(f"{server.url}/healthz", timeout=30).status_code == 200


@pytest.mark.parametrize("command", [["gunicorn", "wsgi:app"], ["flask", "init-db"]])
def test_invalid_setting_stops_the_start_with_one_line(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=environment(DATABASE_URL=""),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Error: DATABASE_URL is ")
    assert len(done.stderr.splitlines()) == 1


def test_two_workers_use_two_cores_after_one_died(
    sqlite_url: str, statbel: FakeStatbel, tmp_path: Path
) -> None:
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("needs two cores")
    variables = {**statbel.addresses, "GUNICORN_CMD_ARGS": "--workers 2"}
    with running(tmp_path, DATABASE_URL=sqlite_url, **variables) as server:
        wait_for_two_workers_on_two_cores(server.process.pid)
        died = tree(server.process.pid)[-1]
        os.kill(died, signal.SIGKILL)
        wait_for_two_workers_on_two_cores(server.process.pid, died)


def wait_for_two_workers_on_two_cores(process: int, died: int = 0) -> None:
    """Wait, because a worker chooses its core shortly after its start."""
    give_up = time.monotonic() + 20
    cores: set[int] = set()
    while len(cores) != 2:
        assert time.monotonic() < give_up, cores
        time.sleep(0.05)
        workers = [worker for worker in tree(process)[1:] if worker != died]
        taken = [os.sched_getaffinity(worker) for worker in workers]
        cores = set.union(*taken) if len(taken) == 2 and all(len(one) == 1 for one in taken) else set()


@pytest.mark.serial
def test_server_is_healthy_while_the_database_hangs(statbel: FakeStatbel, tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(50)
        url = f"postgresql://desk:desk@127.0.0.1:{silent.getsockname()[1]}/desk"
        with running(tmp_path, DATABASE_URL=url, **statbel.addresses) as server:
            for _ in range(3):
                started = time.monotonic()
                assert requests.get(f"{server.url}/healthz", timeout=20).status_code == 200
                assert time.monotonic() - started < 2
                time.sleep(1)


def test_log_format_can_be_set(sqlite_url: str, statbel: FakeStatbel, tmp_path: Path) -> None:
    variables = {**statbel.addresses, "GUNICORN_CMD_ARGS": "--access-logformat '%(m)s|%(U)s|%({host}i)s'"}
    with running(tmp_path, DATABASE_URL=sqlite_url, **variables) as server:
        requests.get(f"{server.url}/zipcode/9000", headers={"Host": "app.example"}, timeout=5)
    assert "GET|/zipcode/9000|app.example" in server.log.read_text()


def test_script_name_that_a_client_sends_is_ignored(
    sqlite_url: str, statbel: FakeStatbel, tmp_path: Path
) -> None:
    with running(tmp_path, DATABASE_URL=sqlite_url, **statbel.addresses) as server:
        for name in ("/x", "/zipcode", "zipcode", "/zipcode/9000", "\xe8", "/zipcode"):
            response = requests.get(f"{server.url}/zipcode/9000", headers={"SCRIPT_NAME": name}, timeout=5)
            assert (response.status_code, response.json()) == (200, {"risk_factor": "B"})
    assert "does not start with SCRIPT_NAME" not in server.log.read_text()
