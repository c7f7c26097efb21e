"""The documents: examples are run, links lead somewhere, and what they name exists."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Iterator, NamedTuple

import click
import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import MapAdapter, RequestRedirect

from tests.support.databases import NOWHERE
from tests.support.live import running
from webapp.cli import add_migrations
from webapp.config import DEFAULTS, ROOT
from webapp.errors import codes

SERVER_URL = "http://127.0.0.1:5000"

MAX_README_LINES = 130
MAX_README_WORDS = 900
MAX_IMAGE_BYTES = 120_000

# Variables that are no settings, each with the file that reads it.
OTHER_VARIABLES = {
    "BACKUP_DAYS": "deploy/postgresql/backup",
    "BACKUP_HOUR": "deploy/postgresql/backup",
    "DESK_IMAGE": "compose.yaml",
    "DESK_PORT": "compose.yaml",
    "FLASK_SKIP_DOTENV": "Dockerfile",
    "MAX_SECONDS": "deploy/rolling-update",
    "NGINX_IMAGE": "compose.yaml",
    "PG_BIN": "tests/support/postgres.py",
    "POSTGRES_IMAGE": "compose.yaml",
    "POSTGRES_PASSWORD": "deploy/make-secrets",
    "PROMETHEUS_IMAGE": "compose.yaml",
    "PYTHON_DIGEST": "Dockerfile",
    "PYTHON_VERSION": "Dockerfile",
    "REDIS_IMAGE": "compose.yaml",
    "TEST_DATABASE_URL": "tests/support/postgres.py",
}
# Names that come from elsewhere: Statbel's columns, glibc, Linux.
FOREIGN_NAMES = {
    "MALLOC_ARENA_MAX",
    "MS_HLTH_IDX",
    "NM_BASE_YR",
    "NM_MTH",
    "NM_YR",
    "TCP_DEFER_ACCEPT",
}
FOREIGN_PATHS = {"/tmp", "/dev/shm", "/srv/desk/seed", "/metrics"}  # noqa: S108  # names in the documents
# Files that a command or a person makes.
MADE_FILES = re.compile(r"\.env|\.venv.*|(instance|secrets)(/.*)?")


class Document(NamedTuple):
    """A document: its path from the project's folder, and its text."""

    path: Path
    text: str

    @property
    def prose(self) -> str:
        """The text without blocks of code."""
        return re.sub(r"^```.*?^```$", "", self.text, flags=re.DOTALL | re.MULTILINE)

    def blocks(self, language: str) -> list[str]:
        """Return the blocks of code in a language."""
        return re.findall(rf"^```{language}\n(.*?)^```$", self.text, re.DOTALL | re.MULTILINE)

    def names(self) -> list[str]:
        """Return the texts that are marked as code within a sentence."""
        return re.findall(r"`([^`\n]+)`", self.prose)

    def anchors(self) -> set[str]:
        """Return the anchors of its headings, as GitHub makes them."""
        headings = re.findall(r"^#+ (.+)$", self.prose, re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


class Example(NamedTuple):
    """A command of a console, and what it prints."""

    command: str
    output: str


def read(path: Path) -> Document:
    return Document(path.relative_to(ROOT), path.read_text(encoding="utf-8"))


DOCUMENTS = [
    read(path)
    for path in sorted([*ROOT.glob("*.md"), ROOT / "seed" / "README.md", *(ROOT / "docs").rglob("*.md")])
]
README = next(document for document in DOCUMENTS if document.path == Path("README.md"))
API = next(document for document in DOCUMENTS if document.path == Path("docs/api.md"))
OPERATIONS = next(document for document in DOCUMENTS if document.path == Path("docs/operations.md"))

SEED = next(document for document in DOCUMENTS if document.path == Path("seed/README.md"))

# The changelog may name what a later release has removed.
CURRENT = [document for document in DOCUMENTS if document.path.name != "CHANGELOG.md"]

every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.path))
every_current_document = pytest.mark.parametrize("document", CURRENT, ids=lambda document: str(document.path))
every_document_with_examples = pytest.mark.parametrize(
    "document",
    [document for document in DOCUMENTS if document.blocks("console")],
    ids=lambda document: str(document.path),
)

CURL = argparse.ArgumentParser()
CURL.add_argument("-s", action="store_true", required=True)
CURL.add_argument("-H", dest="header")
CURL.add_argument("-o", dest="output")
CURL.add_argument("-d", "--data-binary", dest="data")
CURL.add_argument("url")


