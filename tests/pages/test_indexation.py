"""The calculator page."""

from __future__ import annotations

import re
from datetime import date
from itertools import product
from urllib.parse import parse_qs, urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.pages.reading import links, text
from webapp.data.database import db
from webapp.data.index_models import IndexValue

QUERY = {"amount": "1.250,50", "year": "2013", "from": "01/2020", "to": "12/2025"}


def ask(reader: FlaskClient, language: str = "en", **query: str) -> TestResponse:
    return reader.get(f"/indexation?{urlencode({**query, 'lang': language})}")


def test_empty_form_shows_no_error_and_no_amount(reader: FlaskClient) -> None:
    page = reader.get("/indexation").text
    assert 'class="error"' not in page
    assert "New amount" not in text(page)
    assert " checked" not in page  # only the contract names the base year


@pytest.mark.parametrize(("year", "status"), [("2025", 200), ("2020", 400)])
def test_base_year_of_a_link_is_chosen_without_errors_in_the_empty_fields(
    reader: FlaskClient, year: str, status: int
) -> None:
    response = ask(reader, year=year)
    assert response.status_code == status
    assert re.findall(r'id="(\w+)-error"', response.text) == (["year"] if status == 400 else [])
    assert re.findall(r'name="year" value="(\d+)"[^>]* checked', response.text) == ["2025"] * (status == 200)
    assert ask(reader, amount="", year=year, to="", **{"from": ""}).status_code == 400  # submitted


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
    assert "Base 2004: the last value that we hold is December 2025." in text(page)
    [other] = [url for url in links(page) if "year=2025" in url]
    assert "103.49 in August 2026" in text(reader.get(other).text)


@pytest.mark.slow
@pytest.mark.parametrize("base_year", [1988, 1996, 2004, 2013, 2025])
def test_every_link_to_another_base_year_ends_in_a_calculation(reader: FlaskClient, base_year: int) -> None:
    """Of every third month, because a page takes milliseconds."""
    for month in product(range(1994, 2027), range(1, 13, 3)):
        page = ask(reader, amount="1", year=str(base_year), **{"from": "{}-{:02}".format(*month)})
        others = [
            url for url in links(page.text) if url.startswith("/indexation?") and f"={base_year}&" not in url
        ]
        if page.status_code == 200:
            assert len(others) == (base_year < 2013), month
        for url in others:
            assert "in August 2026" in text(reader.get(url).text)


def test_month_of_another_base_year_is_an_error_with_advice(reader: FlaskClient) -> None:
    query = {"amount": "1", "year": "2025"}
    assert "Base 2013 has every month of this request" in text(
        ask(reader, **query, **{"from": "01/2010"}).text
    )
    page = ask(reader, "nl", amount="1", year="2004", **{"from": "01/2010", "to": "03/2026"})
    assert page.status_code == 404
    assert "Basis 2013 heeft alle gevraagde maanden" in text(page.text)


def test_month_of_another_base_year_has_a_link_that_calculates_on_it(reader: FlaskClient) -> None:
    for query in (
        {"amount": "1.250,50", "year": "2025", "from": "01/2010", "to": ""},
        {"amount": "1.250,50", "year": "2004", "from": "01/2010", "to": "03/2026"},
    ):
        page = ask(reader, **query)
        assert page.status_code == 404
        [url] = [url for url in links(page.text) if url.startswith("/indexation?")]
        assert parse_qs(url.partition("?")[2], keep_blank_values=True) == {
            name: ["2013" if name == "year" else value] for name, value in query.items()
        }
        assert "New amount" in text(reader.get(url).text)


@pytest.mark.parametrize(
    "wrong", [{"from": "01/1990"}, {"amount": "much"}, {"to": "x"}], ids=["no base year", "amount", "month"]
)
def test_link_to_another_base_year_is_left_out_where_it_would_fail(
    reader: FlaskClient, wrong: dict[str, str]
) -> None:
    page = ask(reader, **{"amount": "1", "year": "2025", "from": "01/2010", **wrong})
    assert [url for url in links(page.text) if url.startswith("/indexation?")] == []


def test_index_converted_with_the_derived_coefficient_is_marked(reader: FlaskClient) -> None:
    page = text(ask(reader, **{**QUERY, "to": "07/2026"}).text)
    assert "in July 2026 converted with coefficient 1.3557, not Statbel’s" in page
    sentence = "The index of July 2026 on base 2013 was converted with coefficient 1.3557."
    assert page.count(sentence) == 2  # in the sentence and in the letter
    page = text(ask(reader, **{**QUERY, "from": "07/2026", "to": "08/2026"}).text)
    assert "in July 2026 converted with coefficient 1.3557, not Statbel’s" in page
    assert page.count(sentence) == 2


def test_published_index_is_not_marked(reader: FlaskClient) -> None:
    assert "converted" not in text(ask(reader, **QUERY).text)


def test_index_converted_with_an_official_coefficient_is_marked_as_such(app: Flask) -> None:
    with app.app_context():
        entry = db.session.scalars(
            select(IndexValue).where(IndexValue.base_year == 2013, IndexValue.month == date(2010, 1, 1))
        ).one()
        entry.status = "converted"
        db.session.commit()
    page = text(ask(app.test_client(), **{**QUERY, "from": "01/2010"}).text)
    assert "in January 2010 converted with Statbel’s official coefficient" in page
    assert page.count("converted with Statbel’s official coefficient 0.8280.") == 2


def test_newest_base_year_mentions_no_later_month(reader: FlaskClient) -> None:
    page = text(ask(reader, amount="1250,50", year="2025", **{"from": "01/2020"}).text)
    assert "August 2026" in page
    assert "the last value that we hold" not in page


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
    ({"from": "spring"}, 400, "from", "Enter a month and a year"),
    ({"from": "06-10"}, 400, "from", "This may be October 2006 or June 2010"),
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


@pytest.mark.parametrize(("new", "is_noted"), [("12/2019", True), ("01/2020", False), ("", False)])
def test_new_month_before_the_start_month_is_noted(reader: FlaskClient, new: str, is_noted: bool) -> None:
    page = text(ask(reader, **{**QUERY, "to": new}).text)
    assert ("The new month comes before the start month" in page) is is_noted


@pytest.mark.parametrize(
    ("language", "new", "difference"),
    [
        ("en", "12/2025", "Difference €307.38 (+24.58%)"),
        ("nl", "12/2025", "Verschil € 307,38 (+24,58%)"),
        ("en", "01/2019", "Difference -€13.90 (-1.11%)"),
    ],
)
def test_difference_is_shown_in_euros_and_percent(
    reader: FlaskClient, language: str, new: str, difference: str
) -> None:
    assert difference in text(ask(reader, language, **{**QUERY, "to": new}).text)
