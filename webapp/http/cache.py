"""In-process HTTP cache: serve stored responses without calling the app.

It follows Cache-Control, Vary and ETag of responses (RFC 9111, RFC 5861). It ignores Cache-Control of
requests, because it is emptied when the data changes.
"""

from __future__ import annotations

import threading
from sys import intern
from time import monotonic
from typing import TYPE_CHECKING, Callable, Container, Iterable, Tuple

from werkzeug.http import parse_cache_control_header, parse_set_header
from werkzeug.wrappers import Response

from webapp.http.compression import negotiate_encoding
from webapp.http.facts import KEY as FACTS
from webapp.http.facts import Facts
from webapp.http.response_store import OVERHEAD_BYTES, CachedResponse, Key, ResponseStore, Variant

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MAX_BODY_BYTES = 1024 * 1024

# A longer If-None-Match contains none of our tags, and is slow to parse.
MAX_CONDITION_CHARACTERS = 1000

# Requests wait this long for an identical one in flight, from its start: longer than responses take, but not
# so long that one hanging call blocks all threads.
WAIT_TIMEOUT_SECONDS = 0.5

# Requests for a range or a certain version, or with a body, are rare.
BYPASS_HEADERS = ("HTTP_RANGE", "HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_TRANSFER_ENCODING")

# Hidden from the app, because a 304 cannot be stored.
CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE")

# With the data version, so that no request after a change waits for a response from before it.
Target = Tuple[Key, Variant, int]


class InFlight:
    """A call of the app that identical requests wait for."""

    def __init__(self) -> None:
        self._until = monotonic() + WAIT_TIMEOUT_SECONDS
        self._ended = threading.Event()
        self._is_stored = False

    def end(self, is_stored: bool) -> None:
        self._is_stored = is_stored
        self._ended.set()

    def wait_for_response(self) -> bool:
        """Return True if the response was stored in time."""
        return self._ended.wait(max(0.0, self._until - monotonic())) and self._is_stored


