"""Putting a server under load: with wrk, or where that is missing with the client that comes along."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import List, Mapping, NamedTuple, Optional
from urllib.parse import urlsplit

CONNECTIONS = 32

# After these seconds more, a client has to be done.
PATIENCE_SECONDS = 30

SCRIPT = Path(__file__).with_name("wrk.lua")
WRK = shutil.which("wrk")


class Load(NamedTuple):
    """What a client saw.

    Attributes:
        requests: how many were answered.
        failures: connections that could not be made or broke, and answers that did not come.
        refusals: answers with a status of 400 or more.
        duration_us: how long it went on, in microseconds.
        p50_us, p99_us: in how many microseconds half of the answers, and 99 % of them, were there.
    """

    requests: int
    failures: int
    refusals: int
    duration_us: int
    p50_us: int
    p99_us: int


def put(url: str, paths: Path, headers: Mapping[str, str], seconds: float) -> Load:
    """Ask a server for the paths in a file, round and round, for some seconds."""
    if WRK is None:
        return put_by_client(url, paths, headers, seconds)
    command = [WRK, "--threads=1", f"--connections={CONNECTIONS}", f"--duration={round(seconds)}s"]
    command += [part for name, value in headers.items() for part in ("--header", f"{name}: {value}")]
    return _run([*command, f"--script={SCRIPT}", url, "--", str(paths)], seconds)


def put_by_client(url: str, paths: Path, headers: Mapping[str, str], seconds: Optional[float]) -> Load:
    """The same with our own client, a process of its own. Without `seconds` it asks for each path once."""
    command = [sys.executable, "-m", "tests.performance.client", urlsplit(url).netloc, str(paths)]
    command += [str(CONNECTIONS), json.dumps(dict(headers)), "once" if seconds is None else str(seconds)]
    return _run(command, seconds or 600)


def _run(command: List[str], seconds: float) -> Load:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=seconds + PATIENCE_SECONDS
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
    return parse(done.stdout)


def parse(output: str) -> Load:
    """Read what a client prints: its last line is JSON."""
    return Load(**json.loads(output.splitlines()[-1]))
