"""The proxy of compose.yaml: its own configuration under the installed nginx, with a DNS server beside it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path
from typing import Iterator

from tests.support.live import START_SECONDS, Server, started, wait
from tests.support.processes import end_with_parent, free_port
from webapp.config import ROOT

CONFIGURATION = ROOT / "deploy" / "nginx" / "nginx.conf"

# The proxy asks for a name again after this time.
LOOKUP_SECONDS = 2


class NoNginx(Exception):
    """nginx is not installed; the message says how to install it."""


class Dns:
    """A DNS server with the same IPv4 addresses for every name.

    Attributes:
        addresses: a test may change them.
    """

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Dns:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        # A datagram without a query ends the thread: closing the socket would not.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            query, sender = self._socket.recvfrom(512)
            if not query:
                return
            self._socket.sendto(self._response(query), sender)

    def _response(self, query: bytes) -> bytes:
        """Answer a query of one question (RFC 1035, 4.1)."""
        addresses = [socket.inet_aton(address) for address in self.addresses]
        status = 0x8180 if addresses else 0x8183  # NXDOMAIN
        header = query[:2] + struct.pack("!HHHHH", status, 1, len(addresses), 0, 0)
        end = query.index(b"\0", 12) + 5
        # A pointer to the name, type A, class IN, one second, four bytes.
        records = [struct.pack("!HHHIH", 0xC00C, 1, 1, 1, 4) + address for address in addresses]
        return header + query[12:end] + b"".join(records)


class Proxy:
    """Starts nginx and the instances behind it, in a folder.

    Instances share a port and differ in their address, as containers do.
    """

    def __init__(self, folder: Path, dns: Dns) -> None:
        self.dns = dns
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
            wait(server)
            yield server

    def _configuration(self, folder: Path, port: int) -> str:
        """Return the configuration with the addresses and folders of this machine."""
        text = CONFIGURATION.read_text(encoding="utf-8")
        replacements = {
            "listen 8080": f"listen 127.0.0.1:{port}",
            "resolver 127.0.0.11": f"resolver 127.0.0.1:{self.dns.port}",
            "web:5000": f"web:{self.port}",
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
