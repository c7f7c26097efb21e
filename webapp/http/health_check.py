"""Health check of the image: request /healthz where gunicorn listens.

    python -m webapp.http.health_check

The address is, as for gunicorn, that of its command line, else of GUNICORN_CMD_ARGS, else the port of PORT.
"""

from __future__ import annotations

import http.client
import os
import shlex
import socket
import sys
from argparse import ArgumentParser
from contextlib import closing
from pathlib import Path
from typing import Mapping, Sequence

TIMEOUT_SECONDS = 2

# In a container, gunicorn or an init that started it.
FIRST_PROCESS = Path("/proc/1/cmdline")

DEFAULT_PORT = "5000"

UNIX = "unix:"
LOOPBACK = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}


class UnixConnection(http.client.HTTPConnection):
    """A connection to a Unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def bind(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return the first address that gunicorn listens on, as `host:port` or `unix:path`."""
    parser = ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("-b", "--bind", action="append")
    for arguments in (command, shlex.split(environment.get("GUNICORN_CMD_ARGS", ""))):
        found = parser.parse_known_args([part for part in arguments if part != "--"])[0].bind
        if found:
            return str(found[0])
    return f"0.0.0.0:{environment.get('PORT') or DEFAULT_PORT}"


def connect(address: str, timeout: float) -> http.client.HTTPConnection:
    """Return a connection to an address of gunicorn, to loopback if it is any."""
    if address.startswith(UNIX):
        return UnixConnection(address[len(UNIX) :], timeout)
    host, separator, port = address.rpartition(":")
    if not separator:  # a host alone
        host, port = address, "8000"  # gunicorn's default
    host = host.strip("[]")
    return http.client.HTTPConnection(LOOPBACK.get(host, host), int(port), timeout=timeout)


def main() -> None:
    command = FIRST_PROCESS.read_text(encoding="utf-8", errors="replace").split("\0")
    try:
        with closing(connect(bind(command, os.environ), TIMEOUT_SECONDS)) as connection:
            connection.request("GET", "/healthz")
            with connection.getresponse() as response:
                status = response.status
    except OSError as error:
        sys.exit(f"Error: no response ({error})")
    if status != http.client.OK:
        sys.exit(f"Error: status {status}")


if __name__ == "__main__":
    main()
