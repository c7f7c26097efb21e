"""The lag of the index behind the publication calendar."""

from __future__ import annotations

from datetime import date, datetime, timezone
from decimal import Decimal

import pytest

from webapp.health_index.lag import lag_in_force, lags
from webapp.health_index.values import PUBLISHED, HealthIndex, IndexValue


def index(**last: str) -> HealthIndex:
    """Return an index with one value on each base year, named as y2025="2026-08"."""
    now = datetime(2026, 9, 1, tzinfo=timezone.utc)
    return HealthIndex(
        IndexValue(int(year[1:]), date.fromisoformat(f"{month}-01"), Decimal(100), PUBLISHED, "seed", now)
        for year, month in last.items()
    )


@pytest.mark.parametrize(
    ("last", "on", "months", "days"),
    [
        ("2026-08", date(2026, 9, 28), 0, 0),
        ("2026-08", date(2026, 9, 29), 1, 0),  # the day of September's publication
        ("2026-08", date(2026, 9, 30), 1, 1),
        ("2026-08", date(2026, 11, 2), 2, 24),
        ("2026-09", date(2026, 9, 30), 0, 0),
        ("2026-12", date(2026, 9, 30), 0, 0),  # a mistake
        ("2026-11", date(2026, 12, 24), 1, 1),  # December's is published on the 23rd
        ("2026-11", date(2026, 12, 27), 1, 1),  # after Christmas and a weekend
    ],
)
def test_lag_is_counted_in_months_and_working_days(last: str, on: date, months: int, days: int) -> None:
    lag = lag_in_force(index(y2025=last), on)
    assert lag is not None
    assert (lag.base_year, lag.months, lag.working_days) == (2025, months, days)


def test_ended_base_years_do_not_count() -> None:
    held = index(y2025="2026-08", y2013="2026-03", y2004="2025-12")
    on = date(2026, 9, 1)
    assert {year: lag.months for year, lag in lags(held, on).items()} == {2025: 0, 2013: 5, 2004: 8}
    assert (lag_in_force(held, on) or lags(held, on)[2004]).months == 0


def test_later_base_year_counts_for_the_one_in_force() -> None:
    lag = lag_in_force(index(y2031="2026-08", y2025="2026-01"), date(2026, 9, 1))
    assert lag is not None
    assert (lag.base_year, lag.months) == (2031, 0)


def test_index_without_the_base_year_in_force_has_no_lag() -> None:
    assert lag_in_force(index(y2013="2026-08"), date(2026, 9, 1)) is None
    assert lag_in_force(index(), date(2026, 9, 1)) is None
