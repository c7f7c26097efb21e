"""Outermost WSGI middleware: normalize what Werkzeug fails to parse, turn exceptions into responses."""

from __future__ import annotations

import json
import logging
import re
import uuid
from functools import lru_cache
from ipaddress import IPv6Address
from itertools import chain
from typing import TYPE_CHECKING, Callable, Iterable, NoReturn

from flask import Flask, Request, Response
from werkzeug.exceptions import BadRequest
from werkzeug.http import parse_date
from werkzeug.wsgi import ClosingIterator

from webapp.errors import INTERNAL_ERROR
from webapp.http.security import HEADERS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from werkzeug.routing import MapAdapter

log = logging.getLogger(__name__)

# RFC 1123, and the underscore, which service names in a Docker network may have.
LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
HOST = re.compile(
    rf"(?:(?P<name>{LABEL}(?:\.{LABEL})*)\.?|\[(?P<ipv6>[0-9a-f:.]+)\])(?::(?P<port>[0-9]{{0,5}}))?",
    re.ASCII | re.IGNORECASE,
)
MAX_PORT = 65_535
PUNYCODE_PREFIX = "xn--"

SCHEMES = re.compile(r"https?([ \t]*,[ \t]*https?)*", re.IGNORECASE)

DATES = ("HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_IF_RANGE")


class App(Flask):
    """A Flask behind a guard, which validates hosts and handles what error handlers do not."""

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Keep hosts that Werkzeug drops (3.1: names with an underscore) or fails to decode (IDNA 2008)."""
        adapter = super().create_url_adapter(request)
        if request is not None and adapter is not None:
            adapter.server_name = adapter.server_name or request.environ.get("HTTP_HOST", "")
            request.host_url = f"{request.scheme}://{adapter.server_name}/"
        return adapter

    def handle_exception(self, e: Exception) -> NoReturn:
        """Leave to the guard what fails outside a view: Flask's own response has no reference."""
        raise e


class Guard:
    """Wraps all that `app.wsgi_app` is made of, so wire it last."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._wsgi_app = app.wsgi_app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started: list[tuple[str, list[tuple[str, str]]]] = []
        written: list[bytes] = []

        # The server gets the status with the first chunk: until then, an error can still replace it.
        def start(
            status: str, headers: list[tuple[str, str]], _exc_info: object = None, /
        ) -> Callable[[bytes], object]:
            started[:] = [(status, headers)]
            return written.append

        try:
            normalize(environ)
            body = _fetch_first_chunk(self._wsgi_app(environ, start), written)
            status, headers = started[0]
        except Exception as error:  # noqa: BLE001  # whatever it is, it becomes a response
            return self._error_response(error, environ)(environ, start_response)
        try:
            start_response(status, headers)
        except Exception:  # of the server, for a header that it refuses; it closes only what is returned
            getattr(body, "close", lambda: None)()
            raise
        return body

    def _error_response(self, error: Exception, environ: WSGIEnvironment) -> Response:
        """Return the response of the app's error handlers, or a bare one if they fail too."""
        try:
            with self._app.request_context(environ):
                response = self._app.make_response(self._app.handle_user_exception(error))
                return self._app.process_response(response)
        except Exception:
            reference = uuid.uuid4().hex[:8]
            log.exception(
                "reference %s: %s %s failed", reference, environ["REQUEST_METHOD"], environ["PATH_INFO"]
            )
            body = json.dumps({"detail": INTERNAL_ERROR, "reference": reference})
            headers = {**HEADERS, "Cache-Control": "no-store"}
            return Response(body, 500, headers, mimetype="application/json")


def normalize(environ: WSGIEnvironment) -> None:
    """Rewrite or drop what Werkzeug fails to parse. Raises BadRequest for an invalid host."""
    query = environ["QUERY_STRING"]
    if not query.isascii():
        environ["QUERY_STRING"] = re.sub(r"[^\x00-\x7f]", lambda byte: f"%{ord(byte[0]):02X}", query)
    if "HTTP_X_FORWARDED_PROTO" in environ and not SCHEMES.fullmatch(environ["HTTP_X_FORWARDED_PROTO"]):
        del environ["HTTP_X_FORWARDED_PROTO"]  # some proxies pass on a client's, whatever it is
    for name in DATES:
        if name in environ and not _is_parsable_date(environ[name]):
            del environ[name]
            if name == "HTTP_IF_RANGE":
                environ.pop("HTTP_RANGE", None)  # a condition that fails makes it void (RFC 9110, 13.1.5)
    host = environ.get("HTTP_HOST")
    if host is not None and not is_valid_host(host):
        del environ["HTTP_HOST"]
        if host:  # empty means that there is none (RFC 9112, 3.2)
            # On a Unix socket, gunicorn derives the server's name from the host.
            environ.update(SERVER_NAME="localhost", SERVER_PORT="80")
            raise BadRequest


@lru_cache(maxsize=1000)
def is_valid_host(text: str) -> bool:
    """True for a host name, an IPv4 address or a bracketed IPv6 address, with or without a port."""
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
    """True unless the label is Punycode of no printable text."""
    if not label.startswith(PUNYCODE_PREFIX):
        return True
    try:
        text = label[len(PUNYCODE_PREFIX) :].encode().decode("punycode")
    except UnicodeError:
        return False
    return text.isprintable() and not text.isascii()


def _is_parsable_date(text: str) -> bool:
    """True unless Werkzeug lets an error of the standard library through."""
    try:
        parse_date(text)
    except (OverflowError, IndexError):  # a number too large; "Jan Sat 12:("
        return False
    return True


def _fetch_first_chunk(body: Iterable[bytes], written: list[bytes]) -> Iterable[bytes]:
    """Return the same body, once it has yielded its first chunk."""
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
