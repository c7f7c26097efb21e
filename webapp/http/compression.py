"""Compression of texts with gzip. The HTTP cache stores a response once per encoding."""

from __future__ import annotations

import gzip
from functools import lru_cache
from typing import TYPE_CHECKING

from flask import Flask, Response, request
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# A shorter text saves no packet.
MIN_BYTES = 1000

# zlib's default; 9 takes twice the time for 1 % less.
LEVEL = 6

COMPRESSIBLE = (
    "text/",
    "application/json",
    "application/problem+json",
    "application/atom+xml",
    "image/svg+xml",
)

GZIP, IDENTITY = "gzip", "identity"


def negotiate_encoding(environ: WSGIEnvironment) -> None:
    """Reduce Accept-Encoding to what the app offers, so that the cache stores no more than two variants."""
    environ["HTTP_ACCEPT_ENCODING"] = _preferred(environ.get("HTTP_ACCEPT_ENCODING", ""))


def compress_responses(app: Flask) -> None:
    """Compress texts, then evaluate conditional requests, because each encoding has an ETag (RFC 9110)."""

    @app.after_request
    def compress(response: Response) -> Response:
        if request.method not in ("GET", "HEAD"):
            return response
        if _is_compressible(response):
            response.vary.add("Accept-Encoding")
            if _preferred(request.headers.get("Accept-Encoding", "")) == GZIP:
                _compress(response)
        if response.status_code == 200 and "ETag" in response.headers:
            response.make_conditional(request)
        return response


@lru_cache(maxsize=256)
def _preferred(header: str) -> str:
    accepted = parse_accept_header(header, Accept)
    return GZIP if accepted[GZIP] and accepted[GZIP] >= accepted[IDENTITY] else IDENTITY


def _is_compressible(response: Response) -> bool:
    return (
        response.status_code in (200, 400, 404)
        and (response.is_sequence or response.direct_passthrough)
        and (response.mimetype or "").startswith(COMPRESSIBLE)
        and "Content-Encoding" not in response.headers
        and (response.content_length or 0) >= MIN_BYTES
    )


def _compress(response: Response) -> None:
    response.direct_passthrough = False  # a static file
    # Without the time, which would give equal bodies different tags.
    response.set_data(gzip.compress(response.get_data(), LEVEL, mtime=0))
    response.content_encoding = GZIP
    tag, is_weak = response.get_etag()
    if tag:
        response.set_etag(f"{tag}-gzip", bool(is_weak))
