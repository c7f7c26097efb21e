"""Changes of the data, and the watcher that notices them."""

from __future__ import annotations

import time
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Callable

from flask import Flask
from sqlalchemy import insert, update

from tests.conftest import ORDINARY_DAY
from webapp.config import Settings
from webapp.data.database import db
from webapp.data.index_models import IndexValue
from webapp.data.watcher import Watcher
from webapp.data.zipcode_models import RiskRange, RiskTable

NEW_TABLE = {
    "id": 2,
    "source": "new.csv",
    "effective_from": date(2026, 9, 14),
    "imported_at": ORDINARY_DAY,
    "sha256": "0" * 64,
    "range_count": 0,
}
LATER = ORDINARY_DAY + timedelta(days=1)
DECEMBER = (IndexValue.base_year == 2013, IndexValue.month == date(2025, 12, 1))
PLANNED = insert(RiskTable).values(**{**NEW_TABLE, "effective_from": date(2026, 9, 15)})
CORRECTED_FACTOR = update(RiskRange).where(RiskRange.first == 9000).values(factor="C")
REVISED_VALUE = update(IndexValue).where(*DECEMBER).values(value=Decimal("136.70"))

MakeApp = Callable[[Settings], Flask]


def watcher_of(app: Flask) -> Watcher:
    found: Watcher = app.extensions["watcher"]
    return found


def write(app: Flask, statement: Any) -> None:
    with app.app_context():
        db.session.execute(statement)
        db.session.commit()


def wait_until(is_so: Callable[[], bool], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
