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
def service_url(sqlite_url: str, statbel: FakeStatbel, tmp_path: Path) -> Any:
    """A service under gunicorn, and its worker process."""
    with running(tmp_path, DATABASE_URL=sqlite_url, **statbel.addresses) as desk:
        _arbiter, worker = resources.tree(desk.process.pid)
        yield desk.url, worker


@pytest.mark.slow
def test_million_rows_keep_their_order_and_take_no_memory(service_url: Any, tmp_path: Path) -> None:
    url, worker = service_url
    given, response = tmp_path / "given.csv", tmp_path / "response.csv"
    given.write_bytes(b"zipcode\n9000\n")
    benchmark.post(url, given, response)
    before = resources.kilobytes(worker, "VmRSS")
    benchmark.write_file(given, benchmark.KINDS[0])
    benchmark.post(url, given, response)
    assert resources.kilobytes(worker, "VmHWM") - before < 30 * 1024
    count = 0
    for asked, got in zip(benchmark.clients(given), benchmark.clients(response)):
        assert asked == got
        count += 1
    assert count == benchmark.ROWS


@pytest.mark.slow
@pytest.mark.serial
def test_large_workbook_takes_little_memory_and_blocks_no_other_request(
    service_url: Any, tmp_path: Path
) -> None:
    url, worker = service_url
    given, response = tmp_path / "given.xlsx", tmp_path / "response.xlsx"
    benchmark.write_workbook(given)
    requests.get(f"{url}/zipcode/9000", timeout=10)
    before = resources.kilobytes(worker, "VmRSS")
    waited: list[float] = []
    with ThreadPoolExecutor(1) as pool:
        posted = pool.submit(benchmark.post, url, given, response, WORKBOOK)
        while not posted.done():
            start = time.monotonic()
            assert requests.get(f"{url}/zipcode/9000", timeout=10).status_code == 200
            waited.append(time.monotonic() - start)
            time.sleep(0.05)
    assert posted.result() < 15 * slowness()
    assert max(waited) < 1
    assert resources.kilobytes(worker, "VmHWM") - before < 100 * 1024
    with response.open("rb") as file:
        rows = list(load_workbook(file, read_only=True).worksheets[0].iter_rows(values_only=True))
    assert sum(1 for row in rows if row[8] or row[9]) == benchmark.WORKBOOK_ROWS + 1


@pytest.mark.slow
def test_chunked_body_is_read(service_url: Any) -> None:
    url, _worker = service_url
    parts: list[bytes] = [b"zip", b"code\n90", b"00\n", b"2000"]
    response = requests.post(url + PATH, data=iter(parts), headers=CSV, timeout=10)
    assert (response.status_code, response.content) == (200, b"zipcode,risk_factor,error\n9000,B,\n2000,C,\n")


@pytest.mark.slow
def test_rejected_client_that_sends_everything_first_gets_the_reason(service_url: Any) -> None:
    url, _worker = service_url
    response = requests.post(url + PATH, data=b'9000,"x"y\n' + b"9000\n" * 2_000_000, headers=CSV, timeout=30)
    assert (response.status_code, response.json()["code"]) == (400, "CSV_NOT_VALID")


@pytest.mark.slow
def test_client_that_stops_half_way_blocks_no_other_request(service_url: Any) -> None:
    url, _worker = service_url
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
def test_incomplete_body_is_a_bad_request(service_url: Any, lines: tuple[str, ...]) -> None:
    url, _worker = service_url
    assert sent_raw(url, *lines).startswith(b"HTTP/1.1 400 ")


@pytest.mark.slow
def test_clients_that_do_not_read_their_responses_block_others_briefly(service_url: Any) -> None:
    url, _worker = service_url
    content = b"9000;abcdefgh\n" * 700_000
    head = f"POST {PATH} HTTP/1.1\r\nHost: desk\r\nContent-Type: text/csv\r\n"
    server = (urlsplit(url).hostname or "", urlsplit(url).port or 0)
    with contextlib.ExitStack() as open_ones:
        for _ in range(4):
            client = open_ones.enter_context(socket.create_connection(server, timeout=30))
            client.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        assert requests.get(f"{url}/healthz", timeout=30).status_code == 200
