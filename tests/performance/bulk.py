"""`make bench-bulk`: look up a million rows of CSV in a running server.

Prints rows per second, and the growth of the peak of resident memory. Client and server share the machine, so
the client does nothing while it waits.
"""

import http.client
import random
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Iterator, List, NamedTuple
from urllib.parse import urlsplit

from tests.performance import resources
from tests.support.databases import NOWHERE, SQLiteDatabases
from tests.support.live import running

ROWS = 1_000_000
ROUNDS = 5


class Kind(NamedTuple):
    """A kind of file: its header, and the format of its rows."""

    name: str
    header: bytes
    row: bytes


KINDS = (
    Kind("plain", b"zipcode;client\r\n", b"%d;Client number %d\r\n"),
    Kind("quoted", b'"zipcode";"client"\r\n', b'"%d";"Client number %d"\r\n'),
)


def write_file(path: Path, kind: Kind) -> None:
    generator = random.Random(1)  # noqa: S311  # the same file in every run
    with path.open("wb") as file:
        file.write(kind.header)
        file.writelines(kind.row % (generator.randint(1000, 9999), number) for number in range(ROWS))


def post(url: str, path: Path, response_path: Path) -> float:
    """Send a file, save the response to another, and return the seconds taken."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
    start = time.perf_counter()
    with path.open("rb") as file:
        headers = {"Content-Type": "text/csv", "Content-Length": str(path.stat().st_size)}
        connection.request("POST", "/api/v1/zipcodes/lookup", file, headers)
    response = connection.getresponse()
    assert response.status == 200, response.read()
    with response_path.open("wb") as file:
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
    request, response = folder / "request.csv", folder / "response.csv"
    request.write_bytes(b"zipcode\n9000\n")
    post(url, request, response)  # imports of the first request do not count
    before = resources.kilobytes(worker, "VmRSS")
    for kind in KINDS:
        write_file(request, kind)
        seconds: List[float] = []
        for _ in range(ROUNDS):
            seconds.append(post(url, request, response))
        assert all(a == b for a, b in zip(clients(request), clients(response))), "the order changed"
        rate = ROWS / statistics.median(seconds)
        grown = (resources.kilobytes(worker, "VmHWM") - before) / 1024
        print(f"{kind.name}: {rate:,.0f} rows per second, memory grew by {grown:.1f} MB")  # noqa: T201  # its output


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = SQLiteDatabases(folder).seeded()
        with running(folder, DATABASE_URL=url, **NOWHERE) as server:
            _arbiter, worker = resources.tree(server.process.pid)
            measure(folder, server.url, worker)


if __name__ == "__main__":
    main()
