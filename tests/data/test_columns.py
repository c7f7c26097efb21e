"""Column types: both databases return the value that was written."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Optional

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from webapp.data.database import db
from webapp.data.index_models import IndexValue, UpstreamCheck

NOON = datetime(2026, 8, 14, 12, 0, 0, 123456, tzinfo=timezone.utc)


def stored_instant(app: Flask, instant: Optional[datetime]) -> Optional[datetime]:
    with app.app_context():  # rolls back at its end
        db.session.merge(UpstreamCheck(id=1, attempted_at=NOON, succeeded_at=instant))
        db.session.flush()
        db.session.expire_all()
        return db.session.scalars(select(UpstreamCheck.succeeded_at)).one()


def stored_number(app: Flask, number: Decimal) -> Decimal:
    with app.app_context():  # rolls back at its end
        month = date(1999, 1, 1)
        db.session.merge(
            IndexValue(
                base_year=2031, month=month, value=number, status="published", source="test", fetched_at=NOON
            )
        )
        db.session.flush()
        db.session.expire_all()
        return db.session.scalars(select(IndexValue.value).filter_by(base_year=2031)).one()


@pytest.mark.parametrize(
    "instant",
    [
        NOON,
        NOON.astimezone(timezone(timedelta(hours=2))),
    ],
)
def test_instant_is_returned_in_utc(shared_app: Flask, instant: datetime) -> None:
    stored = stored_instant(shared_app, instant)
    assert stored is not None
    assert (stored, stored.tzinfo) == (instant, timezone.utc)


def test_missing_instant_is_returned_as_none(shared_app: Flask) -> None:
    assert stored_instant(shared_app, None) is None


@pytest.mark.parametrize("text", ["0.01", "135.60", "99999.99"])
def test_number_is_returned_exactly(shared_app: Flask, text: str) -> None:
    stored = stored_number(shared_app, Decimal(text))
    assert (type(stored), str(stored)) == (Decimal, text)


def test_number_without_decimals_is_returned_with_two(shared_app: Flask) -> None:
    assert str(stored_number(shared_app, Decimal("100"))) == "100.00"


@pytest.mark.parametrize("text", ["0.00", "-1.00"])
def test_index_that_is_not_positive_is_rejected_by_the_database(shared_app: Flask, text: str) -> None:
    with pytest.raises(IntegrityError):
        stored_number(shared_app, Decimal(text))
