"""Serve static files under hashed names, which browsers may cache for a year."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from flask import Flask, Response, request, send_from_directory

YEAR_SECONDS = 365 * 24 * 3600

HASH_DIGITS = 12


def register(app: Flask, folder: Path) -> None:
    """Serve a folder under URLs such as /static/style.0123456789ab.css.

    An outdated hash, from a page of the previous release, gets the current file.
    """
    hashed = {path.name: _hashed_name(path) for path in folder.iterdir()}

    def add_hash(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values["filename"] = hashed.get(values["filename"], values["filename"])

    def serve(filename: str) -> Response:
        plain = re.sub(rf"\.[0-9a-f]{{{HASH_DIGITS}}}(?=(\.[^.]+)?$)", "", filename)
        response = send_from_directory(folder, plain, conditional="Range" in request.headers)
        if hashed.get(plain) == filename:
            response.cache_control.no_cache = None
            response.cache_control.public = True
            response.cache_control.max_age = YEAR_SECONDS
            response.cache_control.immutable = True
        return response

    app.url_defaults(add_hash)
    app.add_url_rule("/static/<path:filename>", "static", serve)
    # Fetched by its name alone, by browsers that show JSON and by bookmarks.
    app.add_url_rule("/favicon.ico", "favicon", lambda: serve("favicon.ico"))
    # Crawlers look for it there alone (RFC 9309, 2.3).
    app.add_url_rule("/robots.txt", "robots", lambda: serve("robots.txt"))


def _hashed_name(path: Path) -> str:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{path.stem}.{digest[:HASH_DIGITS]}{path.suffix}"
