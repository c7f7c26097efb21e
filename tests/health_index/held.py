"""Looking at what a test's database holds of the health index, and changing it."""

from datetime import date, datetime, timezone
from decimal import Decimal
from typing import List, Optional, Tuple

import pytest
from flask import Flask
from sqlalchemy import delete, select

from webapp.data.extensions import db
from webapp.data.index_models import IndexValue

# For a test that turns on Statbel's answer alone. The others run on both kinds of database.
on_sqlite = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)

Held = Tuple[int, date, Decimal, str, str]


def month(text: str) -> date:
    """The first day of a month such as "2026-08"."""
    return datetime.strptime(text, "%Y-%m").replace(tzinfo=timezone.utc).date()


def everything(app: Flask) -> List[Held]:
    """All that is held, in order: base year, month, value, status, source."""
    columns = (IndexValue.base_year, IndexValue.month, IndexValue.value, IndexValue.status, IndexValue.source)
    with app.app_context():
        found = db.session.execute(select(*columns).order_by(*columns[:2]))
        return [
            (base_year, month, value, status, source) for base_year, month, value, status, source in found
        ]


def held(app: Flask, base_year: int, text: str) -> Optional[Tuple[str, str, str]]:
    """What is held of one month: value, status, source; None when it is nothing."""
    for found_year, found_month, value, status, source in everything(app):
        if (found_year, found_month) == (base_year, month(text)):
            return str(value), status, source
    return None


def hold(app: Flask, base_year: int, text: str, value: str, status: str = "published") -> None:
    """Hold one more value, as if be.STAT had given it."""
    with app.app_context():
        db.session.add(
            IndexValue(
                base_year=base_year,
                month=month(text),
                value=Decimal(value),
                status=status,
                source="bestat",
                fetched_at=datetime(2026, 1, 1, tzinfo=timezone.utc),
            )
        )
        db.session.commit()


def forget(app: Flask, after: str = "0001-01") -> None:
    """Hold nothing any more of the months after this one."""
    with app.app_context():
        db.session.execute(delete(IndexValue).where(IndexValue.month > month(after)))
        db.session.commit()
