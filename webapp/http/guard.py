"""Outermost middleware: normalize input that Werkzeug cannot parse, and turn exceptions into responses.

Each response gets the id of its request.
"""

from __future__ import annotations

import json
import logging
import re
from functools import lru_cache
from ipaddress import IPv6Address
from itertools import chain
from typing import TYPE_CHECKING, Callable, Iterable, NoReturn

from flask import Flask, Request, Response
from werkzeug.exceptions import BadRequest
from werkzeug.http import parse_date
from werkzeug.wsgi import ClosingIterator

from webapp.config import MAX_PORT
from webapp.errors import INTERNAL_ERROR
from webapp.http import request_id
from webapp.http.security import HEADERS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from werkzeug.routing import MapAdapter

log = logging.getLogger(__name__)

# RFC 1123, and the underscore of service names in Docker networks.
LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
HOST = re.compile(
    rf"(?:(?P<name>{LABEL}(?:\.{LABEL})*)\.?|\[(?P<ipv6>[0-9a-f:.]+)\])(?::(?P<port>[0-9]{{0,5}}))?",
    re.ASCII | re.IGNORECASE,
)
PUNYCODE_PREFIX = "xn--"

SCHEMES = re.compile(r"https?([ \t]*,[ \t]*https?)*", re.IGNORECASE)

DATES = ("HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_IF_RANGE")


class App(Flask):
    """A Flask app that leaves invalid hosts and unhandled exceptions to the guard."""

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Keep hosts that Werkzeug 3.1 drops (with an underscore) or fails to decode (IDNA 2008)."""
        adapter = super().create_url_adapter(request)
        if request is not None and adapter is not None:
            adapter.server_name = adapter.server_name or request.environ.get("HTTP_HOST", "")
            request.host_url = f"{request.scheme}://{adapter.server_name}/"
        return adapter

    def handle_exception(self, e: Exception) -> NoReturn:
        """Raise unhandled exceptions, because Flask's own response has no reference."""
        raise e


class Guard:
    """WSGI middleware, to be added last."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._wsgi_app = app.wsgi_app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        reference = request_id.begin(environ)
        started: list[tuple[str, list[tuple[str, str]]]] = []
        written: list[bytes] = []

        # Until the first chunk, an error can still replace the status.
        def start(
            status: str, headers: list[tuple[str, str]], _exc_info: object = None, /
        ) -> Callable[[bytes], object]:
            started[:] = [(status, headers)]
            return written.append

        try:
            normalize(environ)
            body = _fetch_first_chunk(self._wsgi_app(environ, start), written)
            status, headers = started[0]
        except Exception as error:  # noqa: BLE001  # any error becomes a response
            response = self._error_response(error, environ)
            response.headers[request_id.HEADER] = reference
            return response(environ, start_response)
        try:
            # Added here, because a stored response has many requests.
            start_response(status, [*headers, (request_id.HEADER, reference)])
        except Exception:  # the server refused a header, and will not close the body
            getattr(body, "close", lambda: None)()
            raise
        return body

    def _error_response(self, error: Exception, environ: WSGIEnvironment) -> Response:
        """Respond as the app's error handlers do, or minimally if they fail."""
        try:
            with self._app.request_context(environ):
                response = self._app.make_response(self._app.handle_user_exception(error))
                return self._app.process_response(response)
        except Exception:
            reference = request_id.current()
            log.exception(
                "reference %s: %s %s failed", reference, environ["REQUEST_METHOD"], environ["PATH_INFO"]
            )
            body = json.dumps({"detail": INTERNAL_ERROR, "reference": reference})
            headers = {**HEADERS, "Cache-Control": "no-store"}
            return Response(body, 500, headers, mimetype="application/json")


def normalize(environ: WSGIEnvironment) -> None:
    """Rewrite or drop input that Werkzeug cannot parse. Raises BadRequest for an invalid host."""
    query = environ["QUERY_STRING"]
    if not query.isascii():
        environ["QUERY_STRING"] = re.sub(r"[^\x00-\x7f]", lambda byte: f"%{ord(byte[0]):02X}", query)
    if "HTTP_X_FORWARDED_PROTO" in environ and not SCHEMES.fullmatch(environ["HTTP_X_FORWARDED_PROTO"]):
        del environ["HTTP_X_FORWARDED_PROTO"]  # some proxies pass on whatever a client sends
    for name in DATES:
        if name in environ and not _is_parsable_date(environ[name]):
            del environ[name]
            if name == "HTTP_IF_RANGE":
                environ.pop("HTTP_RANGE", None)  # void if the condition fails (RFC 9110, 13.1.5)
    host = environ.get("HTTP_HOST")
    if host is not None and not is_valid_host(host):
        del environ["HTTP_HOST"]
        if host:  # an empty one is valid (RFC 9112, 3.2)
            # On a Unix socket, gunicorn derives these from the host.
            environ.update(SERVER_NAME="localhost", SERVER_PORT="80")
            raise BadRequest


@lru_cache(maxsize=1000)
def is_valid_host(text: str) -> bool:
    """True for a host name or IP address, with or without a port."""
    match = HOST.fullmatch(text)
    if match is None or int(match["port"] or 0) > MAX_PORT:
        return False
    if match["ipv6"] is None:
        return all(_is_decodable_label(label) for label in match["name"].lower().split("."))
    try:
        IPv6Address(match["ipv6"])
    except ValueError:
        return False
    return True


def _is_decodable_label(label: str) -> bool:
    if not label.startswith(PUNYCODE_PREFIX):
        return True
    try:
        text = label[len(PUNYCODE_PREFIX) :].encode().decode("punycode")
    except UnicodeError:
        return False
    return text.isprintable() and not text.isascii()


def _is_parsable_date(text: str) -> bool:
    try:
        parse_date(text)
    except (OverflowError, IndexError):  # numbers that are too large; "Jan Sat 12:("
        return False
    return True


def _fetch_first_chunk(body: Iterable[bytes], written: list[bytes]) -> Iterable[bytes]:
    """Fetch the first chunk, and return an equal body."""
    if isinstance(body, list) and not written:
        return body
    close = getattr(body, "close", lambda: None)
    chunks = filter(None, body)
    try:
        first = next(chunks, b"")
    except Exception:
        close()
        raise
    return ClosingIterator(chain(written, [first] if first else [], chunks), close)
