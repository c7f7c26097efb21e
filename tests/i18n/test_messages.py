"""What is said to a person, in English: the text with its figures, as scripts and the terminal get it."""

from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Dict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.errors import ZipcodeNotFound
from webapp.i18n.messages import N_, Message, is_large


def test_a_text_that_is_marked_for_translation_stays_as_it_is() -> None:
    assert N_("100 % of %(name)s") == "100 % of %(name)s"


@pytest.mark.parametrize(
    ("text", "figures", "said"),
    [
        ("Please try again.", {}, "Please try again."),
        ("No range holds %(zipcode)s.", {"zipcode": 1311}, "No range holds 1311."),
        ("“%(given)s” is no place.", {"given": "Gentt"}, "“Gentt” is no place."),
        ("%(a)s, %(b)s, %(a)s", {"a": 1, "b": "two"}, "1, two, 1"),
        ("at most %(most)s rows", {"most": 1_000_000}, "at most 1,000,000 rows"),
        ("at most %(most)s rows", {"most": 10_000}, "at most 10,000 rows"),
        ("up to %(last)s", {"last": 9_999}, "up to 9999"),
        ("base year %(year)s", {"year": 2025}, "base year 2025"),
        ("%(count)s of them", {"count": 0}, "0 of them"),
        ("from %(first)s on", {"first": date(2020, 1, 1)}, "from 2020-01 on"),
        ("from %(first)s on", {"first": date(2020, 12, 31)}, "from 2020-12 on"),
        ("from %(first)s on", {"first": datetime(2020, 1, 31, 23, tzinfo=timezone.utc)}, "from 2020-01 on"),
        ("index %(index)s", {"index": Decimal("103.20")}, "index 103.20"),
    ],
)
def test_in_english_a_message_has_its_figures_in_it(text: str, figures: Dict[str, object], said: str) -> None:
    assert str(Message(text, figures)) == said


@pytest.mark.parametrize("text", ["100 %", "100 % sure", "%s", "%(name)s", "%%"])
def test_without_figures_a_text_is_said_as_it_stands(text: str) -> None:
    assert str(Message(text, {})) == text


@pytest.mark.parametrize("given", ["%", "%s", "%(given)s", "%%", "100 %d", ""])
def test_what_somebody_typed_is_no_pattern(given: str) -> None:
    assert str(Message("No place found for “%(given)s”.", {"given": given})) == (
        f"No place found for “{given}”."
    )


@settings(deadline=None, database=None)
@given(given=st.text())
def test_whatever_somebody_typed_is_said_back_letter_by_letter(given: str) -> None:
    error = ZipcodeNotFound("“%(given)s”", given=given)
    assert str(error) == str(error.message) == f"“{given}”"


@pytest.mark.parametrize(
    ("figure", "large"),
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
def test_years_and_zipcodes_are_no_large_figures(figure: object, large: bool) -> None:
    assert is_large(figure) is large


@settings(deadline=None, database=None)
@given(figure=st.integers(0, 10**15))
def test_a_large_figure_has_its_digits_in_threes_and_another_has_none(figure: int) -> None:
    said = str(Message("%(figure)s", {"figure": figure}))
    first, *others = said.split(",")
    assert int(said.replace(",", "")) == figure
    assert [len(part) for part in others] == [3] * len(others)
    assert len(first) <= (3 if figure >= 10_000 else 4)
