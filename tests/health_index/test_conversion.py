"""Conversion of months that a base year lacks."""

from __future__ import annotations

from tests.health_index.sample import month, value
from webapp.health_index.conversion import with_conversions
from webapp.health_index.values import IndexValue


def added(*values: IndexValue, withdrawn: set[tuple[int, str]] | None = None) -> list[tuple[int, str, str]]:
    """Return base year, month and value of the conversions."""
    keys = {(base_year, month(text)) for base_year, text in withdrawn or ()}
    found = with_conversions(values, keys)
    assert found[: len(values)] == list(values)
    return [(entry.base_year, f"{entry.month:%Y-%m}", str(entry.value)) for entry in found[len(values) :]]


JULY, AUGUST = value(2025, "2026-07", "103.24"), value(2025, "2026-08", "103.49")
OLD = value(2013, "2026-06", "139.08")


def test_newer_months_are_converted_to_base_2013() -> None:
    assert added(JULY, AUGUST, OLD) == [(2013, "2026-07", "139.96"), (2013, "2026-08", "140.30")]


def test_converted_value_has_its_status_and_coefficient_and_the_source_of_the_original() -> None:
    converted = with_conversions([AUGUST, OLD])[-1]
    assert (converted.status, converted.source, converted.fetched_at) == (
        "converted",
        AUGUST.source,
        AUGUST.fetched_at,
    )
    assert (str(converted.coefficient), converted.coefficient_source) == ("1.3557", "derived")


def test_value_of_a_month_is_not_replaced() -> None:
    assert added(JULY, value(2013, "2026-07", "139.95")) == []


def test_missing_earlier_month_is_not_converted() -> None:
    assert added(JULY, AUGUST, value(2013, "2026-08", "140.30")) == []


def test_withdrawn_month_is_not_converted() -> None:
    assert added(JULY, AUGUST, OLD, withdrawn={(2013, "2026-07")}) == [(2013, "2026-08", "140.30")]


def test_base_year_without_values_or_coefficient_gets_none() -> None:
    assert added(AUGUST, value(2004, "2025-12", "165.08")) == []


def test_other_base_year_than_the_one_in_force_is_not_converted() -> None:
    assert added(value(2013, "2026-08", "140.30"), value(2025, "2026-07", "103.24")) == []
