"""Requests of arbitrary bytes."""

from __future__ import annotations

import http.client
import socket
from typing import TYPE_CHECKING, NamedTuple

from tests.support.live import Server

if TYPE_CHECKING:
    pass


class Received(NamedTuple):
    """A response as received."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def is_from_gunicorn(self) -> bool:
        """True if gunicorn rejected the request itself: it has no hook to add headers."""
        return 400 <= self.status < 500 and "Date" not in self.headers


def send(
    service: Server, target: bytes, *headers: bytes, method: bytes = b"GET", version: bytes = b"1.1"
) -> Received:
    """Send these bytes as a request."""
    host, _colon, port = service.url.partition("//")[2].partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as client:
        client.sendall(b"%s %s HTTP/%s\r\n" % (method, target, version))
        client.sendall(b"".join(line + b"\r\n" for line in (*headers, b"Connection: close", b"")))
        response = http.client.HTTPResponse(client, method=method.decode())
        response.begin()
        return Received(response.status, response.headers, response.read().decode(errors="replace"))
