"""Numbers, amounts, months, days and instants as readers of each language write them."""

import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Callable, List, Tuple

import pytest
from flask import Flask, render_template_string
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.i18n import formatting

LANGUAGES = ("nl", "fr", "de", "en")

# No line ends at these: the narrow one is between French digits, the other before a sign and in a day.
NARROW, FIXED = "\u202f", "\u00a0"

UTC = timezone.utc
cents = st.integers(-(10**14), 10**14).map(lambda number: Decimal(number).scaleb(-2))


def said(app: Flask, write: Callable[..., str], *values: object) -> Tuple[str, ...]:
    """What is written of values in Dutch, French, German and English."""
    return tuple(said_in(app, language, write, *values) for language in LANGUAGES)


def said_in(app: Flask, language: str, write: Callable[..., str], *values: object) -> str:
    with app.test_request_context(headers={"Accept-Language": language}):
        return write(*values)


# Days


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (date(2025, 12, 1), ("december 2025", "décembre 2025", "Dezember 2025", "December 2025")),
        (date(2026, 3, 1), ("maart 2026", "mars 2026", "März 2026", "March 2026")),
        (date(2026, 3, 31), ("maart 2026", "mars 2026", "März 2026", "March 2026")),
        (date(1994, 5, 1), ("mei 1994", "mai 1994", "Mai 1994", "May 1994")),
        (date(2020, 8, 1), ("augustus 2020", "août 2020", "August 2020", "August 2020")),
    ],
    ids=str,
)
def test_a_month(sqlite_app: Flask, value: date, expected: Tuple[str, ...]) -> None:
    assert said(sqlite_app, formatting.month, value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (date(2025, 12, 1), ("dec 2025", "déc. 2025", "Dez. 2025", "Dec 2025")),
        (date(2026, 3, 1), ("mrt 2026", "mars 2026", "März 2026", "Mar 2026")),
        (date(2026, 5, 1), ("mei 2026", "mai 2026", "Mai 2026", "May 2026")),
        (date(2026, 7, 1), ("jul 2026", "juil. 2026", "Juli 2026", "Jul 2026")),
    ],
    ids=str,
)
def test_a_short_month(sqlite_app: Flask, value: date, expected: Tuple[str, ...]) -> None:
    assert said(sqlite_app, formatting.short_month, value) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, ("jan", "janv.", "Jan", "Jan")),
        (3, ("mrt", "mars", "Mär", "Mar")),
        (5, ("mei", "mai", "Mai", "May")),
        (12, ("dec", "déc.", "Dez", "Dec")),
    ],
)
def test_the_name_of_a_month_over_a_column(sqlite_app: Flask, number: int, expected: Tuple[str, ...]) -> None:
    assert said(sqlite_app, formatting.month_name, number) == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_twelve_names_of_months_differ_and_are_short(sqlite_app: Flask, language: str) -> None:
    names = [said_in(sqlite_app, language, formatting.month_name, number) for number in range(1, 13)]
    assert len(set(names)) == 12
    assert max(map(len, names)) <= 5


@pytest.mark.parametrize("number", [0, 13])
def test_there_is_no_other_month(sqlite_app: Flask, number: int) -> None:
    with pytest.raises(ValueError, match="month must be in"):
        said(sqlite_app, formatting.month_name, number)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            date(2026, 11, 22),
            ("22 november 2026", "22 novembre 2026", "22. November 2026", "22 November 2026"),
        ),
        (date(2026, 3, 1), ("1 maart 2026", "1er mars 2026", "1. März 2026", "1 March 2026")),
        (date(2024, 4, 30), ("30 april 2024", "30 avril 2024", "30. April 2024", "30 April 2024")),
        (date(2024, 4, 11), ("11 april 2024", "11 avril 2024", "11. April 2024", "11 April 2024")),
    ],
    ids=str,
)
def test_a_day(sqlite_app: Flask, value: date, expected: Tuple[str, ...]) -> None:
    assert tuple(day.replace(FIXED, " ") for day in said(sqlite_app, formatting.day, value)) == expected


def test_no_line_ends_between_a_day_and_its_month(sqlite_app: Flask) -> None:
    assert said(sqlite_app, formatting.day, date(2026, 11, 1)) == (
        f"1{FIXED}november 2026",
        f"1er{FIXED}novembre 2026",
        f"1.{FIXED}November 2026",
        f"1{FIXED}November 2026",
    )


