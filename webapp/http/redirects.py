"""Redirects."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import redirect, request
from werkzeug.wrappers import Response


def redirect_with_query(url: str) -> Response:
    """Redirect for good, keeping the query."""
    query = urlencode(list(request.args.items(multi=True)))
    # Not 308, which Power Query and PowerShell 5 do not follow.
    return redirect(f"{url}?{query}" if query else url, 301)
