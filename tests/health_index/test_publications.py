"""Publications of the health index, past and expected."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from dateutil.relativedelta import relativedelta

from tests.conftest import ORDINARY_DAY
from tests.health_index.sample import OWN, SEED, month, own, value
from webapp import clock
from webapp.errors import IndexUnavailable
from webapp.health_index.publication import latest_published_month, publication_day
from webapp.health_index.publications import expected, index_changed_at, published, value_in_force
from webapp.health_index.values import HealthIndex

DAY = ORDINARY_DAY.date()
PUBLISHED = published(SEED)
LATEST = PUBLISHED[-1]["month"]
EMPTY = HealthIndex([])


def months_expected(on: date, index: HealthIndex = SEED) -> list[date]:
    return [publication["month"] for publication in expected(index, on)]


def test_every_month_with_values_is_published_once_in_order() -> None:
    months = [publication["month"] for publication in PUBLISHED]
    assert months == sorted({month for values in SEED.by_base_year.values() for month in values})


def test_publication_has_the_values_of_all_base_years_newest_first() -> None:
    publication = next(found for found in PUBLISHED if found["month"] == month("2025-12"))
    assert list(publication["values"]) == [
        SEED.on(base_year)[month("2025-12")] for base_year in (2025, 2013, 2004, 1996, 1988)
    ]
    assert publication["day"] == publication_day(month("2025-12"))


def test_value_in_force_is_on_the_base_year_of_its_time() -> None:
    base_years = {}
    for publication in PUBLISHED:
        found = value_in_force(publication)
        assert found
        base_years[publication["month"].year] = found.base_year
    assert (base_years[2025], base_years[2013], base_years[1994]) == (2013, 2004, 1988)
    [only_own] = published(HealthIndex([value(OWN, "2026-07", "80.00")]))
    assert value_in_force(only_own) == only_own["values"][0]
    assert value_in_force(expected(SEED, DAY)[0]) is None


def test_month_counts_as_published_on_its_day_unless_a_value_was_retrieved_earlier() -> None:
    start = clock.start_of(publication_day(month("2026-07")))
    for retrieved_at in (start - timedelta(hours=1), start + timedelta(hours=1)):
        [found] = published(HealthIndex([value(2025, "2026-07", "103.24", fetched_at=retrieved_at)]))
        assert (found["published_at"], found["changed_at"]) == (min(start, retrieved_at), retrieved_at)


def test_next_twelve_months_are_expected() -> None:
    assert latest_published_month(DAY) == LATEST
    assert months_expected(DAY) == [LATEST + relativedelta(months=count) for count in range(1, 13)]
    for publication in expected(SEED, DAY):
        assert publication["day"] == publication_day(publication["month"]) > DAY
        assert (publication["values"], publication["changed_at"]) == ((), ORDINARY_DAY)


def test_overdue_month_is_expected_beside_the_next_twelve() -> None:
    due = publication_day(LATEST + relativedelta(months=1))
    assert len(months_expected(due - timedelta(days=1))) == 12
    overdue = months_expected(due)
    assert overdue[0] == LATEST + relativedelta(months=1)
    assert len(overdue) == 13
    assert len(expected(SEED, due)) - len([day for day in expected(SEED, due) if day["day"] <= due]) == 12


def test_month_that_is_known_early_is_not_expected() -> None:
    early = LATEST + relativedelta(months=1)
    expected_months = months_expected(DAY, own((f"{early:%Y-%m}", "80.00")))
    assert expected_months[0] == early + relativedelta(months=1)
    assert len(expected_months) == 12


def test_withdrawal_changes_the_index() -> None:
    withdrawn_at = datetime(2026, 8, 20, tzinfo=timezone.utc)
    assert index_changed_at(HealthIndex([value(2025, "2026-07", "103.24")], withdrawn_at)) == withdrawn_at


def test_index_without_values_is_unavailable() -> None:
    for call in (lambda: published(EMPTY), lambda: expected(EMPTY, DAY), lambda: index_changed_at(EMPTY)):
        with pytest.raises(IndexUnavailable):
            call()
