"""Latest health index on a base year."""

from __future__ import annotations

from datetime import date, datetime, timezone
from decimal import Decimal

import pytest

from tests.conftest import ORDINARY_DAY
from tests.health_index.sample import OWN, SEED, month, own, value
from webapp.errors import IndexUnavailable
from webapp.health_index.latest import LatestIndex, latest
from webapp.health_index.values import HealthIndex

DAY = ORDINARY_DAY.date()
# The index of July was published on 30 July, in Belgium.
AUGUST_PUBLISHED_AT = datetime(2026, 8, 27, 22, 0, tzinfo=timezone.utc)


def on_day(day: date, index: HealthIndex = SEED, base_year: int = 2025) -> LatestIndex:
    return latest(index, base_year, day, None)


def test_latest_index_has_month_status_source_and_dates() -> None:
    checked_at = datetime(2026, 8, 1, 6, 30, tzinfo=timezone.utc)
    assert latest(SEED, 2025, DAY, checked_at) == {
        "base_year": 2025,
        "index": Decimal("103.49"),
        "month": month("2026-08"),
        "status": "published",
        "coefficient": None,
        "coefficient_source": None,
        "source": "seed",
        "fetched_at": ORDINARY_DAY,
        "checked_at": checked_at,
        "stale": False,
        "superseded_by": None,
        "next_publication": date(2026, 9, 29),
        "changed_at": ORDINARY_DAY,
    }


def test_base_year_that_has_ended_is_stale_and_names_the_newer_one() -> None:
    found = latest(SEED, 2004, DAY, None)
    assert (found["month"], found["status"], found["checked_at"]) == (month("2025-12"), "converted", None)
    assert (found["stale"], found["superseded_by"]) == (True, 2025)


def test_base_year_is_not_superseded_by_one_with_the_same_month() -> None:
    index = own(("2026-08", "80.00"))
    assert latest(index, 2025, DAY, None)["superseded_by"] is None
    assert latest(index, 2004, DAY, None)["superseded_by"] == OWN


@pytest.mark.parametrize(
    ("day", "stale", "next_publication"),
    [
        (date(2026, 8, 27), False, date(2026, 8, 28)),
        (date(2026, 8, 28), False, date(2026, 9, 29)),
        (date(2026, 9, 28), False, date(2026, 9, 29)),
        (date(2026, 9, 29), True, date(2026, 10, 29)),
        (date(2026, 12, 22), True, date(2026, 12, 23)),
        (date(2026, 12, 23), True, date(2027, 1, 28)),
    ],
)
def test_index_turns_stale_and_the_next_publication_moves_on_a_publication_day(
    day: date, stale: bool, next_publication: date
) -> None:
    found = on_day(day)
    assert (found["stale"], found["next_publication"]) == (stale, next_publication)


def test_latest_index_changes_when_a_value_is_fetched_or_a_publication_day_comes() -> None:
    fetched_long_ago = HealthIndex([value(2025, "2026-08", "103.49")])
    assert on_day(DAY, fetched_long_ago)["changed_at"] == AUGUST_PUBLISHED_AT
    fetched_now = HealthIndex([value(2025, "2026-08", "103.49", fetched_at=ORDINARY_DAY)])
    assert on_day(DAY, fetched_now)["changed_at"] == ORDINARY_DAY


@pytest.mark.parametrize("index", [HealthIndex([]), HealthIndex([value(2025, "2026-08", "103.49")])])
def test_base_year_without_values_is_unavailable(index: HealthIndex) -> None:
    with pytest.raises(IndexUnavailable, match="No value is available on base 2013 yet"):
        latest(index, 2013, DAY, None)
