"""Connections: options of DATABASE_URL, several hosts, and the limit on statements."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import SetClock
from tests.support.commands import run
from tests.support.databases import PostgresDatabases, settings_for
from webapp.config import Settings
from webapp.data.database import db
from webapp.data.watcher import Watcher

MakeApp = Callable[[Settings], Flask]


def with_query(url: str, **query: str) -> str:
    return sa.make_url(url).update_query_dict(query).render_as_string(hide_password=False)


def shown(app: Flask, *names: str) -> list[str]:
    """Return parameters of the connection."""
    with app.app_context(), db.engine.connect() as connection:
        return [str(connection.scalar(sa.text(f"SHOW {name}"))) for name in names]


def test_options_of_the_url_and_ours_apply(make_app: MakeApp, postgresql_url: str) -> None:
    options = "-c work_mem=5MB -c search_path=desk,public"
    url = with_query(postgresql_url, options=options, application_name="desk 2", connect_timeout="9")
    assert shown(
        make_app(settings_for(url)),
        "work_mem",
        "search_path",
        "application_name",
        "client_encoding",
        "statement_timeout",
    ) == ["5MB", "desk,public", "desk 2", "UTF8", "3s"]


def test_statement_timeout_of_the_url_takes_precedence(make_app: MakeApp, postgresql_url: str) -> None:
    url = with_query(postgresql_url, options="-c statement_timeout=7s")
    assert shown(make_app(settings_for(url)), "statement_timeout") == ["7s"]


def test_other_host_serves_when_the_first_is_down(
    make_app: MakeApp, postgresql_url: str, closed_port: int
) -> None:
    url = sa.make_url(postgresql_url)
    user = f"{url.username}:{url.password}" if url.password else url.username
    several = (
        f"postgresql://{user}@127.0.0.1:{closed_port},{url.host}:{url.port}/{url.database}"
        "?target_session_attrs=read-write"
    )
    client = make_app(settings_for(several)).test_client()
    assert client.get("/zipcode/9000").json == {"risk_factor": "B"}


def test_unmet_or_unknown_option_is_reported(
    make_app: MakeApp, postgresql_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    for query, reason in (
        ({"target_session_attrs": "read-only"}, "session is not read-only"),
        ({"foo": "bar"}, 'invalid connection option "foo"'),
        ({"sslmode": "verify-full", "sslrootcert": "/no/such/file"}, "does not support SSL|/no/such/file"),
    ):
        caplog.clear()
        watcher: Watcher = make_app(settings_for(with_query(postgresql_url, **query))).extensions["watcher"]
        watcher.poll()
        watcher.poll()
        assert watcher.snapshot is None
        (message,) = caplog.messages
        assert re.search(reason, message), message


def test_read_only_database_serves_and_is_not_written(
    make_app: MakeApp, postgresql_url: str, set_clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    """As a replica does."""
    url = with_query(postgresql_url, options="-c default_transaction_read_only=on")
    app = make_app(settings_for(url))
    set_clock(datetime(2026, 9, 30, 12, 0, tzinfo=timezone.utc))  # a month is due
    watcher: Watcher = app.extensions["watcher"]
    for _ in range(3):
        watcher.poll()
    client = app.test_client()
    assert client.get("/zipcode/9000").json == {"risk_factor": "B"}
    assert client.get("/readyz").get_json()["status"] == "ok"
    assert caplog.messages == [
        "refresh of the health index failed: cannot execute UPDATE in a read-only transaction"
    ]
    for command in (["refresh-index"], ["init-db"], ["init-db", "--risk-table"]):
        result = run(app, *command)
        assert (result.exit_code, result.output.splitlines()[-1]) == (
            1,
            "Error: The database is read-only: cannot execute UPDATE in a read-only transaction. "
            "Use the one that takes writes, not a replica.",
        )


@pytest.mark.slow
def test_schema_of_the_url_is_filled_and_served(make_app: MakeApp, postgresql: PostgresDatabases) -> None:
    empty = postgresql.empty()
    admin = sa.create_engine(empty, poolclass=sa.pool.NullPool)
    with admin.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA desk")
    app = make_app(settings_for(with_query(empty, options="-c search_path=desk")))
    assert run(app, "init-db").exit_code == 0
    assert app.test_client().get("/zipcode/9000").json == {"risk_factor": "B"}
    assert sa.inspect(admin).get_table_names() == []
    postgresql.drop(empty)
