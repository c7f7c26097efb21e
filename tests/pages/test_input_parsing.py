"""Amounts and months as people type them: parsed as they mean them, or rejected with advice."""

import re
from contextlib import suppress
from datetime import date
from decimal import Decimal
from itertools import product
from time import perf_counter
from typing import Callable, Dict, List, Literal, Tuple

import pytest
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from hypothesis import example, given, settings
from hypothesis import strategies as st

from webapp.errors import AmountNotValid, MonthNotValid
from webapp.pages import input_parsing as typed
from webapp.pages.input_parsing import parse_amount, parse_month

LOCALES = ["nl_BE", "fr_BE", "de_BE", "en_GB"]
SPACES = {"space": " ", "no-break": "\u00a0", "narrow": "\u202f", "thin": "\u2009"}
# A form takes 64 KB at most.
LONG = 64 * 1024

# `database=None`: what fails is shrunk and shown; no folder of examples is left behind.
searching = settings(max_examples=300, deadline=None, database=None)
locales = st.sampled_from(LOCALES)
amounts = st.integers(0, 10**14 - 1).map(lambda cents: Decimal(f"{cents // 100}.{cents % 100:02}"))
dates = st.dates(date(1900, 1, 1), date(2099, 12, 31))
amount_like = st.text("0123456789.,,.  \u00a0\u202f\u2009-€EURos+e٣", max_size=16)
month_like = st.text("0123456789/-.  janfévrmctiul1²", max_size=16)


def message_for_amount(text: str) -> str:
    """Return the message with which a text is rejected as an amount."""
    with pytest.raises(AmountNotValid) as caught:
        parse_amount(text)
    return str(caught.value)


def message_for_month(text: str) -> str:
    """Return the message with which a text is rejected as a month."""
    with pytest.raises(MonthNotValid) as caught:
        parse_month(text)
    return str(caught.value)


# Amounts


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1250", "1250"),
        ("1250,5", "1250.5"),
        ("1250,50", "1250.50"),
        ("1250.5", "1250.5"),
        ("1250.50", "1250.50"),
        ("1.250,50", "1250.50"),
        ("1.250", "1250"),
        ("1.250.000", "1250000"),
        ("12.345.678,9", "12345678.9"),
        ("1 250", "1250"),
        ("1 250,50", "1250.50"),
        ("1 250.50", "1250.50"),
        ("1 250 000", "1250000"),
        ("1,250.50", "1250.50"),
        ("1,250.5", "1250.5"),
        ("1,250,000", "1250000"),
        ("1,250,000.00", "1250000.00"),
        ("1250,-", "1250"),
        ("1250,--", "1250"),
        ("1.250,-", "1250"),
        ("1 250,--", "1250"),
        ("0", "0"),
        ("0,00", "0.00"),
        ("0.05", "0.05"),
        ("1,25", "1.25"),
        ("1.25", "1.25"),
        ("007", "7"),
        ("999.999.999.999,99", "999999999999.99"),
        ("\t 1250,50 \r\n", "1250.50"),
    ],
)
def test_an_amount_means_what_it_means_in_belgium(text: str, meant: str) -> None:
    assert str(parse_amount(text)) == meant, "as a text: with the decimals that were typed"


@pytest.mark.parametrize("mark", ["€", "EUR", "eur", "Euro", "euros"])
@pytest.mark.parametrize("space", ["", *SPACES.values(), " \u00a0 "], ids=ascii)
@pytest.mark.parametrize("number", ["1250,50", "1.250,50", "1 250.50", "1,250.50"])
def test_one_currency_mark_stands_before_or_after(mark: str, space: str, number: str) -> None:
    expected = Decimal("1250.50")
    assert [parse_amount(mark + space + number), parse_amount(number + space + mark)] == [expected, expected]


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_any_of_these_spaces_groups_digits(space: str) -> None:
    assert parse_amount(f"{space}1{space}250{space}000,50{space}€{space}") == Decimal("1250000.50")


@pytest.mark.parametrize("text", ["1,250", " 1,250 ", "€ 1,250", "1,250\u00a0EUR"], ids=ascii)
def test_comma_before_three_digits_is_rejected_as_ambiguous(text: str) -> None:
    assert message_for_amount(text) == (
        "A comma followed by three digits is ambiguous. "
        "Enter 1250 without a comma, or one or two decimals, for example 1,25."
    )


def test_comma_before_three_digits_writes_out_the_whole_number() -> None:
    assert "Enter 987654 without a comma" in message_for_amount("987,654")


