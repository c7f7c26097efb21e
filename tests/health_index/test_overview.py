"""The latest index on every base year, and its change against a month and a year before."""

import csv
from datetime import date, datetime, timezone
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Dict, Optional, Tuple

import pytest
from dateutil.relativedelta import relativedelta
from flask import Flask

from tests.conftest import SetClock
from tests.fake_statbel import FakeStatbel, answering, bestat
from tests.health_index.held import forget, hold, month, on_sqlite
from webapp.config import ROOT
from webapp.errors import IndexUnavailable
from webapp.health_index.overview import BaseYearOverview, newest, overview

PUBLICATION = datetime(2026, 8, 28, 12, 0, tzinfo=timezone.utc)
AUGUST = answering(bestat([(2025, "2026-08", 103.5), (2004, "2026-08", 169.01)]))

# A base year of the tests' own, of which the seed holds nothing.
OWN = 2034


def seen(app: Flask) -> Dict[int, BaseYearOverview]:
    """The overview by base year."""
    with app.app_context():
        return {entry["base_year"]: entry for entry in overview()}


def changes(app: Flask, *values: Tuple[str, str]) -> Tuple[Optional[str], Optional[str]]:
    """How the latest of these months changed: against a month, and against a year before."""
    for text, value in values:
        hold(app, OWN, text, value)
    entry = seen(app)[OWN]
    month_change, year_change = entry["month_change"], entry["year_change"]
    return (
        None if month_change is None else str(month_change),
        None if year_change is None else str(year_change),
    )


def _seed() -> Dict[int, Dict[date, int]]:
    """What the seed holds, in cents."""
    held: Dict[int, Dict[date, int]] = {}
    with (ROOT / "seed" / "health_index.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            cents = int(row["value"].replace(".", ""))
            held.setdefault(int(row["base_year"]), {})[month(row["month"])] = cents
    return held


def _change(values: Dict[date, int], back: relativedelta) -> Optional[Decimal]:
    """A change in the exact arithmetic of fractions, rounded half up to hundredths of a percent."""
    last = max(values)
    if last - back not in values:
        return None
    exact = Fraction(values[last], values[last - back]) - 1
    return Decimal(floor(exact * 10_000 + Fraction(1, 2))) / 10_000


# The seed


def test_the_latest_index_and_its_changes(shared_app: Flask) -> None:
    assert seen(shared_app)[2025] == {
        "base_year": 2025,
        "index": Decimal("103.24"),
        "month": month("2026-07"),
        "month_change": None,  # the seed does not hold June
        "year_change": Decimal("0.0322"),
    }


def test_every_base_year_is_there_newest_first(shared_app: Flask) -> None:
    latest = [
        (base_year, str(entry["index"]), entry["month"]) for base_year, entry in seen(shared_app).items()
    ]
    december = month("2025-12")
    assert latest == [
        (2025, "103.24", month("2026-07")),
        (2013, "136.69", december),
        (2004, "165.08", december),
        (1996, "187.81", december),
        (1988, "226.44", december),
    ]


@pytest.mark.parametrize("base_year", [1988, 1996, 2004, 2013, 2025])
def test_the_changes_of_the_seed_are_exact(shared_app: Flask, base_year: int) -> None:
    entry, values = seen(shared_app)[base_year], _seed()[base_year]
    assert entry["month_change"] == _change(values, relativedelta(months=1))
    assert entry["year_change"] == _change(values, relativedelta(years=1))


# Changes


@on_sqlite
def test_a_change_is_a_fraction_with_four_decimals(app: Flask) -> None:
    assert changes(app, ("2025-07", "80.00"), ("2026-06", "82.50"), ("2026-07", "81.00")) == (
        "-0.0182",
        "0.0125",
    )


@on_sqlite
@pytest.mark.parametrize(
    ("before", "latest", "change"),
    [
        ("200.00", "200.01", "0.0001"),  # half of a hundredth of a percent
        ("200.00", "199.99", "-0.0001"),
        ("200.00", "200.03", "0.0002"),
        ("100.00", "100.00", "0.0000"),
        ("100.00", "200.00", "1.0000"),
        ("3.00", "4.00", "0.3333"),
        ("3.00", "5.00", "0.6667"),
    ],
)
def test_a_change_is_rounded_half_up(app: Flask, before: str, latest: str, change: str) -> None:
    assert changes(app, ("2026-06", before), ("2026-07", latest)) == (change, None)


@on_sqlite
def test_a_base_year_with_one_month_has_changed_against_nothing(app: Flask) -> None:
    assert changes(app, ("2026-07", "80.00")) == (None, None)


@on_sqlite
def test_a_change_is_against_the_very_month_and_no_other(app: Flask) -> None:
    around = [("2025-06", "70.00"), ("2025-08", "90.00"), ("2026-05", "75.00"), ("2026-07", "80.00")]
    assert changes(app, *around) == (None, None)


@on_sqlite
def test_over_the_end_of_a_year_the_month_before_is_december(app: Flask) -> None:
    values = [("2025-01", "100.00"), ("2025-12", "80.00"), ("2026-01", "84.00")]
    assert changes(app, *values) == ("0.0500", "-0.1600")


@on_sqlite
def test_the_latest_month_is_the_greatest_whatever_came_last(app: Flask) -> None:
    assert changes(app, ("2026-07", "81.00"), ("2025-07", "80.00"), ("2026-06", "90.00")) == (
        "-0.1000",
        "0.0125",
    )
    assert seen(app)[OWN]["month"] == month("2026-07")


@on_sqlite
def test_each_base_year_is_compared_with_itself(app: Flask) -> None:
    before = seen(app)
    changes(app, ("2026-07", "80.00"))
    after = seen(app)
    assert list(after) == [OWN, *before]
    assert {year: after[year] for year in before} == before


# The base year on which Statbel publishes now


def test_the_newest_base_year_is_that_of_the_latest_month(shared_app: Flask) -> None:
    found = seen(shared_app)
    assert newest(list(found.values())) == found[2025]
    assert newest([found[1988], found[2013]]) == found[2013]


@on_sqlite
def test_a_base_year_that_has_ended_is_not_the_newest_whatever_its_number(app: Flask) -> None:
    hold(app, OWN, "2026-06", "80.00")
    assert newest(list(seen(app).values()))["base_year"] == 2025
    hold(app, OWN, "2026-07", "80.00")
    assert newest(list(seen(app).values()))["base_year"] == OWN


# When there is nothing, or something new


def test_nothing_held_is_unavailable(app: Flask) -> None:
    forget(app)
    with pytest.raises(IndexUnavailable) as error:
        seen(app)
    assert error.value.message == "No value is known yet. Please try again in a minute."


@on_sqlite
def test_statbel_is_not_asked_while_nothing_is_due(app: Flask, statbel: FakeStatbel) -> None:
    seen(app)
    assert statbel.asked == []


@on_sqlite
def test_a_month_that_is_due_is_read_before_the_overview_is_given(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    set_clock(PUBLICATION)
    statbel.bestat = AUGUST
    found = seen(app)
    assert (found[2025]["month"], found[2025]["index"]) == (month("2026-08"), Decimal("103.50"))
    assert found[2025]["month_change"] == Decimal("0.0025")
    # On base year 2004 July is not held.
    assert (found[2004]["index"], found[2004]["month_change"]) == (Decimal("169.01"), None)


@on_sqlite
def test_while_statbel_fails_it_is_what_was_known_before(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    before = seen(app)
    set_clock(PUBLICATION)
    statbel.bestat = statbel.open_data = answering(b"", status=500)
    assert seen(app) == before
