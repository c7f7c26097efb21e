"""Amounts and months as people type them: parsed, or rejected with advice."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, datetime, timezone
from decimal import Decimal
from itertools import product
from time import perf_counter
from typing import Callable, Literal

import pytest
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.conftest import SetClock
from webapp.errors import AmountNotValid, MonthNotValid
from webapp.pages import input_parsing
from webapp.pages.input_parsing import parse_amount, parse_month

LOCALES = ["nl_BE", "fr_BE", "de_BE", "en_GB"]
SPACES = (" ", "\u00a0", "\u202f", "\u2009")

# The longest text that a form accepts.
MAX_CHARACTERS = 64 * 1024

many_examples = settings(max_examples=300, deadline=None, database=None)
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
    ("text", "expected"),
    [
        ("1250", "1250"),
        ("1250,5", "1250.5"),
        ("1250.50", "1250.50"),
        ("1.250", "1250"),
        ("1.250,50", "1250.50"),
        ("1.250.000", "1250000"),
        ("1 250.50", "1250.50"),
        ("1,250.5", "1250.5"),
        ("1,250,000", "1250000"),
        ("1,250,000.00", "1250000.00"),
        ("1250,-", "1250"),
        ("1.250,--", "1250"),
        ("850.-", "850"),
        ("850,–", "850"),
        ("850.—", "850"),
        ("1.250.-", "1250"),
        ("1,250.-", "1250"),
        ("1 250,--", "1250"),
        ("0,00", "0.00"),
        ("1,25", "1.25"),
        ("007", "7"),
        ("999.999.999.999,99", "999999999999.99"),
        ("\t 1250,50 \r\n", "1250.50"),
    ],
)
def test_amount_is_parsed_with_its_decimals(text: str, expected: str) -> None:
    assert str(parse_amount(text)) == expected


@pytest.mark.parametrize("mark", ["€", "EUR", "eur", "Euro", "euros"])
def test_currency_mark_is_accepted_before_or_after(mark: str) -> None:
    for space in ("", *SPACES, " \u00a0 "):
        assert (
            parse_amount(f"{mark}{space}1250,50")
            == parse_amount(f"1250,50{space}{mark}")
            == Decimal("1250.5")
        )


@pytest.mark.parametrize("space", SPACES, ids=ascii)
def test_any_space_groups_digits(space: str) -> None:
    assert parse_amount(f"{space}1{space}250{space}000,50{space}€{space}") == Decimal("1250000.50")


@pytest.mark.parametrize("text", ["987,654", "€ 987,654"])
def test_comma_before_three_digits_is_rejected_as_ambiguous(text: str) -> None:
    assert message_for_amount(text) == (
        "A comma followed by three digits is ambiguous. "
        "Enter 987654 for whole euros, or 987,65 with two decimals."
    )


@pytest.mark.parametrize("text", ["", "\u00a0\t\n", "\u202f€\u2009"], ids=ascii)
def test_empty_amount_is_rejected(text: str) -> None:
    assert message_for_amount(text) == "Enter an amount, for example 1250.50."


@pytest.mark.parametrize("text", ["1234567890123", "1.234.567.890.123,45"])
def test_amount_of_more_than_twelve_digits_is_rejected(text: str) -> None:
    assert message_for_amount(text) == "Enter an amount with at most 12 digits before the decimals."


@pytest.mark.parametrize(
    "text",
    [
        # Separators out of order, repeated or mixed.
        *("1,250.000", "1.250.50", "1.250 000", "1 250,000", "1250,50.5", "1..250", "1  250", "1,250,-"),
        # Groups that are not of three digits, or start with 0.
        *("1.2500", "12.50.000", "1250.000", "1 25", "1,250,00", "0.125", "0,125", "0 125", "01.250"),
        # More than two decimals, or a separator without decimals.
        *("1250,505", "1250,", ",50", "1250,---", "1250-", "1250.---"),
        # Signs, exponents and other numbers of Python.
        *("-1250", "€ -1250", "\u22121250", "+1250", "(1250)", "1e3", "1_250", "NaN"),
        # Other digits and separators of Unicode.
        *("١٢٥٠", "１２５０", "125²", "1\u2008250", "1\t250", "1'250"),
        # Two marks, a mark between digits, other currencies and other text.
        *("€ 1250 €", "EUR € 1250", "12€50", "$1250", "1250 eu", "twelve", "1250 1300", "1250\x00"),
    ],
    ids=ascii,
)
def test_invalid_amount_is_rejected(text: str) -> None:
    assert message_for_amount(text) == "Enter the amount in euros, for example 1250.50."


@many_examples
@given(amount=amounts, locale=locales)
def test_currency_format_of_every_language_is_parsed(amount: Decimal, locale: str) -> None:
    text = format_currency(amount, "EUR", locale=locale)
    assert parse_amount(text) == amount, ascii(text)
    name = format_currency(amount, "EUR", locale=locale, format_type="name")
    assert parse_amount(name) == amount, ascii(name)


@many_examples
@given(amount=amounts, locale=locales)
@example(amount=Decimal("1250.00"), locale="nl_BE")
@example(amount=Decimal("1250.00"), locale="en_GB")
@example(amount=Decimal("999999.00"), locale="en_GB")
@example(amount=Decimal("1000000.00"), locale="en_GB")
def test_number_format_of_every_language_is_parsed(amount: Decimal, locale: str) -> None:
    text = format_decimal(amount, locale=locale)
    if locale == "en_GB" and 1000 <= amount < 10**6 and amount == int(amount):
        assert "ambiguous" in message_for_amount(text)
    else:
        assert parse_amount(text) == amount, ascii(text)


@many_examples
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


@pytest.mark.parametrize(
    "text",
    [
        *("2020-01", "2020-1", "2020 01", "01/2020", "1-2020", "01.2020", "01 / 2020", "  01/2020\n"),
        *("01\u00a02020", "januari  2020", "2020 januari", "Jan-2020", "jan.2020", "JAN. 2020", "janv. 2020"),
        *("202001", "012020", "20200131", "31012020"),
        *(
            "01/20",
            "1/20",
            "01.20",
            "01 20",
            "01/'20",
            "jan 20",
            "Jan-20",
            "janvier ’20",
            "15/01/20",
            "15.1.20",
        ),
    ],
    ids=ascii,
)
def test_month_is_parsed_in_any_notation(text: str) -> None:
    assert parse_month(text) == date(2020, 1, 1)


@pytest.mark.parametrize(
    ("text", "year"), [("01/94", 1994), ("01/99", 1999), ("01/00", 2000), ("01/10", 2010), ("01/26", 2026)]
)
def test_year_of_two_digits_is_one_of_the_index(text: str, year: int) -> None:
    assert parse_month(text) == date(year, 1, 1)


@pytest.mark.parametrize("text", ["01/27", "jan 93", "15/01/50"])
def test_other_year_of_two_digits_is_rejected(text: str) -> None:
    assert message_for_month(text) == (
        "Enter the year with four digits, for example 01/2020. Two digits stand for a year from 1994 to 2026."
    )


def test_next_year_is_read_from_two_digits_once_it_has_begun(set_clock: SetClock) -> None:
    set_clock(datetime(2026, 12, 31, 23, 0, tzinfo=timezone.utc))  # midnight in Belgium
    assert parse_month("01/27") == date(2027, 1, 1)


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [("06-10", "2006-10", "2010-06"), ("20-01-15", "2015-01", "2020-01")],
)
def test_hyphens_between_two_digits_are_rejected_with_both_readings(
    text: str, first: str, second: str
) -> None:
    assert message_for_month(text) == (
        f"This may be {first} or {second}. Enter the year with four digits, for example 01/2020."
    )


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("06-06", date(2006, 6, 1)),
        ("1-02 - 03", date(2003, 2, 1)),
        ("19-06", date(2019, 6, 1)),
        ("06-99", date(1999, 6, 1)),
        ("31-12-19", date(2019, 12, 1)),
        ("99-12-31", date(1999, 12, 1)),
        ("20-06-20", date(2020, 6, 1)),
    ],
)
def test_hyphens_between_two_digits_are_accepted_with_one_reading(text: str, month: date) -> None:
    assert parse_month(text) == month


@pytest.mark.parametrize(
    ("name", "month"),
    [
        *(("febr.", 2), ("fevrier", 2), ("FÉVRIER", 2), ("fe\u0301vrier", 2), ("fév.", 2), ("fevr", 2)),
        *(("mrt", 3), ("marz", 3), ("MAERZ", 3), ("Maer.", 3)),  # codespell:ignore marz
        *(("juill.", 7), ("aout", 8), ("Sept", 9), ("decembre", 12)),
    ],
    ids=ascii,
)
def test_month_name_is_parsed_with_and_without_accents(name: str, month: int) -> None:
    assert parse_month(f"{name} 2020") == parse_month(f"2020 {name}") == date(2020, month, 1)


@pytest.mark.parametrize(
    "text",
    [
        *("15/12/2020", "15-12-2020", "15. 12. 2020", "15 12 2020", "1/12/2020", "2020/12/15", "2020-12-1"),
        *("15 december 2020", "15-dec-2020", "1er décembre 2020", "1ER DÉCEMBRE 2020"),
    ],
    ids=ascii,
)
def test_full_date_is_parsed_as_its_month(text: str) -> None:
    assert parse_month(text) == date(2020, 12, 1)


def test_full_date_starts_with_the_day() -> None:
    assert parse_month("03/04/2020") == date(2020, 4, 1)


@pytest.mark.parametrize("text", ["", "\u00a0\t\n"], ids=ascii)
def test_empty_month_is_rejected(text: str) -> None:
    assert message_for_month(text) == "Enter a month, for example 01/2020."


@pytest.mark.parametrize("text", ["1899-12", "2100-01", "31/12/1899", "0000-00"])
def test_month_of_another_century_is_rejected(text: str) -> None:
    assert message_for_month(text) == "Enter a year from 1900 to 2099, for example 01/2020."


def test_first_and_last_year_are_accepted() -> None:
    assert [parse_month("1/1900"), parse_month("12/2099")] == [date(1900, 1, 1), date(2099, 12, 1)]


@pytest.mark.parametrize("text", ["13/2020", "2020-00", "01/15/2020"])
def test_month_beyond_twelve_is_rejected(text: str) -> None:
    assert message_for_month(text) == (
        "Enter a month from 1 to 12, for example 01/2020. In a full date the day comes first: 15/01/2020."
    )


@pytest.mark.parametrize(
    "text",
    ["29/02/2021", "31-04-2020", "32/01/2020", "2020-01-00", "30 février 2020"],
)
def test_date_that_does_not_exist_is_rejected(text: str) -> None:
    assert message_for_month(text) == (
        "This day does not exist in that month. Enter only the month, for example 01/2020."
    )


def test_29_february_of_a_leap_year_is_accepted() -> None:
    assert parse_month("29/02/2020") == date(2020, 2, 1)


@pytest.mark.parametrize(
    "text",
    [
        # No year, or one of three or five digits.
        *("10 januari", "januari", "2020", "01/02020", "01/020", "01/'2"),
        # No month name, an ambiguous one, or two.
        *("j 2020", "ju 2020", "janu 2020", "january february 2020", "prairial 2020", "2020 2020"),
        # Wrong separators.
        *(
            "202013",
            "132020",
            "202001150",
            "012020 15",
            "01//2020",
            "01/2020/",
            "-01/2020",
            "01,2020",
            "2020-W01",
            "001/2020",
        ),
        *("01/2020 02/2020", "2020-01-15T00:00", "01/2020\x00"),
        # Other digits of Unicode, and signs that NFKD would turn into digits.
        *("٠١/٢٠٢٠", "０１/２０２０", "² 2020", "½ 2020"),
    ],
    ids=ascii,
)
def test_invalid_month_is_rejected(text: str) -> None:
    assert message_for_month(text) == ("Enter a month and a year, for example 01/2020 or January 2020.")


@pytest.mark.parametrize("locale", LOCALES)
def test_month_format_of_every_language_is_parsed(locale: str) -> None:
    months = [date(2020, month, 1) for month in range(1, 13)]
    patterns = ("MMMM y", "MMM y", "LLLL y", "LLL y", "MM/y", "y-MM")
    for month, pattern in product(months, patterns):
        text = format_date(month, pattern, locale=locale)
        assert parse_month(text) == parse_month(text.upper()) == parse_month(text.lower()) == month, text


@many_examples
@given(
    day=dates,
    locale=locales,
    pattern=st.sampled_from(["long", "medium", "dd/MM/y", "d.M.y", "d-MM-y", "y-MM-dd"]),
)
def test_date_format_of_every_language_is_parsed_as_its_month(day: date, locale: str, pattern: str) -> None:
    text = format_date(day, pattern, locale=locale)
    assert parse_month(text) == day.replace(day=1), ascii(text)


@many_examples
@given(st.one_of(st.text(), month_like))
def test_any_text_is_a_month_of_its_year_or_rejected(text: str) -> None:
    try:
        month = parse_month(text)
    except MonthNotValid as error:
        assert str(error).startswith(("Enter ", "This "))
        return
    assert month.day == 1
    assert 1900 <= month.year <= 2099
    assert f"{month.year % 100:02}" in text


def test_month_name_shared_by_two_months_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def ambiguous(width: str, context: Literal["format", "stand-alone"], locale: str) -> dict[int, str]:
        return {6: "ju", 7: "ju", 8: "aug"} if locale == "nl" else {8: "Aug.", 9: "sep"}

    monkeypatch.setattr(input_parsing, "get_month_names", ambiguous)
    months = input_parsing._months_by_name.__wrapped__()
    assert "ju" not in months
    assert (months["aug"], months["sep"]) == (8, 9)


# Texts on which a careless pattern backtracks without end: a start, and a part that is repeated.
HOSTILE = [
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
    ("", "\ufdfa"),  # becomes 18 letters in NFKD
    ("a", "\u0301\u0323"),  # combining marks, which normalization sorts
]


@pytest.mark.serial
@pytest.mark.parametrize(("start", "repeated"), HOSTILE, ids=ascii)
@pytest.mark.parametrize("parse", [parse_amount, parse_month])
def test_long_text_is_parsed_or_rejected_at_once(
    start: str, repeated: str, parse: Callable[[str], object]
) -> None:
    for end in ("", "x", " €", " 2020"):
        text = start + repeated * (MAX_CHARACTERS // len(repeated)) + end
        began = perf_counter()
        with suppress(AmountNotValid, MonthNotValid):
            parse(text)
        assert perf_counter() - began < 1
