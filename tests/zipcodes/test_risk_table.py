"""Risk tables: the one in force on a day, and the lookup of a zipcode in it."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ORDINARY_DAY, SetClock
from tests.zipcodes.ranges import ZIPCODES, tables
from tests.zipcodes.seed import FACTORS, GAPS, IN_USE, places
from tests.zipcodes.seed import risk_table as seed_table
from webapp import clock
from webapp.errors import RiskTableUnavailable, ZipcodeNotFound
from webapp.zipcodes.places import Places
from webapp.zipcodes.risk_table import Range, RiskTable, changed_at, describe, find, in_force

TODAY = ORDINARY_DAY.date()
TOMORROW = TODAY + timedelta(days=1)
MIDNIGHT = datetime(2026, 9, 14, 22, 0, tzinfo=timezone.utc)  # when TOMORROW begins in Brussels
LATER = datetime(2026, 10, 1, 8, 0, tzinfo=timezone.utc)
WITHOUT_PLACES = Places((), None)


def table(
    number: int,
    effective_from: date = TODAY,
    imported_at: datetime = ORDINARY_DAY,
    ranges: tuple[Range, ...] = (Range(9000, 9000, "C"),),
) -> RiskTable:
    return RiskTable(number, effective_from, imported_at, ranges)


# The table in force


def test_table_is_in_force_from_its_first_day() -> None:
    present, planned = table(1), table(2, effective_from=TOMORROW)
    assert in_force([present, planned], TODAY) is present
    assert in_force([present, planned], TOMORROW) is planned
    assert in_force([present, planned], date(2099, 1, 1)) is planned


@pytest.mark.parametrize(
    ("instant", "number"),
    [(MIDNIGHT - timedelta(seconds=1), 1), (MIDNIGHT, 2)],
)
def test_table_comes_into_force_at_midnight_in_brussels(
    set_clock: SetClock, instant: datetime, number: int
) -> None:
    set_clock(instant)
    assert in_force([table(1), table(2, effective_from=TOMORROW)], clock.today()).id == number


def test_table_with_a_later_first_day_wins_whenever_it_was_loaded() -> None:
    early, late = table(1), table(2, effective_from=TODAY - timedelta(days=1), imported_at=LATER)
    assert in_force([early, late], TODAY) is early
    assert in_force([late, early], TODAY) is early


def test_of_two_tables_with_one_first_day_the_later_loaded_is_in_force() -> None:
    first, second = table(1), table(2)
    assert in_force([first, second], TODAY) is second
    assert in_force([second, first], TODAY) is second


@pytest.mark.parametrize("planned", [[], [table(1, effective_from=TOMORROW)]], ids=["none", "planned"])
def test_without_a_table_in_force_the_risk_table_is_unavailable(planned: list[RiskTable]) -> None:
    with pytest.raises(RiskTableUnavailable) as error:
        in_force(planned, TODAY)
    assert str(error.value) == "No risk table has been loaded yet. Please try again in a minute."


# The lookup


def test_lookup_returns_factor_range_table_and_places() -> None:
    found = find(seed_table(), places(), 9200)
    assert {**found, "places": [place["name"] for place in found["places"]]} == {
        "zipcode": 9200,
        "factor": "A",
        "first": 9170,
        "last": 9240,
        "risk_table": 1,
        "effective_from": TODAY,
        "kind": "locality",
        "places": [
            *("Appels", "Baasrode", "Dendermonde", "Grembergen", "Mespelare", "Oudegem", "Schoonaarde"),
            "Sint-Gillis-Dendermonde",
        ],
        "changed_at": ORDINARY_DAY,
    }


def test_every_zipcode_has_the_factor_of_the_range_that_holds_it() -> None:
    assert {zipcode: find(seed_table(), places(), zipcode)["factor"] for zipcode in FACTORS} == FACTORS
    assert seed_table().factors == FACTORS
    assert set(IN_USE) <= set(FACTORS)


def test_zipcode_that_bpost_does_not_use_has_no_kind_and_no_places() -> None:
    found = find(seed_table(), places(), 1001)
    assert (found["kind"], found["places"]) == (None, [])


@pytest.mark.parametrize(
    ("zipcode", "kind", "name"),
    [(1931, "site", "Brucargo"), (1110, "organisation", "NAVO / OTAN"), (4099, "mail_centre", "Liège X")],
)
def test_special_zipcode_has_its_organisation_as_place(zipcode: int, kind: str, name: str) -> None:
    found = find(seed_table(), places(), zipcode)
    assert (found["kind"], [place["name"] for place in found["places"]]) == (kind, [name])


@pytest.mark.parametrize(
    ("zipcode", "organisation"),
    [(1733, "HighCo Data"), (5010, "SudPresse"), (5012, "Parlement wallon"), (9099, "Gent X")],
)
def test_special_zipcode_in_no_range_is_not_found_and_names_its_organisation(
    zipcode: int, organisation: str
) -> None:
    with pytest.raises(ZipcodeNotFound) as error:
        find(seed_table(), places(), zipcode)
    assert str(error.value) == (
        f"Zipcode {zipcode} belongs to {organisation}, and the risk table has no factor for it. "
        "Use the zipcode of its street address."
    )


def test_zipcode_in_no_range_is_not_found() -> None:
    for zipcode in (zipcode for first, last in GAPS for zipcode in range(first, last + 1)):
        with pytest.raises(ZipcodeNotFound):
            find(seed_table(), places(), zipcode)


def test_zipcode_that_is_not_found_is_named_in_the_error() -> None:
    with pytest.raises(ZipcodeNotFound) as error:
        find(seed_table(), places(), 1311)
    assert str(error.value) == "Zipcode 1311 is in no range of the risk table. Check it for typing errors."


def test_table_without_ranges_holds_no_zipcode() -> None:
    with pytest.raises(ZipcodeNotFound):
        find(table(1, ranges=()), places(), 9000)


@settings(deadline=None, database=None)
@given(ranges=tables(), others=st.lists(ZIPCODES, max_size=10))
def test_lookup_in_any_table_agrees_with_a_dictionary(ranges: list[Range], others: list[int]) -> None:
    expected = {zipcode: entry for entry in ranges for zipcode in range(entry.first, entry.last + 1)}
    near = (zipcode for entry in ranges for end in entry[:2] for zipcode in (end - 1, end, end + 1))
    any_table = table(1, ranges=tuple(ranges))
    for zipcode in {*near, *others}:
        assert any_table.range_of(zipcode) == expected.get(zipcode)
    assert any_table.factors == {zipcode: entry.factor for zipcode, entry in expected.items()}


# The dates of a table


def test_description_has_the_dates_and_the_number_of_ranges() -> None:
    planned = table(2, effective_from=TOMORROW, imported_at=LATER)
    assert describe(planned, places()) == {
        "id": 2,
        "effective_from": TOMORROW,
        "range_count": 1,
        "imported_at": LATER,
        "places_loaded_at": ORDINARY_DAY,
    }
    assert describe(seed_table(), WITHOUT_PLACES)["range_count"] == 164
    assert describe(seed_table(), WITHOUT_PLACES)["places_loaded_at"] is None


@pytest.mark.parametrize(
    ("effective_from", "imported_at", "places_loaded_at", "expected"),
    [
        (TODAY, ORDINARY_DAY, None, ORDINARY_DAY),
        (TOMORROW, ORDINARY_DAY, None, MIDNIGHT),
        (TOMORROW, LATER, None, LATER),
        (TODAY, ORDINARY_DAY, LATER, LATER),
        (TOMORROW, ORDINARY_DAY, ORDINARY_DAY, MIDNIGHT),
    ],
)
def test_data_changed_when_table_was_loaded_or_came_into_force_or_places_were_loaded(
    effective_from: date, imported_at: datetime, places_loaded_at: datetime | None, expected: datetime
) -> None:
    assert changed_at(table(1, effective_from, imported_at), Places((), places_loaded_at)) == expected
    found = find(table(1, effective_from, imported_at), Places((), places_loaded_at), 9000)
    assert found["changed_at"] == expected
