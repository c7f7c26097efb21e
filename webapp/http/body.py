"""Reading a request body in chunks."""

from __future__ import annotations

from contextlib import suppress

from flask import request
from werkzeug.exceptions import ClientDisconnected
from werkzeug.wsgi import get_input_stream

CHUNK_BYTES = 256 * 1024


class RequestBody:
    """The body of the current request. A view must end with `skip`, which reads up to `max_bytes`."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._stream = get_input_stream(request.environ)
        self._bytes_read = 0
        self._is_cut_short = False

    def read(self, size: int) -> bytes:
        """Read a chunk, empty at the end. Raises ClientDisconnected."""
        try:
            chunk = self._stream.read(size)
        except Exception as error:  # servers raise various errors, all caused by the client
            self._is_cut_short = True
            raise ClientDisconnected from error
        self._bytes_read += len(chunk)
        if not chunk and self._bytes_read < (request.content_length or 0):
            self._is_cut_short = True
            raise ClientDisconnected
        return chunk

    def read_up_to(self, max_bytes: int) -> bytes:
        """Read the whole body, or slightly more than `max_bytes`."""
        body = b""
        while len(body) <= max_bytes:
            chunk = self.read(CHUNK_BYTES)
            if not chunk:
                break
            body += chunk
        return body

    def skip(self) -> None:
        """Discard the remaining body: many clients send everything before they read the response."""
        with suppress(ClientDisconnected):
            while not self._is_cut_short and self._bytes_read < self._max_bytes:
                if not self.read(CHUNK_BYTES):
                    break
