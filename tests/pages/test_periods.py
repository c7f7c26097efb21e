"""The months of a period, and the grid of years."""

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
from webapp.pages.periods import by_year, latest_months

few_examples = settings(max_examples=50, deadline=None, database=None)
# Months, counted from January 1994.
numbers = st.sets(st.integers(0, 12 * 60), min_size=1, max_size=100)


def entry(of: date) -> MonthlyIndex:
    """Return an entry whose value is its month, such as 2020.01."""
    return {
        "base_year": 2013,
        "month": of,
        "value": Decimal(f"{of.year}.{of.month:02}"),
        "smoothed": None,
        "status": "published",
        "coefficient": None,
        "coefficient_source": None,
        "source": "bestat",
        "fetched_at": datetime(2026, 1, 1, tzinfo=timezone.utc),
    }


def months_of(*texts: str) -> list[MonthlyIndex]:
    return [entry(month(text)) for text in texts]


def numbered_months(chosen: set[int]) -> list[MonthlyIndex]:
    return [entry(month("1994-01") + relativedelta(months=number)) for number in sorted(chosen)]


def texts(months: Sequence[MonthlyIndex]) -> list[str]:
    return [f"{found['month']:%Y-%m}" for found in months]


# Periods


@pytest.mark.parametrize(
    ("base_year", "period", "expected"),
    [
        (2013, "1", ("2025-09", "2026-08", 12)),
        (2013, "5", ("2021-09", "2026-08", 60)),
        (2013, "all", ("1994-01", "2026-08", 392)),
        (2025, "10", ("2016-09", "2026-08", 120)),
    ],
)
def test_period_has_twelve_months_a_year_with_the_latest(
    base_year: int, period: str, expected: tuple[str, str, int]
) -> None:
    found = texts(latest_months(series.months(SEED, base_year), period))
    assert (found[0], found[-1], len(found)) == expected


def test_period_counts_from_the_latest_month_and_not_from_today() -> None:
    months = months_of("1993-12", "1994-01", "1994-02", "1995-01")
    assert texts(latest_months(months, "1")) == ["1994-02", "1995-01"]


def test_missing_month_is_not_replaced_by_an_earlier_one() -> None:
    months = months_of("2019-12", "2020-11", "2021-01", "2025-12")
    assert texts(latest_months(months, "5")) == ["2021-01", "2025-12"]


@pytest.mark.parametrize("period", ["", "2", "05", "5 ", "ALL"])
def test_unknown_period_is_rejected(period: str) -> None:
    with pytest.raises(RequestNotValid) as error:
        latest_months(months_of("2025-12"), period)
    assert str(error.value) == "Choose one of these periods: 1, 5, 10, all."


@few_examples
@given(chosen=numbers, period=st.sampled_from(["1", "5", "10"]))
def test_period_has_every_known_month_of_its_years_in_order(chosen: set[int], period: str) -> None:
    months = numbered_months(chosen)
    last = max(chosen)
    expected = {number for number in chosen if number > last - 12 * int(period)}
    assert list(latest_months(months, period)) == numbered_months(expected)


@few_examples
@given(chosen=numbers)
def test_period_all_has_every_month(chosen: set[int]) -> None:
    months = numbered_months(chosen)
    assert list(latest_months(months, "all")) == months


# The grid


def test_grid_has_the_latest_year_first_with_twelve_months() -> None:
    grid = by_year(months_of("2024-11", "2024-12", "2025-01", "2025-03"))
    november, december, january, march = months_of("2024-11", "2024-12", "2025-01", "2025-03")
    assert grid == [
        (2025, [january, None, march, *[None] * 9]),
        (2024, [*[None] * 10, november, december]),
    ]


def test_grid_without_months_is_empty() -> None:
    assert by_year([]) == []


@few_examples
@given(chosen=numbers)
def test_grid_has_every_month_once(chosen: set[int]) -> None:
    months = numbered_months(chosen)
    grid = by_year(months)
    found = [
        (date(year, number, 1), one)
        for year, entries in reversed(grid)
        for number, one in enumerate(entries, start=1)
        if one is not None
    ]
    assert found == [(one["month"], one) for one in months]
    assert {len(entries) for _year, entries in grid} == {12}
    assert [year for year, _values in grid] == sorted({one["month"].year for one in months}, reverse=True)
