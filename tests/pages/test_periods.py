"""The months of a period, up to the latest one, and months in a grid of years."""

from __future__ import annotations

from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Sequence

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.health_index.sample import SEED, month
from webapp.errors import RequestNotValid
from webapp.health_index import series
from webapp.health_index.series import MonthlyIndex
from webapp.pages.periods import (
    DEFAULT_PERIOD,
    PERIODS,
    by_year,
    latest_months,
)

# Every month that there may be, as numbers from January 1994 on.
numbers = st.sets(st.integers(0, 12 * 60), min_size=1, max_size=100)


def entry(of: date) -> MonthlyIndex:
    """A month; its value tells which one it is."""
    return {
        "base_year": 2013,
        "month": of,
        "value": Decimal(f"{of.year}.{of.month:02}"),
        "smoothed": None,
        "status": "published",
        "source": "bestat",
        "fetched_at": datetime(2026, 1, 1, tzinfo=timezone.utc),
    }


def held(*texts: str) -> list[MonthlyIndex]:
    return [entry(month(text)) for text in texts]


def held_months(chosen: set[int]) -> list[MonthlyIndex]:
    return [entry(month("1994-01") + relativedelta(months=number)) for number in sorted(chosen)]


def texts(months: Sequence[MonthlyIndex]) -> list[str]:
    return [f"{found['month']:%Y-%m}" for found in months]


# Periods


@pytest.mark.parametrize(
    ("base_year", "period", "expected"),
    [  # on base year 2025, the seed does not hold April, May and June of 2026
        (2013, "1", ("2024-12", "2025-12", 13)),
        (2013, "5", ("2020-12", "2025-12", 61)),
        (2013, "10", ("2015-12", "2025-12", 121)),
        (2013, "all", ("1994-01", "2025-12", 384)),
        (2025, "5", ("2021-07", "2026-07", 58)),
        (2025, "10", ("2016-07", "2026-07", 118)),
        (2025, "all", ("2014-01", "2026-07", 148)),
    ],
)
def test_a_period_ends_with_the_latest_month_and_begins_so_many_years_before(
    base_year: int, period: str, expected: tuple[str, str, int]
) -> None:
    found = texts(latest_months(series.months(SEED, base_year), period))
    assert (found[0], found[-1], len(found)) == expected


def test_a_month_is_shown_with_all_that_is_known_of_it() -> None:
    months = held("2024-12", "2025-01")
    assert list(latest_months(months, "1")) == months


def test_what_begins_later_is_shown_from_its_beginning() -> None:
    assert texts(latest_months(held("2025-11", "2025-12"), "10")) == ["2025-11", "2025-12"]


def test_the_years_are_those_before_the_latest_month_and_not_before_today() -> None:
    months = held("1993-12", "1994-01", "1994-02", "1995-01")
    assert texts(latest_months(months, "1")) == ["1994-01", "1994-02", "1995-01"]


def test_a_month_that_is_missing_is_not_made_up_for_by_an_earlier_one() -> None:
    months = held("2019-12", "2020-11", "2021-01", "2025-12")
    assert texts(latest_months(months, "5")) == ["2021-01", "2025-12"]


@pytest.mark.parametrize("period", PERIODS)
def test_one_month_is_its_own_period(period: str) -> None:
    assert texts(latest_months(held("2025-12"), period)) == ["2025-12"]


def test_five_years_are_shown_unless_another_period_is_chosen() -> None:
    assert DEFAULT_PERIOD == "5"
    assert PERIODS == ("1", "5", "10", "all")


@pytest.mark.parametrize(
    "period",
    ["", "0", "2", "-5", "05", "5 ", " 5", "5.0", "15", "1,5", "ALL", "All", "٥", "five", "9" * 5000],
    ids=lambda text: ascii(text)[:12],
)
def test_unknown_period_is_rejected_with_the_known_ones(period: str) -> None:
    with pytest.raises(RequestNotValid) as error:
        latest_months(held("2025-12"), period)
    assert str(error.value) == "Choose one of these periods: 1, 5, 10, all."


@settings(deadline=None, database=None)
@given(chosen=numbers, period=st.sampled_from(["1", "5", "10"]))
def test_a_period_has_every_month_held_of_its_years_in_order(chosen: set[int], period: str) -> None:
    months = held_months(chosen)
    last = max(chosen)
    expected = {number for number in chosen if number >= last - 12 * int(period)}
    assert list(latest_months(months, period)) == held_months(expected)


@settings(deadline=None, database=None)
@given(chosen=numbers)
def test_all_is_all(chosen: set[int]) -> None:
    months = held_months(chosen)
    assert list(latest_months(months, "all")) == months


# The grid


def test_the_grid_has_the_latest_year_first_and_twelve_months_in_each() -> None:
    grid = by_year(held("2024-11", "2024-12", "2025-01", "2025-03"))
    assert grid == [
        (2025, [Decimal("2025.01"), None, Decimal("2025.03"), *[None] * 9]),
        (2024, [*[None] * 10, Decimal("2024.11"), Decimal("2024.12")]),
    ]


def test_a_year_without_any_month_is_left_out() -> None:
    assert [year for year, _values in by_year(held("2020-01", "2023-12"))] == [2023, 2020]


def test_no_months_are_no_grid() -> None:
    assert by_year([]) == []


@settings(deadline=None, database=None)
@given(chosen=numbers)
def test_every_month_stands_in_the_grid_once(chosen: set[int]) -> None:
    months = held_months(chosen)
    grid = by_year(months)
    found = [
        (date(year, number, 1), value)
        for year, values in reversed(grid)
        for number, value in enumerate(values, start=1)
        if value is not None
    ]
    assert found == [(one["month"], one["value"]) for one in months]
    assert {len(values) for _year, values in grid} == {12}
    assert [year for year, _values in grid] == sorted({one["month"].year for one in months}, reverse=True)
