"""Next step on a base year that lacks a month."""

from __future__ import annotations

import pytest

from tests.health_index.sample import OWN, SEED, SEED_VALUES, month, own, value, without
from webapp.errors import IndexUnavailable, MonthNotFound
from webapp.health_index.base_years import BASE_YEARS
from webapp.health_index.next_step import NextStep, add_advice, next_step
from webapp.health_index.values import CONVERTED, HealthIndex

MONTHS = sorted({entry.month for entry in SEED_VALUES})
NEWEST = MONTHS[-1]


def any_step(
    index: HealthIndex, base_year: int, start: str | None = None, new: str | None = None
) -> NextStep | None:
    return next_step(index, base_year, month(start) if start else None, month(new) if new else None)


def step(index: HealthIndex, base_year: int, start: str | None = None, new: str | None = None) -> NextStep:
    found = any_step(index, base_year, start, new)
    assert found
    return found


def other_years(found: NextStep) -> list[int]:
    return [other["base_year"] for other in found["alternatives"]]


@pytest.mark.parametrize("base_year", [2025, 2013])
def test_base_year_with_the_newest_month_needs_no_next_step(base_year: int) -> None:
    assert next_step(SEED, base_year) is None


def test_ended_base_year_names_its_last_month_and_base_years_with_the_newest() -> None:
    found = step(SEED, 2004)
    assert (found["first_month"], found["last_month"]) == (month("1994-01"), month("2025-12"))
    assert (found["start_month"], found["new_month"]) == (None, month("2026-08"))
    assert [(other["base_year"], other["first_month"]) for other in found["alternatives"]] == [
        (2025, month("2014-01")),
        (2013, month("1994-01")),
    ]


@pytest.mark.parametrize(
    ("start", "expected"), [("1994-01", [2013]), ("2013-12", [2013]), ("2014-01", [2025, 2013])]
)
def test_alternative_has_the_start_month(start: str, expected: list[int]) -> None:
    assert other_years(step(SEED, 2004, start)) == expected


@pytest.mark.parametrize("base_year", BASE_YEARS)
def test_every_start_month_has_a_base_year_with_both_months(base_year: int) -> None:
    for start in MONTHS:
        found = next_step(SEED, base_year, start)
        years = other_years(found) if found else [base_year]
        assert years
        for year in years:
            assert {start, NEWEST} <= SEED.on(year).keys()


def test_wanted_new_month_replaces_the_newest() -> None:
    assert any_step(SEED, 2004, "2010-01", "2025-12") is None
    assert other_years(step(SEED, 2025, "2010-01", "2013-12")) == [2004, 2013, 1996, 1988]
    assert other_years(step(SEED, 2004, "2014-01", "2026-03")) == [2025, 2013]


def test_base_year_in_force_comes_before_newer_ones() -> None:
    assert other_years(step(own(("2014-01", "60.00"), ("2026-08", "80.00")), 2004, "2014-01")) == [
        2025,
        OWN,
        2013,
    ]


def test_alternative_says_how_its_newest_month_was_converted() -> None:
    index = HealthIndex(
        [*SEED_VALUES, value(2025, "2026-09", "103.77"), value(2013, "2026-09", "140.68", status=CONVERTED)]
    )
    first, second = step(index, 2004)["alternatives"]
    assert (first["status"], first["coefficient"], first["coefficient_source"]) == ("published", None, None)
    assert (second["status"], str(second["coefficient"])) == ("converted", "1.3557")
    assert second["coefficient_source"] == "derived"


def test_months_that_no_base_year_has_together_have_no_alternative() -> None:
    found = step(own(("2026-09", "80.00")), 2004, "2010-01")
    assert (found["alternatives"], found["last_month"]) == ([], month("2025-12"))


@pytest.mark.parametrize(("start", "new"), [("1990-01", None), ("2010-01", "2030-01")])
def test_month_that_no_base_year_has_needs_no_next_step(start: str, new: str | None) -> None:
    assert any_step(SEED, 2004, start, new) is None


def test_base_year_without_values_is_unavailable() -> None:
    with pytest.raises(IndexUnavailable):
        next_step(SEED, OWN)


@pytest.mark.parametrize(
    ("found", "advice"),
    [
        (
            step(SEED, 2004, "2010-01"),
            " Base 2013 has every month of this request: use it for all of them.",
        ),
        (
            step(own(("2026-09", "80.00")), 2004, "2010-01"),
            " No base year has every month of this request. The last one on base 2004 is 2025-12.",
        ),
        (step(without(2013, "2020-01"), 2013, "2020-01"), ""),
        (None, ""),
    ],
)
def test_advice_follows_the_message(found: NextStep | None, advice: str) -> None:
    error = MonthNotFound("No %(month)s.", month=month("2026-01"))
    add_advice(error, found)
    assert str(error) == str(error.message) == f"No 2026-01.{advice}"
