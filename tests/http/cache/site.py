"""A cached app for tests of the HTTP cache."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Callable, Iterable

from werkzeug.test import Client, TestResponse
from werkzeug.wrappers import Request, Response

from webapp.http.cache import HttpCache

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PUBLIC = "public, max-age=60, stale-while-revalidate=60"

MEGABYTE = 1024 * 1024


class Site:
    """A cached app that records its calls and numbers its responses.

    Attributes:
        view: returns the response to a request.
        version: the version of the data.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.version = 1
        self.view: Callable[[Request], Response] = lambda _request: self.numbered()
        self.cache = HttpCache(self, lambda: self.version, MEGABYTE)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        self.calls.append(request.full_path)
        return self.view(request)(environ, start_response)

    def numbered(self, status: int = 200, **headers: str) -> Response:
        """Return the next response, publicly cacheable unless its headers say otherwise."""
        response = Response(f"response {len(self.calls)}", status, mimetype="text/plain")
        response.headers["Cache-Control"] = PUBLIC
        for name, value in headers.items():
            response.headers[name.replace("_", "-")] = value
        return response

    def get(self, path: str = "/", **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Client(self.cache, use_cookies=False).get(path, headers=named)


def send_together(*requests: Callable[[], TestResponse | None]) -> list[TestResponse]:
    """Send requests from threads at the same time, and return the responses."""
    responses: list[TestResponse | None] = [None] * len(requests)
    start = threading.Barrier(len(requests))

    def send(number: int) -> None:
        start.wait()
        responses[number] = requests[number]()

    threads = [threading.Thread(target=send, args=(number,)) for number in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [response for response in responses if response is not None]


def respond_slowly(site: Site, seconds: float, status: int = 200) -> None:
    def view(_request: Request) -> Response:
        number = len(site.calls)
        time.sleep(seconds)
        response = site.numbered(status)
        response.set_data(f"response {number}")
        return response

    site.view = view
