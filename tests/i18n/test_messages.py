"""Messages in English, for scripts and the terminal."""

from __future__ import annotations

from datetime import date, datetime, timezone
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from webapp.errors import ZipcodeNotFound
from webapp.i18n.messages import N_, Message, is_large


def test_marked_text_is_unchanged() -> None:
    assert N_("100 % of %(name)s") == "100 % of %(name)s"


@pytest.mark.parametrize(
    ("text", "params", "expected"),
    [
        ("Please try again.", {}, "Please try again."),
        ("No range holds %(zipcode)s.", {"zipcode": 1311}, "No range holds 1311."),
        ("“%(input)s” is no place.", {"input": "Gentt"}, "“Gentt” is no place."),
        ("%(a)s, %(b)s, %(a)s", {"a": 1, "b": "two"}, "1, two, 1"),
        ("at most %(most)s rows", {"most": 10_000}, "at most 10,000 rows"),
        ("up to %(last)s", {"last": 9_999}, "up to 9999"),
        ("from %(first)s on", {"first": date(2020, 1, 1)}, "from 2020-01 on"),
        ("from %(first)s on", {"first": datetime(2020, 1, 31, 23, tzinfo=timezone.utc)}, "from 2020-01 on"),
        ("index %(index)s", {"index": Decimal("103.20")}, "index 103.20"),
    ],
)
def test_message_is_formatted_with_its_parameters(
    text: str, params: dict[str, object], expected: str
) -> None:
    assert str(Message(text, params)) == expected


@pytest.mark.parametrize("text", ["100 % sure", "%(name)s", "%%"])
def test_text_without_parameters_is_not_formatted(text: str) -> None:
    assert str(Message(text, {})) == text


@settings(deadline=None, database=None)
@given(text=st.text())
@example("%(input)s %d")
def test_input_in_a_message_is_unchanged(text: str) -> None:
    error = ZipcodeNotFound("“%(input)s”", input=text)
    assert str(error) == str(error.message) == f"“{text}”"


@pytest.mark.parametrize(
    ("value", "large"),
    [
        (10_000, True),
        (10**12, True),
        (9_999, False),
        (0, False),
        (-1, False),
        (True, False),
        ("1000000", False),
        (date(2020, 1, 1), False),
        (None, False),
    ],
)
def test_years_and_zipcodes_are_not_large(value: object, large: bool) -> None:
    assert is_large(value) is large


@settings(deadline=None, database=None)
@given(number=st.integers(0, 10**15))
def test_only_large_numbers_are_grouped(number: int) -> None:
    text = str(Message("%(number)s", {"number": number}))
    first, *others = text.split(",")
    assert int(text.replace(",", "")) == number
    assert [len(part) for part in others] == [3] * len(others)
    assert len(first) <= (3 if number >= 10_000 else 4)
