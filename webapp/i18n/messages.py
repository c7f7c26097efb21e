"""Translatable messages."""

from __future__ import annotations

from datetime import date
from typing import Mapping, NamedTuple

from webapp.i18n.iso_month import iso_month


def N_(text: str) -> str:  # noqa: N802  # gettext's usual name for this
    """Mark text for extraction; pages translate it."""
    return text


class Message(NamedTuple):
    """A text with %(name)s placeholders, and their values. A date stands for its month.

    `str()` returns the English text. `advice` is a further text.
    """

    text: str
    params: Mapping[str, object]
    advice: Message | None = None

    def __str__(self) -> str:
        text = self.text
        if self.params:
            text %= {name: _plain(value) for name, value in self.params.items()}
        return f"{text} {self.advice}" if self.advice else text


def is_large(value: object) -> bool:
    """True for numbers with grouped digits, unlike years and zipcodes."""
    return isinstance(value, int) and value >= 10_000


def _plain(value: object) -> object:
    if isinstance(value, date):
        return iso_month(value)
    return f"{value:,}" if is_large(value) else value
