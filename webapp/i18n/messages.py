"""What is said to a person: English text, of which pages show the translation."""

from __future__ import annotations

from datetime import date
from typing import Mapping, NamedTuple

from webapp.i18n.iso_month import iso_month


def N_(text: str) -> str:  # noqa: N802  # gettext's usual name for this
    """Mark text for translation where it is written; it is translated where it is shown."""
    return text


class Message(NamedTuple):
    """A text with %(name)s where figures go, and the figures.

    A figure that is a date stands for its month. As a `str` it is English, with months as 2020-01 and
    large numbers as 1,000,000: what scripts and the terminal get.
    """

    text: str
    figures: Mapping[str, object]

    def __str__(self) -> str:
        if not self.figures:
            return self.text
        return self.text % {name: _plain(figure) for name, figure in self.figures.items()}


def is_large(figure: object) -> bool:
    """Whether a figure is written with its digits in groups. Years and zipcodes never are."""
    return isinstance(figure, int) and figure >= 10_000


def _plain(figure: object) -> object:
    if isinstance(figure, date):
        return iso_month(figure)
    return f"{figure:,}" if is_large(figure) else figure
