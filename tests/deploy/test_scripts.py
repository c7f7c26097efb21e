"""The scripts of deploy/: secrets, rolling update, images and backup."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.deploy.files import DEPLOY, run
from tests.support import commands, postgres
from tests.support.databases import PostgresDatabases, settings_for
from webapp.config import ROOT, Settings

PASSWORD = "POSTGRES_PASSWORD"  # noqa: S105  # the name of the variable

STAND_IN = Path(__file__).with_name("docker.py")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the scripts need, since they write beside it."""
    (tmp_path / "deploy").mkdir()
    for name in ("make-secrets", "rolling-update", "pin-images"):
        shutil.copy(DEPLOY / name, tmp_path / "deploy" / name)
    shutil.copy(ROOT / "compose.yaml", tmp_path)
    return tmp_path


class Docker:
    """The stand-in for docker, with its state."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        program = folder / "docker"
        text = f"#!{sys.executable} -S\n{STAND_IN.read_text(encoding='utf-8')}"
        program.write_text(text, encoding="utf-8")
        program.chmod(0o755)

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads((self._folder / "state.json").read_text(encoding="utf-8"))
        return state

    def set_up(self, *containers: str, **state: Any) -> None:
        web = {name: {"running": True, "health": "healthy", "inspected": 9} for name in containers}
        text = json.dumps({"calls": [], "health": "healthy", "web": web, **state})
        (self._folder / "state.json").write_text(text, encoding="utf-8")

    def run(self, script: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        variables = {"PROXY_SECONDS": "0", **variables}
        return run(self._folder / "deploy" / script, *arguments, folder=self._folder, **variables)


@pytest.fixture
def docker(project: Path) -> Docker:
    return Docker(project)


def test_secrets_are_random_and_kept(project: Path) -> None:
    script = project / "deploy" / "make-secrets"
    assert run(script, folder=project).returncode == 0
    password = (project / "secrets" / "postgres_password").read_text()
    url = (project / "secrets" / "database_url").read_text()
    assert re.fullmatch("[0-9a-f]{48}", password)
    assert sa.make_url(Settings.of({"DATABASE_URL": url}).database_url).password == password
    assert run(script, folder=project, **{PASSWORD: "other"}).returncode == 0
    assert (project / "secrets" / "postgres_password").read_text() == password
    assert (project / "secrets" / "database_url").read_text() == url


def test_secrets_are_readable_in_containers_and_hidden_from_other_users(project: Path) -> None:
    assert run(project / "deploy" / "make-secrets", folder=project).returncode == 0
    assert stat.S_IMODE((project / "secrets").stat().st_mode) == 0o700
    for file in (project / "secrets").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o644


def test_own_password_is_taken(project: Path) -> None:
    assert run(project / "deploy" / "make-secrets", folder=project, **{PASSWORD: "abc1"}).returncode == 0
    assert (project / "secrets" / "database_url").read_text() == "postgresql://desk:abc1@db:5432/desk"


@pytest.mark.parametrize("password", ["a b", "p@ss", "a/b", "a:b", "50%", "é", "a\nb"])
def test_password_that_would_break_a_url_is_refused(project: Path, password: str) -> None:
    done = run(project / "deploy" / "make-secrets", folder=project, **{PASSWORD: password})
    assert done.returncode == 1
    assert "Choose another" in done.stderr
    assert list((project / "secrets").iterdir()) == []


def test_password_of_an_own_file_that_would_break_a_url_is_refused(project: Path) -> None:
    (project / "secrets").mkdir()
    (project / "secrets" / "postgres_password").write_text("p@ss\n")
    done = run(project / "deploy" / "make-secrets", folder=project)
    assert done.returncode == 1
    assert "secrets/postgres_password has other characters" in done.stderr
    assert not (project / "secrets" / "database_url").exists()


@pytest.mark.slow
@pytest.mark.parametrize("wanted", [None, "1", "4"])
def test_rolling_update_stops_old_containers_after_new_ones_are_healthy(
    docker: Docker, wanted: str | None
) -> None:
    docker.set_up("old0", "old1")
    done = docker.run("rolling-update", *([wanted] if wanted else []))
    assert done.returncode == 0, done.stderr
    count = int(wanted or 2)
    assert list(docker.state["web"]) == [f"new{number}" for number in range(count)]
    assert all(container["health"] == "healthy" for container in docker.state["web"].values())
    calls = docker.state["calls"]
    order = [
        "compose build",
        "compose run --rm init",
        "compose up",
        "inspect",
        "stop old0",
        "rm old0",
        "stop old1",
    ]
    positions = [next(place for place, call in enumerate(calls) if call.startswith(start)) for start in order]
    assert positions == sorted(positions)
    assert "--no-recreate" in next(call for call in calls if call.startswith("compose up"))


@pytest.mark.slow
@pytest.mark.parametrize("health", ["unhealthy", "stopped"])
def test_rolling_update_keeps_old_containers_if_a_new_one_fails(docker: Docker, health: str) -> None:
    docker.set_up("old0", "old1", health=health)
    done = docker.run("rolling-update", MAX_SECONDS="4")
    assert done.returncode == 1
    assert "The old containers go on" in done.stderr
    assert list(docker.state["web"]) == ["old0", "old1"]
    assert not [call for call in docker.state["calls"] if call.startswith("stop")]


@pytest.mark.slow
def test_rolling_update_does_not_take_a_stopped_container_for_a_new_one(docker: Docker) -> None:
    web = {
        name: {"running": name == "old0", "health": "healthy", "inspected": 9} for name in ("old0", "stopped")
    }
    docker.set_up(web=web)
    done = docker.run("rolling-update")
    assert done.returncode == 0, done.stderr
    assert list(docker.state["web"]) == ["new0"]


def test_rolling_update_stops_if_the_database_cannot_be_upgraded(docker: Docker) -> None:
    docker.set_up("old0", init=1)
    assert docker.run("rolling-update").returncode == 1
    assert list(docker.state["web"]) == ["old0"]
    assert not [call for call in docker.state["calls"] if call.startswith("compose up")]


def test_rolling_update_without_containers_says_what_to_do(docker: Docker) -> None:
    docker.set_up()
    done = docker.run("rolling-update")
    assert done.returncode == 1
    assert "docker compose up -d" in done.stderr


@pytest.mark.parametrize("wanted", ["0", "-1", "x", "2x"])
def test_rolling_update_refuses_another_number(docker: Docker, wanted: str) -> None:
    docker.set_up("old0")
    done = docker.run("rolling-update", wanted)
    assert done.returncode == 1
    assert "usage" in done.stderr


def test_images_are_pinned_in_env_and_our_own_ones_kept(docker: Docker, project: Path) -> None:
    docker.set_up()
    (project / ".env").write_text("RATE_LIMIT=0\nPYTHON_VERSION=3.13\nREDIS_IMAGE=redis:6\n")
    for _ in range(2):
        done = docker.run("pin-images")
        assert done.returncode == 0, done.stderr
    lines = (project / ".env").read_text().splitlines()
    assert lines[:2] == ["RATE_LIMIT=0", "PYTHON_VERSION=3.13"]
    pinned = dict(line.split("=", 1) for line in lines[2:])
    assert set(pinned) == {
        "PYTHON_DIGEST",
        "NGINX_IMAGE",
        "POSTGRES_IMAGE",
        "REDIS_IMAGE",
        "PROMETHEUS_IMAGE",
    }
    assert len(lines) == 2 + len(pinned)
    assert re.fullmatch("@sha256:[0-9a-f]{64}", pinned["PYTHON_DIGEST"])
    assert re.fullmatch("redis:6@sha256:[0-9a-f]{64}", pinned["REDIS_IMAGE"])  # our own
    assert re.fullmatch("postgres:17-alpine@sha256:[0-9a-f]{64}", pinned["POSTGRES_IMAGE"])
    assert any("python:3.13-alpine" in call for call in docker.state["calls"])


@pytest.mark.parametrize(
    "own", ["registry.example:5000/team/postgres:16", '"postgres:16"', "postgres:16@sha256:0123"]
)
def test_own_image_is_pinned_as_it_is_named(docker: Docker, project: Path, own: str) -> None:
    docker.set_up()
    (project / ".env").write_text(f"POSTGRES_IMAGE={own}\n")
    assert docker.run("pin-images").returncode == 0
    [line] = [line for line in (project / ".env").read_text().splitlines() if "POSTGRES" in line]
    name = own.strip('"').partition("@")[0]
    assert re.fullmatch(f"POSTGRES_IMAGE={name}@sha256:[0-9a-f]{{64}}", line)


def test_own_image_without_a_tag_stays(docker: Docker, project: Path) -> None:
    docker.set_up()
    own = "POSTGRES_IMAGE=registry.example:5000/postgres@sha256:0123"
    (project / ".env").write_text(f"{own}\n")
    assert docker.run("pin-images").returncode == 0
    assert own in (project / ".env").read_text().splitlines()


@pytest.mark.parametrize("mode", [None, 0o600, 0o640])
def test_pinning_hides_env_from_other_users_and_keeps_its_lines(
    docker: Docker, project: Path, mode: int | None
) -> None:
    docker.set_up()
    file = project / ".env"
    if mode:
        file.write_text("# a remark\n\nRATE_LIMIT=0")
        file.chmod(mode)
    assert docker.run("pin-images").returncode == 0
    assert stat.S_IMODE(file.stat().st_mode) == (mode or 0o600)
    assert not mode or file.read_text().startswith("# a remark\n\nRATE_LIMIT=0\nPYTHON_DIGEST=")


def test_unreachable_registry_leaves_env_as_it_is(docker: Docker, project: Path) -> None:
    docker.set_up(unknown=["python:3.8-alpine"])
    (project / ".env").write_text("RATE_LIMIT=0\n")
    assert docker.run("pin-images").returncode != 0
    assert (project / ".env").read_text() == "RATE_LIMIT=0\n"


Backup = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def database() -> Iterator[PostgresDatabases]:
    """A server of its own, which is as old as its programs."""
    with postgres.own_server() as (url, _process):
        databases = PostgresDatabases(url)
        yield databases
        databases.close()


@pytest.fixture
def database_url(database: PostgresDatabases) -> str:
    return database.seeded()


@pytest.fixture
def back_up(database_url: str, tmp_path: Path) -> Backup:
    """Run the backup of a database with the programs of its PostgreSQL."""
    url = sa.make_url(database_url)
    (tmp_path / "password").write_text(str(url.password or ""))
    (tmp_path / "backups").mkdir()

    def run_backup(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        settings = {
            "PGHOST": str(url.host),
            "PGPORT": str(url.port),
            "PGUSER": str(url.username),
            "PGDATABASE": str(url.database),
            "PGPASSWORD_FILE": str(tmp_path / "password"),
            "BACKUP_FOLDER": str(tmp_path / "backups"),
        }
        command = arguments or ("now",)
        return run(DEPLOY / "postgresql" / "backup", *command, folder=programs(), **{**settings, **variables})

    return run_backup


def programs() -> Path:
    """Return the folder of PostgreSQL's programs."""
    found = postgres.find_programs()
    assert found
    return found


