"""Languages of the pages and their locales."""

from __future__ import annotations

from typing import NamedTuple


class Language(NamedTuple):
    """A language's own name, and its locale for formatting."""

    name: str
    locale: str


# By the code for `lang` and `hreflang`. English is British, because CLDR formats en_BE like Dutch.
LANGUAGES = {
    "nl": Language("Nederlands", "nl_BE"),
    "fr": Language("Français", "fr_BE"),
    "de": Language("Deutsch", "de_BE"),
    "en": Language("English", "en_GB"),
}
