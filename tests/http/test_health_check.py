"""The image's health check finds the address of gunicorn."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Iterator

import pytest
from werkzeug import Response
from werkzeug.serving import make_server

from tests.support import live
from tests.support.databases import NOWHERE
from tests.support.processes import free_port
from webapp.config import ROOT
from webapp.http import health_check

GUNICORN = ["/usr/local/bin/python", "/usr/local/bin/gunicorn"]


@pytest.mark.parametrize(
    ("command", "environment", "expected"),
    [
        ([*GUNICORN, "wsgi:app", ""], {}, "0.0.0.0:5000"),
        ([*GUNICORN, "wsgi:app"], {"PORT": "8080"}, "0.0.0.0:8080"),
        ([*GUNICORN, "wsgi:app"], {"PORT": ""}, "0.0.0.0:5000"),
        ([*GUNICORN, "-w", "2", "--bind", "0.0.0.0:80", "wsgi:app"], {"PORT": "8080"}, "0.0.0.0:80"),
        ([*GUNICORN, "--bind=[::]:81", "wsgi:app"], {}, "[::]:81"),
        ([*GUNICORN, "-b", "unix:/run/desk.sock", "wsgi:app"], {}, "unix:/run/desk.sock"),
        (["/sbin/docker-init", "--", "gunicorn", "-b", ":82", "wsgi:app"], {}, ":82"),
        ([*GUNICORN, "wsgi:app"], {"GUNICORN_CMD_ARGS": "--workers 2 --bind 0.0.0.0:83"}, "0.0.0.0:83"),
        ([*GUNICORN, "-b", ":84", "-b", ":85", "a:b"], {"GUNICORN_CMD_ARGS": "-b :86"}, ":84"),
    ],
)
def test_address_is_that_of_gunicorn(command: list[str], environment: dict[str, str], expected: str) -> None:
    assert health_check.bind(command, environment) == expected


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("0.0.0.0:5000", "127.0.0.1", 5000),
        (":5000", "127.0.0.1", 5000),
        ("[::]:5000", "::1", 5000),
        ("[::1]:5000", "::1", 5000),
        ("10.0.0.1:81", "10.0.0.1", 81),
    ],
)
def test_any_address_is_reached_on_loopback(address: str, host: str, port: int) -> None:
    connection = health_check.connect(address, 1)
    assert (connection.host, connection.port) == (host, port)


@pytest.fixture
def cmdline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Stands for the command line of the first process."""
    path = tmp_path / "cmdline"
    monkeypatch.setattr(health_check, "FIRST_PROCESS", path)
    return path


def check(cmdline: Path, address: str) -> str:
    """Run the health check beside a gunicorn with this address; return its error, empty if it succeeds."""
    cmdline.write_text("\0".join(["gunicorn", "--bind", address, ""]))
    try:
        health_check.main()
    except SystemExit as exit_:
        return str(exit_)
    return ""


@contextmanager
def responding(status: int) -> Iterator[int]:
    """Run a server that responds with a status, and yield its port."""
    server = make_server("127.0.0.1", 0, Response(status=status))
    Thread(target=server.serve_forever).start()
    yield server.port
    server.shutdown()
    server.server_close()


def test_check_succeeds_while_the_service_responds(cmdline: Path) -> None:
    with responding(200) as port:
        assert check(cmdline, f"0.0.0.0:{port}") == ""
    assert check(cmdline, f"0.0.0.0:{port}").startswith("Error: no response")


def test_check_fails_with_the_status_of_a_broken_service(cmdline: Path) -> None:
    with responding(503) as port:
        assert check(cmdline, f"0.0.0.0:{port}") == "Error: status 503"


@pytest.mark.slow
@pytest.mark.allow_hosts(None)
def test_check_reaches_gunicorn_at_a_unix_socket(sqlite_url: str, tmp_path: Path, cmdline: Path) -> None:
    port, address = free_port(), f"unix:{tmp_path}/s"
    command = ["gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}", "--bind", address]
    with live.started(command, port, tmp_path, DATABASE_URL=sqlite_url, **NOWHERE) as server:
        live.wait(server)
        assert check(cmdline, address) == ""


def test_health_check_of_the_image_is_this_module() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    found = re.findall(r'^ +CMD \["python", "-m", "(.+)"\]$', dockerfile, re.MULTILINE)
    assert found == [health_check.__name__]


def test_health_check_imports_neither_flask_nor_gunicorn() -> None:
    program = "import sys, webapp.http.health_check; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=live.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {"flask", "gunicorn", "werkzeug"} & set(done.stdout.split())
