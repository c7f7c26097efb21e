"""The servers that are compared: the desk as its image runs it, its limit, its peer, a Flask saying hello."""

import contextlib
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple

from tests.support.databases import NOWHERE
from tests.support.live import Desk, started
from tests.support.processes import free_port

# As the Dockerfile has them, and nothing of the developer's own. A client of a benchmark may ask often.
IMAGE = {**NOWHERE, "PYTHONUNBUFFERED": "1", "FLASK_SKIP_DOTENV": "1", "RATE_LIMIT": "0"}


class Program(NamedTuple):
    """A server to be started: a module of Python, its arguments with {port} in them, and its environment."""

    arguments: List[str]
    variables: Dict[str, str]

    @contextlib.contextmanager
    def started(self, folder: Path) -> Iterator[Desk]:
        """Start it, and stop it afterwards. Its log goes into the folder."""
        folder.mkdir(exist_ok=True)
        port = free_port()
        arguments = [argument.format(port=port) for argument in self.arguments]
        with started(arguments, port, folder, **self.variables) as server:
            yield server


def desk(database_url: str, workers: int = 1) -> Program:
    program = _under_gunicorn("wsgi:app", database_url)
    # Nothing is added for one worker, because that is what gunicorn.conf.py is to say.
    return (
        program if workers == 1 else program._replace(arguments=[*program.arguments, f"--workers={workers}"])
    )


def uncached(database_url: str, rate_limit: int) -> Program:
    """The desk without its HTTP cache."""
    program = desk(database_url)
    variables = {"HTTP_CACHE_MB": "0", "RATE_LIMIT": str(rate_limit)}
    return program._replace(variables={**program.variables, **variables})


def bare(database_url: str, answer: Path) -> Program:
    """Gives one answer only, from the file in which it was saved."""
    program = _under_gunicorn("tests.performance.bare:app", database_url)
    return program._replace(variables={**program.variables, "BARE_ANSWER": str(answer)})


def hello(database_url: str) -> Program:
    return _under_gunicorn("tests.performance.hello:app", database_url)


def peer(database_url: str) -> Program:
    arguments = ["uvicorn", "tests.performance.peer:app", "--host=127.0.0.1", "--port={port}"]
    arguments += ["--loop=uvloop", "--http=httptools", "--workers=1", "--access-log"]
    return Program(arguments, {**IMAGE, "DATABASE_URL": database_url.replace("+psycopg2", "")})


def _under_gunicorn(app: str, database_url: str) -> Program:
    """Under the project's gunicorn.conf.py, which wants to know of a database in any case."""
    return Program(["gunicorn", app, "--bind=127.0.0.1:{port}"], {**IMAGE, "DATABASE_URL": database_url})
