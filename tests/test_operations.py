"""Every command in docs/operations.md: executed here, or by the test that is named beside it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Callable, Iterator, NamedTuple

import pytest
import requests
import sqlalchemy as sa
from flask import Flask

from tests.support.commands import run
from tests.support.databases import NOWHERE, PostgresDatabases, SQLiteDatabases, settings_for
from tests.support.live import Server, environment, running, wait
from tests.support.postgres import own_server
from tests.support.processes import free_port
from tests.support.programs import path_with_programs
from tests.support.risk_tables import load_table
from tests.support.snapshot import snapshot
from tests.test_docs import OPERATIONS, Document, examples
from webapp.config import ROOT, Settings
from webapp.zipcodes.risk_table import Range

MakeApp = Callable[[Settings], Flask]

DAY = date(2035, 1, 1)

# Sections whose scripts a test of this file runs.
EXECUTED_HERE = ("Two users", "Upgrade and roll back", "Back up and restore", "From SQLite to PostgreSQL")

# Commands in sentences or consoles that other tests execute, with the file that does so.
EXECUTED_ELSEWHERE = {
    "flask init-db": "tests/data/test_init_db.py",
    "flask init-db --risk-table": "tests/cli/test_commands.py",
    "flask risk-table": "tests/cli/risk_table/test_load.py",
    "flask risk-table log": "tests/cli/risk_table/test_list.py",
    "flask refresh-index": "tests/cli/test_commands.py",
    "flask index-value list": "tests/cli/test_index_value.py",
    "flask lookup": "tests/cli/test_commands.py",
    "flask version": "tests/test_version.py",
    "deploy/make-secrets": "tests/deploy/test_scripts.py",
    "make run": "tests/test_operations.py",
    "make run PORT=5001": "tests/test_operations.py",
}

# Commands that no test executes, with the reason.
DOCKER = "it needs Docker; .ci/run builds and runs the image with podman"
NOT_EXECUTED = {
    "docker compose up --build": DOCKER,
    "docker build -t desk .": DOCKER,
    "docker build --build-arg PYTHON_VERSION=3.13 .": DOCKER,
    "docker buildx build --sbom=true --tag desk .": DOCKER,
    "docker run --rm -e DATABASE_URL=postgresql://… desk flask init-db": DOCKER,
    "docker run --rm -e DATABASE_URL=postgresql://… desk flask doctor": DOCKER,
    "docker run -d -p 5000:5000 --read-only --tmpfs /tmp --cap-drop all "
    "-e DATABASE_URL=postgresql://… desk": DOCKER,
    "pipenv install --skip-lock": "it installs; tests/test_requirements.py reads the Pipfile",
    "pipenv run start": "pipenv is not installed; it runs the commands of make run",
}

ACCOUNTED = {*EXECUTED_ELSEWHERE, *NOT_EXECUTED}
ADVICE = "run it here, or name the file that does so in EXECUTED_ELSEWHERE, or the reason in NOT_EXECUTED"
PROGRAMS = "flask|make|docker|pipenv|psql|pg_dump|pg_restore|createdb|curl|kubectl|nginx|sh|bash"


class Script(NamedTuple):
    """A block of shell commands, and the heading above it."""

    heading: str
    text: str

    @property
    def commands(self) -> list[str]:
        """The commands, without the variables that a reader sets first."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [line.partition("  #")[0].strip() for line in lines if not SETTING.fullmatch(line)]


SETTING = re.compile(r"\s*|#.*|[A-Z_]+=\S*")


def scripts(document: Document) -> list[Script]:
    found = []
    heading = ""
    for part in re.split(r"^(#+ [^\n]+|```.*?^```)$", document.text, flags=re.DOTALL | re.MULTILINE):
        if part.startswith("#"):
            heading = part.lstrip("# ")
        elif part.startswith("```sh\n"):
            found.append(Script(heading, part[len("```sh\n") : -len("```")]))
    return found


def script(heading: str) -> Iterator[Script]:
    """Yield the scripts of a section in turn."""
    return iter([found for found in scripts(OPERATIONS) if found.heading == heading])


def test_every_script_is_executed() -> None:
    for found in scripts(OPERATIONS):
        for command in found.commands:
            assert found.heading in EXECUTED_HERE or command in ACCOUNTED, (
                f"no test executes {command!r} of {found.heading!r}: {ADVICE}"
            )


def test_every_command_in_a_sentence_is_executed() -> None:
    executed = [command for found in scripts(OPERATIONS) for command in found.commands]
    executed += [example.command.replace(".venv/bin/", "") for example in examples(OPERATIONS)]
    prose = " ".join(OPERATIONS.prose.split())  # a line may end within a command
    for command in re.findall(rf"`((?:{PROGRAMS}) [^`]+)`", prose):
        assert command in ACCOUNTED or any(command in other for other in executed), (
            f"no test executes {command!r}: {ADVICE}"
        )


