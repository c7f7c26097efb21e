"""When Statbel publishes, and which month is out on a given day."""

from datetime import date, timedelta

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
searching = settings(deadline=None, database=None)


@pytest.mark.parametrize(
    ("month", "day"),
    [
        ((2024, 10), 30),
        ((2024, 12), 30),
        ((2026, 2), 26),
        ((2026, 7), 30),
        ((2026, 8), 28),  # the last days are a weekend and Monday 31
        ((2026, 5), 28),  # ends on a weekend
        ((2025, 5), 28),  # Ascension on Thursday 29
        ((2004, 5), 27),  # Whit Monday on 31
        ((1997, 3), 27),  # Easter Monday on 31; Good Friday is a working day
    ],
)
def test_it_is_the_second_to_last_working_day(month: "tuple[int, int]", day: int) -> None:
    assert publication_day(date(*month, 1)) == date(*month, day)


@searching
@given(days)
def test_it_is_a_working_day_of_its_month_and_one_more_follows(day: date) -> None:
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
def test_every_day_of_a_month_tells_the_same_publication_day(day: date) -> None:
    assert publication_day(day) == publication_day(day.replace(day=1))


@searching
@given(days)
def test_the_latest_month_is_out_and_the_next_one_is_not(day: date) -> None:
    latest = latest_published_month(day)
    assert latest.day == 1
    assert publication_day(latest) <= day < publication_day(latest + relativedelta(months=1))


@pytest.mark.parametrize(
    ("day", "month"),
    [
        (date(2026, 8, 1), date(2026, 7, 1)),
        (date(2026, 8, 27), date(2026, 7, 1)),
        (date(2026, 8, 28), date(2026, 8, 1)),
        (date(2026, 8, 31), date(2026, 8, 1)),
        (date(2026, 9, 1), date(2026, 8, 1)),
        (date(2027, 1, 1), date(2026, 12, 1)),
    ],
)
def test_a_month_is_out_from_its_publication_day_on(day: date, month: date) -> None:
    assert latest_published_month(day) == month


def test_the_ten_legal_holidays() -> None:
    expected = [(1, 1), (4, 6), (5, 1), (5, 14), (5, 25), (7, 21), (8, 15), (11, 1), (11, 11), (12, 25)]
    assert sorted(public_holidays(2026)) == [date(2026, *day) for day in expected]


def test_two_holidays_may_fall_together() -> None:
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
def test_working_days(day: date, working: bool) -> None:
    assert is_working_day(day) is working


@searching
@given(days)
def test_no_more_than_four_days_in_a_row_are_free(day: date) -> None:
    assert any(is_working_day(day + timedelta(days=number)) for number in range(5))
