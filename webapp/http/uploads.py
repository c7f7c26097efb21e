"""Limits on large requests in progress: each has a thread for as long as its client takes."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import ExitStack
from typing import Any, Iterator

from flask import Flask, Response, g, request

from webapp.config import MAX_UPLOADS, MAX_UPLOADS_PER_CLIENT
from webapp.errors import RateLimited, StorageFull
from webapp.http.rate_limit import client
from webapp.http.security import is_bulk
from webapp.i18n.messages import N_

RETRY_AFTER_SECONDS = 10


class Uploads:
    """Counts of the large requests in progress, by client. Thread-safe."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def begin(self, client: str) -> None:
        """Count a request. Raises RateLimited for the client's part, StorageFull for all clients'."""
        error: RateLimited | StorageFull
        with self._lock:
            if self._counts[client] >= MAX_UPLOADS_PER_CLIENT:
                error = RateLimited(
                    N_("You can send at most %(most)s files at a time."), most=MAX_UPLOADS_PER_CLIENT
                )
            elif sum(self._counts.values()) >= MAX_UPLOADS:
                error = StorageFull(
                    N_("Too many files are being sent right now. Please try again in a moment.")
                )
            else:
                self._counts[client] += 1
                return
        error.retry_after = RETRY_AFTER_SECONDS
        raise error

    def end(self, client: str) -> None:
        """Count a request no more."""
        with self._lock:
            self._counts[client] -= 1
            self._counts += Counter()  # forget clients without requests


def protect(app: Flask) -> None:
    """Refuse a large request while too many are in progress, until their responses are sent."""
    uploads = Uploads()

    @app.before_request
    def begin() -> None:
        if is_bulk() and _is_received_late():
            sender = client()
            uploads.begin(sender)
            g.upload = ExitStack()
            g.upload.callback(uploads.end, sender)

    @app.after_request
    def end_when_sent(response: Response) -> Response:
        if "upload" in g and response.is_streamed:
            upload = g.pop("upload")
            response.response = _before(response.response, upload)
            response.call_on_close(upload.close)
        return response

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        g.pop("upload", ExitStack()).close()

    def _is_received_late() -> bool:
        """Return True unless the server has received the whole body before it calls the application."""
        size = request.content_length
        return size is None or size > app.config["MAX_CONTENT_LENGTH"] or "Expect" in request.headers


def _before(parts: Any, upload: ExitStack) -> Iterator[Any]:
    """Give all parts of a response, then end the upload: not every server closes a response."""
    with upload:
        yield from parts