def test_files_that_execute_commands_exist_and_the_commands_are_documented() -> None:
    prose = " ".join(OPERATIONS.text.split())
    assert all((ROOT / file).is_file() for file in EXECUTED_ELSEWHERE.values())
    for command in ACCOUNTED:
        assert command in prose, command
    assert {found.heading for found in scripts(OPERATIONS)} >= set(EXECUTED_HERE)


# Their execution, with the programs of the server's version


@pytest.fixture(scope="module")
def databases() -> Iterator[PostgresDatabases]:
    """Databases of a server of our own: users belong to the whole server."""
    with own_server() as (url, _process):
        found = PostgresDatabases(url)
        yield found
        found.close()


class Shell:
    """Runs scripts of the document in a folder that looks like the project's."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self._folder = folder
        (folder / "deploy").symlink_to(ROOT / "deploy")
        self._variables = {**NOWHERE, **variables}

    def run(self, script: Script, typed: str = "") -> str:
        """Run a script, with our variables in place of its own, and return what it prints."""
        lines = [
            line
            for line in script.text.splitlines()
            if not (SETTING.fullmatch(line) and line.partition("=")[0] in self._variables)
        ]
        flask = f'flask() {{ {sys.executable} -m flask --app {ROOT / "wsgi.py"} "$@"; }}'
        done = subprocess.run(
            ["bash", "-euc", "\n".join([flask, *lines])],
            cwd=self._folder,
            env={**os.environ, "PATH": path_with_programs(), "PYTHONPATH": str(ROOT), **self._variables},
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # without a terminal, psql reads passwords from its input
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


def libpq(url: str, **parts: str) -> str:
    """Return a URL as PostgreSQL's programs take it."""
    found = sa.make_url(url).set(drivername="postgresql", **parts)  # type: ignore[arg-type]
    return found.render_as_string(hide_password=False)


def use(app: Flask) -> None:
    """Load, cancel and decide, as after some years."""
    load_table(app, [Range(1000, 9999, "A")], DAY, "planned.csv")
    for command in (
        ["risk-table", "cancel", "2", "--reason", "a mistake"],
        ["index-value", "withdraw", "2013", "2025-12", "--reason", "taken back"],
    ):
        assert run(app, *command).exit_code == 0


@pytest.mark.slow
def test_make_run_serves(sqlite_url: str, tmp_path: Path) -> None:
    """In place of an installation, with the programs of this Python."""
    (tmp_path / "bin").symlink_to(Path(sys.executable).parent)
    (tmp_path / "runs").touch()
    port = free_port()
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            ["make", "run", f"PORT={port}", f"VENV={tmp_path}"],
            cwd=ROOT,
            env={**os.environ, **NOWHERE, "DATABASE_URL": sqlite_url},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        give_up = time.monotonic() + 60
        while "Listening at" not in (tmp_path / "log").read_text():  # init-db comes first
            assert process.poll() is None and time.monotonic() < give_up, (tmp_path / "log").read_text()
            time.sleep(0.1)
        wait(Server(f"http://127.0.0.1:{port}", process, tmp_path / "log"))
        response = requests.get(f"http://127.0.0.1:{port}/zipcode/9000", timeout=5)
        assert response.json() == {"risk_factor": "B"}
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


@pytest.mark.slow
def test_server_reads_the_database_url_from_a_file(sqlite_url: str, tmp_path: Path) -> None:
    file = tmp_path / "database_url"
    file.write_text(f"{sqlite_url}\n")
    with running(tmp_path, DATABASE_URL="", DATABASE_URL_FILE=str(file), **NOWHERE) as server:
        assert requests.get(f"{server.url}/zipcode/9000", timeout=5).json() == {"risk_factor": "B"}
    for command in (["gunicorn", "wsgi:app"], ["flask", "--app", "wsgi", "version"]):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=environment(DATABASE_URL_FILE="/run/secrets/typo", FLASK_SKIP_DOTENV="1"),
            capture_output=True,
            text=True,
            check=False,
        )
        message = "Error: DATABASE_URL_FILE names '/run/secrets/typo', which cannot be read: No such file"
        assert done.returncode == 1
        assert done.stderr.strip().startswith(message), done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.slow
