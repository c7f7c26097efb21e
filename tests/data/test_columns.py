"""Column types: what is written is what is read, the same on both databases."""

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


def kept_instant(app: Flask, instant: Optional[datetime]) -> Optional[datetime]:
    with app.app_context():  # rolls back at its end
        db.session.merge(UpstreamCheck(id=1, attempted_at=NOON, succeeded_at=instant))
        db.session.flush()
        db.session.expire_all()
        return db.session.scalars(select(UpstreamCheck.succeeded_at)).one()


def kept_number(app: Flask, number: Decimal) -> Decimal:
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
        NOON.astimezone(timezone(timedelta(hours=-11))),
        datetime(2026, 3, 29, 1, 0, tzinfo=timezone.utc),
    ],
)
def test_an_instant_comes_back_as_the_same_instant_in_utc(shared_app: Flask, instant: datetime) -> None:
    kept = kept_instant(shared_app, instant)
    assert kept is not None
    assert (kept, kept.tzinfo) == (instant, timezone.utc)


def test_no_instant_comes_back_as_none(shared_app: Flask) -> None:
    assert kept_instant(shared_app, None) is None


@pytest.mark.parametrize("text", ["0.01", "100.00", "135.61", "135.60", "99999.99"])
def test_a_number_comes_back_as_the_same_number_with_two_decimals(shared_app: Flask, text: str) -> None:
    kept = kept_number(shared_app, Decimal(text))
    assert (type(kept), str(kept)) == (Decimal, text)


def test_a_number_without_decimals_comes_back_with_two(shared_app: Flask) -> None:
    assert str(kept_number(shared_app, Decimal("100"))) == "100.00"


@pytest.mark.parametrize("text", ["0", "0.00", "-1.00"])
def test_the_database_itself_refuses_an_index_that_is_not_above_zero(shared_app: Flask, text: str) -> None:
    with pytest.raises(IntegrityError):
        kept_number(shared_app, Decimal(text))
