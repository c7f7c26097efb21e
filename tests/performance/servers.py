"""The compared servers: the app as its image runs it, a bare WSGI app, a peer, and a Flask hello."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Iterator, NamedTuple

from tests.support.databases import NOWHERE
from tests.support.live import Server, started
from tests.support.processes import free_port

# As in the Dockerfile, without the developer's own settings, and without a rate limit.
IMAGE = {**NOWHERE, "PYTHONUNBUFFERED": "1", "FLASK_SKIP_DOTENV": "1", "RATE_LIMIT": "0"}


class Program(NamedTuple):
    """A server to start: a Python module, its arguments with {port} in them, and its environment."""

    arguments: list[str]
    variables: dict[str, str]

    @contextlib.contextmanager
    def started(self, folder: Path) -> Iterator[Server]:
        """Run the server, with its log in the folder."""
        folder.mkdir(exist_ok=True)
        port = free_port()
        arguments = [argument.format(port=port) for argument in self.arguments]
        with started(arguments, port, folder, **self.variables) as server:
            yield server


def app(database_url: str, workers: int = 1) -> Program:
    program = _under_gunicorn("wsgi:app", database_url)
    # One worker is the default of gunicorn.conf.py.
    return (
        program if workers == 1 else program._replace(arguments=[*program.arguments, f"--workers={workers}"])
    )


def uncached(database_url: str, rate_limit: int) -> Program:
    """Run the app without its HTTP cache."""
    program = app(database_url)
    variables = {"HTTP_CACHE_MB": "0", "RATE_LIMIT": str(rate_limit)}
    return program._replace(variables={**program.variables, **variables})


def bare(database_url: str, response: Path) -> Program:
    """Serve the response that was saved in a file."""
    program = _under_gunicorn("tests.performance.bare:app", database_url)
    return program._replace(variables={**program.variables, "BARE_RESPONSE": str(response)})


def hello(database_url: str) -> Program:
    return _under_gunicorn("tests.performance.hello:app", database_url)


def peer(database_url: str) -> Program:
    arguments = ["uvicorn", "tests.performance.peer:app", "--host=127.0.0.1", "--port={port}"]
    arguments += ["--loop=uvloop", "--http=httptools", "--workers=1", "--access-log"]
    return Program(arguments, {**IMAGE, "DATABASE_URL": database_url.replace("+psycopg2", "")})


def _under_gunicorn(module: str, database_url: str) -> Program:
    """Run with the project's gunicorn.conf.py, which always needs a database."""
    return Program(["gunicorn", module, "--bind=127.0.0.1:{port}"], {**IMAGE, "DATABASE_URL": database_url})
