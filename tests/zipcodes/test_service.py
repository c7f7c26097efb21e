"""The lookup: from the table that is in force today, and from no other."""

import re
import uuid
from datetime import date, datetime, timezone
from typing import Dict, Iterator, List, Optional, Tuple

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.conftest import ORDINARY_DAY, SetClock
from tests.zipcodes.ranges import ZIPCODES, tables
from tests.zipcodes.seed import GAPS
from webapp.data.extensions import db
from webapp.data.risk_table_file import Range, RiskFile
from webapp.data.zipcode_models import Place, RiskRange, RiskTable
from webapp.errors import RiskTableUnavailable, ZipcodeNotFound
from webapp.zipcodes import service

TODAY = ORDINARY_DAY.date()


@pytest.fixture
def session(shared_app: Flask) -> Iterator[Session]:
    """A session whose work is rolled back after the test."""
    with shared_app.app_context():
        yield db.session()
        db.session.rollback()


def load(session: Session, ranges: List[Range], effective_from: date) -> RiskTable:
    file = RiskFile("test.csv", uuid.uuid4().hex * 2, ranges)
    table = service.import_table(session, file, file.name, effective_from)
    assert table is not None
    return table


def factor(zipcode: int) -> Optional[str]:
    try:
        return service.find(zipcode)["factor"]
    except ZipcodeNotFound:
        return None


# The seed says B for 9000, in force since ORDINARY_DAY.
ONLY_9000 = {name: [Range(9000, 9000, name)] for name in "ABC"}


def test_a_lookup_tells_factor_range_table_and_places(session: Session) -> None:
    table = session.scalars(select(RiskTable)).one()
    found = service.find(9200)
    assert {**found, "places": [place["name"] for place in found["places"]]} == {
        "zipcode": 9200,
        "factor": "A",
        "first": 9170,
        "last": 9240,
        "risk_table": table.id,
        "effective_from": TODAY,
        "places": [
            "Appels",
            "Baasrode",
            "Dendermonde",
            "Grembergen",
            "Mespelare",
            "Oudegem",
            "Schoonaarde",
            "Sint-Gillis-Dendermonde",
        ],
        "changed_at": ORDINARY_DAY,
    }


def test_since_when_it_is_so_is_read_before_the_rest(session: Session) -> None:
    """Else what is loaded meanwhile would have the new date and the old content, for good."""
    sent: List[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    service.find(9200)
    event.remove(db.engine, "before_cursor_execute", note)
    tables = [re.findall("FROM ([a-z_]+)", statement)[0] for statement in sent]
    assert tables == ["risk_table", "place", "risk_range", "place"]


def test_a_zipcode_in_a_range_that_bpost_does_not_use_has_no_places(session: Session) -> None:
    assert service.find(1001)["places"] == []


@pytest.mark.parametrize("gap", GAPS, ids=lambda gap: f"{gap[0]}-{gap[1]}")
def test_no_zipcode_between_two_ranges_is_found(session: Session, gap: Tuple[int, int]) -> None:
    assert {factor(zipcode) for zipcode in range(gap[0], gap[1] + 1)} == {None}


def test_an_unknown_zipcode_is_named_in_the_error(session: Session) -> None:
    with pytest.raises(ZipcodeNotFound) as error:
        service.find(1311)
    assert error.value.value == "1311"
    assert "1311" in error.value.message


def test_a_table_of_the_future_does_not_count_yet(session: Session) -> None:
    load(session, ONLY_9000["C"], date(2026, 8, 15))
    assert factor(9000) == "B"


def test_a_table_counts_from_its_first_day(session: Session, set_clock: SetClock) -> None:
    load(session, ONLY_9000["C"], date(2026, 8, 15))
    set_clock(datetime(2026, 8, 15, 12, 0, tzinfo=timezone.utc))
    assert factor(9000) == "C"


def test_a_table_of_the_past_is_superseded_whenever_it_was_imported(session: Session) -> None:
    load(session, ONLY_9000["C"], date(2026, 8, 13))
    assert factor(9000) == "B"


def test_of_two_tables_with_the_same_date_the_last_imported_counts(session: Session) -> None:
    load(session, ONLY_9000["C"], TODAY)
    load(session, ONLY_9000["A"], TODAY)
    assert factor(9000) == "A"


def test_a_zipcode_that_only_an_older_table_holds_is_not_found(session: Session) -> None:
    load(session, ONLY_9000["C"], TODAY)
    assert factor(9200) is None


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        (datetime(2026, 8, 14, 21, 59, 59, tzinfo=timezone.utc), "B"),
        (datetime(2026, 8, 14, 22, 0, tzinfo=timezone.utc), "C"),
        (datetime(2026, 8, 14, 23, 30, tzinfo=timezone.utc), "C"),
    ],
)
def test_a_table_comes_into_force_at_midnight_in_brussels(
    session: Session, set_clock: SetClock, instant: datetime, expected: str
) -> None:
    load(session, ONLY_9000["C"], date(2026, 8, 15))
    set_clock(instant)
    assert factor(9000) == expected


