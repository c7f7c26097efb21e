"""Content negotiation and caching headers. No other module reads Accept or `format`."""

from __future__ import annotations

from typing import Any, Callable, Iterable, Mapping

from flask import Response, jsonify, make_response, render_template, request

# Routes for scripts, where an error is never a page.
API_PREFIX = "/api/"

CACHE_SECONDS = 60

MEDIA_TYPES = {"json": "application/json", "html": "text/html", "csv": "text/csv"}


def preferred(*formats: str) -> str:
    """Return the format that `?format=` or else Accept requests, by default the first."""
    requested = request.args.get("format")
    if requested in formats:
        return str(requested)
    best = request.accept_mimetypes.best_match([MEDIA_TYPES[name] for name in formats])
    return next((name for name in formats if MEDIA_TYPES[name] == best), formats[0])


def prefers_page() -> bool:
    return preferred("json", "html") == "html"


def represent(
    payload: Mapping[str, Any],
    template: str,
    context: Callable[[], Mapping[str, Any]],
    headers: Mapping[str, str],
) -> Response:
    """Respond with `payload` as JSON, or with `template` and `context()` as a page."""
    response = make_response(render_template(template, **context())) if prefers_page() else jsonify(payload)
    response.headers.update(headers)
    return cacheable(response)


def cacheable(response: Response) -> Response:
    """Make a response publicly cacheable, then usable while stale for as long again (RFC 5861)."""
    response.vary.add("Accept")
    response.cache_control.public = True
    response.cache_control.max_age = CACHE_SECONDS
    response.cache_control["stale-while-revalidate"] = str(CACHE_SECONDS)
    response.add_etag()
    response.make_conditional(request)
    return response


def download(chunks: Iterable[bytes], file_name: str) -> Response:
    """Respond with a CSV file to save under an ASCII name."""
    response = Response(b"".join(chunks), mimetype="text/csv")
    response.headers["Content-Disposition"] = f"attachment; filename={file_name}"
    return response
