"""A PgBouncer in transaction mode, in front of a PostgreSQL of the tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Iterator

import sqlalchemy as sa

from tests.support.postgres import UNPRIVILEGED
from tests.support.processes import end_with_parent, free_port

START_SECONDS = 10

# One connection to each database, so that clients take turns on it.
CONFIGURATION = """
[databases]
* = {target}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen_port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 1
logfile = {folder}/log
"""

# TLS only, with the files of a certificate.
TLS_CONFIGURATION = """
client_tls_sslmode = require
client_tls_cert_file = {certificate}
client_tls_key_file = {key}
"""


class NoPgBouncer(Exception):
    """PgBouncer is not installed or does not start; the message says what to do."""


@contextlib.contextmanager
def pooled(server: sa.engine.URL, certificate: Path | None = None) -> Iterator[sa.engine.URL]:
    """Start a PgBouncer, and yield the URL of the server behind it. Raises NoPgBouncer.

    Args:
        certificate: for TLS only, with its key beside it as "….key".
    """
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        raise NoPgBouncer("install it, on Debian: apt-get install pgbouncer")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="desk-pgbouncer-") as name:
        folder = Path(name)
        if os.geteuid() == 0:  # it refuses to run as root
            shutil.chown(folder, UNPRIVILEGED)
        file = folder / "pgbouncer.ini"
        text = CONFIGURATION.format(target=_target(server), listen_port=port, folder=folder)
        if certificate:
            text += TLS_CONFIGURATION.format(certificate=certificate, key=certificate.with_suffix(".key"))
        file.write_text(text)
        command = [program, "-q", *(["-u", UNPRIVILEGED] if os.geteuid() == 0 else []), str(file)]
        process = subprocess.Popen(
            command,
            preexec_fn=end_with_parent(),  # noqa: PLW1509  # so early, no thread runs yet
            stderr=subprocess.DEVNULL,
        )
        try:
            url = server.set(host="127.0.0.1", port=port)
            _wait(url, process, folder / "log")
            yield url
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(START_SECONDS)


def _target(server: sa.engine.URL) -> str:
    parts = {"host": server.host, "port": server.port, "user": server.username, "password": server.password}
    return " ".join(f"{name}='{value}'" for name, value in parts.items() if value)


def _wait(url: sa.engine.URL, process: subprocess.Popen[bytes], log: Path) -> None:
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool, connect_args={"connect_timeout": 2})
    give_up = time.monotonic() + START_SECONDS
    while True:
        try:
            engine.connect().close()
        except sa.exc.OperationalError as error:
            if process.poll() is not None or time.monotonic() > give_up:
                reason = log.read_text(errors="replace") if log.exists() else str(error.orig)
                raise NoPgBouncer(f"it did not start: {reason.strip()}") from None
            time.sleep(0.05)
        else:
            return