@pytest.mark.parametrize("text", ["", " ", "\u00a0\u202f\t\n", "€", " eur ", "\u202f€\u2009"], ids=ascii)
def test_empty_amount_asks_for_one(text: str) -> None:
    assert message_for_amount(text) == "Enter an amount, for example 1250,50."


@pytest.mark.parametrize(
    "text", ["1234567890123", "1.234.567.890.123,45", "€ 1,234,567,890,123.45", "9" * 99]
)
def test_amount_of_more_than_twelve_digits_is_rejected(text: str) -> None:
    assert message_for_amount(text) == "Enter an amount with at most 12 digits before the decimals."


@pytest.mark.parametrize(
    "text",
    [
        # Separators in the wrong order, twice, or two kinds of them.
        "1,250.000",
        "1.250.50",
        "1,250,50",
        "1.250 000",
        "1 250.000",
        "1.250,000",
        "1 250,000",
        "1,250 000",
        "1,25.50",
        "1250,50.5",
        "1..250",
        "1  250",
        "1,250,-",
        # Groups of other sizes, or of which the first is nothing.
        "1.2500",
        "12.50.000",
        "1250.000",
        "1 25",
        "1 2500",
        "1,2500",
        "0.125",
        "0,125",
        "0 125",
        "01.250",
        "1,250,00",
        # More decimals, or none beside their separator.
        "1250,505",
        "1250,5 0",
        "1250,",
        "1250.",
        ",50",
        ".50",
        "1250,---",
        "1250-",
        "1250,5-",
        "1250.-",
        # Signs, exponents and what else Python takes for a number.
        "-1250",
        "- 1250",
        "€ -1250",
        "-€ 1250",
        "\u22121250",
        "+1250",
        "(1250)",
        "1e3",
        "1E3",
        "1_250",
        "0x10",
        "NaN",
        "Infinity",
        # Digits of other scripts, and what only looks like a separator.
        "١٢٥٠",
        "１２５０",
        "१२५०",
        "125²",
        "1\u2008250",
        "1\t250",
        "1\n250",
        "1'250",
        "1/2",
        # Marks: two, in between, or of other money.
        "€ 1250 €",
        "€€ 1250",
        "€ 1250 EUR",
        "EUR € 1250",
        "12€50",
        "1 € 250",
        "$1250",
        "1250 GBP",
        "1250 eu",
        "1250 euro's",
        "twelve",
        "1250 1300",
        "1250\x00",
    ],
    ids=ascii,
)
def test_invalid_amount_is_rejected(text: str) -> None:
    assert message_for_amount(text) == "Enter the amount in euros, for example 1250,50."


@searching
@given(amount=amounts, locale=locales)
def test_money_as_each_language_writes_it_reads_back(amount: Decimal, locale: str) -> None:
    text = format_currency(amount, "EUR", locale=locale)
    assert parse_amount(text) == amount, ascii(text)
    name = format_currency(amount, "EUR", locale=locale, format_type="name")
    assert parse_amount(name) == amount, ascii(name)


@searching
@given(amount=amounts, locale=locales)
@example(amount=Decimal("1250.00"), locale="nl_BE")
@example(amount=Decimal("1250.00"), locale="en_GB")
@example(amount=Decimal("999999.00"), locale="en_GB")
@example(amount=Decimal("1000000.00"), locale="en_GB")
def test_a_number_as_each_language_writes_it_reads_back(amount: Decimal, locale: str) -> None:
    text = format_decimal(amount, locale=locale)
    if locale == "en_GB" and 1000 <= amount < 10**6 and amount == int(amount):
        assert "ambiguous" in message_for_amount(text)
    else:
        assert parse_amount(text) == amount, ascii(text)


@searching
@given(st.one_of(st.text(), amount_like))
def test_any_text_is_an_amount_of_its_digits_or_rejected(text: str) -> None:
    try:
        amount = parse_amount(text)
    except AmountNotValid as error:
        assert str(error).startswith(("Enter ", "A comma "))
        return
    places = -int(amount.as_tuple().exponent)
    assert amount >= 0
    assert places in (0, 1, 2)
    assert int(amount.scaleb(places)) == int("".join(re.findall("[0-9]", text)))


# Months

JANUARY, DECEMBER = date(2020, 1, 1), date(2020, 12, 1)


