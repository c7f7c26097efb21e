"""The image's health check finds the address of gunicorn."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

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


def check(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the health check beside a process with these arguments."""
    first = folder / "cmdline"
    first.write_text("\0".join(["gunicorn", *arguments, ""]))
    program = (
        "from pathlib import Path; from webapp.http import health_check as h; "
        f"h.FIRST_PROCESS = Path({str(first)!r}); h.main()"
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=live.environment(),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_check_succeeds_while_the_service_responds(sqlite_url: str, tmp_path: Path) -> None:
    with live.running(tmp_path, DATABASE_URL=sqlite_url, **NOWHERE) as server:
        port = server.url.rpartition(":")[2]
        assert check(tmp_path, "--bind", f"0.0.0.0:{port}").returncode == 0
    done = check(tmp_path, "--bind", f"0.0.0.0:{port}")
    assert (done.returncode, done.stderr[:18]) == (1, "Error: no response")


@pytest.mark.slow
def test_check_reaches_a_unix_socket(sqlite_url: str, tmp_path: Path) -> None:
    port, address = free_port(), f"unix:{tmp_path}/s"
    command = ["gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}", "--bind", address]
    with live.started(command, port, tmp_path, DATABASE_URL=sqlite_url, **NOWHERE) as server:
        live.wait(server)
        assert check(tmp_path, "-b", address).returncode == 0


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
