"""Socket of a client: never blocks the loop, and ends a large body or response that is too slow."""

from __future__ import annotations

import socket
import struct
from collections import deque
from contextlib import suppress
from errno import EPIPE
from time import monotonic
from typing import Any

# Of one response, while a thread sends it.
MAX_UNSENT_BYTES = 1024 * 1024

# A thread waits this long for each chunk. In total, a client may lag behind the rate by MAX_LAG_SECONDS.
WAIT_TIMEOUT_SECONDS = 5
MIN_BYTES_PER_SECOND = 16 * 1024
MAX_LAG_SECONDS = 10


class ClientSocket(socket.socket):
    """A socket that blocks only in a thread that receives a large body.

    Attributes:
        may_wait: True in that thread. Calls then block for up to WAIT_TIMEOUT_SECONDS, and fail if the client
            is too slow.
        unsent: chunks of a response that the client has not accepted yet.
    """

    def __init__(self, accepted: socket.socket) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, accepted.detach())
        super().setblocking(True)
        self.may_wait = False
        self.unsent: deque[memoryview] = deque()
        self.unsent_bytes = 0
        self._spare_seconds: float = MAX_LAG_SECONDS

    def setblocking(self, flag: bool) -> None:
        """Do nothing: `may_wait` decides."""

    def settimeout(self, value: float | None) -> None:
        """Do nothing, as above."""

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Receive up to `size` bytes. Raises OSError."""
        if not self.may_wait:
            return super().recv(size, flags | socket.MSG_DONTWAIT)
        start = monotonic()
        data = super().recv(size, flags)
        self._check_rate(len(data), monotonic() - start)
        return data

    def sendall(self, data: Any, _flags: int = 0) -> None:
        """Send what the client accepts, and keep the remainder in `unsent`. Raises OSError."""
        self.unsent.append(memoryview(data))
        self.unsent_bytes += len(data)
        self.send_unsent()
        try:
            while self.may_wait and self.unsent_bytes > MAX_UNSENT_BYTES:
                start = monotonic()
                self._check_rate(self._send_first(flags=0), monotonic() - start)
        except (BlockingIOError, TimeoutError) as error:
            # gunicorn logs other errors with a traceback.
            raise BrokenPipeError(EPIPE, "the client is too slow") from error

    def send_unsent(self) -> None:
        with suppress(BlockingIOError):
            while self.unsent:
                self._send_first(socket.MSG_DONTWAIT)

    def _send_first(self, flags: int) -> int:
        data = self.unsent[0]
        sent = self.send(data, flags)
        self.unsent_bytes -= sent
        if sent < len(data):
            self.unsent[0] = data[sent:]
        else:
            self.unsent.popleft()
        return sent

    def _check_rate(self, size: int, seconds: float) -> None:
        spare = self._spare_seconds - seconds + size / MIN_BYTES_PER_SECOND
        self._spare_seconds = min(spare, MAX_LAG_SECONDS)
        if spare < 0:
            raise TimeoutError("the client is too slow")


def set_socket_timeouts(sock: Any, seconds: int) -> None:
    """Set timeouts in the kernel; Python's would cost a system call each."""
    for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", seconds, 0))
