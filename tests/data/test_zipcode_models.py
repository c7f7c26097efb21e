"""The constraints of risk tables and ranges."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.conftest import ORDINARY_DAY
from tests.support.risk_tables import unprotect
from webapp.data.database import db
from webapp.data.zipcode_models import RiskRange, RiskTable
from webapp.zipcodes.risk_table import Range


def add_table(session: Session, *ranges: Range) -> RiskTable:
    table = RiskTable(
        source="test.csv",
        effective_from=ORDINARY_DAY.date(),
        imported_at=ORDINARY_DAY,
        sha256="0" * 64,
        range_count=len(ranges),
    )
    session.add(table)
    session.flush()
    session.add_all(RiskRange(risk_table_id=table.id, **entry._asdict()) for entry in ranges)
    session.flush()
    return table


def range_count(session: Session) -> int | None:
    return session.scalar(select(func.count()).select_from(RiskRange))


@pytest.mark.parametrize(
    ("first", "last", "factor"),
    [
        (999, 1000, "A"),
        (9999, 10000, "A"),
        (1310, 1000, "A"),
        (1000, 1310, "D"),
    ],
)
def test_invalid_range_is_rejected(session: Session, first: int, last: int, factor: str) -> None:
    with pytest.raises(IntegrityError):
        add_table(session, Range(first, last, factor))


def test_range_without_a_table_is_rejected(session: Session) -> None:
    session.add(RiskRange(risk_table_id=12345, first=1000, last=1310, factor="A"))
    with pytest.raises(IntegrityError):
        session.flush()


def test_two_ranges_of_a_table_with_one_first_zipcode_are_rejected(session: Session) -> None:
    with pytest.raises(IntegrityError):
        add_table(session, Range(1000, 1310, "A"), Range(1000, 1000, "B"))


@pytest.mark.parametrize("other", [(1310, 1400), (1100, 1200)])
def test_overlapping_ranges_of_a_table_are_rejected_by_postgresql(
    postgresql_app: Flask, other: tuple[int, int]
) -> None:
    with postgresql_app.app_context(), pytest.raises(IntegrityError, match="ex_risk_range_no_overlap"):
        add_table(db.session(), Range(1000, 1310, "A"), Range(*other, "B"))


def test_ranges_of_a_table_may_touch(session: Session) -> None:
    add_table(session, Range(1000, 1309, "A"), Range(1310, 1310, "B"), Range(1311, 1400, "C"))
    assert range_count(session) == 164 + 3


def test_two_tables_may_have_the_same_range(session: Session) -> None:
    tables = [add_table(session, Range(1000, 1310, factor)) for factor in "AB"]
    assert tables[0].id < tables[1].id
    assert range_count(session) == 164 + 2


def test_ranges_are_deleted_with_their_table(session: Session) -> None:
    add_table(session, Range(1000, 1310, "A"))
    unprotect(session.connection())
    session.execute(delete(RiskTable))
    assert range_count(session) == 0
