"""`flask copy-db`: a trial becomes production without loss, and a failure leaves nothing."""

from __future__ import annotations

import signal
import time
from datetime import date
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from tests.health_index.stored_values import on_sqlite
from tests.support.commands import run, start
from tests.support.databases import Databases, PostgresDatabases, settings_for
from tests.support.risk_tables import load_table
from webapp.config import Settings
from webapp.data import copy_db
from webapp.data.audit_log import entries
from webapp.data.database import db
from webapp.zipcodes.risk_table import Range

MakeApp = Callable[[Settings], Flask]

# Every table but data_version and alembic_version.
ROWS = """\
audit_log: 4 rows
index_value: 1695 rows
place: 2781 rows
place_name: 470 rows
risk_table: 3 rows
special_zipcode: 45 rows
upstream_check: 1 rows
risk_range: 166 rows
index_lock: 1 rows
withdrawn_index_value: 1 rows
"""


@pytest.fixture
def trial(app: Flask) -> Flask:
    """A database with every kind of row."""
    load_table(app, [Range(1000, 9999, "A")], date(2035, 1, 1), "planned.csv")
    load_table(app, [Range(1000, 9999, "C")], date(2020, 1, 1), "été «backdated».csv")
    for command in (
        ["risk-table", "cancel", "2", "--reason", "cancelled"],
        ["index-value", "withdraw", "2013", "2025-12", "--reason", "withdrawn"],
        ["index-value", "lock", "2013", "2025-11", "--value", "136.70", "--reason", "locked"],
    ):
        assert run(app, *command).exit_code == 0
    run(app, "refresh-index")  # fails, which is recorded
    return app


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database of each kind in turn."""
    databases: Databases = request.getfixturevalue(request.param)
    url = databases.empty()
    yield url
    databases.drop(url)


def url_of(app: Flask) -> str:
    url: str = app.config["SQLALCHEMY_DATABASE_URI"]
    return url


def rows(app: Flask) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows as Python values, which are the same on both kinds of database."""
    with app.app_context(), db.engine.connect() as connection:
        return {
            table.name: [
                tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key))
            ]
            for table in copy_db.tables()
        }


def table_names(url: str) -> list[str]:
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        return sa.inspect(connection).get_table_names()


def copy(app: Flask, target: str) -> Result:
    return run(app, "copy-db", "--from", url_of(app), "--to", target)


def test_copy_has_all_rows_and_serves_the_same(make_app: MakeApp, trial: Flask, target: str) -> None:
    result = copy(trial, target)
    assert (result.exit_code, result.output.partition("Copied to ")[0]) == (0, ROWS)
    copied = make_app(settings_for(target))
    assert rows(copied) == rows(trial)
    assert set(table_names(target)) == {*rows(trial), "alembic_version", "data_version"}
    for path in (
        "/zipcode/9000",
        "/api/v1/zipcodes/9000?on=2036-01-01",
        "/index?year=2013",
        "/api/v1/risk-tables",
    ):
        assert copied.test_client().get(path).json == trial.test_client().get(path).json
    assert run(copied, "init-db").output.splitlines()[1:] == [
        "Risk factors: up to date.",
        "Health index: 0 values added or corrected.",
        "Places: up to date.",
    ]


@pytest.mark.slow
def test_ids_of_the_copy_keep_growing(make_app: MakeApp, trial: Flask, target: str) -> None:
    assert copy(trial, target).exit_code == 0
    copied = make_app(settings_for(target))
    assert load_table(copied, [Range(1000, 9999, "B")], date(2036, 1, 1)) == 4
    with copied.app_context():
        assert [entry.id for entry in entries(db.session())] == [5, 4, 3, 2, 1]


@pytest.mark.slow
def test_copy_is_protected_by_triggers(make_app: MakeApp, trial: Flask, target: str) -> None:
    assert copy(trial, target).exit_code == 0
    copied = make_app(settings_for(target))
    with copied.app_context(), db.engine.connect() as connection:
        for statement in (
            "DELETE FROM audit_log",
            "UPDATE risk_table SET name = ''",
            "DELETE FROM risk_range",
        ):
            with pytest.raises(sa.exc.DBAPIError, match="never changes"):
                connection.execute(sa.text(statement))
            connection.rollback()
        before = connection.scalar(sa.text("SELECT version FROM data_version"))
        connection.execute(sa.text("DELETE FROM place"))
        assert connection.scalar(sa.text("SELECT version FROM data_version")) > before


@pytest.mark.slow
def test_url_is_database_url_by_default(app: Flask, target: str) -> None:
    assert run(app, "copy-db", "--to", target).exit_code == 0
    result = run(app, "copy-db", "--from", target)  # into the seeded database
    assert (result.exit_code, result.output) == (
        1,
        "Error: The target is not empty, it has the table alembic_version. Name a new, empty database. "
        "Nothing was changed.\n",
    )


