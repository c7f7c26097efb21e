"""The calculator page."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.pages.reading import links, text

QUERY = {"amount": "1.250,50", "year": "2013", "from": "01/2020", "to": "12/2025"}


def ask(reader: FlaskClient, language: str = "en", **query: str) -> TestResponse:
    return reader.get(f"/indexation?{urlencode({**query, 'lang': language})}")


def test_empty_form_shows_no_error_and_no_amount(reader: FlaskClient) -> None:
    page = reader.get("/indexation").text
    assert 'class="error"' not in page
    assert "New amount" not in text(page)
    assert " checked" not in page  # only the contract names the base year


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
def test_every_hint_begins_with_a_capital(reader: FlaskClient, language: str) -> None:
    for page in (ask(reader, language).text, ask(reader, language, **QUERY).text):
        hints = re.findall(r'class="hint"[^>]*>\s*(.*?)<', page, re.DOTALL)
        assert len(hints) >= 5
        assert not [hint for hint in hints if not hint[0].isupper()]


@pytest.mark.parametrize(
    ("language", "amount", "formula"),
    [
        ("nl", "€ 1.557,88", "€ 1.250,50 × 136,69 ÷ 109,72 = € 1.557,88"),
        ("en", "€1,557.88", "€1,250.50 × 136.69 ÷ 109.72 = €1,557.88"),
    ],
)
def test_formula_has_the_number_format_of_the_language(
    reader: FlaskClient, language: str, amount: str, formula: str
) -> None:
    page = text(ask(reader, language, **QUERY).text)
    assert amount in page
    assert formula in page


def test_sentence_for_a_letter_names_every_figure(reader: FlaskClient) -> None:
    page = ask(reader, **QUERY).text
    sentence = text(page[page.index("<blockquote") : page.index("</blockquote>")])
    for figure in ("€1,250.50", "2013", "136.69", "December 2025", "109.72", "January 2020", "€1,557.88"):
        assert figure in sentence


def test_new_month_defaults_to_the_latest_and_a_later_one_on_another_base_year_is_linked(
    reader: FlaskClient,
) -> None:
    page = ask(reader, amount="1250,50", year="2004", **{"from": "01/2020"}).text
    assert "165.08 in December 2025" in text(page)
    assert "A more recent month, August 2026, is available on another base" in text(page)
    [other] = [url for url in links(page) if "year=2025" in url]
    assert "103.49 in August 2026" in text(reader.get(other).text)


def test_newest_base_year_mentions_no_later_month(reader: FlaskClient) -> None:
    page = text(ask(reader, amount="1250,50", year="2025", **{"from": "01/2020"}).text)
    assert "August 2026" in page
    assert "A more recent month" not in page


def test_permanent_link_repeats_the_calculation(reader: FlaskClient) -> None:
    page = ask(reader, amount="€ 1 250,50", year="2013", **{"from": "januari 2020"}).text
    url = links(page)[-1]
    assert url == "/indexation?amount=1250.50&year=2013&from=2020-01&to=2026-08"
    assert "€1,599.03" in text(reader.get(url).text)


def test_page_mentions_the_rules_of_the_regions(reader: FlaskClient) -> None:
    for page in (reader.get("/indexation").text, ask(reader, **QUERY).text):
        assert "Regional rules for rents" in text(page)


WRONG = [
    ({"amount": "much"}, 400, "amount", "Enter the amount in euros"),
    ({"year": ""}, 400, "year", "Choose the base year stated in your contract"),
    ({"year": "2020"}, 400, "year", "Choose a base year"),
    ({"from": "spring"}, 400, "from", "Enter a month and a four-digit year"),
    ({"from": "01/1990"}, 404, "from", "No health index is available for January 1990"),
    ({"to": "13/2025"}, 400, "to", "Enter a month from 1 to 12"),
    ({"to": "09/2026"}, 404, "to", "only for January 1994 to August 2026"),
]


@pytest.mark.parametrize(("wrong", "status", "field", "message"), WRONG)
def test_invalid_field_has_a_message_and_keeps_the_input(
    reader: FlaskClient, wrong: dict[str, str], status: int, field: str, message: str
) -> None:
    response = ask(reader, **{**QUERY, **wrong})
    page = response.text
    assert response.status_code == status
    assert response.headers["Cache-Control"] == "no-store"
    assert text(page).count(message) == 1
    assert f'id="{field}-error"' in page
    assert "New amount" not in text(page)
    query = {**QUERY, **wrong}
    for name in ("amount", "from", "to"):
        assert f'name="{name}" value="{query[name]}"' in page
    chosen = re.findall(r'name="year" value="(\d+)"[^>]* checked', page)
    assert chosen == ([query["year"]] if query["year"] in ("2013", "2025") else [])


def test_all_invalid_fields_have_messages_in_order(reader: FlaskClient) -> None:
    page = ask(reader, amount="x", year="", to="x", **{"from": "x"}).text
    places = [page.index(f'id="{field}-error"') for field in ("amount", "year", "from", "to")]
    assert places == sorted(places)
    assert page.count("autofocus") == 1
    assert 'id="amount"' in page[: page.index("autofocus")]


def test_errors_are_in_the_language_of_the_page(reader: FlaskClient) -> None:
    page = text(ask(reader, "nl", **{**QUERY, "from": "01/1990"}).text)
    assert "januari 1990" in page
    assert "No health index" not in page
