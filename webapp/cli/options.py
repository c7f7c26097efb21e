"""Values of options that several commands share."""

from __future__ import annotations

import getpass
import os
from typing import Callable

import click


def parse_line(
    max_length: int, min_length: int = 1
) -> Callable[[click.Context, click.Parameter, str | None], str]:
    """Return a callback that validates a line of text and normalizes its whitespace; None becomes empty."""

    def parse(_context: click.Context, _parameter: click.Parameter, text: str | None) -> str:
        line = " ".join((text or "").split())
        if not line.isprintable() or not min_length <= len(line) <= max_length:
            raise click.BadParameter(f"use {min_length} to {max_length} printable characters.")
        return line

    return parse


def current_user() -> str:
    """Return the name of the operating system's user, or the id if a container has no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
