"""Redirects."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlencode

from flask import Flask, redirect, request, url_for
from flask.globals import request_ctx
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Response


def register(app: Flask) -> None:
    """Redirect URLs with a slash at the end to the route without it, keeping the query."""
    app.before_request(_redirect_without_slash)


def _redirect_without_slash() -> Response | None:
    adapter, is_missing = request_ctx.url_adapter, isinstance(request.routing_exception, NotFound)
    if adapter and is_missing and request.path.endswith("/") and request.method in ("GET", "HEAD"):
        with suppress(HTTPException):  # no route without the slash either
            endpoint, arguments = adapter.match(request.path[:-1])
            url, query = url_for(endpoint, **arguments), urlencode(list(request.args.items(multi=True)))
            # Not 308, which Power Query and PowerShell 5 do not follow.
            return redirect(f"{url}?{query}" if query else url, 301)
    return None
