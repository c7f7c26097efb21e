"""Values of options that several commands share."""

from __future__ import annotations

import getpass
import os
from datetime import date
from typing import Callable

import click

from webapp.i18n.iso_date import parse_iso_date


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


def parse_date(_context: click.Context, _parameter: click.Parameter, text: str | None) -> date | None:
    """Validate a date such as 2027-01-01; a callback of options."""
    if text is None:
        return None
    try:
        return parse_iso_date(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a date such as 2027-01-01.") from None


def current_user() -> str:
    """Return the name of the operating system's user, or the id if a container has no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
