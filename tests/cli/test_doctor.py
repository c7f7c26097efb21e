"""`flask doctor`: one line for each check, and what to do."""

from __future__ import annotations

import json
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from tests.support.commands import run
from tests.support.databases import NOWHERE, settings_for
from tests.support.fake_statbel import FakeStatbel, bestat, responding
from webapp import clock
from webapp.cli import doctor
from webapp.config import Settings
from webapp.data.database import db

MakeApp = Callable[[Settings], Flask]


@pytest.fixture(autouse=True)
def no_statbel(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Skip the sources, except in tests of them."""
    if "source" not in request.node.name:
        monkeypatch.setattr(doctor, "check_upstream", lambda _statbel: iter(()))


def checks(app: Flask) -> dict[str, dict[str, str]]:
    found = json.loads(run(app, "doctor", "--json").stdout)
    return {check["name"]: check for check in found["checks"]}


def lines(result: Result) -> dict[str, str]:
    """Return the status of each line by the name of its check; the last of a name counts."""
    return {line[9:].partition(":")[0]: line.split()[0] for line in result.stdout.splitlines()}


def test_healthy_service_passes_every_check(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime.now(timezone.utc))
    result = run(app, "doctor")
    found = lines(result)
    found.pop("index")  # late, by the clock of this machine
    assert (result.exit_code, set(found.values())) == (0, {"ok"})
    assert set(found) == {"settings", "database", "risk table", "rights", "clock", "temporary files"}


def test_unreachable_database_fails_in_one_line(make_app: MakeApp, unreachable_url: str) -> None:
    result = run(make_app(settings_for(unreachable_url)), "doctor")
    assert result.exit_code == 1
    (line,) = [line for line in result.stdout.splitlines() if " database: " in line]
    assert line.startswith("failed   database: ")
    assert line.endswith("check DATABASE_URL, and that the server runs and accepts this host and user")


def test_missing_schema_is_named(make_app: MakeApp, empty_database_url: str) -> None:
    database = checks(make_app(settings_for(empty_database_url)))["database"]
    assert (database["status"], database["message"], database["advice"]) == (
        "failed",
        "the database is not initialised",
        "run flask init-db",
    )


def test_old_schema_is_a_warning(app: Flask) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0006'"))
    result = run(app, "doctor")
    assert lines(result)["database"] == "warning"
    assert "run flask init-db" in result.stdout


def test_late_index_is_a_warning(app: Flask, set_clock: Callable[[datetime], None]) -> None:
    set_clock(datetime(2026, 11, 2, 12, tzinfo=timezone.utc))
    assert checks(app)["index"]["advice"] == "run flask refresh-index"


@pytest.mark.parametrize("kind", ["postgresql"])
def test_missing_rights_are_named(make_app: MakeApp, postgresql_url: str, kind: str) -> None:
    admin = sa.create_engine(postgresql_url)
    role = f"reader_{sa.make_url(postgresql_url).database}"
    with admin.begin() as connection:
        connection.execute(sa.text(f"CREATE ROLE {role} LOGIN"))
        connection.execute(sa.text(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"))
        connection.execute(sa.text(f"GRANT INSERT, UPDATE ON upstream_check TO {role}"))
    url = sa.make_url(postgresql_url).set(username=role)
    app = make_app(settings_for(url.render_as_string(hide_password=False)))
    rights = checks(app)["rights"]
    with app.app_context():
        db.engine.dispose()
    with admin.begin() as connection:
        connection.execute(sa.text(f"DROP OWNED BY {role}"))
        connection.execute(sa.text(f"DROP ROLE {role}"))
    admin.dispose()
    assert (rights["status"], rights["message"]) == (
        "failed",
        "missing UPDATE on data_version, INSERT on index_value, UPDATE on index_value, DELETE on index_value",
    )


@pytest.mark.parametrize("kind", ["postgresql"])
@pytest.mark.parametrize(("seconds", "status"), [(2, "ok"), (-60, "failed"), (60, "failed")])
def test_clock_is_compared_with_the_database(
    app: Flask, monkeypatch: pytest.MonkeyPatch, kind: str, seconds: int, status: str
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime.now(timezone.utc) + timedelta(seconds=seconds))
    assert checks(app)["clock"]["status"] == status


@pytest.mark.parametrize("kind", ["sqlite"])
def test_read_only_folder_for_temporary_files_fails(
    app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    found = checks(app)["temporary files"]
    assert (found["status"], found["advice"]) == ("failed", "mount a writable /tmp, as with --tmpfs /tmp")


@pytest.mark.parametrize("kind", ["sqlite"])
def test_clock_before_the_stored_months_fails(app: Flask, set_clock: Callable[[datetime], None]) -> None:
    set_clock(datetime(2024, 6, 15, 12, tzinfo=timezone.utc))
    found = checks(app)["clock"]
    assert (found["status"], found["message"]) == (
        "failed",
        "2024-06-15 14:00 in Brussels, before 2026-08, whose index is stored",
    )


@pytest.mark.parametrize("kind", ["sqlite"])
def test_missing_folder_for_temporary_files_fails(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/nowhere"])
    found = checks(app)["temporary files"]
    assert (found["status"], found["advice"]) == ("failed", "mount a writable /tmp, as with --tmpfs /tmp")


@pytest.mark.parametrize("kind", ["sqlite"])
def test_sources_are_read_one_by_one(
    make_app: MakeApp, database_url: str, statbel: FakeStatbel, kind: str
) -> None:
    statbel.bestat = responding(bestat([(2025, "2026-01", 100.5)]))
    result = run(make_app(settings_for(database_url, **statbel.addresses)), "doctor")
    found = lines(result)
    assert (found["statbel bestat"], found["statbel open-data"]) == ("ok", "warning")
    assert "statbel bestat: 1 values up to 2026-01" in result.stdout


@pytest.mark.parametrize("kind", ["sqlite"])
def test_unreachable_sources_fail(make_app: MakeApp, database_url: str, kind: str) -> None:
    result = run(make_app(settings_for(database_url, **NOWHERE)), "doctor")
    assert result.exit_code == 1
    assert {lines(result)[f"statbel {name}"] for name in ("bestat", "open-data", "workbook")} == {"failed"}


@pytest.mark.parametrize("kind", ["sqlite"])
def test_unreachable_redis_fails(
    make_app: MakeApp, database_url: str, closed_port: int, redis_url: str, kind: str
) -> None:
    statuses = [
        checks(make_app(settings_for(database_url, REDIS_URL=url)))["redis"]["status"]
        for url in (redis_url, f"redis://:secret@127.0.0.1:{closed_port}/0")
    ]
    assert statuses == ["ok", "failed"]


def test_notes_of_the_settings_are_warnings(make_app: MakeApp, database_url: str) -> None:
    settings: Any = settings_for(database_url)
    app = make_app(Settings(**{**settings.__dict__, "notes": ("'RATE_LIMITS' is no setting",)}))
    assert "warning  settings: 'RATE_LIMITS' is no setting" in run(app, "doctor").stdout
