"""Load generator for machines without wrk: keep-alive connections that send one request after another.

It runs in its own process, so that it does not slow down the benchmark:

    python -m tests.performance.client HOST:PORT FILE-OF-PATHS CONNECTIONS HEADERS-AS-JSON SECONDS|once
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from pathlib import Path
from typing import Iterator, Mapping

RESPONSE_TIMEOUT_SECONDS = 10


class Tally:
    """The results of all connections, with the seconds of each response."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.failures = 0
        self.error_responses = 0


async def send_requests(host: str, port: int, requests: Iterator[bytes], until: float, tally: Tally) -> None:
    """Send one request after another, reconnecting when the server closes the connection."""
    writer = None
    for request in requests:
        start = time.perf_counter()
        if start >= until:
            break
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection(host, port)
            writer.write(request)
            status, stays_open = await asyncio.wait_for(read_response(reader), RESPONSE_TIMEOUT_SECONDS)
        except (OSError, EOFError, asyncio.TimeoutError):
            tally.failures += 1
            stays_open = False
        else:
            tally.seconds.append(time.perf_counter() - start)
            tally.error_responses += status >= 400
        if writer and not stays_open:
            writer.close()
            writer = None
    if writer:
        writer.close()


async def read_response(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """Return the status of a response, and True if the connection stays open."""
    status, *lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
    headers = dict(line.split(b": ", 1) for line in lines if line)
    await reader.readexactly(int(headers[b"content-length"]))
    return int(status.split()[1]), headers.get(b"connection") != b"close"


async def load(
    host_and_port: str, paths: list[str], connections: int, headers: Mapping[str, str], duration: str
) -> str:
    """Put a server under load, and return the fields of load.Load as JSON."""
    host, port = host_and_port.split(":")
    header_lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    messages = [
        f"GET {path} HTTP/1.1\r\nHost: {host_and_port}\r\n{header_lines}\r\n".encode() for path in paths
    ]
    start = time.perf_counter()
    requests, until = (
        (iter(messages), float("inf"))
        if duration == "once"
        else (itertools.cycle(messages), start + float(duration))
    )
    tally = Tally()
    await asyncio.gather(
        *(send_requests(host, int(port), requests, until, tally) for _ in range(connections))
    )
    seconds = time.perf_counter() - start
    ordered = sorted(tally.seconds) or [0.0]
    return json.dumps(
        {
            "requests": len(tally.seconds),
            "failures": tally.failures,
            "error_responses": tally.error_responses,
            "duration_us": round(seconds * 1e6),
            "p50_us": round(ordered[len(ordered) // 2] * 1e6),
            "p99_us": round(ordered[len(ordered) * 99 // 100] * 1e6),
        }
    )


def main() -> None:
    host_and_port, file, connections, headers, duration = sys.argv[1:]
    paths = Path(file).read_text().splitlines()
    result = asyncio.run(load(host_and_port, paths, int(connections), json.loads(headers), duration))
    print(result)  # noqa: T201  # its output


if __name__ == "__main__":
    main()
