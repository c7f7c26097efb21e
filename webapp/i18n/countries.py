"""Recognize foreign countries in lists, by name in each language or by code."""

from __future__ import annotations

import re
from functools import lru_cache

from babel import Locale

from webapp.i18n.folding import fold
from webapp.i18n.locales import LANGUAGES

# Besides the names and ISO codes of two letters: plates, ISO codes of three letters and usual names.
OTHER_NAMES = re.compile(
    r"[adfl]|aut|che|deu|dnk|esp|fra|gbr|ita|lux|nld|nor|pol|prt|swe|usa|uk|holland|eng(?:e)?land|angleterre|"
    r"schotland|ecosse|scotland|the netherlands|(?:grand duche|groothertogdom)(?: de luxembourg| luxemburg)?"
)


@lru_cache(maxsize=1024)
def is_abroad(text: str) -> bool:
    """True for a country other than Belgium; False for Belgium and any other text."""
    name = fold(text)
    return name in _foreign_names() or OTHER_NAMES.fullmatch(name) is not None


@lru_cache(maxsize=1)
def _foreign_names() -> frozenset[str]:
    names: set[str] = set()
    for language in LANGUAGES:
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code != "BE":
                names.update((fold(code), fold(name)))
    return frozenset(names)
