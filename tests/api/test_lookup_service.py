"""Large, slow and incomplete lists sent to a running service."""

from __future__ import annotations

import contextlib
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from openpyxl import load_workbook

from tests.performance import bulk as benchmark
from tests.performance import resources
from tests.support.fake_statbel import FakeStatbel
from tests.support.live import running
from tests.support.timing import slowness
from webapp.tables.workbook_writer import MEDIA_TYPE as WORKBOOK

PATH = "/api/v1/zipcodes/lookup"
CSV = {"Content-Type": "text/csv"}


@pytest.fixture
def service(sqlite_url: str, statbel: FakeStatbel, tmp_path: Path) -> Any:
    """A service under gunicorn, and its worker process."""
    with running(tmp_path, DATABASE_URL=sqlite_url, **statbel.addresses) as running_service:
        _arbiter, worker = resources.tree(running_service.process.pid)
        yield running_service.url, worker


@pytest.mark.slow
def test_million_rows_keep_their_order_and_take_no_memory(service: Any, tmp_path: Path) -> None:
    url, worker = service
    uploaded, received = tmp_path / "uploaded.csv", tmp_path / "received.csv"
    uploaded.write_bytes(b"zipcode\n9000\n")
    benchmark.post(url, uploaded, received)
    before = resources.kilobytes(worker, "VmRSS")
    benchmark.write_file(uploaded, benchmark.KINDS[0])
    benchmark.post(url, uploaded, received)
    assert resources.kilobytes(worker, "VmHWM") - before < 30 * 1024
    count = 0
    for sent, got in zip(benchmark.clients(uploaded), benchmark.clients(received)):
        assert sent == got
        count += 1
    assert count == benchmark.ROWS


@pytest.mark.slow
@pytest.mark.serial
def test_large_workbook_takes_little_memory_and_blocks_no_other_request(service: Any, tmp_path: Path) -> None:
    url, worker = service
    uploaded, received = tmp_path / "uploaded.xlsx", tmp_path / "received.xlsx"
    benchmark.write_workbook(uploaded)
    requests.get(f"{url}/zipcode/9000", timeout=10)
    before = resources.kilobytes(worker, "VmRSS")
    waited: list[float] = []
    with ThreadPoolExecutor(1) as pool:
        posted = pool.submit(benchmark.post, url, uploaded, received, WORKBOOK)
        while not posted.done():
            start = time.monotonic()
            assert requests.get(f"{url}/zipcode/9000", timeout=10).status_code == 200
            waited.append(time.monotonic() - start)
            time.sleep(0.05)
    assert posted.result() < 15 * slowness()
    assert max(waited) < 1
    assert resources.kilobytes(worker, "VmHWM") - before < 100 * 1024
    with received.open("rb") as file:
        rows = list(load_workbook(file, read_only=True).worksheets[0].iter_rows(values_only=True))
    assert sum(1 for row in rows if row[8] or row[9]) == benchmark.WORKBOOK_ROWS + 1


@pytest.mark.slow
def test_chunked_body_is_read(service: Any) -> None:
    url, _worker = service
    chunks: list[bytes] = [b"zip", b"code\n90", b"00\n", b"2000"]
    response = requests.post(url + PATH, data=iter(chunks), headers=CSV, timeout=10)
    assert (response.status_code, response.content) == (200, b"zipcode,risk_factor,error\n9000,B,\n2000,C,\n")


@pytest.mark.slow
def test_rejected_client_that_sends_everything_first_gets_the_reason(service: Any) -> None:
    url, _worker = service
    response = requests.post(url + PATH, data=b'9000,"x"y\n' + b"9000\n" * 2_000_000, headers=CSV, timeout=30)
    assert (response.status_code, response.json()["code"]) == (400, "CSV_NOT_VALID")


@pytest.mark.slow
def test_client_that_stops_half_way_blocks_no_other_request(service: Any) -> None:
    url, _worker = service
    with socket.create_connection(
        (urlsplit(url).hostname or "", urlsplit(url).port or 0), timeout=15
    ) as half:
        lines = [
            f"POST {PATH} HTTP/1.1",
            "Host: x",
            "Content-Type: text/csv",
            "Content-Length: 99",
            "",
            "9",
        ]
        half.sendall("\r\n".join(lines).encode())
        assert requests.get(f"{url}/zipcode/9000", timeout=10).json() == {"risk_factor": "B"}
        assert b" 400 " in half.recv(200)


def sent_raw(url: str, *lines: str) -> bytes:
    """Send raw bytes, end the sending side, and return the response."""
    server = (urlsplit(url).hostname or "", urlsplit(url).port or 0)
    with socket.create_connection(server, timeout=15) as connection:
        head = [f"POST {PATH} HTTP/1.1", "Host: desk", "Content-Type: text/csv", "Connection: close"]
        connection.sendall("\r\n".join([*head, *lines]).encode())
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(4096), b""))


@pytest.mark.slow
@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 1000", "", "zipcode"),
        ("Transfer-Encoding: chunked", "", "zz", "9000"),
        ("Transfer-Encoding: chunked", "", "8", "9000"),
    ],
    ids=["cut short", "no chunk", "half a chunk"],
)
def test_incomplete_body_is_a_bad_request(service: Any, lines: tuple[str, ...]) -> None:
    url, _worker = service
    assert sent_raw(url, *lines).startswith(b"HTTP/1.1 400 ")


@pytest.mark.slow
def test_clients_that_do_not_read_their_responses_block_others_briefly(service: Any) -> None:
    url, _worker = service
    content = b"9000;abcdefgh\n" * 700_000
    head = f"POST {PATH} HTTP/1.1\r\nHost: desk\r\nContent-Type: text/csv\r\n"
    server = (urlsplit(url).hostname or "", urlsplit(url).port or 0)
    with contextlib.ExitStack() as open_ones:
        for _ in range(4):
            client = open_ones.enter_context(socket.create_connection(server, timeout=30))
            client.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        assert requests.get(f"{url}/healthz", timeout=30).status_code == 200
