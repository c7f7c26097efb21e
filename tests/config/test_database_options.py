"""Options of connections to the database."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine

from webapp.config import Settings, engine_options


def connect_arguments(url: str) -> dict[str, object]:
    """Return what psycopg2 or sqlite3 is called with."""
    found = Settings.of({"DATABASE_URL": url})
    engine = create_engine(found.database_url, **found.for_flask()["SQLALCHEMY_ENGINE_OPTIONS"])
    _arguments, by_name = engine.dialect.create_connect_args(engine.url)
    return {**by_name, **engine_options(found.database_url)["connect_args"]}


OURS = {
    "connect_timeout": 3,
    "application_name": "belgian-desk",
    "client_encoding": "utf8",
    "tcp_user_timeout": 6000,
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"host": "h", **OURS}),
        ("?connect_timeout=9", {"host": "h", **OURS, "connect_timeout": "9"}),
        ("?application_name=desk-1", {"host": "h", **OURS, "application_name": "desk-1"}),
        ("?tcp_user_timeout=0", {"host": "h", **OURS, "tcp_user_timeout": "0"}),
        (
            "?sslmode=verify-full&sslrootcert=/run/ca.pem",
            {"host": "h", **OURS, "sslmode": "verify-full", "sslrootcert": "/run/ca.pem"},
        ),
        ("?options=-c%20a.b%3D1&options=-c+c.d%3D2", {"host": "h", **OURS, "options": "-c a.b=1 -c c.d=2"}),
        ("?sslmode=require&sslmode=disable", {"host": "h", **OURS, "sslmode": "disable"}),
        (
            "?keepalives_idle=5&gssencmode=disable",
            {"host": "h", **OURS, "keepalives_idle": "5", "gssencmode": "disable"},
        ),
    ],
)
def test_options_of_the_database_url_are_merged_with_ours(query: str, expected: dict[str, object]) -> None:
    assert connect_arguments(f"postgresql://h/d{query}") == {"dbname": "d", **expected}


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://a:1,b:2/d?target_session_attrs=any",
        "postgresql:///d?host=a:1&host=b:2&target_session_attrs=any",
        "postgresql:///d?host=a,b&port=1,2&target_session_attrs=any",
    ],
)
def test_several_hosts_are_passed_on(text: str) -> None:
    expected = {"dbname": "d", "host": "a,b", "port": "1,2", "target_session_attrs": "any", **OURS}
    assert connect_arguments(text) == expected


def test_timeout_of_a_sqlite_url_takes_precedence() -> None:
    assert connect_arguments("sqlite:////data/desk.sqlite3")["timeout"] == 3
    assert connect_arguments("sqlite:////data/desk.sqlite3?timeout=20")["timeout"] == 20


def test_pool_has_a_connection_for_the_watcher_and_one_for_a_refresh() -> None:
    variables = {"DATABASE_URL": "postgresql://host/name", "WEB_THREADS": "64"}
    options = Settings.of(variables).for_flask()["SQLALCHEMY_ENGINE_OPTIONS"]
    assert (options["pool_size"], options["max_overflow"]) == (2, 0)
