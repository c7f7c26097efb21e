"""Values of the health index, by base year and month."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from tests.conftest import ORDINARY_DAY
from tests.health_index.sample import OWN, SEED, SEED_VALUES, month, value
from webapp.errors import IndexUnavailable
from webapp.health_index.values import HealthIndex


def test_values_are_by_base_year_newest_first_and_by_month_in_order() -> None:
    shuffled = random.Random(1).sample(SEED_VALUES, len(SEED_VALUES))  # noqa: S311  # no secret
    index = HealthIndex(shuffled)
    assert list(index.by_base_year) == [2025, 2013, 2004, 1996, 1988]
    assert [list(values) for values in index.by_base_year.values()] == [
        sorted(entry.month for entry in SEED_VALUES if entry.base_year == base_year)
        for base_year in index.by_base_year
    ]
    assert index.by_base_year == SEED.by_base_year


def test_values_on_a_base_year_are_those_of_its_months() -> None:
    assert SEED.on(2004)[month("2025-12")] in SEED_VALUES
    assert SEED.on(2004)[month("2025-12")].value == SEED.latest()[2004].value


def test_latest_value_does_not_depend_on_the_order_of_values() -> None:
    july, june = value(OWN, "2026-07", "80.00"), value(OWN, "2026-06", "79.00")
    assert HealthIndex([july, june]).latest() == HealthIndex([june, july]).latest() == {OWN: july}


def test_base_year_without_values_is_unavailable_while_others_have_some() -> None:
    index = HealthIndex([value(2013, "2026-07", "139.00")])
    assert list(index.on(2013)) == [month("2026-07")]
    with pytest.raises(IndexUnavailable) as error:
        index.on(2004)
    assert str(error.value) == "No value is available on base 2004 yet. Please try again in a minute."


def test_index_without_values_is_unavailable() -> None:
    with pytest.raises(IndexUnavailable) as error:
        HealthIndex([]).latest()
    assert str(error.value) == "No value is available yet. Please try again in a minute."


def test_base_year_changes_when_a_value_is_stored_or_any_is_withdrawn() -> None:
    old = value(2013, "2026-06", "139.00", fetched_at=ORDINARY_DAY)
    values = [old, value(2013, "2026-07", "139.10"), value(2025, "2026-07", "103.24")]
    assert HealthIndex(values).changed_at(2013) == ORDINARY_DAY
    before, after = ORDINARY_DAY - timedelta(days=1), ORDINARY_DAY + timedelta(days=1)
    assert HealthIndex(values, withdrawn_at=before).changed_at(2013) == ORDINARY_DAY
    assert HealthIndex(values, withdrawn_at=after).changed_at(2013) == after