def test_without_any_table_the_error_is_another_one(session: Session) -> None:
    session.execute(delete(RiskTable))
    with pytest.raises(RiskTableUnavailable):
        service.find(9000)


def test_before_the_first_table_counts_the_error_is_the_same(session: Session, set_clock: SetClock) -> None:
    set_clock(datetime(2026, 8, 13, 12, 0, tzinfo=timezone.utc))
    with pytest.raises(RiskTableUnavailable):
        service.find(9000)


# How fresh the table is


def test_the_table_in_force_is_told_with_its_dates(session: Session) -> None:
    assert service.describe_current_table() == {
        "id": session.scalars(select(RiskTable.id)).one(),
        "effective_from": TODAY,
        "range_count": 164,
        "imported_at": ORDINARY_DAY,
        "places_loaded_at": ORDINARY_DAY,
    }


def test_a_new_table_is_told_as_soon_as_it_counts(session: Session, set_clock: SetClock) -> None:
    before = service.describe_current_table()
    imported_at = datetime(2026, 8, 14, 15, 30, tzinfo=timezone.utc)
    set_clock(imported_at)
    table = load(session, [Range(1000, 1310, "C"), Range(9000, 9000, "A")], date(2026, 8, 15))
    assert service.describe_current_table() == before
    set_clock(datetime(2026, 8, 14, 22, 0, tzinfo=timezone.utc))  # midnight in Belgium
    assert service.describe_current_table() == {
        "id": table.id,
        "effective_from": date(2026, 8, 15),
        "range_count": 2,
        "imported_at": imported_at,
        "places_loaded_at": ORDINARY_DAY,
    }


def test_the_table_told_is_the_one_that_a_lookup_finds(session: Session) -> None:
    load(session, ONLY_9000["C"], TODAY)
    load(session, ONLY_9000["A"], date(2026, 8, 1))
    assert service.describe_current_table()["id"] == service.find(9000)["risk_table"]


def test_without_places_it_is_not_told_when_they_were_loaded(session: Session) -> None:
    session.execute(delete(Place))
    assert service.describe_current_table()["places_loaded_at"] is None
    assert service.describe_current_table()["range_count"] == 164


def test_places_that_are_loaded_later_have_a_date_of_their_own(session: Session) -> None:
    later = datetime(2026, 9, 1, 8, 0, tzinfo=timezone.utc)
    session.execute(update(Place).values(loaded_at=later))
    told = service.describe_current_table()
    assert (told["imported_at"], told["places_loaded_at"]) == (ORDINARY_DAY, later)


def test_of_no_table_nothing_can_be_told(session: Session, set_clock: SetClock) -> None:
    set_clock(datetime(2026, 8, 13, 12, 0, tzinfo=timezone.utc))
    with pytest.raises(RiskTableUnavailable):
        service.describe_current_table()
    set_clock(ORDINARY_DAY)
    session.execute(delete(RiskTable))
    with pytest.raises(RiskTableUnavailable) as error:
        service.describe_current_table()
    assert error.value.message == "No risk table has been loaded yet. Please try again in a minute."


# Importing


