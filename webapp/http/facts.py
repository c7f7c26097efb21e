"""Facts about a request that its metrics need: the route, and the rows of a list.

They are in its WSGI environment, since the HTTP cache responds without the application.
"""

from __future__ import annotations

from typing import Any, Dict

from flask import Flask, request

KEY = "desk.facts"

ROUTE = "route"
ROWS = "rows"

Facts = Dict[str, Any]


def register(app: Flask) -> None:
    """Record the route of each request."""

    @app.before_request
    def record_route() -> None:
        if request.url_rule:
            record(ROUTE, request.url_rule.rule)


def record(name: str, value: Any) -> None:
    request.environ.setdefault(KEY, {})[name] = value
