"""`make bench-bulk`: a million rows of CSV through the lookup of a running service.

Prints rows per second, and the peak growth of the worker's resident memory. Client and service share the
machine, so the client does nothing while it waits.
"""

from __future__ import annotations

import http.client
import random
import shutil
import statistics
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Iterator, NamedTuple
from urllib.parse import urlsplit

from openpyxl import Workbook

from tests.performance import resources
from tests.support.databases import NOWHERE, SQLiteDatabases
from tests.support.live import running
from webapp.tables.workbook_writer import MEDIA_TYPE

ROWS = 1_000_000
ROUNDS = 5


class Kind(NamedTuple):
    """A kind of file: its first row, and how its rows are written."""

    name: str
    header: bytes
    row: bytes


KINDS = (
    Kind("plain", b"zipcode;client\r\n", b"%d;Client number %d\r\n"),
    Kind("quoted", b'"zipcode";"client"\r\n', b'"%d";"Client number %d"\r\n'),
)


def write_file(path: Path, kind: Kind) -> None:
    randomness = random.Random(1)  # noqa: S311  # the same file at every run
    with path.open("wb") as file:
        file.write(kind.header)
        file.writelines(kind.row % (randomness.randint(1000, 9999), number) for number in range(ROWS))


WORKBOOK_ROWS = 50_000


def write_workbook(path: Path) -> None:
    """Write a list of eight columns in Excel: numbers, texts, days, amounts and leading zeros."""
    randomness = random.Random(1)  # noqa: S311  # the same workbook at every run
    first_day = datetime(2020, 1, 1)
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Clients")
    sheet.append(["Number", "Name", "Street", "Postcode", "Town", "Since", "Premium", "Policy"])
    for row in range(WORKBOOK_ROWS):
        client = [row, f"Client {row}", f"Street {row % 997}", randomness.randint(1000, 9999), "Gent"]
        sheet.append([*client, first_day + timedelta(days=row % 900), row * 1.37, f"{row:08}"])
    book.save(path)


def post(url: str, uploaded: Path, received: Path, media_type: str = "text/csv") -> float:
    """Upload a file, write the response to another, and return the seconds that it took."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
    start = time.perf_counter()
    with uploaded.open("rb") as file:
        headers = {"Content-Type": media_type, "Content-Length": str(uploaded.stat().st_size)}
        connection.request("POST", "/api/v1/zipcodes/lookup", file, headers)
    response = connection.getresponse()
    assert response.status == 200, response.read()
    with received.open("wb") as file:
        shutil.copyfileobj(response, file, 1024 * 1024)
    connection.close()
    return time.perf_counter() - start


def clients(path: Path) -> Iterator[bytes]:
    """Yield the second column of a file, without its quotes."""
    with path.open("rb") as file:
        next(file)
        for line in file:
            yield line.rstrip().split(b";")[1].strip(b'"')


def measure(folder: Path, url: str, worker: int) -> None:
    uploaded, received = folder / "uploaded.csv", folder / "received.csv"
    uploaded.write_bytes(b"zipcode\n9000\n")
    post(url, uploaded, received)  # the first request imports modules
    before = resources.kilobytes(worker, "VmRSS")
    for kind in KINDS:
        write_file(uploaded, kind)
        seconds: list[float] = []
        for _ in range(ROUNDS):
            seconds.append(post(url, uploaded, received))
        assert all(a == b for a, b in zip(clients(uploaded), clients(received))), "the order changed"
        rate = ROWS / statistics.median(seconds)
        grown = (resources.kilobytes(worker, "VmHWM") - before) / 1024
        print(f"{kind.name}: {rate:,.0f} rows per second, memory grew by {grown:.1f} MB")  # noqa: T201  # its result


def measure_workbook(folder: Path, url: str, worker: int) -> None:
    uploaded, received = folder / "uploaded.xlsx", folder / "received.xlsx"
    write_workbook(uploaded)
    before = resources.kilobytes(worker, "VmRSS")
    seconds = post(url, uploaded, received, MEDIA_TYPE)
    grown = (resources.kilobytes(worker, "VmHWM") - before) / 1024
    print(  # noqa: T201  # its result
        f"workbook: {WORKBOOK_ROWS:,} rows of 8 columns in {seconds:.1f} s, memory grew by {grown:.1f} MB"
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = SQLiteDatabases(folder).seeded()
        with running(folder, DATABASE_URL=url, **NOWHERE) as service:
            _arbiter, worker = resources.tree(service.process.pid)
            measure_workbook(folder, service.url, worker)
            measure(folder, service.url, worker)


if __name__ == "__main__":
    main()
