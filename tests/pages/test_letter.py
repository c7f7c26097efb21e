"""The letter that announces an indexed amount: on the calculator, and as a text file."""

from __future__ import annotations

import html
import re
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

QUERY = {"amount": "1.250,50", "year": "2013", "from": "01/2020", "to": "12/2025"}
LANGUAGES = ("nl", "fr", "de", "en")


def letter(
    reader: FlaskClient, language: str = "en", accept: str = "text/html", **query: str
) -> TestResponse:
    url = f"/indexation/letter?{urlencode({**QUERY, **query, 'lang': language})}"
    return reader.get(url, headers={"Accept": accept})


def on_page(reader: FlaskClient, language: str = "en", **query: str) -> str:
    """Return the letter of the calculator."""
    page = reader.get(f"/indexation?{urlencode({**QUERY, **query, 'lang': language})}").text
    [found] = re.findall(r'<pre [^>]*id="letter"[^>]*>(.*?)</pre>', page, re.DOTALL)
    return html.unescape(found)


def plain(text: str) -> str:
    """Return a text with plain spaces and line ends."""
    return text.replace("\r\n", "\n").replace("\u00a0", " ").replace("\u202f", " ")


def test_letter_is_a_text_file(reader: FlaskClient) -> None:
    response = letter(reader)
    assert response.status_code == 200
    assert response.content_type == "text/plain; charset=utf-8"
    assert response.headers["Content-Disposition"] == "attachment; filename=indexation-letter-2025-12.txt"
    assert set(response.vary) == {"Accept", "Accept-Language", "Cookie"}
    lines = response.text.split("\r\n")
    assert "\n" not in "".join(lines)
    assert lines[0] == "[Your name]"
    assert lines[-1] == "[Signature]"


FIGURES = {
    "nl": ("€ 1.250,50", "€ 1.557,88", "109,72", "januari 2020", "136,69", "december 2025"),
    "fr": ("1 250,50 €", "1 557,88 €", "109,72", "janvier 2020", "136,69", "décembre 2025"),
    "de": ("1.250,50 €", "1.557,88 €", "109,72", "Januar 2020", "136,69", "Dezember 2025"),
    "en": ("€1,250.50", "€1,557.88", "109.72", "January 2020", "136.69", "December 2025"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_letter_states_every_figure_in_the_language_of_the_page(reader: FlaskClient, language: str) -> None:
    text = plain(letter(reader, language).text)
    amount, new_amount, start_index, start_month, new_index, new_month = FIGURES[language]
    for figure in ("2013", *FIGURES[language]):
        assert figure in text
    assert f"{amount} × {new_index} ÷ {start_index} = {new_amount}" in text
    for month, index in ((start_month, start_index), (new_month, new_index)):
        [line] = [line for line in text.split("\n") if month in line]
        assert index in line


@pytest.mark.parametrize("language", LANGUAGES)
def test_letter_leaves_names_places_and_dates_to_fill_in(reader: FlaskClient, language: str) -> None:
    assert len(re.findall(r"\[[^\[\]\n]+\]", plain(letter(reader, language).text))) == 9


@pytest.mark.parametrize("language", LANGUAGES)
def test_letter_on_the_page_equals_the_file(reader: FlaskClient, language: str) -> None:
    assert on_page(reader, language) == letter(reader, language).text.replace("\r\n", "\n")


@pytest.mark.parametrize("language", LANGUAGES)
def test_letter_names_the_derived_coefficient_of_a_converted_index(
    reader: FlaskClient, language: str
) -> None:
    coefficient = "1.3557" if language == "en" else "1,3557"
    lines = plain(letter(reader, language, to="07/2026").text).split("\n\n")
    assert len([part for part in lines if coefficient in part]) == 1
    assert coefficient not in letter(reader, language).text


def test_letters_differ_by_language(reader: FlaskClient) -> None:
    assert len({letter(reader, language).text for language in LANGUAGES}) == len(LANGUAGES)


def test_letter_fits_on_one_sheet(reader: FlaskClient) -> None:
    for language in LANGUAGES:
        lines = plain(letter(reader, language, year="2013", to="08/2026").text).split("\n")
        assert sum(1 + len(line) // 80 for line in lines) < 45


def test_letter_does_not_change_the_language_of_the_pages(reader: FlaskClient) -> None:
    assert "Set-Cookie" not in letter(reader, "fr").headers


def test_letter_of_invalid_input_is_the_calculator_with_its_errors(reader: FlaskClient) -> None:
    response = letter(reader, amount="much")
    assert (response.status_code, response.mimetype) == (400, "text/html")
    assert 'id="amount-error"' in response.text
    assert "Content-Disposition" not in response.headers
    assert 'action="/indexation"' in response.text


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"amount": "1,250"}, 400, "AMOUNT_NOT_VALID"),
        ({"year": "2020"}, 400, "WRONG_YEAR"),
        ({"from": "01/1990"}, 404, "MONTH_NOT_FOUND"),
    ],
)
def test_letter_of_invalid_input_is_a_code_for_scripts(
    reader: FlaskClient, query: dict[str, str], status: int, code: str
) -> None:
    response = letter(reader, accept="*/*", **query)
    assert (response.status_code, response.json) == (status, {"detail": code})
    response = letter(reader, accept="text/plain", **query)
    assert (response.status_code, response.text) == (status, code)