# Instants


@pytest.mark.parametrize(
    ("instant", "day", "time"),
    [
        (datetime(2026, 11, 22, 13, 3, tzinfo=UTC), date(2026, 11, 22), "14:03"),
        (datetime(2026, 7, 1, 12, 5, tzinfo=UTC), date(2026, 7, 1), "14:05"),
        (datetime(2026, 1, 31, 22, 59, 59, tzinfo=UTC), date(2026, 1, 31), "23:59"),
        (datetime(2026, 1, 31, 23, 0, tzinfo=UTC), date(2026, 2, 1), "00:00"),
        (datetime(2026, 7, 31, 21, 59, 59, tzinfo=UTC), date(2026, 7, 31), "23:59"),
        (datetime(2026, 7, 31, 22, 0, tzinfo=UTC), date(2026, 8, 1), "00:00"),
        (datetime(2025, 12, 31, 23, 30, tzinfo=UTC), date(2026, 1, 1), "00:30"),
        # The hour that there is not, and the one that there is twice.
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), date(2026, 3, 29), "01:59"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), date(2026, 3, 29), "03:00"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), date(2026, 10, 25), "02:30"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), date(2026, 10, 25), "02:30"),
        # Whatever the clock that told it.
        (datetime(2026, 7, 1, 3, 0, tzinfo=timezone(timedelta(hours=9))), date(2026, 6, 30), "20:00"),
    ],
    ids=str,
)
def test_an_instant_is_told_as_a_clock_in_belgium_showed_it(
    sqlite_app: Flask, instant: datetime, day: date, time: str
) -> None:
    assert said_in(sqlite_app, "en", formatting.moment, instant) == (
        f"{said_in(sqlite_app, 'en', formatting.day, day)} at {time}"
    )


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("nl", f"22{FIXED}november 2026 om 09.03{FIXED}uur"),
        ("fr", f"22{FIXED}novembre 2026 à 09{FIXED}h{FIXED}03"),
        ("de", f"22.{FIXED}November 2026 um 09:03{FIXED}Uhr"),
        ("en", f"22{FIXED}November 2026 at 09:03"),
    ],
)
def test_an_instant_is_told_in_the_words_of_each_language(
    sqlite_app: Flask, language: str, expected: str
) -> None:
    instant = datetime(2026, 11, 22, 8, 3, tzinfo=UTC)
    assert said_in(sqlite_app, language, formatting.moment, instant) == expected


# Numbers


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        ("1250.5", 2, ("1.250,50", f"1{NARROW}250,50", "1.250,50", "1,250.50")),
        ("103.24", 2, ("103,24", "103,24", "103,24", "103.24")),
        ("0", 2, ("0,00", "0,00", "0,00", "0.00")),
        ("0.05", 2, ("0,05", "0,05", "0,05", "0.05")),
        ("-1250.5", 1, ("-1.250,5", f"-1{NARROW}250,5", "-1.250,5", "-1,250.5")),
        ("1250", 0, ("1.250", f"1{NARROW}250", "1.250", "1,250")),
        ("0", 0, ("0", "0", "0", "0")),
        ("1.7", 4, ("1,7000", "1,7000", "1,7000", "1.7000")),
        (
            "999999999999.99",
            2,
            (
                "999.999.999.999,99",
                f"999{NARROW}999{NARROW}999{NARROW}999,99",
                "999.999.999.999,99",
                "999,999,999,999.99",
            ),
        ),
    ],
)
def test_a_number_has_as_many_decimals_as_are_asked_for(
    sqlite_app: Flask, value: str, places: int, expected: Tuple[str, ...]
) -> None:
    assert said(sqlite_app, formatting.decimal, Decimal(value), places) == expected