class Terminal:
    """Runs the examples of a document in a folder, with a running service in place of SERVER_URL."""

    def __init__(self, folder: Path, url: str, database_url: str) -> None:
        self._folder = folder
        self._url = url
        self._environment = {**os.environ, **NOWHERE, "DATABASE_URL": database_url, "REDIS_URL": ""}

    def run(self, example: Example) -> str:
        """Return what a command prints; `cat` makes the file that the document shows."""
        program, *arguments = shlex.split(example.command)
        if program == "cat":
            (self._folder / arguments[0]).write_text(example.output, encoding="utf-8")
            return example.output
        return self._curl(arguments) if program == "curl" else self._flask(program, arguments)

    def _curl(self, arguments: list[str]) -> str:
        options = CURL.parse_args(arguments)
        url = options.url.replace(SERVER_URL, self._url)
        headers = dict([options.header.split(": ")]) if options.header else {}
        if options.data is None:
            response = requests.get(url, headers=headers, timeout=10)
        else:
            is_file = options.data.startswith("@")
            data = (self._folder / options.data[1:]).read_bytes() if is_file else options.data.encode()
            response = requests.post(url, data=data, headers=headers, timeout=10)
        if options.output:
            assert response.status_code == 200
            return ""
        return f"{response.content.decode().rstrip()}\n".replace("\r\n", "\n")

    def _flask(self, program: str, arguments: list[str]) -> str:
        assert program == ".venv/bin/flask"
        in_folder = [
            str(self._folder / name) if (self._folder / name).exists() else name for name in arguments
        ]
        command = [sys.executable, "-m", "flask", *in_folder]
        done = subprocess.run(command, cwd=ROOT, env=self._environment, stdout=subprocess.PIPE, check=False)
        return done.stdout.decode()


def examples(document: Document) -> list[Example]:
    commands = [part for block in document.blocks("console") for part in block.split("$ ")[1:]]
    return [Example(*part.split("\n", 1)) for part in commands]


def without_dates(text: str) -> str:
    """Replace what depends on the day of the seeding and on today."""
    return re.sub(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:]+Z|T[0-9:.]+\+00:00)?", "DATE", text)


@pytest.mark.slow
@every_document_with_examples
def test_examples_print_what_the_document_shows(document: Document, sqlite_url: str, tmp_path: Path) -> None:
    with running(tmp_path, DATABASE_URL=sqlite_url, **NOWHERE) as server:
        terminal = Terminal(tmp_path, server.url, sqlite_url)
        for example in examples(document):
            assert without_dates(terminal.run(example)) == without_dates(example.output), example.command


def test_every_route_of_the_api_has_an_example(sqlite_app: Flask) -> None:
    paths = sqlite_app.extensions["openapi"]["document"]["paths"]
    commands = [example.command for example in examples(API)]
    for path in (*paths, "/api/v1/", "/api/v1/openapi.json"):
        route = re.compile(
            re.escape(SERVER_URL) + re.sub(r"\\{[a-z]+\\}", "[^/?]+", re.escape(path)) + '("|\\?|$)'
        )
        assert any(route.search(command) for command in commands), path


def test_spreadsheet_of_the_index_has_the_lines_that_are_shown(reader: FlaskClient) -> None:
    [block] = API.blocks("csv")
    for language, shown in zip(("nl", "en"), block.split("\n\n")):
        response = reader.get(f"/index.csv?year=2004&period=1&lang={language}")
        lines = response.data.decode("utf-8-sig").split("\r\n")
        assert [lines[0], lines[-2]] == shown.strip().split("\n")


def test_operations_explains_every_setting() -> None:
    assert set(re.findall(r"^\| `([A-Z][A-Z_]+)` \|", OPERATIONS.text, re.MULTILINE)) == set(DEFAULTS)


def test_api_explains_every_code() -> None:
    explained = re.findall(r"^\| ([0-9]{3}) \| `([A-Z_]+)` \|", API.text, re.MULTILINE)
    assert explained == [(str(status), code) for status, code, _meaning in codes()]


def test_readme_is_short() -> None:
    assert len(README.text.splitlines()) <= MAX_README_LINES
    assert len(README.text.split()) <= MAX_README_WORDS


def test_images_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in (ROOT / "docs").glob("*.png")}
    assert sizes
    assert max(sizes.values()) < MAX_IMAGE_BYTES, sizes


def test_seed_readme_describes_every_file() -> None:
    for path in (ROOT / "seed").glob("*.csv"):
        header, *rows = path.read_text(encoding="utf-8").splitlines()
        if path.name == "risk_table.csv":  # without a header
            rows = [header, *rows]
        else:
            assert set(header.split(",")) <= set(SEED.names()), path.name
        assert re.search(rf"^\| `{path.name}` \| {len(rows):,} ", SEED.text, re.MULTILINE), path.name


