"""Settings from files: `.env`, and secrets."""

from __future__ import annotations

import logging
import re
from io import StringIO
from pathlib import Path
from typing import Iterable, Iterator, Mapping, NamedTuple

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from webapp.config.checks import close_match
from webapp.config.defaults import DEFAULTS
from webapp.config.errors import ConfigurationError

# EnvFile.notes has the lines of which python-dotenv would warn in a format of its own.
logging.getLogger("dotenv.main").setLevel(logging.ERROR)

ROOT = Path(__file__).resolve().parent.parent.parent

# Settings that a file of their own may hold.
SECRETS = ("DATABASE_URL", "REDIS_URL")

# Limit of a file that holds a setting; a device would have no end.
MAX_SECRET_BYTES = 64 * 1024

# Variables of other programs that read the file: Flask, gunicorn, Python, Pipenv, Docker Compose, PostgreSQL.
FOREIGN_VARIABLES = re.compile(
    "(FLASK|GUNICORN|PYTHON|PIPENV|PIP|COMPOSE|DOCKER|POSTGRES|PG|MALLOC)_?[A-Z0-9_]*"
    "|WEB_CONCURRENCY|TZ|LANG|LC_[A-Z]+|PATH|HOME"
    "|DESK_PORT|[A-Z]+_IMAGE|BACKUP_[A-Z]+"  # compose.yaml
)


class EnvFile(NamedTuple):
    """Variables of `.env`, and its mistakes, one line each."""

    variables: dict[str, str]
    notes: tuple[str, ...]


def read_env_file() -> EnvFile:
    """Read `.env`, if it exists. Raises ConfigurationError."""
    try:
        text = (ROOT / ".env").read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return EnvFile({}, ())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The file .env cannot be read: {error}") from None
    values = dotenv_values(stream=StringIO(text))
    variables = {name: value for name, value in values.items() if value is not None}
    return EnvFile(variables, (*_unreadable_lines(text), *_unknown_names(variables)))


def read_secrets(variables: Mapping[str, str]) -> dict[str, str]:
    """Read the settings that variables such as DATABASE_URL_FILE name. Raises ConfigurationError."""
    secrets = {}
    for name in SECRETS:
        path = variables.get(f"{name}_FILE", "").strip()
        if path:
            if variables.get(name, "").strip():
                raise ConfigurationError(f"{name}_FILE and {name} are both set. Remove one of them.")
            secrets[name] = _read_secret(f"{name}_FILE", path)
    return secrets


def _read_secret(name: str, path: str) -> str:
    """Read a file, which a newline may end. Raises ConfigurationError."""
    try:
        with (ROOT / path).open("rb") as file:
            text = file.read(MAX_SECRET_BYTES).decode("utf-8-sig").strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise ConfigurationError(f"{name} names {path!r}, which cannot be read: {reason}.") from None
    if not text:
        raise ConfigurationError(f"{name} names {path!r}, which is empty. Write the URL into it.")
    return text


def _unreadable_lines(text: str) -> Iterator[str]:
    """Yield a line for each one of `.env` that is no NAME=value."""
    for line in parse_stream(StringIO(text)):
        if line.error or (line.key and line.value is None):
            start, string = line.original.line, line.original.string  # from the blank lines before it
            number = start + string[: len(string) - len(string.lstrip())].count("\n")
            yield f".env: line {number} is not NAME=value, and is ignored."


def _unknown_names(names: Iterable[str]) -> list[str]:
    """Return a line for each name that is neither a setting nor known to belong to another program."""
    return [
        f".env: {name[:60]!r} is no setting, and is ignored. {close_match(name, DEFAULTS)}".rstrip()
        for name in names
        if name not in DEFAULTS and not FOREIGN_VARIABLES.fullmatch(name)
    ]
