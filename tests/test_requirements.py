"""The requirements files match the Pipfile, and every Python."""

from __future__ import annotations

import importlib.util
import re
import sys
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent


def script(name: str) -> ModuleType:
    """Load a script of `.ci` by path, since the folder is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / ".ci" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


LOCK = script("lock")
LICENCES = script("licences")
PIPFILE: dict[str, Any] = LOCK.tomllib.loads((ROOT / "Pipfile").read_text())
SECTIONS = {
    "requirements.txt": PIPFILE["packages"],
    "requirements-dev.txt": {**PIPFILE["packages"], **PIPFILE["dev-packages"]},
}


@pytest.mark.parametrize("name", SECTIONS)
def test_requirements_match_the_pipfile(name: str) -> None:
    """If this fails, run `make lock`."""
    text = (ROOT / name).read_text()
    assert text.startswith(LOCK.first_line(SECTIONS[name]))
    for package in SECTIONS[name]:
        assert re.search(rf"^{re.escape(package)}(\[\w+\])?==", text, re.MULTILINE), package


@pytest.mark.parametrize("name", SECTIONS)
def test_every_requirement_is_pinned_with_hashes(name: str) -> None:
    text = (ROOT / name).read_text()
    entries = re.split(r"\n(?=\S)", text.split("\n", 1)[1].strip())
    assert len(entries) > 30
    for entry in entries:
        assert re.match(r"[a-z0-9-]+(\[[a-z]+\])?==[\w.]+( ; .*)? \\\n    --hash=sha256:", entry), entry


def test_package_with_an_extra_is_pinned_with_it() -> None:
    """Older pips would install the newest version of the package with the extra, and fail."""
    text = (ROOT / "requirements-dev.txt").read_text()
    wanted = [Requirement(line) for package in metadata.distributions() for line in package.requires or ()]
    with_extra = {
        f"{canonicalize_name(other.name)}[{','.join(sorted(other.extras))}]=="
        for other in wanted
        if other.extras and (other.marker is None or other.marker.evaluate({"extra": ""}))
    }
    assert "coverage[toml]==" in with_extra
    for pin in with_extra:
        assert f"\n{pin}" in text


@pytest.mark.parametrize(
    ("package", "last"), [("flask", "3.0.3"), ("urllib3", "2.2.3"), ("werkzeug", "3.0.6")]
)
def test_newer_pythons_have_newer_versions_than_3_8(package: str, last: str) -> None:
    text = (ROOT / "requirements.txt").read_text()
    versions = re.findall(rf"^{package}==([\d.]+)", text, re.MULTILINE)
    assert last in versions
    assert any(tuple(map(int, version.split("."))) > tuple(map(int, last.split("."))) for version in versions)


def test_development_has_the_versions_of_production() -> None:
    runs = set(re.findall(r"^\S+==\S+", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    develops = set(re.findall(r"^\S+==\S+", (ROOT / "requirements-dev.txt").read_text(), re.MULTILINE))
    assert runs <= develops


def test_licences_are_listed_for_all_packages_of_the_image() -> None:
    """If this fails, run `make licences`."""
    listed = {name: versions for name, (versions, _licence) in LICENCES.rows().items()}
    assert listed == {name: ", ".join(versions) for name, versions in LICENCES.pins().items()}
    assert len(listed) > 30
    assert all(licence for _versions, licence in LICENCES.rows().values())


def test_listed_licences_are_those_of_the_installed_packages() -> None:
    if sys.version_info < (3, 9):  # the list names the licences of newer releases
        return
    for name, (_versions, licence) in LICENCES.rows().items():
        installed = LICENCES.licence(name)
        assert not installed or installed == licence, name


def test_pipenv_serves_on_loopback() -> None:
    assert " --bind 127.0.0.1:" in PIPFILE["scripts"]["start"]
