"""The application under gunicorn, as a process on a free port."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Iterator, NamedTuple

import requests
from requests.adapters import HTTPAdapter

from tests.support.processes import free_port
from webapp.config import ROOT

START_SECONDS = 20


class Server(NamedTuple):
    """A running server."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path


def session_from(address: str) -> requests.Session:
    """Return a session whose connections come from an address of this machine."""

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, source_address=(address, 0), **kwargs)

    session = requests.Session()
    session.mount("http://", Adapter())
    return session


def environment(**variables: str) -> dict[str, str]:
    """Return the environment of a new shell with these variables, without the developer's own."""
    shell = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**shell, **variables}


@contextlib.contextmanager
def running(folder: Path, max_files: str = "", **variables: str) -> Iterator[Server]:
    """Start the application with these variables, wait until it responds, and stop it afterwards.

    Args:
        max_files: hard limit of file descriptors; the soft limit is half of it.
    """
    port = free_port()
    command = ["gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}"]
    with started(command, port, folder, max_files, **variables) as server:
        wait(server)
        yield server


@contextlib.contextmanager
def started(
    command: list[str], port: int, folder: Path, max_files: str = "", **variables: str
) -> Iterator[Server]:
    """Start a server, and stop it afterwards.

    Args:
        command: a Python module and its arguments.
        port: the port that it listens on.
        folder: for its log, named after the module.
        max_files: as for `running`.
    """
    arguments = [sys.executable, "-m", *command]
    if max_files:
        limits = f"ulimit -Sn {int(max_files) // 2} && ulimit -Hn {max_files}"
        arguments = ["sh", "-c", f'{limits} && exec "$@"', "sh", *arguments]
    log = folder / f"{command[0]}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            arguments,
            cwd=ROOT,
            env=environment(**variables),
            stdout=output,
            stderr=output,
        )
    try:
        yield Server(f"http://127.0.0.1:{port}", process, log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(START_SECONDS)


def wait(server: Server, seconds: float = START_SECONDS) -> None:
    """Wait until a server responds."""
    give_up = time.monotonic() + seconds
    while True:
        try:
            requests.get(f"{server.url}/healthz", timeout=1)
        except requests.RequestException:
            assert server.process.poll() is None, server.log.read_text()
            assert time.monotonic() < give_up, server.log.read_text()
            time.sleep(0.05)
        else:
            return