class HttpCache:
    """WSGI middleware.

    Args:
        version: returns the data version, which never decreases.
        bypass: paths that are never cached.
    """

    def __init__(
        self,
        application: WSGIApplication,
        version: Callable[[], int],
        max_bytes: int,
        bypass: Container[str] = (),
    ) -> None:
        self.store = ResponseStore(max_bytes)
        self._bypass = bypass
        self._application = application
        self._version = version
        self._in_flight: dict[Target, InFlight] = {}
        self._joining = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        negotiate_encoding(environ)
        key = _key(environ)
        if key is None or environ["PATH_INFO"] in self._bypass:
            return self._application(environ, start_response)
        while True:
            version = self._version()
            variant, stored = self.store.find(key, environ, version)
            now = monotonic()
            if stored and now < stored.fresh_until:
                return _serve(stored, now, environ, start_response)
            target = key, variant, version
            in_flight, is_mine = self._join(target)
            if is_mine:
                return self._lead(in_flight, target, environ, start_response)
            if stored and now < stored.usable_until:
                return _serve(stored, now, environ, start_response)
            if not in_flight.wait_for_response():
                # Requests whose response cannot be stored must not queue.
                response, _is_stored = self._forward(key, environ, version, "miss")
                return response(environ, start_response)

    def _join(self, target: Target) -> tuple[InFlight, bool]:
        """Join the in-flight request for this target, or start one and return True."""
        with self._joining:
            in_flight = self._in_flight.get(target)
            if in_flight:
                return in_flight, False
            self._in_flight[target] = in_flight = InFlight()
            return in_flight, True

    def _lead(
        self,
        in_flight: InFlight,
        target: Target,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        is_stored = False
        try:
            key = target[0]
            version = self._version()
            # Another request may have stored it between the lookup and the joining.
            _variant, stored = self.store.find(key, environ, version)
            if stored and monotonic() < stored.fresh_until:
                is_stored = True
                return _serve(stored, monotonic(), environ, start_response)
            response, is_stored = self._forward(key, environ, version, "stale" if stored else "miss")
        finally:
            with self._joining:
                del self._in_flight[target]
            in_flight.end(is_stored)
        return response(environ, start_response)

    def _forward(
        self, key: Key, environ: WSGIEnvironment, version: int, reason: str
    ) -> tuple[Response, bool]:
        """Call the app. Return its response, and True if it was stored."""
        facts: Facts = {}
        environ[FACTS] = facts
        plain = {name: value for name, value in environ.items() if name not in CONDITIONS}
        response = Response.from_app(self._application, {**plain, "REQUEST_METHOD": "GET"})
        try:
            vary, entry = _vary(response), _cache_entry(response, facts)
        except BaseException:
            response.close()
            raise
        is_stored = entry is not None and self.store.add(key, environ, vary, entry, version)
        response.headers["Cache-Status"] = f"desk; fwd={reason}{'; stored' if is_stored else ''}"
        if response.status_code == 200 and not environ.keys().isdisjoint(CONDITIONS):
            response.make_conditional(environ)
        return response, is_stored


def _key(environ: WSGIEnvironment) -> Key | None:
    """Return the cache key, or None to bypass the cache."""
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or not environ.keys().isdisjoint(BYPASS_HEADERS):
        return None
    if environ.get("CONTENT_LENGTH", "0") not in ("", "0"):
        return None
    if len(environ.get("HTTP_IF_NONE_MATCH", "")) > MAX_CONDITION_CHARACTERS:
        return None
    return (
        environ["wsgi.url_scheme"],
        environ.get("HTTP_HOST", ""),
        environ["SCRIPT_NAME"],
        environ["PATH_INFO"],
        environ["QUERY_STRING"],
    )


def _serve(
    stored: CachedResponse, now: float, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    environ[FACTS] = stored.facts
    headers = [
        *stored.headers,
        ("Age", str(int(now - stored.stored_at))),
        ("Cache-Status", f"desk; hit; ttl={int(stored.fresh_until - now)}"),
    ]
    if environ["REQUEST_METHOD"] == "GET" and environ.keys().isdisjoint(CONDITIONS):
        start_response(stored.status, headers)
        return stored.body
    response = Response(stored.body, stored.status, headers)
    response.make_conditional(environ)
    return response(environ, start_response)


def _cache_entry(response: Response, facts: Facts) -> CachedResponse | None:
    """Return the entry for a response, or None if it is not publicly cacheable."""
    control = parse_cache_control_header(", ".join(response.headers.getlist("Cache-Control")))
    # For shared caches, s-maxage takes precedence.
    seconds = _seconds(control.get("s-maxage") or control.get("max-age"))
    if (
        response.status_code != 200
        or "public" not in control
        or not {"private", "no-store", "no-cache"}.isdisjoint(control)
        or not seconds
        or "Set-Cookie" in response.headers
        or "*" in _vary(response)
        or response.content_length is None
        or response.content_length > MAX_BODY_BYTES
    ):
        return None
    stale_seconds = _seconds(control.get("stale-while-revalidate"))
    if not {"must-revalidate", "proxy-revalidate"}.isdisjoint(control):
        stale_seconds = 0
    body = response.get_data()
    now = monotonic()
    return CachedResponse(
        status=response.status,
        # The server adds Date. Interned, because most headers are the same in all responses.
        headers=[(intern(name), intern(value)) for name, value in response.headers if name != "Date"],
        body=[body],
        stored_at=now,
        fresh_until=now + seconds,
        usable_until=now + seconds + stale_seconds,
        size=len(body) + OVERHEAD_BYTES,
        facts=facts,
    )


def _seconds(value: str | None) -> int:
    """Parse the seconds of a directive; 0 if missing or invalid."""
    return int(value) if value and value.isdecimal() else 0


def _vary(response: Response) -> list[str]:
    """Return the WSGI names of the headers in Vary, or `*`."""
    names = parse_set_header(", ".join(response.headers.getlist("Vary")))
    return [name if name == "*" else f"HTTP_{name.upper().replace('-', '_')}" for name in names]
