"""The calculator, as an agent sees it."""

import re
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.pages.reading import links, text

ASKED = {"amount": "1.250,50", "year": "2013", "from": "01/2020", "to": "12/2025"}


def ask(reader: FlaskClient, language: str = "en", **asked: str) -> TestResponse:
    return reader.get(f"/indexation?{urlencode({**asked, 'lang': language})}")


def test_the_form_alone_shows_no_error_and_no_amount(reader: FlaskClient) -> None:
    page = reader.get("/indexation").text
    assert 'class="error"' not in page
    assert "New amount" not in text(page)
    assert " checked" not in page  # the base year is the contract's to name


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
def test_every_hint_begins_with_a_capital(reader: FlaskClient, language: str) -> None:
    for page in (ask(reader, language).text, ask(reader, language, **ASKED).text):
        hints = re.findall(r'class="hint"[^>]*>\s*(.*?)<', page, re.DOTALL)
        assert len(hints) >= 5
        assert not [hint for hint in hints if not hint[0].isupper()]


@pytest.mark.parametrize(
    ("language", "amount", "formula"),
    [
        ("nl", "€ 1.557,88", "€ 1.250,50 × 136,69 ÷ 109,72 = € 1.557,88"),
        ("fr", "1 557,88 €", "1 250,50 € × 136,69 ÷ 109,72 = 1 557,88 €"),
        ("de", "1.557,88 €", "1.250,50 € × 136,69 ÷ 109,72 = 1.557,88 €"),
        ("en", "€1,557.88", "€1,250.50 × 136.69 ÷ 109.72 = €1,557.88"),
    ],
)
def test_the_formula_is_written_out_as_each_language_writes_figures(
    reader: FlaskClient, language: str, amount: str, formula: str
) -> None:
    page = text(ask(reader, language, **ASKED).text)
    assert amount in page
    assert formula in page


@pytest.mark.parametrize("amount", ["1.250,50", "1250.5", "€ 1 250,50", "1250,50 EUR"])
def test_an_amount_may_be_typed_as_people_do(reader: FlaskClient, amount: str) -> None:
    assert "€1,557.88" in text(ask(reader, **{**ASKED, "amount": amount}).text)


@pytest.mark.parametrize("month", ["01/2020", "2020-01", "januari 2020", "janv. 2020", "Januar 2020"])
def test_a_month_may_be_typed_as_people_do(reader: FlaskClient, month: str) -> None:
    assert "€1,557.88" in text(ask(reader, **{**ASKED, "from": month}).text)


def test_the_sentence_for_a_letter_names_every_figure(reader: FlaskClient) -> None:
    page = ask(reader, **ASKED).text
    sentence = text(page[page.index("<blockquote") : page.index("</blockquote>")])
    for figure in ("€1,250.50", "2013", "136.69", "December 2025", "109.72", "January 2020", "€1,557.88"):
        assert figure in sentence


def test_without_a_new_month_it_is_the_latest_and_a_later_one_elsewhere_is_said(reader: FlaskClient) -> None:
    page = ask(reader, amount="1250,50", year="2013", **{"from": "01/2020"}).text
    assert "136.69 in December 2025" in text(page)
    assert "A more recent month, July 2026, is available on another base" in text(page)
    [other] = [address for address in links(page) if "year=2025" in address]
    assert "103.24 in July 2026" in text(reader.get(other).text)


def test_on_the_newest_base_year_no_later_month_is_said(reader: FlaskClient) -> None:
    page = text(ask(reader, amount="1250,50", year="2025", **{"from": "01/2020"}).text)
    assert "July 2026" in page
    assert "A more recent month" not in page


def test_the_link_gives_the_same_calculation_for_good(reader: FlaskClient) -> None:
    page = ask(reader, amount="€ 1 250,50", year="2013", **{"from": "januari 2020"}).text
    address = links(page)[-1]
    assert address == "/indexation?amount=1250.50&year=2013&from=2020-01&to=2025-12"
    assert "€1,557.88" in text(reader.get(address).text)


def test_what_is_not_in_the_formula_is_said(reader: FlaskClient) -> None:
    for page in (reader.get("/indexation").text, ask(reader, **ASKED).text):
        assert "Regional rules for rents" in text(page)


WRONG = [
    ({"amount": "much"}, 400, "amount", "Enter the amount in euros"),
    ({"amount": ""}, 400, "amount", "Enter an amount"),
    ({"amount": "1,250"}, 400, "amount", "is ambiguous"),
    ({"year": ""}, 400, "year", "Choose the base year stated in your contract"),
    ({"year": "2020"}, 400, "year", "Choose a base year"),
    ({"from": ""}, 400, "from", "Enter a month"),
    ({"from": "spring"}, 400, "from", "Enter a month and a four-digit year"),
    ({"from": "01/1990"}, 404, "from", "No health index is available for January 1990"),
    ({"to": "13/2025"}, 400, "to", "Enter a month from 1 to 12"),
    ({"to": "01/2026"}, 404, "to", "only for January 1994 to December 2025"),
    (
        {"year": "2025", "from": "06/2026"},
        404,
        "from",
        "No health index is available for June 2026 on base 2025. "
        "The nearest available months are March 2026 and July 2026.",
    ),
]


@pytest.mark.parametrize(("wrong", "status", "field", "message"), WRONG)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    reader: FlaskClient, wrong: "dict[str, str]", status: int, field: str, message: str
) -> None:
    response = ask(reader, **{**ASKED, **wrong})
    page = response.text
    assert response.status_code == status
    assert response.headers["Cache-Control"] == "no-store"
    assert text(page).count(message) == 2  # in the summary and at the field
    assert f'href="#{field}"' in page
    assert f'id="{field}-error"' in page
    assert "New amount" not in text(page)
    typed = {**ASKED, **wrong}
    for name in ("amount", "from", "to"):
        assert f'name="{name}" value="{typed[name]}"' in page
    chosen = re.findall(r'name="year" value="(\d+)"[^>]* checked', page)
    assert chosen == ([typed["year"]] if typed["year"] in ("2013", "2025") else [])


def test_all_wrong_fields_are_said_at_once_in_their_order(reader: FlaskClient) -> None:
    page = ask(reader, amount="x", year="", to="x", **{"from": "x"}).text
    places = [page.index(f'href="#{field}"') for field in ("amount", "year", "from", "to")]
    assert places == sorted(places)
    assert page.count("autofocus") == 1
    assert 'id="amount"' in page[: page.index("autofocus")]


@pytest.mark.parametrize(
    ("language", "message"),
    [
        ("nl", "januari 1990"),
        ("fr", "janvier 1990"),
        ("de", "Januar 1990"),
    ],
)
def test_errors_are_in_the_language_of_the_page(reader: FlaskClient, language: str, message: str) -> None:
    page = text(ask(reader, language, **{**ASKED, "from": "01/1990"}).text)
    assert message in page
    assert "No health index" not in page