def test_two_users(databases: PostgresDatabases, tmp_path: Path) -> None:
    url = databases.empty()
    shell = Shell(
        tmp_path,
        ADMIN_URL=libpq(url),
        OWNER_URL=libpq(url, username="desk_owner", password="choose1"),  # noqa: S106  # as typed below
    )
    (found,) = script("Two users")
    assert "Schema: at revision" in shell.run(found, typed="choose1\nchoose1\nchoose2\nchoose2\n")
    with running(tmp_path, DATABASE_URL=libpq(url, username="desk_app"), **NOWHERE) as server:
        assert requests.get(f"{server.url}/zipcode/9000", timeout=5).json() == {"risk_factor": "B"}
        assert requests.get(f"{server.url}/readyz", timeout=5).json()["status"] == "ok"
    admin = sa.create_engine(databases.url, poolclass=sa.pool.NullPool)
    with admin.connect() as connection:
        users = "SELECT rolname FROM pg_authid WHERE rolpassword LIKE 'SCRAM%' ORDER BY 1"
        assert list(connection.scalars(sa.text(users))) == ["desk_app", "desk_owner"]


@pytest.mark.slow
def test_upgrade_and_roll_back(databases: PostgresDatabases, make_app: MakeApp, tmp_path: Path) -> None:
    url = databases.seeded()
    app = make_app(settings_for(url))
    use(app)
    shell = Shell(tmp_path, DATABASE_URL=libpq(url))
    upgrade, downgrade = script("Upgrade and roll back")
    with running(tmp_path, DATABASE_URL=url, **NOWHERE) as server:

        def ask() -> list[object]:
            paths = ("/zipcode/9000", "/index?year=2013", "/api/v1/zipcodes/9000?on=2036-01-01")
            return [requests.get(f"{server.url}{path}", timeout=5).json() for path in paths]

        before = ask()
        shell.run(downgrade)  # the database of the release before
        assert snapshot(app)["alembic_version"] == {("0006",)}
        assert ask() == before
        assert "Schema: at revision 0007." in shell.run(upgrade)
        assert "0007" in shell.run(upgrade).splitlines()[-1]
        assert ask() == before
    assert {file.name for file in tmp_path.glob("*.dump")} == {"before-upgrade.dump", "before-downgrade.dump"}


@pytest.mark.slow
def test_back_up_and_restore(
    databases: PostgresDatabases, make_app: MakeApp, sqlite: SQLiteDatabases, tmp_path: Path
) -> None:
    url = databases.seeded()
    app = make_app(settings_for(url))
    use(app)
    restored_url = libpq(url, database="desk_restored")
    shell = Shell(
        tmp_path, DATABASE_URL=libpq(url), ADMIN_URL=libpq(str(databases.url)), RESTORED_URL=restored_url
    )
    backup, restore, sqlite_backup = script("Back up and restore")
    shell.run(backup)
    assert "a mistake" in shell.run(restore)
    restored = make_app(settings_for(restored_url))
    assert snapshot(restored) == snapshot(app)
    assert_is_alive(restored)

    file = tmp_path / "desk.sqlite3"
    sqlite.put_back(f"sqlite:///{file}")
    places = {
        "sqlite:///desk.sqlite3": f"sqlite:///{file}",
        "sqlite:////backup/": f"sqlite:///{tmp_path}/backup-",
    }
    text = sqlite_backup.text
    for place, ours in places.items():
        assert place in text
        text = text.replace(place, ours)
    shell.run(Script("", text))
    assert_is_alive(make_app(settings_for(f"sqlite:///{tmp_path}/backup-desk.sqlite3")))


@pytest.mark.slow
def test_from_sqlite_to_postgresql(
    databases: PostgresDatabases, make_app: MakeApp, sqlite_url: str, tmp_path: Path
) -> None:
    use(make_app(settings_for(sqlite_url)))
    url = databases.empty()
    shell = Shell(tmp_path, DATABASE_URL=libpq(url))
    (found,) = script("From SQLite to PostgreSQL")
    assert "sqlite:///desk.sqlite3" in found.text
    printed = shell.run(found._replace(text=found.text.replace("sqlite:///desk.sqlite3", sqlite_url)))
    assert "audit_log: 3 rows\n" in printed
    assert printed.endswith(
        f"Copied to postgresql://{databases.url.host}:{databases.url.port}/{sa.make_url(url).database}\n"
    )
    copied = make_app(settings_for(url))
    assert_is_alive(copied)


def assert_is_alive(app: Flask) -> None:
    """Check that a database serves, that ids grow, that triggers fire, and that nothing is left to load."""
    client = app.test_client()
    assert client.get("/zipcode/9000").json == {"risk_factor": "B"}
    before = snapshot(app)
    tables = len(before["risk_table"])
    assert load_table(app, [Range(1000, 9999, "C")], DAY) == tables + 1
    assert snapshot(app)["data_version"] != before["data_version"]
    assert run(app, "risk-table", "cancel", "1", "--reason", "none").exit_code == 1
    assert "Health index: 0 values" in run(app, "init-db").output
