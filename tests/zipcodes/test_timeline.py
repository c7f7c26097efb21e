"""The timeline of risk tables: periods, states, and the factor on a day."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ORDINARY_DAY
from webapp.errors import RiskTableNotFound, RiskTableUnavailable, ZipcodeNotFound
from webapp.zipcodes.places import Places
from webapp.zipcodes.risk_table import Range, RiskTable, in_force
from webapp.zipcodes.timeline import Timeline, find

TODAY = ORDINARY_DAY.date()
NEW_YEAR = date(2027, 1, 1)
LATER = datetime(2026, 10, 1, 8, 0, tzinfo=timezone.utc)
NO_PLACES = Places((), None)


def table(
    number: int, first: date | None = None, factor: str = "A", cancelled_at: datetime | None = None
) -> RiskTable:
    ranges = (Range(9000, 9000, factor),)
    return RiskTable(number, first, ORDINARY_DAY, ranges, f"table {number}", cancelled_at=cancelled_at)


def ids(timeline: Timeline) -> list[tuple[int, date | None, date | None]]:
    return [(found.id, first, last) for found, first, last in timeline.periods]


SEED, PLANNED = table(1), table(2, NEW_YEAR, "B")


def test_periods_follow_each_other() -> None:
    assert ids(Timeline([PLANNED, SEED])) == [(1, None, date(2026, 12, 31)), (2, NEW_YEAR, None)]


def test_of_two_tables_with_one_first_day_the_later_loaded_has_a_period() -> None:
    assert ids(Timeline([SEED, PLANNED, table(3, NEW_YEAR)])) == [
        (1, None, date(2026, 12, 31)),
        (3, NEW_YEAR, None),
    ]


def test_cancelled_table_has_no_period() -> None:
    assert ids(Timeline([SEED, table(2, NEW_YEAR, cancelled_at=LATER)])) == [(1, None, None)]


def test_table_with_an_earlier_first_day_may_be_loaded_later() -> None:
    backdated = table(3, date(2026, 3, 1))
    timeline = Timeline([SEED, PLANNED, backdated])
    assert [found.table.id for found in timeline.periods] == [1, 3, 2]
    assert timeline.on(TODAY).table is backdated


def test_state_depends_on_the_day() -> None:
    cancelled = table(3, NEW_YEAR, cancelled_at=LATER)
    timeline = Timeline([SEED, PLANNED, cancelled])
    days = (TODAY, date(2026, 12, 31), NEW_YEAR)
    assert [timeline.state(SEED, day) for day in days] == ["in force", "in force", "past"]
    assert [timeline.state(PLANNED, day) for day in days] == ["planned", "planned", "in force"]
    assert [timeline.state(cancelled, day) for day in days] == ["cancelled"] * 3


def test_table_that_counts_on_no_day_names_the_one_that_replaced_it() -> None:
    timeline = Timeline([SEED, PLANNED, table(3, NEW_YEAR)])
    newest, replaced, seed = timeline.entries(TODAY)
    assert (replaced["state"], replaced["replaced_by"], replaced["effective_until"]) == ("planned", 3, None)
    assert (seed["replaced_by"], newest["replaced_by"]) == (None, None)
    assert timeline.state(PLANNED, NEW_YEAR) == "past"


def test_tables_are_listed_with_the_one_that_begins_last_first() -> None:
    entries = Timeline([SEED, PLANNED]).entries(TODAY)
    assert [(entry["id"], entry["effective_from"], entry["effective_until"]) for entry in entries] == [
        (2, NEW_YEAR, None),
        (1, None, date(2026, 12, 31)),
    ]


def test_table_before_is_the_one_that_counted_until_it_was_loaded() -> None:
    third, cancelled = table(3, NEW_YEAR), table(4, NEW_YEAR, cancelled_at=LATER)
    timeline = Timeline([SEED, PLANNED, third, cancelled])
    assert [timeline.before(found) for found in (SEED, PLANNED, third)] == [None, SEED, PLANNED]


def test_unknown_table_is_not_found() -> None:
    with pytest.raises(RiskTableNotFound) as error:
        Timeline([SEED]).get(7)
    assert str(error.value) == "There is no risk table 7."


DAYS = st.one_of(st.none(), st.dates(date(2026, 9, 1), date(2026, 9, 30)))
TABLES = st.lists(st.tuples(DAYS, st.booleans()), max_size=8).map(
    lambda rows: [
        table(number, first, cancelled_at=LATER if is_cancelled else None)
        for number, (first, is_cancelled) in enumerate(rows, start=1)
    ]
)


@settings(deadline=None, database=None)
@given(tables=TABLES, day=st.dates(date(2026, 8, 25), date(2026, 10, 5)), today=st.dates(TODAY, LATER.date()))
def test_period_of_any_day_has_the_table_in_force(tables: list[RiskTable], day: date, today: date) -> None:
    timeline = Timeline(tables)
    holding = [
        period
        for period in timeline.periods
        if (period.first or date.min) <= day <= (period.last or date.max)
    ]
    if not holding:
        with pytest.raises(RiskTableUnavailable):
            timeline.on(day)
        return
    assert holding == [timeline.on(day)]
    assert holding[0].table is in_force(tables, day) is timeline.up_to(day)
    same = timeline.same_as(day, today)
    assert timeline.on(same) == holding[0]
    assert timeline.after(max(same, today)) == timeline.after(max(day, today))
    assert [found.id for found in tables if timeline.state(found, day) == "in force"] == [holding[0].table.id]


def test_lookup_has_the_last_day_of_the_table_and_the_planned_changes() -> None:
    march = date(2027, 3, 1)
    timeline = Timeline([SEED, PLANNED, table(3, date(2027, 2, 1), "B"), table(4, march, "C")])
    found = find(timeline, NO_PLACES, 9000, TODAY, TODAY)
    assert (found["factor"], found["effective_from"], found["effective_until"]) == (
        "A",
        None,
        date(2026, 12, 31),
    )
    assert found["planned"] == [
        {"effective_from": NEW_YEAR, "factor": "B", "risk_table": 2},
        {"effective_from": march, "factor": "C", "risk_table": 4},
    ]
    assert find(timeline, NO_PLACES, 9000, date(2027, 2, 10), TODAY)["planned"] == found["planned"][1:]


def test_lookup_of_a_past_day_plans_from_today() -> None:
    timeline = Timeline([table(1, factor="C"), table(2, TODAY, "A"), table(3, NEW_YEAR, "B")])
    found = find(timeline, NO_PLACES, 9000, date(2026, 3, 1), TODAY)
    assert (found["factor"], found["effective_until"]) == ("C", TODAY - timedelta(days=1))
    assert [(change["effective_from"], change["factor"]) for change in found["planned"]] == [(NEW_YEAR, "B")]


def test_planned_table_without_the_zipcode_gives_it_no_factor() -> None:
    empty = RiskTable(2, NEW_YEAR, ORDINARY_DAY, (Range(1000, 1000, "A"),))
    timeline = Timeline([SEED, empty])
    assert find(timeline, NO_PLACES, 9000, TODAY, TODAY)["planned"] == [
        {"effective_from": NEW_YEAR, "factor": None, "risk_table": 2}
    ]
    with pytest.raises(ZipcodeNotFound):
        find(timeline, NO_PLACES, 9000, NEW_YEAR, TODAY)


def test_loading_and_cancelling_a_planned_table_changes_a_lookup() -> None:
    def changed_at(*tables: RiskTable, on: date = TODAY) -> datetime:
        return find(Timeline(tables), NO_PLACES, 9000, on, TODAY)["changed_at"]

    loaded = RiskTable(2, NEW_YEAR, LATER, SEED.ranges)
    cancelled = RiskTable(2, NEW_YEAR, LATER, SEED.ranges, cancelled_at=LATER + timedelta(days=1))
    assert changed_at(SEED) == ORDINARY_DAY
    assert changed_at(SEED, loaded) == LATER
    assert changed_at(SEED, loaded, on=NEW_YEAR) == LATER  # never in the future
    assert changed_at(SEED, cancelled) == LATER + timedelta(days=1)
