"""Security headers, and a limit on request bodies."""

from __future__ import annotations

from flask import Flask, Response, abort, request

# Their views limit the size of bodies themselves.
BULK_ENDPOINTS = ("api-lookup.lookup", "pages.client_list")

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def is_bulk() -> bool:
    """True for requests that may have a large body."""
    return request.method == "POST" and request.endpoint in BULK_ENDPOINTS


def protect(app: Flask) -> None:
    """Reject large bodies, and add the headers to every response."""

    @app.before_request
    def reject_large_body() -> None:
        # Flask checks the size only when a view reads the body, and most do not.
        size = request.content_length or 0
        if size > app.config["MAX_CONTENT_LENGTH"] and not is_bulk():
            abort(413)

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response
