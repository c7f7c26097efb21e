"""Error handlers: respond with a problem under /api/, else with the code as JSON or text, or with a page."""

from __future__ import annotations

import logging
from typing import Any, Callable, Mapping

from flask import Flask, Response, current_app, jsonify, make_response, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from webapp.errors import HTTP_ERRORS, DeskError
from webapp.http import request_id
from webapp.http.negotiation import API_PREFIX, FORMATS, plain_text, preferred
from webapp.i18n.messages import Message

log = logging.getLogger(__name__)

# Renders the page for a domain error, or returns None for the general page.
DomainPage = Callable[[DeskError], "str | None"]


def register(app: Flask, domain_page: DomainPage) -> None:
    """Register the handlers on the app, because a 404 belongs to no blueprint."""
    app.extensions["domain_page"] = domain_page
    app.register_error_handler(DeskError, error_response)
    app.register_error_handler(HTTPException, http_error_response)
    app.register_error_handler(Exception, unexpected_error_response)


def apply_error(response: Response, error: DeskError) -> Response:
    response.status_code = error.status
    response.cache_control.no_store = True
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def error_response(error: DeskError) -> Response:
    extra = {"errors": error.errors} if error.errors and _is_api() else {}
    page: DomainPage = current_app.extensions["domain_page"]
    response = _represent(
        error.status,
        error.code,
        error.title,
        error.message,
        extra=extra,
        domain_page=lambda: page(error),
    )
    return apply_error(response, error)


def http_error_response(error: HTTPException) -> Response:
    status = error.code or 500  # Flask handles redirects itself
    known = HTTP_ERRORS.get(status)
    code, title, advice = known or (f"HTTP_{status}", error.name, error.description or "")
    response = _represent(status, code, title, Message(advice, {}), extra={})
    for name, value in error.get_headers():
        if name != "Content-Type":
            response.headers[name] = value  # Allow, for a 405
    return response


def unexpected_error_response(error: Exception) -> Response:
    reference = request_id.current()
    log.error("reference %s: %s %s failed", reference, request.method, request.path, exc_info=error)
    code, title, advice = HTTP_ERRORS[500]
    extra = {"reference": reference}
    return _represent(500, code, title, Message(advice, extra), extra=extra)


def _represent(
    status: int,
    code: str,
    title: str,
    message: Message,
    *,
    extra: Mapping[str, Any],
    domain_page: Callable[[], str | None] = lambda: None,
) -> Response:
    chosen = preferred(*FORMATS)
    if _is_api():
        response = jsonify(
            type=url_for("api.document", _anchor=code),  # explains the code
            title=title,
            status=status,
            detail=str(message),
            code=code,
            **extra,
        )
        response.mimetype = "application/problem+json"
    elif chosen == "html":
        page = domain_page() or render_template(
            "error.html", title=title, message=message, reference=extra.get("reference")
        )
        response = make_response(page)
    elif chosen == "text":
        response = plain_text(code)
    else:
        response = jsonify(detail=code, **extra)
    response.status_code = status
    response.vary.add("Accept")
    response.cache_control.no_store = True
    return response


def _is_api() -> bool:
    return request.path.startswith(API_PREFIX)
