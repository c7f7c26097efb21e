"""Latest index on every base year, with its monthly and yearly change."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from dateutil.relativedelta import relativedelta

from tests.health_index.sample import OWN, SEED, SEED_VALUES, month, own
from webapp.errors import IndexUnavailable
from webapp.health_index.overview import BaseYearOverview, newest, overview
from webapp.health_index.values import HealthIndex


def by_base_year(index: HealthIndex) -> dict[int, BaseYearOverview]:
    return {entry["base_year"]: entry for entry in overview(index)}


def changes(*values: tuple[str, str]) -> tuple[str | None, str | None]:
    """Return the monthly and the yearly change of the latest of these months."""
    entry = by_base_year(own(*values))[OWN]
    month_change, year_change = entry["month_change"], entry["year_change"]
    return (
        None if month_change is None else str(month_change),
        None if year_change is None else str(year_change),
    )


def exact_change(values: dict[date, int], back: relativedelta) -> Decimal | None:
    """Compute a change in fractions, rounded half up to hundredths of a percent."""
    last = max(values)
    if last - back not in values:
        return None
    exact = Fraction(values[last], values[last - back]) - 1
    return Decimal(floor(exact * 10_000 + Fraction(1, 2))) / 10_000


# The seed


def test_base_year_has_its_latest_index_and_changes() -> None:
    assert by_base_year(SEED)[2025] == {
        "base_year": 2025,
        "index": Decimal("103.49"),
        "month": month("2026-08"),
        "month_change": Decimal("0.0024"),
        "year_change": Decimal("0.0344"),
    }


def test_every_base_year_is_listed_newest_first() -> None:
    december, august = month("2025-12"), month("2026-08")
    assert [(entry["base_year"], str(entry["index"]), entry["month"]) for entry in overview(SEED)] == [
        (2025, "103.49", august),
        (2013, "140.30", august),
        (2004, "165.08", december),
        (1996, "187.81", december),
        (1988, "226.44", december),
    ]


def test_changes_of_the_seed_are_exact() -> None:
    for entry in overview(SEED):
        values = [value for value in SEED_VALUES if value.base_year == entry["base_year"]]
        cents = {value.month: int(value.value * 100) for value in values}
        assert entry["month_change"] == exact_change(cents, relativedelta(months=1))
        assert entry["year_change"] == exact_change(cents, relativedelta(years=1))


# Changes


def test_change_is_a_fraction_with_four_decimals() -> None:
    assert changes(("2025-07", "80.00"), ("2026-06", "82.50"), ("2026-07", "81.00")) == ("-0.0182", "0.0125")


@pytest.mark.parametrize(
    ("before", "latest", "change"),
    [
        ("200.00", "200.01", "0.0001"),  # half of a hundredth of a percent
        ("200.00", "199.99", "-0.0001"),
        ("100.00", "100.00", "0.0000"),
        ("3.00", "4.00", "0.3333"),
    ],
)
def test_change_is_rounded_half_up(before: str, latest: str, change: str) -> None:
    assert changes(("2026-06", before), ("2026-07", latest)) == (change, None)


def test_base_year_with_one_month_has_no_changes() -> None:
    assert changes(("2026-07", "80.00")) == (None, None)


def test_change_is_from_the_very_month_and_no_other() -> None:
    around = [("2025-06", "70.00"), ("2025-08", "90.00"), ("2026-05", "75.00"), ("2026-07", "80.00")]
    assert changes(*around) == (None, None)


def test_month_before_january_is_december() -> None:
    values = [("2025-01", "100.00"), ("2025-12", "80.00"), ("2026-01", "84.00")]
    assert changes(*values) == ("0.0500", "-0.1600")


def test_latest_month_does_not_depend_on_the_order_of_values() -> None:
    values = [("2026-07", "81.00"), ("2025-07", "80.00"), ("2026-06", "90.00")]
    assert changes(*values) == ("-0.1000", "0.0125")
    assert by_base_year(own(*values))[OWN]["month"] == month("2026-07")


def test_new_base_year_does_not_change_the_others() -> None:
    assert overview(own(("2026-07", "80.00")))[1:] == overview(SEED)


# Newest


def test_newest_is_the_base_year_with_the_latest_month() -> None:
    found = by_base_year(SEED)
    assert newest(overview(SEED)) == found[2025]
    assert newest([found[1988], found[2013]]) == found[2013]


def test_newest_does_not_depend_on_the_base_year() -> None:
    assert newest(overview(own(("2026-07", "80.00"))))["base_year"] == 2025
    assert newest(overview(own(("2026-08", "80.00"))))["base_year"] == OWN


def test_overview_without_values_is_unavailable() -> None:
    with pytest.raises(IndexUnavailable) as error:
        overview(HealthIndex([]))
    assert str(error.value) == "No value is available yet. Please try again in a minute."
