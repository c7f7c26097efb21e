"""Monthly series: order, missing months, smoothed index and ranges."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from dateutil.relativedelta import relativedelta

from tests.conftest import ORDINARY_DAY
from tests.health_index.sample import OWN, SEED, SEED_VALUES, month, own, value, without
from webapp.errors import IndexUnavailable, MonthNotFound
from webapp.health_index.series import base_year_ranges, find, months
from webapp.health_index.values import HealthIndex

# From April 2015 to March 2016.
BLOCKED = [f"2015-{number:02}" for number in range(4, 13)] + [f"2016-{number:02}" for number in range(1, 4)]


def smoothed(index: HealthIndex, base_year: int, text: str) -> str | None:
    found = find(months(index, base_year), month(text))["smoothed"]
    return None if found is None else str(found)


# The months


def test_month_has_value_smoothed_index_status_and_source() -> None:
    assert find(months(SEED, 2025), month("2025-11")) == {
        "base_year": 2025,
        "month": month("2025-11"),
        "value": Decimal("100.68"),
        "smoothed": Decimal("98.16"),
        "status": "converted",
        "coefficient": Decimal("0.7376"),
        "coefficient_source": "statbel",
        "source": "seed",
        "fetched_at": ORDINARY_DAY,
    }


def test_series_of_the_seed_has_all_its_months() -> None:
    expected = [(entry.month, entry.value) for entry in SEED_VALUES if entry.base_year == 2025]
    assert [(entry["month"], entry["value"]) for entry in months(SEED, 2025)] == expected


def test_months_are_in_order() -> None:
    texts = ["2026-07", "2025-12", "2026-01", "2026-06"]
    found = months(own(*((text, "80.00") for text in texts)), OWN)
    assert [entry["month"] for entry in found] == [month(text) for text in sorted(texts)]


@pytest.mark.parametrize("text", ["1993-12", "2026-09"])
def test_month_outside_the_series_names_its_ends(text: str) -> None:
    with pytest.raises(MonthNotFound) as error:
        find(months(SEED, 2013), month(text))
    assert str(error.value) == (
        f"No health index is available for {text} on base 2013, only for 1994-01 to 2026-08."
    )


def test_month_missing_inside_the_series_names_its_neighbours() -> None:
    with pytest.raises(MonthNotFound) as error:
        find(months(without(2013, "2020-02"), 2013), month("2020-02"))
    assert str(error.value) == (
        "No health index is available for 2020-02 on base 2013. "
        "The nearest available months are 2020-01 and 2020-03."
    )


def test_month_in_a_long_gap_names_the_nearest_available_months() -> None:
    index = HealthIndex(
        [value(2025, text, "103.00") for text in ("2026-02", "2026-03", "2026-07", "2026-08")]
    )
    with pytest.raises(MonthNotFound, match="available months are 2026-03 and 2026-07"):
        find(months(index, 2025), month("2026-05"))


def test_series_without_values_is_unavailable() -> None:
    with pytest.raises(IndexUnavailable, match="base 2013"):
        months(HealthIndex([value(2025, "2026-07", "103.24")]), 2013)


# The smoothed index


@pytest.mark.parametrize(
    ("base_year", "text", "expected"),
    [
        (2004, "2000-01", "91.37"),
        (2025, "2014-04", "74.23"),
        (2013, "2015-03", "100.66"),
        (2013, "2016-04", "100.93"),
        (2013, "2023-12", "125.91"),
    ],
)
def test_smoothed_index_is_the_published_one(base_year: int, text: str, expected: str) -> None:
    assert smoothed(SEED, base_year, text) == expected


def test_smoothed_index_is_blocked_for_a_year() -> None:
    assert [smoothed(SEED, 2013, text) for text in BLOCKED] == ["100.66"] * 12


@pytest.mark.parametrize("base_year", [2013, 2025])
def test_smoothed_index_of_every_month_is_exact(base_year: int) -> None:
    found = months(SEED, base_year)
    cents = {f"{entry['month']:%Y-%m}": int(entry["value"] * 100) for entry in found}
    expected: list[Decimal | None] = []
    for entry in found:
        four = [f"{entry['month'] - relativedelta(months=back):%Y-%m}" for back in range(4)]
        if four[0] in BLOCKED:
            expected.append(expected[-1])
        elif not cents.keys() >= set(four):
            expected.append(None)
        else:
            part = Fraction(98 if four[0] >= "2016-04" else 100, 400)
            expected.append(Decimal(floor(sum(cents[text] for text in four) * part + Fraction(1, 2))) / 100)
    assert [entry["smoothed"] for entry in found] == expected


@pytest.mark.parametrize(
    ("year", "last", "expected"),
    [(2014, "80.02", "80.01"), (2020, "81.00", "78.65")],
    ids=["mean", "reduced"],
)
def test_half_a_cent_of_the_smoothed_index_is_rounded_up(year: int, last: str, expected: str) -> None:
    index = own(*((f"{year}-0{number}", "80.00") for number in (1, 2, 3)), (f"{year}-04", last))
    assert smoothed(index, OWN, f"{year}-04") == expected


def test_first_months_and_those_after_a_gap_have_no_smoothed_index() -> None:
    found = months(without(2013, "2020-02"), 2013)
    expected = ["1994-01", "1994-02", "1994-03", "2020-03", "2020-04", "2020-05"]
    assert [f"{entry['month']:%Y-%m}" for entry in found if entry["smoothed"] is None] == expected


@pytest.mark.parametrize("missing", ["2015-03", "2014-12"])
def test_smoothed_index_of_the_block_needs_the_months_before_it(missing: str) -> None:
    index = without(2013, missing)
    assert {smoothed(index, 2013, text) for text in BLOCKED} == {None}
    assert smoothed(index, 2013, "2016-04") == "100.93"


def test_gap_in_the_block_does_not_change_other_months() -> None:
    index = without(2013, "2015-04")
    assert [smoothed(index, 2013, text) for text in BLOCKED[1:]] == ["100.66"] * 11


def test_base_year_that_begins_in_the_block_has_a_smoothed_index_after_it() -> None:
    index = own(*((text, "80.00") for text in [*BLOCKED[-3:], "2016-04"]))
    assert [smoothed(index, OWN, text) for text in [*BLOCKED[-3:], "2016-04"]] == [None, None, None, "78.40"]


# The ranges


def test_ranges_of_the_seed_have_the_newest_base_year_first() -> None:
    ends = [(2025, "2014-01", "2026-08"), (2013, "1994-01", "2026-08")]
    ends += [(base_year, "1994-01", "2025-12") for base_year in (2004, 1996, 1988)]
    assert base_year_ranges(SEED) == [
        {
            "base_year": base_year,
            "first_month": month(first),
            "last_month": month(last),
        }
        for base_year, first, last in ends
    ]


def test_further_base_year_of_the_data_has_a_range() -> None:
    newest = base_year_ranges(own(("2026-06", "80.00"), ("2026-05", "79.00")))[0]
    assert (newest["base_year"], newest["first_month"], newest["last_month"]) == (
        OWN,
        month("2026-05"),
        month("2026-06"),
    )


def test_ranges_without_values_are_unavailable() -> None:
    with pytest.raises(IndexUnavailable, match="No value is available yet"):
        base_year_ranges(HealthIndex([]))
