"""Differences between two risk tables."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.zipcodes.ranges import ZIPCODES, tables
from tests.zipcodes.seed import places
from webapp.zipcodes.risk_table import Range
from webapp.zipcodes.table_diff import Change, Counts, count, describe, diff

OLD = [Range(1000, 1002, "A"), Range(9000, 9001, "B"), Range(9030, 9030, "B")]
NEW = [Range(1000, 1001, "A"), Range(1020, 1020, "A"), Range(9000, 9001, "C"), Range(9030, 9030, "A")]
IN_USE = [1000, 1020, 9000, 9030]


def test_changes_are_all_zipcodes_whose_factor_differs() -> None:
    assert diff(OLD, NEW, IN_USE).changes == (
        Change(1002, "A", None),
        Change(1020, None, "A"),
        Change(9000, "B", "C"),
        Change(9001, "B", "C"),
        Change(9030, "B", "A"),
    )


def test_zipcodes_in_use_are_grouped_by_factor_before_and_after() -> None:
    found = diff(OLD, NEW, IN_USE)
    assert found.groups == {("B", "A"): [9030], ("B", "C"): [9000], (None, "A"): [1020]}
    assert found.counts == Counts(gained=1, changed=2, lost=0)


def test_ranges_that_are_in_one_table_only_are_added_or_dropped() -> None:
    found = diff(OLD, NEW, IN_USE)
    assert set(found.added_ranges) == set(NEW)
    assert set(found.dropped_ranges) == set(OLD)


def test_lost_share_counts_zipcodes_in_use_that_had_a_factor() -> None:
    assert diff(OLD, NEW[:2], IN_USE).lost_share == 2 / 3
    assert diff([], NEW, IN_USE).lost_share == 0


def test_description_names_the_places() -> None:
    assert describe(diff(OLD, NEW, IN_USE), places()) == {
        "in_use": {"gained": 1, "changed": 2, "lost": 0},
        "not_in_use": {"gained": 0, "changed": 1, "lost": 1},
        "groups": [
            {"from": "B", "to": "A", "zipcodes": [{"zipcode": "9030", "places": ["Mariakerke"]}]},
            {"from": "B", "to": "C", "zipcodes": [{"zipcode": "9000", "places": ["Gent"]}]},
            {"from": None, "to": "A", "zipcodes": [{"zipcode": "1020", "places": ["Laken / Laeken"]}]},
        ],
        "added_ranges": [
            {"first": str(entry.first), "last": str(entry.last), "risk_factor": entry.factor} for entry in NEW
        ],
        "dropped_ranges": [
            {"first": str(entry.first), "last": str(entry.last), "risk_factor": entry.factor} for entry in OLD
        ],
    }


@settings(deadline=None, database=None)
@given(before=tables(), after=tables(), in_use=st.lists(ZIPCODES))
def test_diff_of_any_tables_agrees_with_a_comparison_of_dictionaries(
    before: list[Range], after: list[Range], in_use: list[int]
) -> None:
    old, new = (
        {zipcode: entry.factor for entry in ranges for zipcode in range(entry.first, entry.last + 1)}
        for ranges in (before, after)
    )
    expected = {
        zipcode: (old.get(zipcode), new.get(zipcode))
        for zipcode in range(1000, 10000)
        if old.get(zipcode) != new.get(zipcode)
    }
    found = diff(before, after, in_use)
    assert {change.zipcode: (change.before, change.after) for change in found.changes} == expected
    assert [change.zipcode for change in found.changes] == sorted(expected)
    used = set(in_use)
    for pair, zipcodes in found.groups.items():
        assert zipcodes == [zipcode for zipcode in sorted(used) if expected.get(zipcode) == pair]
    assert sum(map(len, found.groups.values())) == len(used & expected.keys())
    assert found.counts == Counts(
        gained=len(used & (new.keys() - old.keys())),
        changed=len([zipcode for zipcode in used & old.keys() & new.keys() if zipcode in expected]),
        lost=len(used & (old.keys() - new.keys())),
    )
    assert found.losable == len(used & old.keys())
    assert sum(count(found.changes)) == len(expected)
    assert diff(before, before, in_use).changes == ()
    assert (set(before) | set(found.added_ranges)) - set(found.dropped_ranges) == set(after)
