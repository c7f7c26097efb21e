"""Index values in a test's database."""

from __future__ import annotations

from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Tuple

import pytest
from flask import Flask
from sqlalchemy import delete, select

from tests.health_index.sample import month
from webapp.data.database import db
from webapp.data.index_models import IndexValue

__all__ = ["add_value", "all_values", "delete_values", "month", "on_sqlite", "stored_value"]

# For tests in tests/data and tests/cli that do not depend on SQL.
on_sqlite = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)

Row = Tuple[int, date, Decimal, str, str]


def all_values(app: Flask) -> list[Row]:
    """Return base year, month, value, status and source of all values, in order."""
    columns = (IndexValue.base_year, IndexValue.month, IndexValue.value, IndexValue.status, IndexValue.source)
    with app.app_context():
        found = db.session.execute(select(*columns).order_by(*columns[:2]))
        return [
            (base_year, month, value, status, source) for base_year, month, value, status, source in found
        ]


def stored_value(app: Flask, base_year: int, text: str) -> tuple[str, str, str] | None:
    """Return value, status and source of one month; None without a value."""
    for found_year, found_month, value, status, source in all_values(app):
        if (found_year, found_month) == (base_year, month(text)):
            return str(value), status, source
    return None


def add_value(
    app: Flask,
    base_year: int,
    text: str,
    value: str,
    fetched_at: datetime = datetime(2026, 1, 1, tzinfo=timezone.utc),
) -> None:
    """Add a published value of be.STAT."""
    with app.app_context():
        db.session.add(
            IndexValue(
                base_year=base_year,
                month=month(text),
                value=Decimal(value),
                status="published",
                source="bestat",
                fetched_at=fetched_at,
            )
        )
        db.session.commit()


def delete_values(app: Flask, after: str = "0001-01") -> None:
    """Delete the values after a month, by default all."""
    with app.app_context():
        db.session.execute(delete(IndexValue).where(IndexValue.month > month(after)))
        db.session.commit()
