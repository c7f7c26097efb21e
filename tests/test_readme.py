"""What the README shows is true: each command is run against a running desk, settings are complete."""

import argparse
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import List, Tuple

import requests

from tests.support.databases import NOWHERE
from tests.support.live import running
from webapp.config import DEFAULTS, ROOT
from webapp.errors import codes

README = (ROOT / "README.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:5000"

CURL = argparse.ArgumentParser()
CURL.add_argument("-s", action="store_true", required=True)
CURL.add_argument("-H", dest="header")
CURL.add_argument("-o", dest="output")
CURL.add_argument("-d", "--data-binary", dest="data")
CURL.add_argument("address")


def examples() -> List[Tuple[str, str]]:
    """Each command of the README's consoles, with what it prints."""
    consoles = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    commands = [part.split("\n", 1) for console in consoles for part in console.split("$ ")[1:]]
    return [(command, output) for command, output in commands]


class Terminal:
    """Runs the commands that the README shows, in a folder, where ADDRESS is the given desk."""

    def __init__(self, folder: Path, url: str, database_url: str) -> None:
        self._folder = folder
        self._url = url
        self._environment = {**os.environ, **NOWHERE, "DATABASE_URL": database_url, "REDIS_URL": ""}

    def print(self, command: str, shown: str) -> str:
        """What a command prints; `cat` makes the file that the README shows."""
        program, *arguments = shlex.split(command)
        if program == "cat":
            (self._folder / arguments[0]).write_text(shown, encoding="utf-8")
            return shown
        return self._curl(arguments) if program == "curl" else self._flask(program, arguments)

    def _curl(self, arguments: List[str]) -> str:
        given = CURL.parse_args(arguments)
        address = given.address.replace(ADDRESS, self._url)
        headers = dict([given.header.split(": ")]) if given.header else {}
        if given.data is None:
            answer = requests.get(address, headers=headers, timeout=10)
        else:
            file = given.data.startswith("@")
            data = (self._folder / given.data[1:]).read_bytes() if file else given.data.encode()
            answer = requests.post(address, data=data, headers=headers, timeout=10)
        if given.output:
            assert answer.status_code == 200
            return ""
        return answer.content.decode().replace("\r\n", "\n")

    def _flask(self, program: str, arguments: List[str]) -> str:
        assert program == ".venv/bin/flask"
        in_folder = [
            str(self._folder / name) if (self._folder / name).exists() else name for name in arguments
        ]
        command = [sys.executable, "-m", "flask", *in_folder]
        return subprocess.check_output(command, cwd=ROOT, env=self._environment).decode()


def without_dates(text: str) -> str:
    """Text without what depends on the day of the seeding and on today."""
    return re.sub(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:]+Z)?", "DATE", text)


def test_every_command_prints_what_the_readme_says(sqlite_url: str, tmp_path: Path) -> None:
    shown = examples()
    assert len(shown) >= 20
    with running(tmp_path, DATABASE_URL=sqlite_url, **NOWHERE) as desk:
        terminal = Terminal(tmp_path, desk.url, sqlite_url)
        for command, output in shown:
            assert without_dates(terminal.print(command, output)) == without_dates(output), command


def test_every_route_of_the_api_has_a_curl_line(sqlite_url: str, tmp_path: Path) -> None:
    with running(tmp_path, DATABASE_URL=sqlite_url, **NOWHERE) as desk:
        paths = requests.get(f"{desk.url}/api/v1/openapi.json", timeout=10).json()["paths"]
    for path in (*paths, "/api/v1/", "/api/v1/openapi.json"):
        route = re.sub(r"\\{[a-z]+\\}", "[^/?]+", re.escape(path))
        assert re.search(rf"^\$ curl .*{re.escape(ADDRESS)}{route}[\"?\n]", README, re.MULTILINE), path


def test_it_explains_every_setting_and_no_other() -> None:
    assert set(re.findall(r"^\| `([A-Z][A-Z_]+)` \|", README, re.MULTILINE)) == set(DEFAULTS)


def test_every_code_is_explained_and_no_other() -> None:
    explained = re.findall(r"^\| ([0-9]{3}) \| `([A-Z_]+)` \|", README, re.MULTILINE)
    assert explained == [(str(status), code) for status, code, _meaning in codes()]


def test_every_make_target_of_the_readme_exists() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = set(re.findall(r"make ([a-z-]+)", README.split("## Two commands")[1]))
    assert {"run", "test", "lint", "coverage", "lock", "bench", "bench-bulk"} <= named <= set(targets)
