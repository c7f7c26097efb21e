"""Messages for people, in English; pages show their translation."""

from __future__ import annotations

from datetime import date
from typing import Mapping, NamedTuple

from webapp.i18n.iso_month import iso_month


def N_(text: str) -> str:  # noqa: N802  # gettext's usual name for this
    """Mark text for extraction; the page that shows it translates it."""
    return text


class Message(NamedTuple):
    """A text with %(name)s placeholders, and their values; a date stands for its month.

    `str()` gives the English text for scripts and the terminal.
    """

    text: str
    params: Mapping[str, object]

    def __str__(self) -> str:
        if not self.params:
            return self.text
        return self.text % {name: _plain(value) for name, value in self.params.items()}


def is_large(value: object) -> bool:
    """True for numbers whose digits are grouped. Years and zipcodes never are."""
    return isinstance(value, int) and value >= 10_000


def _plain(value: object) -> object:
    if isinstance(value, date):
        return iso_month(value)
    return f"{value:,}" if is_large(value) else value
