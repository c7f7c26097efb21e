"""What a start imports: no more than the first request needs."""

import subprocess
import sys
from typing import Set

from tests.databases import NOWHERE
from tests.live import environment
from webapp.config import ROOT


def imported(program: str, database_url: str) -> Set[str]:
    """The packages that a program has imported in a new process when it ends."""
    program += "\nimport sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment(DATABASE_URL=database_url, **NOWHERE),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_reading_the_settings_takes_neither_flask_nor_a_database(sqlite_url: str) -> None:
    """Gunicorn's first process does it, and stays as small as it is."""
    packages = imported("from webapp.config import Settings; Settings.load()", sqlite_url)
    assert not {"flask", "sqlalchemy", "requests"} & packages


def test_the_first_lookup_takes_neither_migrations_nor_a_client_of_http(sqlite_url: str) -> None:
    program = (
        "from wsgi import app\n"
        "answer = app.test_client().get('/zipcode/9000')\n"
        "assert answer.json == {'risk_factor': 'B'}, answer.text"
    )
    packages = imported(program, sqlite_url)
    assert "flask" in packages
    assert not {"alembic", "flask_migrate", "requests", "urllib3", "redis"} & packages
