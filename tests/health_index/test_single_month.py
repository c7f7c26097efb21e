"""One month on all base years."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.health_index.sample import OWN, SEED, SEED_VALUES, month, own, value, without
from webapp.errors import IndexUnavailable, MonthNotFound
from webapp.health_index import series
from webapp.health_index.single_month import SingleMonth, single_month, value_on
from webapp.health_index.values import HealthIndex


def found(text: str, index: HealthIndex = SEED) -> SingleMonth:
    return single_month(index, month(text))


def base_years(text: str, index: HealthIndex = SEED) -> list[int]:
    return [entry["base_year"] for entry in found(text, index)["values"]]


def test_month_has_values_on_every_base_year_newest_first() -> None:
    assert base_years("2020-01") == [2025, 2013, 2004, 1996, 1988]
    assert base_years("2013-12") == [2013, 2004, 1996, 1988]
    assert base_years("2026-08") == [2025, 2013]


def test_value_is_that_of_the_series_with_its_changes() -> None:
    on_2013 = value_on(found("2020-01"), 2013)
    assert {**series.find(series.months(SEED, 2013), month("2020-01")), **on_2013} == on_2013
    # 109.72 ÷ 109.18 and 109.72 ÷ 108.50
    assert (on_2013["month_change"], on_2013["year_change"]) == (Decimal("0.0049"), Decimal("0.0112"))


def test_change_from_a_missing_month_is_none() -> None:
    entry = value_on(found("2014-01"), 2025)
    assert (entry["month_change"], entry["year_change"], entry["smoothed"]) == (None, None, None)
    entry = value_on(found("2020-02", without(2013, "2020-01")), 2013)
    assert entry["month_change"] is None
    assert entry["year_change"] is not None


@pytest.mark.parametrize(
    ("text", "previous", "following"),
    [
        ("1994-01", None, "1994-02"),
        ("2020-01", "2019-12", "2020-02"),
        ("2025-12", "2025-11", "2026-01"),
        ("2026-08", "2026-07", None),
    ],
)
def test_month_has_neighbours(text: str, previous: str | None, following: str | None) -> None:
    entry = found(text)
    assert entry["previous"] == (month(previous) if previous else None)
    assert entry["next"] == (month(following) if following else None)


def test_neighbour_is_the_nearest_month_on_any_base_year() -> None:
    index = HealthIndex(
        [value(2013, "2020-01", "1"), value(2004, "2020-04", "1"), value(2013, "2020-09", "1")]
    )
    assert found("2020-04", index)["previous"] == month("2020-01")
    assert found("2020-04", index)["next"] == month("2020-09")


def test_lead_is_on_the_wanted_base_year_or_the_one_in_force_or_the_newest() -> None:
    assert value_on(found("2010-01"), 1988)["base_year"] == 1988
    assert value_on(found("2010-01"), None)["base_year"] == 2004
    assert value_on(found("2010-01"), 2025)["base_year"] == 2004
    assert value_on(found("2026-09", own(("2026-09", "80.00"))), None)["base_year"] == OWN


@pytest.mark.parametrize("text", ["1993-12", "2026-09"])
def test_month_on_no_base_year_is_not_found_and_names_the_range(text: str) -> None:
    with pytest.raises(MonthNotFound) as error:
        found(text)
    assert str(error.value) == f"No health index is available for {text}, only for 1994-01 to 2026-08."


def test_month_without_any_values_is_unavailable() -> None:
    with pytest.raises(IndexUnavailable):
        found("2020-01", HealthIndex([]))


def test_every_month_of_the_seed_is_found() -> None:
    for wanted in {entry.month for entry in SEED_VALUES}:
        assert len(single_month(SEED, wanted)["values"]) >= 2