@every_document
def test_links_lead_to_files_and_headings(document: Document) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.prose):
        if re.match("https?:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (ROOT / document.path.parent / name).resolve() if name else ROOT / document.path
        assert file.is_file(), target
        assert not anchor or anchor in read(file).anchors(), target


def test_documents_named_in_code_exist() -> None:
    sources = [*ROOT.glob("*.py"), *(ROOT / "webapp").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    for source in sources:
        for name in re.findall(r"[A-Za-z][\w/]*\.md\b", source.read_text(encoding="utf-8")):
            assert (ROOT / name).is_file(), f"{source.relative_to(ROOT)} names {name}"


@every_current_document
def test_named_files_exist(document: Document) -> None:
    bases = (ROOT, ROOT / "webapp", ROOT / document.path.parent)
    for name in named_files(document):
        assert MADE_FILES.fullmatch(name) or any(any(base.glob(name)) for base in bases), name


def named_files(document: Document) -> Iterator[str]:
    """Yield what looks like a file or a folder of the project."""
    extensions = "py|md|csv|toml|yaml|html|js|css|po|txt|png|mako|example"
    for name in document.names():
        if re.fullmatch(
            rf"\.?[\w][\w./*-]*(\.({extensions})|/)|Dockerfile|Makefile|Pipfile|\.[a-z]+/\w+", name
        ):
            yield name.rstrip("/")
    for block in document.blocks("sh"):
        yield from re.findall(r"(?:tests|seed|docs|webapp)/[\w./-]+", block)


@every_current_document
def test_named_routes_exist(document: Document, sqlite_app: Flask) -> None:
    urls = sqlite_app.url_map.bind("localhost")
    for name in document.names():
        if re.match("/[^/]*", name) and name not in FOREIGN_PATHS and " " not in name:
            assert_is_route(urls, name)
        for url in re.findall(r"^(?:GET|POST) (/\S+)$", name):
            assert_is_route(urls, url)


def assert_is_route(urls: MapAdapter, url: str) -> None:
    try:
        urls.match(re.sub(r"[?#].*", "", url))
    except (MethodNotAllowed, RequestRedirect):  # a POST; /api/v1 without its slash
        pass
    except NotFound:
        pytest.fail(f"no route: {url}")


@every_current_document
def test_named_settings_codes_and_constants_exist(document: Document) -> None:
    known = {*DEFAULTS, *(code for _status, code, _meaning in codes())}
    known |= {*OTHER_VARIABLES, *FOREIGN_NAMES, *constants(), *make_variables()}
    for name in document.names():
        for word in re.findall(r"^([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)(?:=\S*)?$", name):
            assert word in known or word in ("GET", "POST", "INSERT"), name


def test_other_variables_are_read() -> None:
    for name, file in OTHER_VARIABLES.items():
        assert name in (ROOT / file).read_text(encoding="utf-8"), name


def constants() -> set[str]:
    """Return the names in capitals that modules define."""
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "webapp").rglob("*.py")]
    return {
        name for source in sources for name in re.findall(r"^([A-Z][A-Z0-9_]+)\b.*=", source, re.MULTILINE)
    }


@every_current_document
def test_named_classes_and_functions_exist(document: Document) -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "webapp").rglob("*.py"))
    for name in document.names():
        if re.fullmatch(r"(?:[A-Z][a-z]+){2,}|[A-Za-z_]\w*\(\)", name):
            assert re.search(rf"\b{re.escape(name.rstrip('()'))}\b", code), name


def make_variables() -> set[str]:
    return set(re.findall(r"\$\(([A-Z]+)\)", (ROOT / "Makefile").read_text(encoding="utf-8")))


@every_current_document
def test_named_make_targets_exist(document: Document) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for command in commands(document):
        for target in re.findall(r"^make ([a-z-]+)", command):
            assert target in targets, command


@every_current_document
def test_named_flask_commands_exist(document: Document, sqlite_app: Flask) -> None:
    add_migrations(sqlite_app)
    for command in commands(document):
        match = re.match(r"(?:\.venv/bin/)?flask ([a-z].*)", command)
        if match:
            assert_is_flask_command(sqlite_app, match.group(1))


def assert_is_flask_command(app: Flask, command: str) -> None:
    if command.startswith("run"):  # Flask's own
        return
    group: click.Command = app.cli
    context = click.Context(group)
    for word in shlex.split(command):
        if isinstance(group, click.Group):
            found = group.get_command(context, word)
            assert found, command
            group = found
        elif word.startswith("--"):
            assert word in [option for param in group.params for option in param.opts], command


def commands(document: Document) -> Iterator[str]:
    """Yield the commands in sentences, scripts and consoles."""
    yield from document.names()
    for block in document.blocks("sh"):
        yield from (line.partition("   #")[0] for line in block.splitlines())
    for example in examples(document):
        yield example.command


@every_current_document
def test_parts_of_test_names_select_tests(document: Document) -> None:
    for command in commands(document):
        match = re.search(r"pytest (\S+\.py) -k (\w+)", command)
        if match:
            file, part = match.groups()
            source = (ROOT / file).read_text(encoding="utf-8")
            assert re.search(rf"^def test_\w*{part}", source, re.MULTILINE), command
