"""Limit on concurrent uploads, each of which occupies a thread while its client sends."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import ExitStack
from typing import Any, Iterator

from flask import Flask, Response, g, request

from webapp.config import MAX_BUFFERED_BODY_BYTES, MAX_UPLOADS, MAX_UPLOADS_PER_CLIENT
from webapp.errors import RateLimited, TooManyUploads
from webapp.http.rate_limit import client_address
from webapp.http.security import is_bulk
from webapp.i18n.messages import N_

RETRY_AFTER_SECONDS = 10


class Uploads:
    """Thread-safe counts of uploads in progress."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def begin(self, client: str) -> None:
        """Count an upload. Raises RateLimited (limit per client) or TooManyUploads (limit for all)."""
        error: RateLimited | TooManyUploads
        with self._lock:
            if self._counts[client] >= MAX_UPLOADS_PER_CLIENT:
                error = RateLimited(
                    N_("You can send at most %(most)s files at a time."), most=MAX_UPLOADS_PER_CLIENT
                )
            elif sum(self._counts.values()) >= MAX_UPLOADS:
                error = TooManyUploads(
                    N_("Too many files are being sent right now. Please try again in a moment.")
                )
            else:
                self._counts[client] += 1
                return
        error.retry_after = RETRY_AFTER_SECONDS
        raise error

    def end(self, client: str) -> None:
        with self._lock:
            self._counts[client] -= 1
            self._counts += Counter()  # drops clients without uploads


def protect(app: Flask) -> None:
    """Reject uploads beyond the limits. An upload ends when its response has been sent."""
    uploads = Uploads()

    @app.before_request
    def begin() -> None:
        if is_bulk() and _is_unbuffered():
            client = client_address()
            uploads.begin(client)
            g.upload = ExitStack()
            g.upload.callback(uploads.end, client)

    @app.after_request
    def end_when_sent(response: Response) -> Response:
        if "upload" in g and response.is_streamed:
            upload = g.pop("upload")
            response.response = _end_after(response.response, upload)
            response.call_on_close(upload.close)
        return response

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        g.pop("upload", ExitStack()).close()


def _is_unbuffered() -> bool:
    """True unless the worker receives the body before it calls the app."""
    size = request.content_length
    return size is None or size > MAX_BUFFERED_BODY_BYTES or "Expect" in request.headers


def _end_after(chunks: Any, upload: ExitStack) -> Iterator[Any]:
    """Yield all chunks, then end the upload, because not every server closes a response."""
    with upload:
        yield from chunks
