"""Options of connections to the database."""

from __future__ import annotations

from typing import Any, Mapping

from webapp.config.database_url import is_sqlite

# PostgreSQL's timeouts, since gunicorn's does not interrupt a thread.
CONNECT_SECONDS = 3
STATEMENT_MILLISECONDS = 3000


def engine_options(database_url: str) -> dict[str, Any]:
    """Return SQLAlchemy's options for a valid URL. Its own parameters take precedence over ours."""
    # Not at the top: gunicorn's first process needs settings, but not SQLAlchemy.
    from sqlalchemy.engine import make_url
    from sqlalchemy.pool import NullPool

    query = make_url(database_url).query
    if is_sqlite(database_url):
        # Opening the file for each connection is cheap, and notices a replaced file.
        return {"poolclass": NullPool, "connect_args": _merged({"timeout": CONNECT_SECONDS}, query)}
    ours = {
        "connect_timeout": CONNECT_SECONDS,
        "application_name": "belgian-desk",
        "client_encoding": "utf8",
        # Notices a server that vanished without closing its connections.
        "tcp_user_timeout": 2 * STATEMENT_MILLISECONDS,
    }
    # One connection for the watcher, one for a refresh; requests use none.
    pool = {"pool_size": 2, "max_overflow": 0, "pool_timeout": CONNECT_SECONDS}
    return {**pool, "connect_args": _merged(ours, query)}


def _merged(ours: dict[str, Any], query: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments for the driver, which override the query of the URL."""
    merged = {name: value for name, value in ours.items() if name not in query}
    for name, value in query.items():
        # Of a repeated parameter, libpq takes the last; only SQLAlchemy repeats `host`.
        if not isinstance(value, str) and name != "host":
            merged[name] = " ".join(value) if name == "options" else value[-1]
    return merged
