"""The desk as operators run it: gunicorn as a process of its own, on a free port."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple

import requests

from tests.support.processes import free_port
from webapp.config import ROOT

START_SECONDS = 20


class Desk(NamedTuple):
    """A running desk: its address, its process, and the file with its log."""

    url: str
    process: "subprocess.Popen[bytes]"
    log: Path


def environment(**variables: str) -> Dict[str, str]:
    """What a new shell knows, and these variables: nothing of the developer's own."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, **variables}


@contextlib.contextmanager
def running(folder: Path, max_files: str = "", **variables: str) -> Iterator[Desk]:
    """Start the desk with these variables, wait until it answers, and stop it afterwards.

    Args:
        max_files: file descriptors that its processes may have, and half as many unless they ask for more.
    """
    port = free_port()
    command = ["gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}"]
    with started(command, port, folder, max_files, **variables) as desk:
        wait(desk)
        yield desk


@contextlib.contextmanager
def started(
    command: List[str], port: int, folder: Path, max_files: str = "", **variables: str
) -> Iterator[Desk]:
    """Start a server that is a module of Python and takes this port, and stop it afterwards.

    Args:
        command: the module and its arguments.
        folder: where its log goes, under the name of the module.
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
        yield Desk(f"http://127.0.0.1:{port}", process, log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(START_SECONDS)


def wait(desk: Desk) -> None:
    """Wait until a server answers."""
    give_up = time.monotonic() + START_SECONDS
    while True:
        try:
            requests.get(f"{desk.url}/healthz", timeout=1)
        except requests.RequestException:
            assert desk.process.poll() is None, desk.log.read_text()
            assert time.monotonic() < give_up, desk.log.read_text()
            time.sleep(0.05)
        else:
            return