@pytest.mark.parametrize(
    "text",
    [
        "2020-01",
        "2020-1",
        "2020/01",
        "2020 01",
        "01/2020",
        "1/2020",
        "01-2020",
        "1-2020",
        "01.2020",
        "1 2020",
        "01 / 2020",
        "  01/2020\n",
        "01\u00a02020",
        "januari 2020",
        "januari  2020",
        "januari\u00a02020",
        "2020 januari",
        "2020-jan",
        "Jan-2020",
        "jan/2020",
        "jan.2020",
        "JAN. 2020",
        "janv. 2020",
        "Janvier 2020",
        "January 2020",
        "Januar 2020",  # codespell:ignore januar
    ],
    ids=ascii,
)
def test_a_month_is_understood_however_it_is_written(text: str) -> None:
    assert parse_month(text) == JANUARY


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("feb", 2),
        ("febr.", 2),
        ("février", 2),
        ("fevrier", 2),
        ("FÉVRIER", 2),
        ("fe\u0301vrier", 2),
        ("févr.", 2),
        ("fevr", 2),
        ("fév.", 2),
        ("fev", 2),
        ("maart", 3),
        ("mrt", 3),
        ("mars", 3),
        ("März", 3),
        ("marz", 3),  # codespell:ignore marz
        ("Maerz", 3),
        ("MAERZ", 3),
        ("Mär.", 3),
        ("Maer.", 3),
        ("March", 3),
        ("avr.", 4),
        ("april", 4),
        ("mei", 5),
        ("mai", 5),
        ("May", 5),
        ("juin", 6),
        ("juni", 6),
        ("June", 6),
        ("juli", 7),
        ("juil.", 7),
        ("juill.", 7),
        ("juillet", 7),
        ("août", 8),
        ("AOÛT", 8),
        ("aout", 8),
        ("augustus", 8),
        ("August", 8),
        ("Sept", 9),
        ("sept.", 9),
        ("sep", 9),
        ("okt", 10),
        ("oct.", 10),
        ("Dez.", 12),
        ("déc.", 12),
        ("decembre", 12),
    ],
    ids=ascii,
)
def test_a_month_has_names_in_four_languages(name: str, number: int) -> None:
    assert parse_month(f"{name} 2020") == parse_month(f"2020 {name}") == date(2020, number, 1)


@pytest.mark.parametrize(
    "text",
    [
        "15/12/2020",
        "15-12-2020",
        "15.12.2020",
        "15. 12. 2020",
        "15 12 2020",
        "1/12/2020",
        "31/12/2020",
        "2020-12-15",
        "2020/12/15",
        "2020-12-1",
        "15 december 2020",
        "15 déc. 2020",
        "1er décembre 2020",
        "1ER DÉCEMBRE 2020",
        "15. Dezember 2020",  # codespell:ignore dezember
        "15-dec-2020",
    ],
    ids=ascii,
)
def test_a_full_date_counts_as_its_month(text: str) -> None:
    assert parse_month(text) == DECEMBER


def test_in_a_full_date_the_day_is_first() -> None:
    assert parse_month("03/04/2020") == date(2020, 4, 1)


@pytest.mark.parametrize("text", ["", "   ", "\u00a0\t\n"], ids=ascii)
def test_empty_month_asks_for_one(text: str) -> None:
    assert message_for_month(text) == "Enter a month, for example 01/2020."


@pytest.mark.parametrize("text", ["1899-12", "2100-01", "januari 1899", "1/2100", "31/12/1899", "0000-00"])
def test_month_of_another_century_is_rejected(text: str) -> None:
    assert message_for_month(text) == "Enter a year from 1900 to 2099, for example 01/2020."


def test_the_first_and_the_last_year_are_taken() -> None:
    assert [parse_month("1/1900"), parse_month("12/2099")] == [date(1900, 1, 1), date(2099, 12, 1)]


@pytest.mark.parametrize("text", ["13/2020", "0/2020", "2020-00", "2020-13", "01/15/2020", "2020-15-01"])
def test_month_beyond_twelve_is_rejected(text: str) -> None:
    assert message_for_month(text) == (
        "Enter a month from 1 to 12, for example 01/2020. In a full date the day comes first: 15/01/2020."
    )


@pytest.mark.parametrize(
    "text",
    ["31/02/2020", "29/02/2021", "31-04-2020", "0/01/2020", "32/01/2020", "2020-01-00", "30 février 2020"],
)
def test_date_that_does_not_exist_is_rejected(text: str) -> None:
    assert message_for_month(text) == (
        "This day does not exist in that month. Enter only the month, for example 01/2020."
    )


