"""The application on a PgBouncer in transaction mode, whose connections change hands between transactions."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Callable, Iterator

import pytest
import requests
import sqlalchemy as sa
from flask import Flask

from tests.support.commands import run, start
from tests.support.databases import NEWEST_REVISION, NOWHERE, PostgresDatabases, settings_for
from tests.support.fake_statbel import FakeStatbel, bestat, responding
from tests.support.live import running
from tests.support.pgbouncer import NoPgBouncer, pooled
from tests.support.postgres import UNPRIVILEGED
from tests.support.snapshot import snapshot
from webapp.config import STATEMENT_MILLISECONDS, Settings
from webapp.data.database import db

MakeApp = Callable[[Settings], Flask]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pool(postgresql: PostgresDatabases) -> Iterator[sa.engine.URL]:
    try:
        with pooled(postgresql.url) as url:
            yield url
    except NoPgBouncer as error:
        pytest.fail(f"The test needs PgBouncer: {error}")


@pytest.fixture
def url(pool: sa.engine.URL, postgresql_url: str) -> str:
    """A seeded database, through PgBouncer."""
    return through(pool, postgresql_url)


def through(pool: sa.engine.URL, database_url: str) -> str:
    return pool.set(database=sa.make_url(database_url).database).render_as_string(hide_password=False)


@pytest.fixture
def app(make_app: MakeApp, url: str, statbel: FakeStatbel) -> Flask:
    return make_app(settings_for(url, **statbel.addresses))


def test_concurrent_runs_of_init_db_fill_an_empty_database(
    make_app: MakeApp, pool: sa.engine.URL, postgresql: PostgresDatabases
) -> None:
    empty = postgresql.empty()
    commands = [start(through(pool, empty), "init-db") for _ in range(2)]
    ends = [(command.communicate()[1], command.returncode) for command in commands]
    assert ends == [("", 0)] * 2
    stored = snapshot(make_app(settings_for(empty)))
    assert (len(stored["risk_table"]), len(stored["risk_range"])) == (1, 164)
    postgresql.drop(empty)


def test_commands_read_and_write(app: Flask, statbel: FakeStatbel, tmp_path: Path) -> None:
    statbel.bestat = responding(bestat([(2025, "2026-07", 103.24), (2025, "2026-08", 104.00)]))
    table = tmp_path / "all.csv"
    table.write_text("1000 - 9999,A\n")
    for command, expected in [
        (["db", "downgrade"], ""),
        (["init-db"], f"Schema: at revision {NEWEST_REVISION}."),
        (["refresh-index"], "Statbel (bestat): 1 values new or revised."),
        (["risk-table", "load", str(table), "--effective-from", "2035-01-01", "--force"], "Stored: 1 ranges"),
        (["risk-table", "cancel", "2", "--reason", "a test"], "Cancelled"),
        (["index-value", "withdraw", "2013", "2025-12", "--reason", "a test"], "Withdrawn"),
        (["lookup", "9000"], "9000\tB"),
    ]:
        result = run(app, *command)
        assert result.exit_code == 0, (command, result.output)
        assert expected in result.output, command
    assert app.test_client().get("/index?year=2025").json == {"index": 104.0}


def test_server_takes_in_a_change(url: str, postgresql_url: str, tmp_path: Path) -> None:
    table = tmp_path / "all.csv"
    table.write_text("1000 - 9999,A\n")
    with running(tmp_path, DATABASE_URL=url, **NOWHERE) as server:
        assert requests.get(f"{server.url}/zipcode/9000", timeout=5).json() == {"risk_factor": "B"}
        command = start(url, "init-db")
        assert command.communicate()[1] == ""
        engine = sa.create_engine(postgresql_url, poolclass=sa.pool.NullPool)
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE index_value SET value = 999.99 WHERE month = '2026-08-01'"))
        give_up = time.monotonic() + 10
        while requests.get(f"{server.url}/index?year=2025", timeout=5).json() != {"index": 999.99}:
            assert time.monotonic() < give_up
            time.sleep(0.1)
        assert "reasons" not in requests.get(f"{server.url}/readyz", timeout=5).json()
        assert "data version check failed" not in server.log.read_text()


def test_statement_timeout_holds_for_our_transactions_only(app: Flask, url: str) -> None:
    began = time.monotonic()
    with app.app_context(), pytest.raises(sa.exc.OperationalError, match="statement timeout"):
        db.session.execute(sa.text("SELECT pg_sleep(10)"))
    assert STATEMENT_MILLISECONDS / 1000 <= time.monotonic() - began < 8
    with app.app_context():
        db.session.remove()
    other = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with other.connect() as connection:
        assert connection.scalar(sa.text("SHOW statement_timeout")) == "0"
        assert connection.scalar(sa.text("SHOW default_transaction_isolation")) == "read committed"


# TLS: PgBouncer's own, because the PostgreSQL of the wheel has none.


@pytest.fixture(scope="module")
def certificate() -> Iterator[Path]:
    """A certificate of 127.0.0.1 that PgBouncer's user can read, with another one beside it."""
    with tempfile.TemporaryDirectory(prefix="desk-tls-") as name:
        folder = Path(name)
        for file in (folder / "server.pem", folder / "other.pem"):
            command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
            command += ["-subj", "/CN=desk", "-addext", "subjectAltName=IP:127.0.0.1"]
            command += ["-keyout", str(file.with_suffix(".key")), "-out", str(file)]
            subprocess.run(command, check=True, capture_output=True)
        if os.geteuid() == 0:
            for path in (folder, *folder.iterdir()):
                shutil.chown(path, UNPRIVILEGED)
        yield folder / "server.pem"


@pytest.fixture(scope="module")
def tls_pool(postgresql: PostgresDatabases, certificate: Path) -> Iterator[sa.engine.URL]:
    """A PgBouncer that accepts encrypted connections only."""
    try:
        with pooled(postgresql.url, certificate) as url:
            yield url
    except NoPgBouncer as error:
        pytest.fail(f"The test needs PgBouncer: {error}")


@pytest.fixture
def encrypted_url(tls_pool: sa.engine.URL, postgresql_url: str) -> str:
    return through(tls_pool, postgresql_url)


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ("", 200),
        ("?sslmode=require", 200),
        ("?sslmode=verify-full&sslrootcert={folder}/server.pem", 200),
        ("?sslmode=disable", 503),
        ("?sslmode=verify-full&sslrootcert={folder}/other.pem", 503),
        ("?sslmode=verify-full&sslrootcert={folder}/missing.pem", 503),
    ],
)
def test_tls_mode_of_the_url_is_used(
    make_app: MakeApp, encrypted_url: str, certificate: Path, options: str, status: int
) -> None:
    url = encrypted_url + options.format(folder=certificate.parent)
    assert make_app(settings_for(url)).test_client().get("/zipcode/9000").status_code == status


@pytest.mark.parametrize(("mode", "status"), [("require", 200), ("verify-ca", 200), ("verify-full", 503)])
def test_certificate_of_another_name_is_refused_by_verify_full_only(
    make_app: MakeApp, encrypted_url: str, certificate: Path, mode: str, status: int
) -> None:
    named = sa.make_url(encrypted_url).set(host="localhost").render_as_string(hide_password=False)
    app = make_app(settings_for(f"{named}?sslmode={mode}&sslrootcert={certificate}"))
    assert app.test_client().get("/zipcode/9000").status_code == status
    is_refused = 'does not match host name "localhost"' in run(app, "doctor").output
    assert is_refused == (mode == "verify-full")
