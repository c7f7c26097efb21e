"""Put a server under load with wrk, or with client.py where wrk is missing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Mapping, NamedTuple
from urllib.parse import urlsplit

CONNECTIONS = 32

# Time beyond its duration after which a client is stopped.
TIMEOUT_SECONDS = 30

SCRIPT = Path(__file__).with_name("wrk.lua")
WRK = shutil.which("wrk")


class Load(NamedTuple):
    """The result of a client.

    Attributes:
        requests: requests with a response.
        failures: failed connections and missing responses.
        error_responses: responses with a status of 400 or more.
        duration_us: microseconds in total.
        p50_us, p99_us: percentiles of the response time, in microseconds.
    """

    requests: int
    failures: int
    error_responses: int
    duration_us: int
    p50_us: int
    p99_us: int


def generate(url: str, paths: Path, headers: Mapping[str, str], seconds: float) -> Load:
    """Request the paths in a file in turn, for some seconds."""
    if WRK is None:
        return generate_in_python(url, paths, headers, seconds)
    command = [WRK, "--threads=1", f"--connections={CONNECTIONS}", f"--duration={round(seconds)}s"]
    command += [part for name, value in headers.items() for part in ("--header", f"{name}: {value}")]
    return _run([*command, f"--script={SCRIPT}", url, "--", str(paths)], seconds)


def generate_in_python(url: str, paths: Path, headers: Mapping[str, str], seconds: float | None) -> Load:
    """Do the same with client.py. Without `seconds`, request each path once."""
    command = [sys.executable, "-m", "tests.performance.client", urlsplit(url).netloc, str(paths)]
    command += [str(CONNECTIONS), json.dumps(dict(headers)), "once" if seconds is None else str(seconds)]
    return _run(command, seconds or 600)


def _run(command: list[str], seconds: float) -> Load:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=seconds + TIMEOUT_SECONDS
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
    return parse(done.stdout)


def parse(output: str) -> Load:
    """Parse the output of a client, whose last line is JSON."""
    return Load(**json.loads(output.splitlines()[-1]))
