"""Limits for a whole HTTP response, in time and in bytes, which `requests` and urllib3 do not have.

Their read timeout starts again at every byte, so a server that sends one byte a second holds
its reader for as long as it likes; and a body that they skip, before a retry, is read to its end.
Here every read from the socket gets no more time than what is left of the deadline, and counts:
for the status line, the headers and the body alike.
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

TOO_LATE = "no whole answer within the deadline"


class Deadline:
    """A point in time that is not to be passed."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def within(self, seconds: float) -> Deadline:
        """A deadline after so many seconds from now, but not after this one."""
        return Deadline(min(seconds, self.remaining()))

    def remaining(self) -> float:
        """Seconds that are left; raises UpstreamError when there are none."""
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise UpstreamError(TOO_LATE)
        return seconds


class _BoundedReader(io.RawIOBase):
    """Reads a socket, each time with a timeout of what is left of the deadline at most."""

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
            raise UpstreamError(f"the answer is larger than {self._max_bytes} bytes")
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


def bounded(connection: type[HTTPConnection], deadline: Deadline, max_bytes: int) -> type[HTTPConnection]:
    """Derive a connection class of urllib3 whose connecting and reading keep to the limits.

    Where they are passed, it raises UpstreamError. What cannot be bounded here is the name
    resolution of the operating system, and that each address of a name gets the time to connect.
    """

    class BoundedConnection(connection):  # type: ignore[misc, valid-type]  # a base known at run time
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
            # urllib3 reads the body of a response to its end before a retry.
            response.drain_conn = response.close
            return response  # type: ignore[no-any-return]  # the base has no type

    return BoundedConnection
