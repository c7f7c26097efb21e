"""The content of a request, for views that read it themselves and in parts."""

from __future__ import annotations

from contextlib import suppress

from flask import request
from werkzeug.exceptions import ClientDisconnected
from werkzeug.wsgi import get_input_stream

# What is read at a time.
PIECE_BYTES = 256 * 1024


class Content:
    """The content of the request. The view ends with `skip`, whatever it answers.

    Args:
        most_bytes: how far `skip` reads; who sends more is cut off.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._stream = get_input_stream(request.environ)
        self._bytes = 0
        self._cut_short = False

    def read(self, size: int) -> bytes:
        """Up to so many bytes, none at the end. Raises ClientDisconnected when it is cut short."""
        try:
            part = self._stream.read(size)
        except Exception as error:  # what servers raise here differs, but it is the client's doing
            self._cut_short = True
            raise ClientDisconnected from error
        self._bytes += len(part)
        if not part and self._bytes < (request.content_length or 0):
            self._cut_short = True
            raise ClientDisconnected
        return part

    def read_up_to(self, most: int) -> bytes:
        """All of it; of more than so many bytes, some more than these."""
        body = b""
        while len(body) <= most:
            part = self.read(PIECE_BYTES)
            if not part:
                break
            body += part
        return body

    def skip(self) -> None:
        """Read on to the end, because a client that is still sending may not see an answer before."""
        with suppress(ClientDisconnected):
            while not self._cut_short and self._bytes < self._most_bytes:
                if not self.read(PIECE_BYTES):
                    break
