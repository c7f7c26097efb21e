"""What the README shows is true: each curl line is sent to a running desk, settings are complete."""

import re
import shlex
from pathlib import Path
from typing import List, Tuple

import requests

from tests.live import running
from tests.statbel import FakeStatbel
from webapp.config import DEFAULTS, ROOT
from webapp.errors import DeskError

README = (ROOT / "README.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:5000"


def examples() -> List[Tuple[str, str]]:
    """Each command of the README's consoles, with what it prints."""
    consoles = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    commands = [part.split("\n", 1) for console in consoles for part in console.split("$ ")[1:]]
    return [(command, output) for command, output in commands]


def test_every_curl_line_prints_what_the_readme_says(
    sqlite_url: str, statbel: FakeStatbel, tmp_path: Path
) -> None:
    shown = examples()
    assert len(shown) >= 6
    with running(tmp_path, DATABASE_URL=sqlite_url, **statbel.addresses) as desk:
        for command, output in shown:
            program, silent, address = shlex.split(command)
            assert (program, silent) == ("curl", "-s")
            assert requests.get(address.replace(ADDRESS, desk.url), timeout=10).text == output


def test_it_explains_every_setting_and_no_other() -> None:
    assert set(re.findall(r"^\| `([A-Z][A-Z_]+)` \|", README, re.MULTILINE)) == set(DEFAULTS)


def test_every_error_is_explained() -> None:
    for error in DeskError.__subclasses__():
        assert f"| {error.status} | `{error.code}` |" in README


def test_every_make_target_of_the_readme_exists() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {"run", "test", "lint", "coverage", "lock"} <= set(re.findall(r"make ([a-z]+)", README))
    assert set(re.findall(r"make ([a-z]+)", README.split("## Two commands")[1])) <= set(targets)
