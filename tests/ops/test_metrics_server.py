"""`/metrics` of a running server, and its files."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Iterator

import pytest
import requests
from flask import Flask

from tests.ops.scraped import Metrics
from tests.support import live
from tests.support.databases import NOWHERE, SQLiteDatabases
from tests.support.live import Server
from tests.support.processes import free_port
from webapp.config import ROOT

MakeApp = Callable[..., Flask]


class Group(SimpleNamespace):
    """A server with two workers."""

    server: Server
    address: str

    def read(self) -> Metrics:
        return Metrics(requests.get(f"http://{self.address}/metrics", timeout=5).text)

    def workers(self) -> list[int]:
        children = f"/proc/{self.server.process.pid}/task/{self.server.process.pid}/children"
        return [int(pid) for pid in Path(children).read_text().split()]


@contextlib.contextmanager
def group(folder: Path, url: str, workers: int = 2, **variables: str) -> Iterator[Group]:
    address = f"127.0.0.1:{free_port()}"
    variables = {"DATABASE_URL": url, "METRICS_BIND": address, **NOWHERE, **variables}
    with live.running(folder, GUNICORN_CMD_ARGS=f"--workers={workers}", **variables) as server:
        found = Group(server=server, address=address)
        wait_until(lambda: found.read().sum("desk_workers") == workers)
        yield found


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60  # for a busy machine
    while True:
        with contextlib.suppress(requests.RequestException, AssertionError):
            if condition():
                return
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture(scope="module")
def running(sqlite: SQLiteDatabases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    with group(tmp_path_factory.mktemp("metrics"), sqlite.seeded(), RATE_LIMIT="500") as found:
        yield found


def send(running: Group, path: str, count: int, **options: Any) -> list[int]:
    """Send requests on new connections, which the workers share."""
    method = options.pop("method", "GET")
    return [
        requests.request(method, running.server.url + path, timeout=5, **options).status_code
        for _ in range(count)
    ]


def labelled(found: Metrics, **labels: str) -> float:
    try:
        return found.sum("desk_http_requests_total", **labels)
    except AssertionError:
        return 0


@pytest.mark.slow
def test_requests_to_all_workers_are_counted_together(running: Group) -> None:
    before = running.read()
    send(running, "/zipcode/9000", 20)
    send(running, "/no/such/page", 5)
    send(running, "/zipcode/9000", 3, headers={"Accept": "text/html"})
    send(running, "/zipcode/9000", 2, method="BREW")
    csv = {"data": b"zipcode\n9000\n2000\n", "headers": {"Content-Type": "text/csv"}}
    send(running, "/api/v1/zipcodes/lookup", 2, method="POST", **csv)
    after = running.read()
    route = "/zipcode/<zipcode>"
    expected = [
        ({"route": route, "representation": "json", "status": "200", "method": "GET"}, 20),
        ({"route": route, "representation": "html", "status": "200"}, 3),
        ({"method": "other"}, 2),
        ({"route": "unmatched", "status": "404"}, 5),
        ({"route": "/api/v1/zipcodes/lookup", "method": "POST", "representation": "csv"}, 2),
    ]
    for labels, count in expected:
        assert labelled(after, **labels) - labelled(before, **labels) == count, labels
    grown = {
        name: after.sum(name) - before.sum(name)
        for name in ("desk_http_cache_hits_total", "desk_http_cache_misses_total", "desk_bulk_rows_total")
    }
    assert grown["desk_bulk_rows_total"] == 4
    assert grown["desk_http_cache_hits_total"] + grown["desk_http_cache_misses_total"] == 28
    assert grown["desk_http_cache_hits_total"] >= 18  # each worker has its own cache
    assert after.sum("desk_http_cache_bytes") > 0


@pytest.mark.slow
def test_counters_go_on_and_gauges_vanish_when_a_worker_is_killed(running: Group) -> None:
    send(running, "/index", 10)
    before = running.read()
    for worker in running.workers():
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda worker=worker: worker not in running.workers())  # type: ignore[misc]  # mypy cannot infer defaults
    wait_until(lambda: running.read().sum("desk_workers") == 2)
    send(running, "/index", 10)
    after = running.read()
    assert labelled(after, route="/index") - labelled(before, route="/index") == 10
    files = list(Path("/dev/shm").glob("desk-metrics-*/counter_*.db"))  # noqa: S108  # where the server puts them
    if files:
        assert {file.name for file in files} <= {"counter_0.db", "counter_1.db"}
    assert abs(after.sum("desk_snapshot_last_look_timestamp_seconds") - time.time()) < 30


@pytest.mark.slow
def test_public_port_has_no_metrics_and_theirs_nothing_else(running: Group) -> None:
    assert send(running, "/metrics", 2) == [404, 404]
    for path, status in (("/metrics", 200), ("/metrics?x=1", 200), ("/", 404), ("/index", 404)):
        assert requests.get(f"http://{running.address}{path}", timeout=5).status_code == status, path
    head = requests.head(f"http://{running.address}/metrics", timeout=5)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert requests.post(f"http://{running.address}/metrics", timeout=5).status_code == 501


@pytest.mark.slow
def test_silent_clients_do_not_hold_up_metrics(running: Group) -> None:
    host, port = running.address.split(":")
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(socket.create_connection((host, int(port))))
        assert running.read().sum("desk_workers") == 2


@pytest.mark.slow
def test_folder_is_removed_at_the_end(sqlite_url: str, tmp_path: Path) -> None:
    def folders() -> set[Path]:
        return {*Path("/dev/shm").glob("desk-metrics-*"), *Path("/tmp").glob("desk-metrics-*")}  # noqa: S108  # as above

    before = folders()
    with group(tmp_path, sqlite_url, workers=1):
        assert len(folders() - before) >= 1
    assert not [folder for folder in folders() - before if not list(folder.glob("*.db"))]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("host", "reason"),
    [("127.0.0.1", "is in use"), ("192.0.2.1", "cannot be used: Cannot assign requested address")],
)
def test_unusable_address_ends_the_start_with_one_line(sqlite_url: str, host: str, reason: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"{host}:{taken.getsockname()[1]}"
        done = subprocess.run(
            [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{free_port()}"],
            cwd=ROOT,
            env=live.environment(DATABASE_URL=sqlite_url, METRICS_BIND=address, **NOWHERE),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert f"Error: METRICS_BIND {address} {reason}. Choose another." in done.stderr
    assert "Traceback" not in done.stderr
