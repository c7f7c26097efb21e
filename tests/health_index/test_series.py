"""The index month by month: its order, its smoothed index, what is held, and when Statbel is asked."""

from datetime import datetime, timezone
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Callable, List, Optional

import pytest
from dateutil.relativedelta import relativedelta
from flask import Flask
from sqlalchemy import delete

from tests.conftest import ORDINARY_DAY, SetClock
from tests.fake_statbel import FakeStatbel, answering, bestat
from tests.health_index.held import forget, hold, month, on_sqlite
from webapp.data.extensions import db
from webapp.data.index_models import IndexValue
from webapp.errors import IndexUnavailable, MonthNotFound
from webapp.health_index import series
from webapp.health_index.series import HeldRange, MonthlyIndex

PUBLICATION = datetime(2026, 8, 28, 12, 0, tzinfo=timezone.utc)
AUGUST = answering(bestat([(2025, "2026-08", 103.5), (2004, "2026-08", 169.01)]))

# From April 2015 to March 2016 the smoothed index stood still.
BLOCKED = [f"2015-{number:02}" for number in range(4, 13)] + [f"2016-{number:02}" for number in range(1, 4)]


def months(app: Flask, base_year: int) -> List[MonthlyIndex]:
    with app.app_context():
        return series.months(base_year)


def ranges(app: Flask) -> List[HeldRange]:
    with app.app_context():
        return series.held_ranges()


def lose(app: Flask, base_year: int, text: str) -> None:
    """Hold nothing any more of one month."""
    with app.app_context():
        db.session.execute(
            delete(IndexValue).where(IndexValue.base_year == base_year, IndexValue.month == month(text))
        )
        db.session.commit()


def smoothed(app: Flask, base_year: int, text: str) -> Optional[str]:
    found = series.find(months(app, base_year), month(text))["smoothed"]
    return None if found is None else str(found)


# The months


def test_a_month_tells_its_value_and_where_it_comes_from(shared_app: Flask) -> None:
    assert series.find(months(shared_app, 2025), month("2025-11")) == {
        "base_year": 2025,
        "month": month("2025-11"),
        "value": Decimal("100.68"),
        "smoothed": Decimal("98.16"),
        "status": "converted",
        "source": "seed",
        "fetched_at": ORDINARY_DAY,
    }


@pytest.mark.parametrize(
    ("base_year", "first", "last", "count"),
    [(1988, "1994-01", "2025-12", 384), (2013, "1994-01", "2025-12", 384), (2025, "2014-01", "2026-07", 148)],
)
def test_the_months_of_the_seed(shared_app: Flask, base_year: int, first: str, last: str, count: int) -> None:
    found = [entry["month"] for entry in months(shared_app, base_year)]
    assert (found[0], found[-1], len(found)) == (month(first), month(last), count)


def test_the_months_are_in_order_whatever_came_last(app: Flask) -> None:
    texts = ["2026-07", "2025-12", "2026-01", "2026-06"]
    for text in texts:
        hold(app, 2034, text, "80.00")
    assert [f"{entry['month']:%Y-%m}" for entry in months(app, 2034)] == sorted(texts)


@pytest.mark.parametrize("text", ["1993-12", "2026-01"])
def test_a_month_that_is_not_held_names_the_range(shared_app: Flask, text: str) -> None:
    with pytest.raises(MonthNotFound) as error:
        series.find(months(shared_app, 2013), month(text))
    assert error.value.message == (
        f"No health index is held for {text} on base year 2013: the months held go from 1994-01 to 2025-12."
    )


@on_sqlite
def test_a_month_that_is_missing_between_others_is_not_found(app: Flask) -> None:
    lose(app, 2013, "2020-02")
    with pytest.raises(MonthNotFound) as error:
        series.find(months(app, 2013), month("2020-02"))
    assert error.value.message == (
        "No health index is held for 2020-02 on base year 2013. "
        "The nearest months that are held are 2020-01 and 2020-03."
    )


@pytest.mark.parametrize("text", ["2026-04", "2026-05", "2026-06"])
def test_of_several_months_that_are_missing_each_names_those_around_all(shared_app: Flask, text: str) -> None:
    with pytest.raises(MonthNotFound, match="held are 2026-03 and 2026-07"):
        series.find(months(shared_app, 2025), month(text))


# The smoothed index


@pytest.mark.parametrize(
    ("base_year", "text", "value"),
    [
        (2004, "2000-01", "91.37"),
        (2025, "2014-04", "74.23"),
        (2013, "2015-03", "100.66"),
        (2013, "2016-04", "100.93"),
        (2013, "2023-12", "125.91"),
    ],
)
def test_the_smoothed_index_is_the_one_that_statbel_gives(
    shared_app: Flask, base_year: int, text: str, value: str
) -> None:
    assert smoothed(shared_app, base_year, text) == value


@pytest.mark.parametrize("text", BLOCKED)
def test_for_a_year_the_smoothed_index_stood_still(shared_app: Flask, text: str) -> None:
    assert smoothed(shared_app, 2013, text) == "100.66"


@pytest.mark.parametrize("base_year", [1988, 1996, 2004, 2013, 2025])
def test_the_smoothed_index_of_every_month_is_exact(shared_app: Flask, base_year: int) -> None:
    found = months(shared_app, base_year)
    cents = {f"{entry['month']:%Y-%m}": int(entry["value"] * 100) for entry in found}
    expected: List[Optional[Decimal]] = []
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


