"""What is refused before any view, and the headers that tell a browser what our pages may do."""

from __future__ import annotations

from flask import Flask, Response, abort, request

# The endpoints that take much by POST, and limit it themselves: the answer to what is too much comes
# after its end, because a client that is still sending may not see it before.
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
    """Whether this request may bring much."""
    return request.method == "POST" and request.endpoint in BULK_ENDPOINTS


def protect(app: Flask) -> None:
    """Refuse large requests, and send the headers with every answer, pages and errors alike."""

    @app.before_request
    def refuse_large_content() -> None:
        # Flask itself looks at the size only when a view reads the content, and most do not.
        size = request.content_length or 0
        if size > app.config["MAX_CONTENT_LENGTH"] and not is_bulk():
            abort(413)

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response