def test_the_same_file_is_imported_once(session: Session) -> None:
    table = load(session, ONLY_9000["C"], TODAY)
    again = service.import_table(
        session, RiskFile("again.csv", table.sha256, ONLY_9000["C"]), table.source, TODAY
    )
    assert again is None


def test_an_import_keeps_the_tables_that_were_there(session: Session) -> None:
    before = session.scalar(select(func.count()).select_from(RiskRange))
    load(session, ONLY_9000["C"], TODAY)
    assert (before, session.scalar(select(func.count()).select_from(RiskRange))) == (164, 165)


def test_an_import_records_where_when_and_what(session: Session) -> None:
    table = load(session, [Range(1000, 1310, "C"), Range(9000, 9000, "A")], date(2027, 1, 1))
    session.expire_all()
    assert (table.source, table.effective_from, table.imported_at, table.range_count) == (
        "test.csv",
        date(2027, 1, 1),
        ORDINARY_DAY,
        2,
    )


@pytest.mark.parametrize(
    ("first", "last", "factor"),
    [
        (999, 1000, "A"),
        (9999, 10000, "A"),
        (10000, 10000, "A"),
        (-1, 1000, "A"),
        (1310, 1000, "A"),
        (1000, 1310, "D"),
        (1000, 1310, "a"),
        (1000, 1310, ""),
    ],
)
def test_the_database_itself_refuses_a_range_that_cannot_be_right(
    session: Session, first: int, last: int, factor: str
) -> None:
    with pytest.raises(IntegrityError):
        load(session, [Range(first, last, factor)], TODAY)


def test_the_database_itself_refuses_a_range_of_no_table(session: Session) -> None:
    session.add(RiskRange(risk_table_id=12345, first=1000, last=1310, factor="A"))
    with pytest.raises(IntegrityError):
        session.flush()


def test_the_database_itself_refuses_two_ranges_with_the_same_first_zipcode(session: Session) -> None:
    with pytest.raises(IntegrityError):
        load(session, [Range(1000, 1310, "A"), Range(1000, 1000, "B")], TODAY)


@pytest.mark.parametrize("other", [(1310, 1400), (1100, 1200), (1100, 9999), (1310, 1310)])
def test_postgresql_refuses_two_ranges_of_one_table_that_overlap(
    postgresql_app: Flask, other: Tuple[int, int]
) -> None:
    with postgresql_app.app_context(), pytest.raises(IntegrityError, match="ex_risk_range_no_overlap"):
        load(db.session(), [Range(1000, 1310, "A"), Range(*other, "B")], TODAY)


def test_the_same_range_in_another_table_is_fine(session: Session) -> None:
    load(session, [Range(1000, 1310, "A")], TODAY)
    load(session, [Range(1000, 1310, "B")], TODAY)
    assert factor(1310) == "B"


def test_ranges_of_one_table_may_touch(session: Session) -> None:
    load(session, [Range(1000, 1309, "A"), Range(1310, 1310, "B"), Range(1311, 1400, "C")], TODAY)
    assert [factor(zipcode) for zipcode in (1309, 1310, 1311)] == ["A", "B", "C"]


def test_the_ranges_go_with_their_table(session: Session) -> None:
    session.execute(delete(RiskTable))
    assert session.scalar(select(func.count()).select_from(RiskRange)) == 0


@settings(deadline=None, database=None, max_examples=60)
@given(ranges=tables(), others=st.lists(ZIPCODES, max_size=10))
def test_a_lookup_in_any_table_agrees_with_a_dictionary(
    sqlite_app: Flask, ranges: List[Range], others: List[int]
) -> None:
    expected: Dict[int, str] = {
        zipcode: entry.factor for entry in ranges for zipcode in range(entry.first, entry.last + 1)
    }
    near = {
        zipcode
        for entry in ranges
        for zipcode in (entry.first - 1, entry.first, entry.last, entry.last + 1)
        if 1000 <= zipcode <= 9999
    }
    with sqlite_app.app_context():  # rolls back at its end
        load(db.session(), ranges, TODAY)
        asked = near.union(others)
        assert {zipcode: factor(zipcode) for zipcode in asked} == {
            zipcode: expected.get(zipcode) for zipcode in asked
        }
