"""Formats of numbers, amounts and dates in each language."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Callable

import pytest
from flask import Flask, render_template_string
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.i18n import formatting

LANGUAGES = ("nl", "fr", "de", "en")

# No-break spaces: the narrow one groups French digits, the other stands before a unit and in a day.
NARROW, FIXED = "\u202f", "\u00a0"

UTC = timezone.utc
cents = st.integers(-(10**14), 10**14).map(lambda number: Decimal(number).scaleb(-2))


def formatted(app: Flask, write: Callable[..., str], *values: object) -> tuple[str, ...]:
    """Format values in Dutch, French, German and English."""
    return tuple(formatted_in(app, language, write, *values) for language in LANGUAGES)


def formatted_in(app: Flask, language: str, write: Callable[..., str], *values: object) -> str:
    with app.test_request_context(headers={"Accept-Language": language}):
        return write(*values)


# Days


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (date(2025, 12, 1), ("december 2025", "décembre 2025", "Dezember 2025", "December 2025")),
        (date(2026, 3, 1), ("maart 2026", "mars 2026", "März 2026", "March 2026")),
    ],
    ids=str,
)
def test_month(sqlite_app: Flask, value: date, expected: tuple[str, ...]) -> None:
    assert formatted(sqlite_app, formatting.month, value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (date(2025, 12, 1), ("dec 2025", "déc. 2025", "Dez. 2025", "Dec 2025")),
        (date(2026, 3, 1), ("mrt 2026", "mars 2026", "März 2026", "Mar 2026")),
    ],
    ids=str,
)
def test_short_month(sqlite_app: Flask, value: date, expected: tuple[str, ...]) -> None:
    assert formatted(sqlite_app, formatting.short_month, value) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, ("jan", "janv.", "Jan", "Jan")),
        (3, ("mrt", "mars", "Mär", "Mar")),
    ],
)
def test_month_name(sqlite_app: Flask, number: int, expected: tuple[str, ...]) -> None:
    assert formatted(sqlite_app, formatting.month_name, number) == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_month_names_differ_and_are_short(sqlite_app: Flask, language: str) -> None:
    names = [formatted_in(sqlite_app, language, formatting.month_name, number) for number in range(1, 13)]
    assert len(set(names)) == 12
    assert max(map(len, names)) <= 5


@pytest.mark.parametrize("number", [0, 13])
def test_other_month_number_is_rejected(sqlite_app: Flask, number: int) -> None:
    with pytest.raises(ValueError, match="month must be in"):
        formatted(sqlite_app, formatting.month_name, number)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            date(2026, 11, 22),
            ("22 november 2026", "22 novembre 2026", "22. November 2026", "22 November 2026"),
        ),
        (date(2026, 3, 1), ("1 maart 2026", "1er mars 2026", "1. März 2026", "1 March 2026")),
        (date(2024, 4, 11), ("11 april 2024", "11 avril 2024", "11. April 2024", "11 April 2024")),
    ],
    ids=str,
)
def test_day(sqlite_app: Flask, value: date, expected: tuple[str, ...]) -> None:
    assert tuple(day.replace(FIXED, " ") for day in formatted(sqlite_app, formatting.day, value)) == expected


def test_day_has_a_no_break_space_before_its_month(sqlite_app: Flask) -> None:
    assert formatted(sqlite_app, formatting.day, date(2026, 11, 1)) == (
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
        (datetime(2026, 7, 31, 21, 59, 59, tzinfo=UTC), date(2026, 7, 31), "23:59"),
        (datetime(2026, 7, 31, 22, 0, tzinfo=UTC), date(2026, 8, 1), "00:00"),
        (datetime(2025, 12, 31, 23, 30, tzinfo=UTC), date(2026, 1, 1), "00:30"),
        # The skipped and the repeated hour of daylight saving time.
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), date(2026, 3, 29), "01:59"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), date(2026, 3, 29), "03:00"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), date(2026, 10, 25), "02:30"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), date(2026, 10, 25), "02:30"),
        # Any time zone.
        (datetime(2026, 7, 1, 3, 0, tzinfo=timezone(timedelta(hours=9))), date(2026, 6, 30), "20:00"),
    ],
    ids=str,
)
def test_moment_is_in_belgian_time(sqlite_app: Flask, instant: datetime, day: date, time: str) -> None:
    assert formatted_in(sqlite_app, "en", formatting.moment, instant) == (
        f"{formatted_in(sqlite_app, 'en', formatting.day, day)} at {time}"
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
def test_moment_in_each_language(sqlite_app: Flask, language: str, expected: str) -> None:
    instant = datetime(2026, 11, 22, 8, 3, tzinfo=UTC)
    assert formatted_in(sqlite_app, language, formatting.moment, instant) == expected


# Numbers


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        ("1250.5", 2, ("1.250,50", f"1{NARROW}250,50", "1.250,50", "1,250.50")),
        ("103.24", 2, ("103,24", "103,24", "103,24", "103.24")),
        ("-1250.5", 1, ("-1.250,5", f"-1{NARROW}250,5", "-1.250,5", "-1,250.5")),
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
def test_decimal_has_the_requested_number_of_places(
    sqlite_app: Flask, value: str, places: int, expected: tuple[str, ...]
) -> None:
    assert formatted(sqlite_app, formatting.decimal, Decimal(value), places) == expected


def test_decimal_has_two_places_by_default(sqlite_app: Flask) -> None:
    assert formatted_in(sqlite_app, "en", formatting.decimal, Decimal(7)) == "7.00"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (999, ("999", "999", "999", "999")),
        (1000, ("1.000", f"1{NARROW}000", "1.000", "1,000")),
        (1_000_000, ("1.000.000", f"1{NARROW}000{NARROW}000", "1.000.000", "1,000,000")),
    ],
)
def test_whole_number_is_grouped(sqlite_app: Flask, value: int, expected: tuple[str, ...]) -> None:
    assert formatted(sqlite_app, formatting.whole_number, value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            "1250.5",
            (f"€{FIXED}1.250,50", f"1{NARROW}250,50{FIXED}€", f"1.250,50{FIXED}€", "€1,250.50"),
        ),
        ("0", (f"€{FIXED}0,00", f"0,00{FIXED}€", f"0,00{FIXED}€", "€0.00")),
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
def test_euros(sqlite_app: Flask, value: str, expected: tuple[str, ...]) -> None:
    assert formatted(sqlite_app, formatting.euros, Decimal(value)) == expected


@settings(deadline=None, database=None, max_examples=50)
@given(value=cents, language=st.sampled_from(LANGUAGES))
def test_numbers_and_amounts_keep_all_digits(sqlite_app: Flask, value: Decimal, language: str) -> None:
    for write in (formatting.decimal, formatting.euros):
        shown = formatted_in(sqlite_app, language, write, value)
        assert int(re.sub("[^0-9]", "", shown)) == abs(value) * 100
        assert ("-" in shown) == (value < 0)


# Changes


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0.0244", ("+2,44%", f"+2,44{FIXED}%", f"+2,44{FIXED}%", "+2.44%")),
        ("-0.0244", ("-2,44%", f"-2,44{FIXED}%", f"-2,44{FIXED}%", "-2.44%")),
        ("-0.0001", ("-0,01%", f"-0,01{FIXED}%", f"-0,01{FIXED}%", "-0.01%")),
        ("12.5", ("+1.250,00%", f"+1{NARROW}250,00{FIXED}%", f"+1.250,00{FIXED}%", "+1,250.00%")),
        ("0", ("+0,00%", f"+0,00{FIXED}%", f"+0,00{FIXED}%", "+0.00%")),
    ],
)
def test_change_has_a_sign_and_is_in_percent(
    sqlite_app: Flask, value: str, expected: tuple[str, ...]
) -> None:
    assert formatted(sqlite_app, formatting.change, Decimal(value)) == expected


@pytest.mark.parametrize("value", ["-0", "-0.00001"])
def test_change_that_rounds_to_zero_is_positive(sqlite_app: Flask, value: str) -> None:
    nothing = formatted(sqlite_app, formatting.change, Decimal(0))
    assert formatted(sqlite_app, formatting.change, Decimal(value)) == nothing


def test_unknown_change_is_a_dash(sqlite_app: Flask) -> None:
    assert formatted(sqlite_app, formatting.change, None) == ("–", "–", "–", "–")


# In templates


def test_functions_are_template_filters(sqlite_app: Flask) -> None:
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

    shown: list[str] = formatted_in(sqlite_app, "en", render).split("|")
    assert shown == [
        *("December 2025", "Dec 2025", "Dec", f"1{FIXED}December 2025", f"1{FIXED}December 2025 at 09:00"),
        *("1,250.00", "1,250", "10,000", "€1,250.00", "+1.00%"),
    ]
