"""The catalogs: complete, valid, and used for every text of a page."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from typing import Any, Callable, Sequence

import pytest
from babel.dates import get_month_names
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from babel.support import NullTranslations
from flask import Flask
from flask.testing import FlaskClient

from tests.i18n.client import LANGUAGES, PAGES, TRANSLATED, page, post_list
from tests.support.databases import settings_for
from webapp.config import ROOT, Settings
from webapp.errors import DeskError, MediaTypeNotSupported
from webapp.i18n import languages
from webapp.i18n.languages import catalog

# Translations that equal the English text.
SAME: dict[str, frozenset[str]] = {
    "nl": frozenset({"API", "Index", "Limburg", "Privacy"}),
    "fr": frozenset(
        {"API", "Base %(year)s", "Date", "Indexation", "Licences", "Organisation", "Site", "Source"}
        | {"Hainaut", "Liège", "Luxembourg", "Namur", "Province"}
    ),
    "de": frozenset({"API", "Index", "Limburg", "Namur", "Organisation"}),
}


def messages(read: Catalog) -> dict[tuple[str, ...], Any]:
    """Return the messages of a catalog by English text, singular and plural."""
    return {_ids(message.id): message for message in read if message.id}


def _ids(message_id: Any) -> tuple[str, ...]:
    return (message_id,) if isinstance(message_id, str) else tuple(message_id)


def read_catalog(language: str) -> Catalog:
    with (languages.CATALOGS / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """All messages of the program, extracted as by `make messages`."""
    template = tmp_path_factory.mktemp("messages") / "messages.pot"
    extract = ["extract", "--mapping=pyproject.toml", "--keywords=N_", f"--output={template}", "."]
    subprocess.run(
        [sys.executable, "-m", "babel.messages.frontend", "--quiet", *extract], cwd=ROOT, check=True
    )
    with template.open("rb") as file:
        return read_po(file)


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s", text))


def outer_whitespace(text: str) -> tuple[str, str]:
    """Return the whitespace at both ends."""
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]


def translation_error(english: str, translation: str, same: frozenset[str]) -> str | None:
    """Return the first error in a form of a translation, if any."""
    bare = [re.sub(r"%\(\w+\)s", "", text) for text in (english, translation)]
    errors = {
        "is not translated": not translation.strip(),
        "is still English": translation == english and english not in same,
        "has other placeholders": placeholders(translation) != placeholders(english),
        "has a % that would start a placeholder": bare[1].count("%") != bare[0].count("%"),
        "has other whitespace around it": outer_whitespace(translation) != outer_whitespace(english),
        "has characters that would be HTML": re.search("[<>&]", translation) is not None,
    }
    return next((error for error, holds in errors.items() if holds), None)


@pytest.mark.parametrize("language", TRANSLATED)
def test_catalog_translates_every_message_and_no_other(extracted: Catalog, language: str) -> None:
    translated = read_catalog(language)
    needed, present = messages(extracted), messages(translated)
    wrong = [f"{ids[0]!r} is missing: run `make messages`" for ids in needed.keys() - present.keys()]
    wrong += [f"{ids[0]!r} is used nowhere" for ids in present.keys() - needed.keys()]
    wrong += [f"{message.id!r} is obsolete" for message in translated.obsolete.values()]
    for ids, message in present.items():
        forms = _ids(message.string or "")
        if message.fuzzy:
            wrong.append(f"{ids[0]!r} is fuzzy")
        if len(ids) > 1 and len(forms) != translated.num_plurals:
            wrong.append(f"{ids[0]!r} has not all its plural forms")
        for number, form in enumerate(forms):
            error = translation_error(ids[min(number, len(ids) - 1)], form, SAME[language])
            if error:
                wrong.append(f"{ids[0]!r}: {form!r} {error}")
    assert not wrong, "\n".join(sorted(wrong))


@pytest.mark.parametrize("language", TRANSLATED)
def test_units_and_french_signs_follow_a_no_break_space(language: str) -> None:
    signs = "[:;?!»]|" if language == "fr" else ""
    breakable = re.compile(f" ({signs}[€=]|%(?!\\()|(MB|Mo|[Bb]ytes|octets|uur|Uhr|h)\\b)|« ")
    forms = (form for message in messages(read_catalog(language)).values() for form in _ids(message.string))
    formula = re.compile(r" = %\(new_amount\)s")  # too long for one line
    assert [form for form in forms if breakable.search(formula.sub("", form))] == []


def test_extraction_finds_messages_of_every_kind(extracted: Catalog) -> None:
    """A text of a template, one with a plural, and one marked with N_."""
    ids = messages(extracted).keys()
    assert len(ids) > 100
    assert {("Health index",), ("Place", "Places"), ("Too many requests",)} <= ids


@pytest.mark.parametrize(
    ("english", "translation", "error"),
    [
        ("Look up", "Opzoeken", None),
        ("%(a)s of %(b)s", "%(b)s: %(a)s", None),
        ("Look up", " ", "is not translated"),
        ("API", "API", None),
        ("Look up", "Look up", "is still English"),
        ("%(a)s rows", "Zeilen", "has other placeholders"),
        ("rows", "%(b)s Zeilen", "has other placeholders"),
        ("%(a)s rows", "%(a)s (%) Zeilen", "has a % that would start a placeholder"),
        ("Error: ", "Fehler:", "has other whitespace around it"),
        ("Error:", "\nFehler:", "has other whitespace around it"),
        ("Error", "<b>Fehler</b>", "has characters that would be HTML"),
    ],
)
def test_wrong_translation_is_found(english: str, translation: str, error: str | None) -> None:
    assert translation_error(english, translation, frozenset({"API"})) == error


@pytest.mark.parametrize("language", TRANSLATED)
def test_catalog_returns_the_translations_of_its_file(language: str) -> None:
    read = catalog(language)
    for ids, message in messages(read_catalog(language)).items():
        forms = _ids(message.string or "")
        if len(ids) == 1:
            assert read.ugettext(ids[0]) == (forms[0] or ids[0])
        else:
            found = [read.ungettext(ids[0], ids[1], number) for number in (1, 5)]
            assert found == [form or english for form, english in zip(forms, ids)]


def places(language: str, number: int) -> str:
    return str(catalog(language).ungettext("Place", "Places", number))


@pytest.mark.parametrize("language", ["nl", "de", "en"])
def test_zero_is_plural_in_dutch_german_and_english(language: str) -> None:
    assert places(language, 0) == places(language, 2) != places(language, 1)


def test_zero_is_singular_in_french() -> None:
    assert places("fr", 0) == places("fr", 1) != places("fr", 2)


@pytest.mark.parametrize("language", LANGUAGES)
def test_unknown_message_stays_english(language: str) -> None:
    assert catalog(language).ugettext("No such message") == "No such message"
    assert catalog(language).ungettext("one cow", "two cows", 1) == "one cow"
    assert catalog(language).ungettext("one cow", "two cows", 2) == "two cows"


def test_catalog_is_loaded_once() -> None:
    assert catalog("nl") is catalog("nl")


# Words outside the catalogs


class Marking(NullTranslations):
    """Puts brackets around every message of the catalog."""

    def __init__(self, known: Catalog) -> None:
        super().__init__()
        self._known = {text for ids in messages(known) for text in ids}

    def ugettext(self, message: str) -> str:
        return f"⟦{message}⟧" if message in self._known else message

    def ungettext(self, msgid1: str, msgid2: str, num: int) -> str:
        return self.ugettext(msgid1 if num == 1 else msgid2)


@pytest.fixture
def marking(
    extracted: Catalog,
    monkeypatch: pytest.MonkeyPatch,
    make_app: Callable[[Settings], Flask],
    sqlite_url: str,
) -> FlaskClient:
    """A client of an app whose messages are English, in brackets, in every language."""
    monkeypatch.setattr(languages, "catalog", lambda _language: Marking(extracted))
    return make_app(settings_for(sqlite_url)).test_client()


class Words(HTMLParser):
    """Collects the visible and accessible texts of a page, and finds words outside the brackets."""

    ATTRIBUTES = ("alt", "aria-label", "data-done", "data-found", "data-too-large", "placeholder", "title")

    def __init__(self, text: str) -> None:
        super().__init__()
        self._texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        is_text = tag != "meta" or values.get("name") == "description"
        self._texts += [value or "" for name, value in attrs if name in self.ATTRIBUTES]
        self._texts += [values["content"] or ""] if "content" in values and is_text else []

    def handle_data(self, data: str) -> None:
        self._texts.append(data)

    def unmarked(self) -> set[str]:
        text, count = " ".join(self._texts), 1
        while count:
            text, count = re.subn("⟦[^⟦⟧]*⟧", " ", text)  # parameters may have brackets of their own
        return set(re.findall(r"[^\W\d_]{2,}", text))


# Names, which need no catalog: of the languages, of places, of Statbel, and of months, which Babel knows.
NAMES = {
    "NL",
    "FR",
    "DE",
    "EN",
    "Nederlands",
    "Français",
    "Deutsch",
    "English",
    "Gent",
    "Statbel",
    "Zele",
}
MONTHS = {
    name for width in ("wide", "abbreviated") for name in get_month_names(width, locale="en_GB").values()
}


@pytest.mark.parametrize(
    "path",
    [
        *PAGES,
        "/no-such-page",
        "/?zipcode=gentt&year=1",
        "/?zipcode=zele",
        "/index?year=2013&period=all",
        "/indexation?amount=1250&year=2004&from=01%2F2020",
        "/indexation?amount=x&year=1&from=y&to=z",
    ],
)
def test_page_has_no_untranslatable_words(marking: FlaskClient, path: str) -> None:
    text = page(marking, path).text
    without_places = re.sub('<ul class="places">.*?</ul>', "", text, flags=re.DOTALL)  # names alone
    assert Words(without_places).unmarked() - NAMES - MONTHS == set()


def test_list_page_has_no_untranslatable_words(marking: FlaskClient) -> None:
    for zipcodes in ("9000\n1311\n99\n", "", "a;b\n9000;c\n", "a;c.p.\nb;9000\n", "9" * 100_001 + '"'):
        assert Words(post_list(marking, "/list", zipcodes).text).unmarked() - NAMES == set()


def test_header_of_a_spreadsheet_has_no_untranslatable_words(marking: FlaskClient) -> None:
    assert Words(marking.get("/index.csv?period=all").text).unmarked() == set()


def test_unmarked_words_are_found() -> None:
    assert Words("<p>⟦From ⟦May⟧ on⟧ <b title='sometimes'>never</b> 12 A</p>").unmarked() == {
        "sometimes",
        "never",
    }


def test_titles_of_errors_are_translated(extracted: Catalog) -> None:
    on_pages = [error for error in DeskError.__subclasses__() if error is not MediaTypeNotSupported]
    ids = messages(extracted).keys()
    assert [error.title for error in on_pages if (error.title,) not in ids] == []