def test_the_29th_of_february_exists_in_leap_years() -> None:
    assert parse_month("29/02/2020") == date(2020, 2, 1)


@pytest.mark.parametrize(
    "text",
    [
        # Without a year of four digits.
        "01/20",
        "15/01/20",
        "20-01-15",
        "jan 20",
        "jan-20",
        "januari",
        "01",
        "2020",
        "1/1/1",
        "01/02020",
        # Not a name, or more than one.
        "foo 2020",
        "j 2020",
        "ju 2020",
        "janu 2020",
        "january february 2020",
        "prairial 2020",
        "2020 2020",
        # Without anything between, or with something else.
        "012020",
        "202001",
        "20200115",
        "01//2020",
        "01--2020",
        "01/2020/",
        "-01/2020",
        "01,2020",
        "2020-W01",
        "2020-01-15T00:00",
        "001/2020",
        "01/2020 02/2020",
        # Digits of other scripts, and signs that only count as digits when they are taken apart.
        "٠١/٢٠٢٠",
        "０１/２０２０",
        "1/２０２０",
        "² 2020",
        "½ 2020",
        "① 2020",
        "01/2020\x00",
    ],
    ids=ascii,
)
def test_invalid_month_is_rejected(text: str) -> None:
    assert message_for_month(text) == (
        "Enter a month and a four-digit year, for example 01/2020 or January 2020."
    )


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("form", ["MMMM y", "MMM y", "LLLL y", "LLL y", "MM/y", "y-MM"])
@pytest.mark.parametrize("written", [str, str.upper, str.lower], ids=["as is", "capitals", "small"])
def test_every_month_as_each_language_writes_it_reads_back(
    locale: str, form: str, written: Callable[[str], str]
) -> None:
    months = [date(year, month, 1) for year, month in product(range(1994, 2031), range(1, 13))]
    texts = [written(format_date(month, form, locale=locale)) for month in months]
    assert [parse_month(text) for text in texts] == months


@searching
@given(
    day=dates,
    locale=locales,
    form=st.sampled_from(["long", "medium", "dd/MM/y", "d.M.y", "d-MM-y", "y-MM-dd"]),
)
def test_every_date_as_each_language_writes_it_is_of_its_month(day: date, locale: str, form: str) -> None:
    text = format_date(day, form, locale=locale)
    assert parse_month(text) == day.replace(day=1), ascii(text)


@searching
@given(st.one_of(st.text(), month_like))
def test_any_text_is_a_month_of_its_year_or_rejected(text: str) -> None:
    try:
        month = parse_month(text)
    except MonthNotValid as error:
        assert str(error).startswith(("Enter ", "This month "))
        return
    assert month.day == 1
    assert 1900 <= month.year <= 2099
    assert str(month.year) in text


def test_a_name_of_two_months_is_not_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    def confused(width: str, context: Literal["format", "stand-alone"], locale: str) -> Dict[int, str]:
        return {6: "ju", 7: "ju", 8: "aug"} if locale == "nl" else {8: "Aug.", 9: "sep"}

    monkeypatch.setattr(typed, "get_month_names", confused)
    named = typed._months_by_name.__wrapped__()
    assert "ju" not in named
    assert (named["aug"], named["sep"]) == (8, 9)


# Texts that make a careless pattern go back over them again and again.
HOSTILE: List[Tuple[str, str]] = [
    ("", "1"),
    ("", " "),
    ("1", " "),
    ("", "€"),
    ("", "1 "),
    ("1", " 250"),
    ("1", ".250"),
    ("1", ",250"),
    ("1", ",250.250"),
    ("", "1,"),
    ("1250,", "-"),
    ("", "euro"),
    ("1 ", "/ "),
    ("jan", " ."),
    ("jan", "uari"),
    ("2020 ", "e"),
    ("", "\ufdfa"),  # 18 letters in the form that search_form takes it apart to
    ("a", "\u0301\u0323"),  # marks that Unicode sorts
]


@pytest.mark.parametrize(("start", "repeated"), HOSTILE, ids=ascii)
@pytest.mark.parametrize("end", ["", "x", " €", " 2020"], ids=ascii)
@pytest.mark.parametrize("parse", [parse_amount, parse_month])
def test_a_long_text_is_understood_or_refused_at_once(
    start: str, repeated: str, end: str, parse: Callable[[str], object]
) -> None:
    text = start + repeated * (LONG // len(repeated)) + end
    began = perf_counter()
    with suppress(AmountNotValid, MonthNotValid):
        parse(text)
    assert perf_counter() - began < 1
