"""PostgreSQL's client programs, of the same version as the server that the tests start."""

import os
import subprocess
from pathlib import Path

from tests.support.postgres import NoPostgres, find_programs


def path_with_programs() -> str:
    """Return a PATH that finds `psql` and `pg_dump`. Raises NoPostgres."""
    folder = find_programs()
    if folder is None or not all((folder / name).is_file() for name in ("psql", "pg_dump", "pg_restore")):
        raise NoPostgres(
            f"no psql, pg_dump and pg_restore in {folder}: install postgresql-client, or set PG_BIN"
        )
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def psql(url: str, file: Path) -> "subprocess.CompletedProcess[str]":
    """Execute a file of SQL."""
    return subprocess.run(
        ["psql", "--no-psqlrc", "--quiet", f"--file={file}", url],
        env={**os.environ, "PATH": path_with_programs()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
