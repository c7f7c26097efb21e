"""Publication days, and the latest month published by a day."""

import csv
from datetime import date
from pathlib import Path

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.health_index.publication import (
    is_working_day,
    latest_published_month,
    public_holidays,
    publication_day,
)

days = st.dates(date(1994, 1, 1), date(2100, 12, 31))
searching = settings(max_examples=50, deadline=None, database=None)


@pytest.mark.parametrize(
    ("month", "day"),
    [
        ((2019, 12), 30),  # the last December of this rule
        ((2026, 7), 30),
        ((2026, 8), 28),  # Monday 31 follows a weekend
        ((2026, 5), 28),  # ends on a weekend
        ((2025, 5), 28),  # Ascension on Thursday 29
        ((2004, 5), 27),  # Whit Monday on 31
        ((1997, 3), 27),  # Easter Monday on 31; Good Friday is a working day
    ],
)
def test_publication_day_is_the_second_to_last_working_day(month: "tuple[int, int]", day: int) -> None:
    assert publication_day(date(*month, 1)) == date(*month, day)


@pytest.mark.parametrize(
    ("year", "day"),
    [
        (2020, 23),  # the first December of this rule
        (2028, 22),  # the 23rd is a Saturday
        (2029, 21),  # the 23rd is a Sunday
    ],
)
def test_publication_day_of_december_is_the_last_working_day_up_to_the_23rd(year: int, day: int) -> None:
    assert publication_day(date(year, 12, 1)) == date(year, 12, day)


def test_all_known_publication_days_follow_the_rule() -> None:
    with (Path(__file__).parent / "data" / "publication_dates.csv").open(encoding="utf-8") as file:
        known = {row["month"]: row["published"] for row in csv.DictReader(file)}
    assert len(known) == 32
    assert {text: str(publication_day(date(int(text[:4]), int(text[5:]), 1))) for text in known} == known


@searching
@given(days.filter(lambda day: day.month != 12))
def test_one_working_day_of_the_month_follows_the_publication_day(day: date) -> None:
    published = publication_day(day)
    assert (published.year, published.month) == (day.year, day.month)
    assert is_working_day(published)
    rest = [
        published.replace(day=number)
        for number in range(published.day + 1, (day + relativedelta(day=31)).day + 1)
    ]
    assert len([later for later in rest if is_working_day(later)]) == 1


@searching
@given(days)
def test_publication_day_is_the_same_for_all_days_of_a_month(day: date) -> None:
    assert publication_day(day) == publication_day(day.replace(day=1))


@searching
@given(days)
def test_latest_published_month_is_published_and_the_next_one_is_not(day: date) -> None:
    latest = latest_published_month(day)
    assert latest.day == 1
    assert publication_day(latest) <= day < publication_day(latest + relativedelta(months=1))


@pytest.mark.parametrize(
    ("day", "month"),
    [
        (date(2026, 8, 27), date(2026, 7, 1)),
        (date(2026, 8, 28), date(2026, 8, 1)),
        (date(2026, 12, 22), date(2026, 11, 1)),
        (date(2026, 12, 23), date(2026, 12, 1)),
        (date(2027, 1, 1), date(2026, 12, 1)),
    ],
)
def test_month_is_published_from_its_publication_day_on(day: date, month: date) -> None:
    assert latest_published_month(day) == month


def test_public_holidays_are_the_ten_legal_ones() -> None:
    expected = [(1, 1), (4, 6), (5, 1), (5, 14), (5, 25), (7, 21), (8, 15), (11, 1), (11, 11), (12, 25)]
    assert sorted(public_holidays(2026)) == [date(2026, *day) for day in expected]


def test_two_holidays_may_coincide() -> None:
    assert len(public_holidays(2008)) == 9  # Ascension on the first of May


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 7, 20), True),
        (date(2026, 7, 21), False),
        (date(2026, 8, 29), False),
        (date(2026, 8, 30), False),
        (date(2026, 4, 3), True),  # Good Friday
        (date(2026, 12, 24), True),
    ],
)
def test_working_day_is_no_weekend_or_holiday(day: date, working: bool) -> None:
    assert is_working_day(day) is working
