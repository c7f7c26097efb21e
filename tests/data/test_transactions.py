"""Write transactions: serialized, and all or nothing."""

from __future__ import annotations

import threading
import time
from decimal import Decimal
from typing import List

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.health_index.stored_values import all_values, month, stored_value
from webapp.data.database import db
from webapp.data.index_models import IndexValue
from webapp.data.transactions import write_transaction
from webapp.data.version_model import DataVersion

JULY = (2025, month("2026-07"))


def july(session: Session) -> IndexValue:
    value = session.get(IndexValue, JULY)
    assert value is not None
    return value


def test_writers_are_serialized(app: Flask) -> None:
    failures: List[BaseException] = []

    def add_a_cent() -> None:
        try:
            with app.app_context(), write_transaction() as session:
                value = july(session)
                time.sleep(0.05)
                value.value += Decimal("0.01")
        except Exception as error:  # noqa: BLE001  # the failure of a thread would only be printed
            failures.append(error)

    threads = [threading.Thread(target=add_a_cent) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert stored_value(app, 2025, "2026-07") == ("103.29", "published", "seed")


def test_failed_writer_changes_nothing(app: Flask) -> None:
    before = all_values(app)
    with app.app_context(), pytest.raises(ValueError, match="late"), write_transaction() as session:
        july(session).value = Decimal("1.00")
        session.flush()
        raise ValueError("late")
    assert all_values(app) == before


def test_writer_without_changes_keeps_the_data_version(app: Flask) -> None:
    with app.app_context():
        before = db.session.scalar(select(DataVersion.version))
        with write_transaction():
            pass
        db.session.rollback()
        assert db.session.scalar(select(DataVersion.version)) == before
