"""Total limits on an HTTP response, in seconds and bytes.

The read timeout of `requests` restarts at every byte. Here, each read from the socket is limited by what
remains of both.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from typing import TYPE_CHECKING, Any

from webapp.statbel.parsing import UpstreamError

if TYPE_CHECKING:
    from urllib3 import HTTPResponse
    from urllib3.connection import HTTPConnection

TIMEOUT_MESSAGE = "no complete response within the deadline"


class Deadline:
    """A monotonic deadline."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def within(self, seconds: float) -> Deadline:
        """Return a deadline no later than this one."""
        return Deadline(min(seconds, self.remaining()))

    def remaining(self) -> float:
        """Return the remaining seconds. Raises UpstreamError when none remain."""
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise UpstreamError(TIMEOUT_MESSAGE)
        return seconds


class _BoundedReader(io.RawIOBase):
    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: Deadline, max_bytes: int) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = deadline
        self._timeout = sock.gettimeout() or float("inf")
        self._max_bytes = max_bytes
        self._bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> Any:
        self._sock.settimeout(min(self._timeout, self._deadline.remaining()))
        count = self._raw.readinto(buffer)
        self._bytes += count or 0
        if self._bytes > self._max_bytes:
            raise UpstreamError(f"response larger than {self._max_bytes} bytes")
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


def bounded(connection: type[HTTPConnection], deadline: Deadline, max_bytes: int) -> type[HTTPConnection]:
    """Derive a urllib3 connection class that raises UpstreamError beyond the limits.

    Name resolution is not limited, and each IP address of a host gets the full connect timeout.
    """

    class BoundedConnection(connection):  # type: ignore[misc, valid-type]  # base class known at run time
        def connect(self) -> None:
            self.timeout: float = min(self.timeout or float("inf"), deadline.remaining())
            super().connect()

        def response_class(self, sock: socket.socket, **options: Any) -> http.client.HTTPResponse:
            response = http.client.HTTPResponse(sock, **options)
            raw = response.fp.detach()
            response.fp = io.BufferedReader(_BoundedReader(raw, sock, deadline, max_bytes))
            return response

        def getresponse(self) -> HTTPResponse:
            response = super().getresponse()
            # Before a retry urllib3 drains the body.
            response.drain_conn = response.close
            return response  # type: ignore[no-any-return]  # untyped base class

    return BoundedConnection
