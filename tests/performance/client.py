"""Puts a server under load where wrk is missing: keep-alive connections, each asking one thing after another.

A process of its own, so that it takes no time from whoever measures:

    python -m tests.performance.client HOST:PORT FILE-OF-PATHS CONNECTIONS HEADERS-AS-JSON SECONDS|once
"""

import asyncio
import itertools
import json
import sys
import time
from pathlib import Path
from typing import Iterator, List, Mapping, Tuple

ANSWER_SECONDS = 10


class Tally:
    """What the connections saw together. The seconds are those that each answer took."""

    def __init__(self) -> None:
        self.seconds: List[float] = []
        self.failures = 0
        self.refusals = 0


async def keep_asking(host: str, port: int, requests: Iterator[bytes], until: float, tally: Tally) -> None:
    """Send one request after the other, on a new connection whenever the old one has ended."""
    writer = None
    for request in requests:
        start = time.perf_counter()
        if start >= until:
            break
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection(host, port)
            writer.write(request)
            status, stays_open = await asyncio.wait_for(read_answer(reader), ANSWER_SECONDS)
        except (OSError, EOFError, asyncio.TimeoutError):
            tally.failures += 1
            stays_open = False
        else:
            tally.seconds.append(time.perf_counter() - start)
            tally.refusals += status >= 400
        if writer and not stays_open:
            writer.close()
            writer = None
    if writer:
        writer.close()


async def read_answer(reader: asyncio.StreamReader) -> Tuple[int, bool]:
    """The status of an answer, and whether the connection can be used again."""
    status, *lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
    headers = dict(line.split(b": ", 1) for line in lines if line)
    await reader.readexactly(int(headers[b"content-length"]))
    return int(status.split()[1]), headers.get(b"connection") != b"close"


async def load(address: str, paths: List[str], connections: int, headers: Mapping[str, str], how: str) -> str:
    """Put a server under load, and say as JSON what came of it, as load.Load has it."""
    host, port = address.split(":")
    further = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    written = [f"GET {path} HTTP/1.1\r\nHost: {address}\r\n{further}\r\n".encode() for path in paths]
    start = time.perf_counter()
    requests, until = (
        (iter(written), float("inf")) if how == "once" else (itertools.cycle(written), start + float(how))
    )
    tally = Tally()
    await asyncio.gather(*(keep_asking(host, int(port), requests, until, tally) for _ in range(connections)))
    duration = time.perf_counter() - start
    ordered = sorted(tally.seconds) or [0.0]
    return json.dumps(
        {
            "requests": len(tally.seconds),
            "failures": tally.failures,
            "refusals": tally.refusals,
            "duration_us": round(duration * 1e6),
            "p50_us": round(ordered[len(ordered) // 2] * 1e6),
            "p99_us": round(ordered[len(ordered) * 99 // 100] * 1e6),
        }
    )


def main() -> None:
    address, paths, connections, headers, how = sys.argv[1:]
    given = Path(paths).read_text().splitlines()
    print(asyncio.run(load(address, given, int(connections), json.loads(headers), how)))  # noqa: T201  # its result


if __name__ == "__main__":
    main()