@pytest.mark.slow
def test_target_with_a_foreign_table_is_refused(app: Flask, target: str) -> None:
    engine = sa.create_engine(target, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE invoice (id int)"))
    assert "it has the table invoice" in copy(app, target).output
    assert table_names(target) == ["invoice"]


@pytest.mark.slow
def test_database_is_not_copied_onto_itself(app: Flask) -> None:
    assert "is not empty" in copy(app, url_of(app)).output


@pytest.mark.slow
@pytest.mark.parametrize("revision", ["0006", "0005"])
def test_old_source_is_refused(app: Flask, target: str, revision: str) -> None:
    assert run(app, "db", "downgrade", revision).exit_code == 0
    result = copy(app, target)
    assert (result.exit_code, result.output) == (
        1,
        f"Error: The schema of the source is at {revision}, not at 0007: run flask init-db on it.\n",
    )
    assert table_names(target) == []


@on_sqlite
def test_wrong_sources_and_urls_are_refused_in_one_line(
    app: Flask, empty_database_url: str, tmp_path: Path, closed_port: int
) -> None:
    new = f"sqlite:///{tmp_path}/new.sqlite3"
    nowhere = f"postgresql://user:secret@127.0.0.1:{closed_port}/d"
    for options, reason in (
        (["--from", f"sqlite:///{tmp_path}/typo.sqlite3", "--to", new], "There is no file "),
        (["--from", nowhere, "--to", new], "The database cannot be used: "),
        (["--to", nowhere], "The database cannot be used: "),
        (["--to", "mysql://h/d"], "--to names mysql, but only postgresql and sqlite are supported."),
        (["--from", "desk.sqlite3"], "--from is not a URL such as "),
        ([], "Name --from or --to. "),
    ):
        result = run(app, "copy-db", *options)
        message = result.output.splitlines()[-1]
        assert result.exit_code in (1, 2)
        assert message.startswith(f"Error: {reason}"), message
        assert "secret" not in message
    assert not (tmp_path / "typo.sqlite3").exists()
    sa.create_engine(empty_database_url, poolclass=sa.pool.NullPool).connect().close()
    assert (
        "has no data of this program" in run(app, "copy-db", "--from", empty_database_url, "--to", new).output
    )


# Text that PostgreSQL refuses, and SQLite stores.
@on_sqlite
@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (
            "UPDATE place SET name_nl = printf('%0200d', 0) WHERE name = 'Gent'",
            "place cannot be copied: value too",
        ),
        ("UPDATE place SET loaded_at = 'yesterday' WHERE name = 'Gent'", "place cannot be copied: "),
        (
            "UPDATE index_value SET value = '12abc' WHERE month = '2025-11-01'",
            "index_value cannot be copied: ",
        ),
        ("UPDATE place SET nis = char(0) WHERE name = 'Gent'", "place cannot be copied: "),
    ],
)
def test_source_that_postgresql_refuses_leaves_nothing(
    app: Flask, postgresql: PostgresDatabases, statement: str, reason: str
) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.text(statement))
    target = postgresql.empty()
    result = copy(app, target)
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {reason}")
    assert result.output.endswith(". Nothing was changed.\n")
    assert len(result.output.splitlines()) == 1
    assert table_names(target) == []
    postgresql.drop(target)


@on_sqlite
@pytest.mark.slow
def test_row_that_a_trigger_skips_is_noticed(
    app: Flask, postgresql: PostgresDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(app, "index-value", "lock", "2013", "2025-11", "--reason", "locked").exit_code == 0
    in_wrong_order = copy_db.tables()[::-1]
    in_wrong_order.sort(key=lambda table: table.name == "risk_range")
    monkeypatch.setattr(copy_db, "tables", lambda: in_wrong_order)
    target = postgresql.empty()
    assert "The target took 1695 of 1696 rows of index_value." in copy(app, target).output
    assert table_names(target) == []
    postgresql.drop(target)


@on_sqlite
@pytest.mark.slow
def test_killed_copy_leaves_nothing(app: Flask, postgresql: PostgresDatabases) -> None:
    many = """
        WITH RECURSIVE number (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM number WHERE i < 100000)
        INSERT INTO place_name SELECT 9000, 'Gent', i, 'spelling', 'test', '2026-01-01' FROM number
    """
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.text(many))
    target = postgresql.empty()
    process = start(url_of(app), "copy-db", "--to", target)
    activity = sa.text("SELECT count(*) FROM pg_stat_activity WHERE datname = :name AND query LIKE :query")
    values = {"name": sa.make_url(target).database, "query": "INSERT INTO place_name%"}
    admin = sa.create_engine(postgresql.url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        while not connection.scalar(activity, values):
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        process.communicate()
        give_up = time.monotonic() + 20
        while connection.scalar(activity, {**values, "query": "%"}):
            assert time.monotonic() < give_up
            time.sleep(0.05)
    admin.dispose()
    assert table_names(target) == []
    postgresql.drop(target)