@on_sqlite
@pytest.mark.parametrize(
    ("year", "last", "value"), [(2014, "80.02", "80.01"), (2020, "81.00", "78.65")], ids=["mean", "reduced"]
)
def test_a_half_cent_of_the_smoothed_index_is_rounded_up(
    app: Flask, year: int, last: str, value: str
) -> None:
    for number, index in enumerate(["80.00", "80.00", "80.00", last], start=1):
        hold(app, 2034, f"{year}-{number:02}", index)
    assert smoothed(app, 2034, f"{year}-04") == value


@pytest.mark.parametrize(
    ("base_year", "text"), [(2013, "1994-01"), (2013, "1994-03"), (2025, "2014-01"), (2025, "2014-03")]
)
def test_the_first_three_months_have_no_smoothed_index(shared_app: Flask, base_year: int, text: str) -> None:
    assert smoothed(shared_app, base_year, text) is None


@on_sqlite
def test_a_missing_month_leaves_it_and_the_next_three_without_a_smoothed_index(app: Flask) -> None:
    lose(app, 2013, "2020-02")
    without = [f"{entry['month']:%Y-%m}" for entry in months(app, 2013) if entry["smoothed"] is None]
    assert without == ["1994-01", "1994-02", "1994-03", "2020-03", "2020-04", "2020-05"]


@on_sqlite
@pytest.mark.parametrize("missing", ["2015-03", "2014-12"])
def test_what_is_not_known_when_it_is_blocked_is_not_known_for_a_year(app: Flask, missing: str) -> None:
    lose(app, 2013, missing)
    assert {smoothed(app, 2013, text) for text in BLOCKED} == {None}
    assert smoothed(app, 2013, "2016-04") == "100.93"


@on_sqlite
def test_a_month_that_is_missing_while_it_stood_still_changes_nothing(app: Flask) -> None:
    lose(app, 2013, "2015-04")
    assert [smoothed(app, 2013, text) for text in BLOCKED[1:]] == ["100.66"] * 11


def test_a_base_year_that_begins_while_it_stood_still_has_none_until_it_moves(app: Flask) -> None:
    for text in [*BLOCKED[-3:], "2016-04"]:
        hold(app, 2034, text, "80.00")
    assert [entry["smoothed"] for entry in months(app, 2034)] == [None] * 3 + [Decimal("78.40")]


# What is held


def test_the_ranges_of_the_seed_newest_base_year_first(shared_app: Flask) -> None:
    expected = [(2025, "2014-01", "2026-07")]
    expected += [(base_year, "1994-01", "2025-12") for base_year in (2013, 2004, 1996, 1988)]
    assert ranges(shared_app) == [
        {
            "base_year": base_year,
            "first_month": month(first),
            "last_month": month(last),
            "fetched_at": ORDINARY_DAY,
        }
        for base_year, first, last in expected
    ]


def test_a_range_tells_when_the_newest_of_its_values_was_read(app: Flask) -> None:
    hold(app, 2013, "2026-01", "137.00")
    found = {entry["base_year"]: entry for entry in ranges(app)}[2013]
    assert (found["last_month"], found["fetched_at"]) == (month("2026-01"), ORDINARY_DAY)


def test_a_further_base_year_that_the_data_holds_has_a_range(app: Flask) -> None:
    hold(app, 2035, "2026-06", "80.00")
    hold(app, 2035, "2026-05", "79.00")
    newest = ranges(app)[0]
    assert (newest["base_year"], newest["first_month"], newest["last_month"]) == (
        2035,
        month("2026-05"),
        month("2026-06"),
    )


# When there is nothing, or something new


@pytest.mark.parametrize("ask", [ranges, lambda app: months(app, 2013)], ids=["ranges", "months"])
def test_nothing_held_is_unavailable(app: Flask, ask: Callable[[Flask], object]) -> None:
    forget(app)
    with pytest.raises(IndexUnavailable):
        ask(app)


@on_sqlite
def test_a_base_year_of_which_nothing_is_held_is_unavailable(app: Flask) -> None:
    with pytest.raises(IndexUnavailable, match="base year 2034"):
        months(app, 2034)


@on_sqlite
def test_statbel_is_not_asked_while_nothing_is_due(app: Flask, statbel: FakeStatbel) -> None:
    months(app, 2013)
    ranges(app)
    assert statbel.asked == []


@on_sqlite
def test_a_month_that_is_due_is_read_before_the_months_are_given(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    set_clock(PUBLICATION)
    statbel.bestat = AUGUST
    newest = months(app, 2004)[-1]
    assert (newest["month"], newest["value"]) == (month("2026-08"), Decimal("169.01"))
    assert (newest["status"], newest["source"]) == ("published", "bestat")
    assert newest["fetched_at"] == PUBLICATION


@on_sqlite
def test_a_month_that_is_due_is_read_before_the_ranges_are_given(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    set_clock(PUBLICATION)
    statbel.bestat = AUGUST
    newest = ranges(app)[0]
    assert (newest["last_month"], newest["fetched_at"]) == (month("2026-08"), PUBLICATION)
