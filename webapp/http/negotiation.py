"""Negotiation: the representation that a request asks for, and the caching headers of a response.

The one place that reads Accept and `format`.
"""

from __future__ import annotations

from typing import Any, Callable, Iterable, Mapping

from flask import Response, jsonify, make_response, render_template, request

# Everything below this is for scripts: there an error is never a page.
API_PREFIX = "/api/"

# Seconds for which anybody may cache a response.
CACHE_SECONDS = 60

MEDIA_TYPES = {"json": "application/json", "html": "text/html", "csv": "text/csv"}


def preferred(*formats: str) -> str:
    """Return the format that this request prefers; the first for `*/*` and without Accept.

    `?format=` wins over Accept when it names one of them.
    """
    requested = request.args.get("format")
    if requested in formats:
        return str(requested)
    best = request.accept_mimetypes.best_match([MEDIA_TYPES[name] for name in formats])
    return next((name for name in formats if MEDIA_TYPES[name] == best), formats[0])


def prefers_page() -> bool:
    """Return True when this request prefers a page to JSON."""
    return preferred("json", "html") == "html"


def represent(
    payload: Mapping[str, Any],
    template: str,
    context: Callable[[], Mapping[str, Any]],
    headers: Mapping[str, str],
) -> Response:
    """Respond with `payload` as JSON, or with `template` as a page.

    Args:
        context: called for a page only.
        headers: facts beside the payload.
    """
    response = make_response(render_template(template, **context())) if prefers_page() else jsonify(payload)
    response.headers.update(headers)
    return cacheable(response)


def cacheable(response: Response) -> Response:
    """Let anybody cache a response for CACHE_SECONDS, and reuse it for as long again while revalidating."""
    response.vary.add("Accept")
    response.cache_control.public = True
    response.cache_control.max_age = CACHE_SECONDS
    response.cache_control["stale-while-revalidate"] = str(CACHE_SECONDS)
    response.add_etag()
    response.make_conditional(request)
    return response


def download(chunks: Iterable[bytes], file_name: str) -> Response:
    """Respond with a CSV file that a browser saves under a name of ASCII letters."""
    response = Response(b"".join(chunks), mimetype="text/csv")
    response.headers["Content-Disposition"] = f"attachment; filename={file_name}"
    return response
