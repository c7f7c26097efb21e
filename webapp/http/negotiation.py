"""Content negotiation and caching headers. No other module reads Accept or `format`."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from flask import Response, jsonify, make_response, render_template, request

# Routes for scripts, where an error is never a page.
API_PREFIX = "/api/"

CACHE_SECONDS = 60

MEDIA_TYPES = {"json": "application/json", "html": "text/html", "csv": "text/csv", "text": "text/plain"}

# The default Accept of Java's HttpURLConnection, whose programs want a page no more than an image.
JAVA_ACCEPT = "text/html, image/gif, image/jpeg, "

# Formats of the routes outside the API, and of their errors.
FORMATS = ("json", "html", "text")


def preferred(*formats: str) -> str:
    """Return the format that `?format=` or else Accept requests, by default the first."""
    requested = request.args.get("format")
    if requested in formats:
        return str(requested)
    if request.headers.get("Accept", "").startswith(JAVA_ACCEPT):
        return formats[0]
    accept = request.accept_mimetypes
    best = accept.best_match([MEDIA_TYPES[name] for name in formats])
    found = next((name for name in formats if MEDIA_TYPES[name] == best), formats[0])
    # HTTP libraries name text/plain beside */*, and can read the default just as well.
    if found == "text" and accept[MEDIA_TYPES["text"]] <= accept[MEDIA_TYPES[formats[0]]]:
        return formats[0]
    return found


def represent(
    payload: Mapping[str, Any],
    template: str,
    context: Callable[[], Mapping[str, Any]],
    headers: Mapping[str, str],
    text: str | None = None,
) -> Response:
    """Respond with `payload` as JSON, with `template` and `context()` as a page, or with `text`, if any."""
    chosen = preferred(*(FORMATS if text is not None else ("json", "html")))
    if chosen == "html":
        response = make_response(render_template(template, **context()))
    else:
        response = plain_text(text) if chosen == "text" and text is not None else jsonify(payload)
    response.headers.update(headers)
    return cacheable(response)


def plain_text(text: str) -> Response:
    """Respond with a bare text, without a line end: a spreadsheet would keep it in the cell."""
    return Response(text, mimetype=MEDIA_TYPES["text"])


def cacheable(response: Response) -> Response:
    """Make a response publicly cacheable, then usable while stale for as long again (RFC 5861)."""
    response.vary.add("Accept")
    response.cache_control.public = True
    response.cache_control.max_age = CACHE_SECONDS
    response.cache_control["stale-while-revalidate"] = str(CACHE_SECONDS)
    response.add_etag()
    return response


def no_store(response: Response) -> Response:
    response.cache_control.no_store = True
    return response


def download(response: Response, file_name: str) -> Response:
    """Make browsers save a response under an ASCII name."""
    response.headers["Content-Disposition"] = f"attachment; filename={file_name}"
    return response
