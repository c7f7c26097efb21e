"""Steps of tests of the refresh: store values, refresh them, and poll."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import Callable

from flask import Flask

from tests.conftest import ORDINARY_DAY
from tests.health_index.stored_values import month
from tests.support.fake_statbel import Value, bestat, responding
from webapp.config import ROOT, Settings
from webapp.data import reads
from webapp.data import refresh as refresh_service
from webapp.data.database import db
from webapp.data.index_models import IndexValue
from webapp.data.refresh import RefreshResult
from webapp.health_index.latest import LatestIndex

MakeApp = Callable[[Settings], Flask]

# September 2026 is published on Tuesday 29; the seed ends with August.
PUBLICATION = datetime(2026, 9, 29, 12, 0, tzinfo=timezone.utc)
AUGUST, SEPTEMBER = (2025, "2026-08", 103.49), (2025, "2026-09", 103.77)
OLDER_BASES = [
    (1988, "2026-09", 232.71),
    (1996, "2026-09", 193.01),
    (2004, "2026-09", 169.65),
    (2013, "2026-09", 140.68),
]


def complete(values: list[Value]) -> bytes:
    """Return a response of be.STAT with August on every base year, so that the second source is not used."""
    return bestat([*values, *OLDER_BASES])


RECORDINGS = ROOT / "tests" / "statbel" / "recordings"
GONE = responding(b"", status=404)
ONE_REFRESH = ["/bestat", "/open-data", "/workbook"]


def store(app: Flask, values: list[Value]) -> None:
    """Store values with be.STAT as their source."""
    with app.app_context():
        for base_year, text, value in values:
            db.session.merge(
                IndexValue(
                    base_year=base_year,
                    month=month(text),
                    value=Decimal(f"{value:.2f}"),
                    status="published",
                    source="bestat",
                    fetched_at=ORDINARY_DAY,
                )
            )
        db.session.commit()


def latest(app: Flask, base_year: int = 2025) -> LatestIndex:
    """Poll as a process does every two seconds, and return the index that it serves."""
    app.extensions["watcher"].poll()
    with app.app_context():
        return reads.latest_index(base_year)


def refresh(app: Flask) -> RefreshResult:
    with app.app_context():
        return refresh_service.refresh()