def test_unless_it_is_said_a_number_has_two_decimals(sqlite_app: Flask) -> None:
    assert said_in(sqlite_app, "en", formatting.decimal, Decimal(7)) == "7.00"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, ("0", "0", "0", "0")),
        (999, ("999", "999", "999", "999")),
        (1000, ("1.000", f"1{NARROW}000", "1.000", "1,000")),
        (10_000, ("10.000", f"10{NARROW}000", "10.000", "10,000")),
        (1_000_000, ("1.000.000", f"1{NARROW}000{NARROW}000", "1.000.000", "1,000,000")),
        (-1234, ("-1.234", f"-1{NARROW}234", "-1.234", "-1,234")),
    ],
)
def test_a_whole_number_has_its_digits_in_threes(
    sqlite_app: Flask, value: int, expected: Tuple[str, ...]
) -> None:
    assert said(sqlite_app, formatting.whole_number, value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            "1250.5",
            (f"€{FIXED}1.250,50", f"1{NARROW}250,50{FIXED}€", f"1.250,50{FIXED}€", "€1,250.50"),
        ),
        ("0", (f"€{FIXED}0,00", f"0,00{FIXED}€", f"0,00{FIXED}€", "€0.00")),
        ("0.01", (f"€{FIXED}0,01", f"0,01{FIXED}€", f"0,01{FIXED}€", "€0.01")),
        (
            "-1250.5",
            (f"€{FIXED}-1.250,50", f"-1{NARROW}250,50{FIXED}€", f"-1.250,50{FIXED}€", "-€1,250.50"),
        ),
        (
            "1000000",
            (
                f"€{FIXED}1.000.000,00",
                f"1{NARROW}000{NARROW}000,00{FIXED}€",
                f"1.000.000,00{FIXED}€",
                "€1,000,000.00",
            ),
        ),
    ],
)
def test_an_amount_in_euros(sqlite_app: Flask, value: str, expected: Tuple[str, ...]) -> None:
    assert said(sqlite_app, formatting.euros, Decimal(value)) == expected


@settings(deadline=None, database=None)
@given(value=cents, language=st.sampled_from(LANGUAGES))
def test_no_digit_of_a_number_or_an_amount_is_lost(sqlite_app: Flask, value: Decimal, language: str) -> None:
    for write in (formatting.decimal, formatting.euros):
        shown = said_in(sqlite_app, language, write, value)
        assert int(re.sub("[^0-9]", "", shown)) == abs(value) * 100
        assert ("-" in shown) == (value < 0)


# Changes


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0.0244", ("+2,44%", f"+2,44{FIXED}%", f"+2,44{FIXED}%", "+2.44%")),
        ("-0.0244", ("-2,44%", f"-2,44{FIXED}%", f"-2,44{FIXED}%", "-2.44%")),
        ("0.1", ("+10,00%", f"+10,00{FIXED}%", f"+10,00{FIXED}%", "+10.00%")),
        ("-0.0001", ("-0,01%", f"-0,01{FIXED}%", f"-0,01{FIXED}%", "-0.01%")),
        ("12.5", ("+1.250,00%", f"+1{NARROW}250,00{FIXED}%", f"+1.250,00{FIXED}%", "+1,250.00%")),
        ("0", ("+0,00%", f"+0,00{FIXED}%", f"+0,00{FIXED}%", "+0.00%")),
    ],
)
def test_a_change_has_its_sign_and_is_in_percent(
    sqlite_app: Flask, value: str, expected: Tuple[str, ...]
) -> None:
    assert said(sqlite_app, formatting.change, Decimal(value)) == expected


@pytest.mark.parametrize("value", ["-0.0000", "-0", "-0.00001"])
def test_a_change_of_nothing_is_no_decline(sqlite_app: Flask, value: str) -> None:
    nothing = said(sqlite_app, formatting.change, Decimal(0))
    assert said(sqlite_app, formatting.change, Decimal(value)) == nothing


def test_a_change_that_is_not_known_is_a_dash(sqlite_app: Flask) -> None:
    assert said(sqlite_app, formatting.change, None) == ("–", "–", "–", "–")


# In templates


def test_templates_write_values_with_these_functions(sqlite_app: Flask) -> None:
    def render() -> str:
        return render_template_string(
            "{{ day|month }}|{{ day|short_month }}|{{ 12|month_name }}|{{ day|day }}|{{ instant|moment }}|"
            "{{ amount|decimal }}|{{ amount|decimal(0) }}|{{ 10000|whole_number }}|{{ amount|euros }}|"
            "{{ part|change }}",
            day=date(2025, 12, 1),
            instant=datetime(2025, 12, 1, 8, 0, tzinfo=UTC),
            amount=Decimal("1250.00"),
            part=Decimal("0.01"),
        )

    shown: List[str] = said_in(sqlite_app, "en", render).split("|")
    assert shown == [
        *("December 2025", "Dec 2025", "Dec", f"1{FIXED}December 2025", f"1{FIXED}December 2025 at 09:00"),
        *("1,250.00", "1,250", "10,000", "€1,250.00", "+1.00%"),
    ]