def row_counts(url: str) -> list[int]:
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    metadata = sa.MetaData()
    with engine.connect() as connection:
        metadata.reflect(connection)
        counts = [sa.select(sa.func.count()).select_from(table) for table in metadata.sorted_tables]
        return [connection.scalars(count).one() for count in counts]


@pytest.mark.slow
def test_backup_can_be_restored(
    back_up: Backup, database: PostgresDatabases, database_url: str, tmp_path: Path
) -> None:
    done = back_up()
    assert done.returncode == 0, done.stderr
    [file] = (tmp_path / "backups").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = row_counts(database_url)
    assert sum(before) > 4000
    engine = sa.create_engine(database_url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM index_value"))
    empty = database.empty()
    for url in (database_url, empty):
        done = back_up("restore", str(file), PGDATABASE=str(sa.make_url(url).database))
        assert done.returncode == 0, done.stderr
        assert row_counts(url) == before


@pytest.mark.slow
def test_damaged_backup_changes_nothing(back_up: Backup, database_url: str, tmp_path: Path) -> None:
    assert back_up().returncode == 0
    [file] = (tmp_path / "backups").iterdir()
    file.write_bytes(file.read_bytes()[:-20_000])
    before = row_counts(database_url)
    assert back_up("restore", str(file)).returncode != 0
    assert row_counts(database_url) == before


@pytest.mark.slow
def test_backups_are_kept_for_two_weeks(back_up: Backup, tmp_path: Path) -> None:
    ages = {"desk-a.dump": 13.5, "desk-b.dump": 14.5, "other.txt": 99}
    for name, days in ages.items():
        file = tmp_path / "backups" / name
        file.touch()
        os.utime(file, (time.time() - days * 86400,) * 2)
    assert back_up().returncode == 0
    left = {file.name for file in (tmp_path / "backups").iterdir()}
    assert left & set(ages) == {"desk-a.dump", "other.txt"}
    assert len(left) == 3


@pytest.mark.slow
def test_failed_backup_deletes_nothing(back_up: Backup, tmp_path: Path) -> None:
    old = tmp_path / "backups" / "desk-a.dump"
    old.touch()
    os.utime(old, (0, 0))
    done = back_up(PGDATABASE="no_such_database")
    assert done.returncode == 1
    assert "backup failed" in done.stderr
    assert list((tmp_path / "backups").iterdir()) == [old]


@pytest.mark.slow
def test_backup_of_an_older_release_replaces_newer_tables(
    back_up: Backup, database_url: str, tmp_path: Path, make_app: Callable[[Settings], Flask]
) -> None:
    app = make_app(settings_for(database_url))
    before = row_counts(database_url)
    assert commands.run(app, "db", "downgrade", "0005").exit_code == 0
    assert back_up().returncode == 0
    assert commands.run(app, "init-db").exit_code == 0
    [file] = (tmp_path / "backups").iterdir()
    done = back_up("restore", str(file))
    assert done.returncode == 0, done.stderr
    result = commands.run(app, "init-db")
    assert result.exit_code == 0, result.output
    assert row_counts(database_url) == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BACKUP_HOUR", "24"),
        ("BACKUP_HOUR", "-1"),
        ("BACKUP_HOUR", "1:30"),
        ("BACKUP_HOUR", "x"),
        ("BACKUP_DAYS", "0"),
        ("BACKUP_DAYS", "two weeks"),
    ],
)
def test_backup_refuses_an_invalid_setting(tmp_path: Path, name: str, value: str) -> None:
    backup = DEPLOY / "postgresql" / "backup"
    done = run(backup, "now", folder=tmp_path, BACKUP_FOLDER=str(tmp_path), **{name: value})
    assert done.returncode == 2
    assert done.stderr.startswith(f"{name} is '{value}', but must be a whole number from ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("hour", ["0", "00", "08", "23"])
def test_backup_waits_until_its_hour(tmp_path: Path, hour: str) -> None:
    sleep = tmp_path / "sleep"
    sleep.write_text(f'#!/bin/sh\necho "$1" >{tmp_path}/seconds\nkill $PPID\n')
    sleep.chmod(0o755)
    backup = DEPLOY / "postgresql" / "backup"
    now = time.time()
    run(backup, "nightly", folder=tmp_path, BACKUP_FOLDER=str(tmp_path), BACKUP_HOUR=hour)
    at = now + int((tmp_path / "seconds").read_text())
    assert abs((at - int(hour) * 3600 + 43_200) % 86_400 - 43_200) < 60


@pytest.mark.parametrize("script", ["make-secrets", "rolling-update", "pin-images", "postgresql/backup"])
def test_script_is_a_program_for_any_shell(script: str) -> None:
    path = DEPLOY / script
    assert path.stat().st_mode & 0o111
    assert path.read_text(encoding="utf-8").startswith("#!/bin/sh\n")
    assert subprocess.run(["sh", "-n", path], check=False, timeout=10).returncode == 0
