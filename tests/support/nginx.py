"""The proxy of compose.yaml: its own configuration under the installed nginx."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Iterator, Sequence

from tests.support.live import START_SECONDS, Server, started, wait
from tests.support.processes import end_with_parent, free_port
from webapp.config import ROOT

CONFIGURATION = ROOT / "deploy" / "nginx" / "nginx.conf"

# Debian's nginx is older than `resolve`: the addresses stand in the place of the name.
UPSTREAM = "server web:5000 resolve max_fails=0;"


# Several start at once, beside clients that ask.
INSTANCE_SECONDS = 60


class NoNginx(Exception):
    """nginx is not installed; the message says how to install it."""


class Proxy:
    """Starts nginx and the instances behind it, in a folder.

    Instances share a port and differ in their address, as containers do.

    Args:
        name: of all addresses, as in compose.yaml; only root can give them one.
    """

    def __init__(self, folder: Path, addresses: Sequence[str], name: str = "") -> None:
        self.addresses = addresses
        self._name = name
        self.port = free_port()
        self._folder = folder

    @contextlib.contextmanager
    def running(self) -> Iterator[Server]:
        """Run nginx. Raises NoNginx."""
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
        if program is None:
            raise NoNginx("no `nginx` on the PATH; on Debian: apt-get install nginx")
        folder = self._folder / "nginx"
        folder.mkdir()
        port = free_port()
        configuration = folder / "nginx.conf"
        configuration.write_text(self._configuration(folder, port), encoding="utf-8")
        log = folder / "log"
        # Root would run the workers as `nobody`, who cannot write to the folder.
        user = "user root; " if os.geteuid() == 0 else ""
        command = [program, "-p", str(folder), "-c", str(configuration), "-g", f"{user}daemon off;"]
        if self._name:
            hosts = folder / "hosts"
            hosts.write_text("".join(f"{address} {self._name}\n" for address in self.addresses))
            bind = f'mount --bind {hosts} /etc/hosts && exec "$@"'
            command = ["unshare", "--mount", "sh", "-c", bind, "sh", *command]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                preexec_fn=end_with_parent(),  # noqa: PLW1509  # it takes no lock
                stdout=output,
                stderr=output,
            )
        try:
            wait_for_port(port, process, log)
            yield Server(f"http://127.0.0.1:{port}", process, log)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(START_SECONDS)

    @contextlib.contextmanager
    def instance(self, address: str, **variables: str) -> Iterator[Server]:
        """Run the application at an address of this machine, and wait until it responds."""
        folder = self._folder / address
        folder.mkdir(exist_ok=True)
        # 127.0.0.1 is for the test itself.
        own = free_port()
        command = ["gunicorn", "wsgi:app", f"--bind=127.0.0.1:{own}", f"--bind={address}:{self.port}"]
        with started(command, own, folder, TRUSTED_PROXIES="1", **variables) as server:
            wait(server, INSTANCE_SECONDS)
            yield server

    def _configuration(self, folder: Path, port: int) -> str:
        """Return the configuration with the addresses and folders of this machine."""
        text = CONFIGURATION.read_text(encoding="utf-8")
        names = [self._name] if self._name else self.addresses
        replacements = {
            "listen 8080": f"listen 127.0.0.1:{port}",
            UPSTREAM: " ".join(f"server {name}:{self.port} max_fails=0;" for name in names),
            "/tmp/": f"{folder}/",  # noqa: S108  # its own, in the container
            "/dev/stdout": f"{folder}/access.log",
        }
        for old, new in replacements.items():
            assert old in text
            text = text.replace(old, new)
        return text


def wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < give_up, log.read_text()
        time.sleep(0.02)
