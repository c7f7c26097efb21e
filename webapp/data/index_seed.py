"""The index values in `seed/`, served until Statbel first responds."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any, Dict, List

from sqlalchemy.orm import Session

from webapp import clock
from webapp.data import index_decisions
from webapp.data.index_models import IndexValue, stored_values
from webapp.data.upsert import insert
from webapp.health_index.values import CONVERTED, PUBLISHED
from webapp.i18n.iso_month import ISO_MONTH, iso_month, parse_iso_month
from webapp.statbel.parsing import MAX_VALUE, MIN_VALUE
from webapp.tables.csv_file import FileError, read_records

COLUMNS = ("base_year", "month", "value", "status")
SOURCE = "seed"


def read(path: Path) -> List[Dict[str, Any]]:
    """Read `health_index.csv`. Raises FileError for the first invalid row."""
    rows: Dict[Any, Dict[str, Any]] = {}
    for number, (base_year, month, value, status) in read_records(path, COLUMNS):
        if not re.fullmatch("(19|20)[0-9]{2}", base_year):
            raise FileError(path, number, f"{base_year!r} is not a base year")
        if not re.fullmatch(ISO_MONTH, month):
            raise FileError(path, number, f"{month!r} is not a month, such as 2025-12")
        if month > iso_month(clock.today()):
            raise FileError(path, number, f"{month} is in the future, as today is {clock.today()}")
        if not re.fullmatch(r"[0-9]{2,4}\.[0-9]{2}", value):
            raise FileError(path, number, f"{value!r} is not an index with two decimals")
        if not MIN_VALUE <= Decimal(value) <= MAX_VALUE:
            raise FileError(path, number, f"{value} is not plausible as an index")
        if status not in (PUBLISHED, CONVERTED):
            raise FileError(path, number, f"the status must be {PUBLISHED} or {CONVERTED}")
        if (base_year, month) in rows:
            raise FileError(path, number, f"{month} on base {base_year} appears twice")
        rows[base_year, month] = {
            "base_year": int(base_year),
            "month": parse_iso_month(month),
            "value": Decimal(value),
            "status": status,
        }
    if not rows:
        raise FileError(path, None, "contains no values")
    return list(rows.values())


def load(session: Session, rows: List[Dict[str, Any]]) -> int:
    """Store new and corrected rows, unless Statbel or an operator's decision takes precedence.

    Returns the number of rows stored.
    """
    stored = stored_values(session)
    decisions = index_decisions.load(session)
    changes = []
    for row in rows:
        if decisions.forbid(row["base_year"], row["month"], row["value"]):
            continue
        value = stored.get((row["base_year"], row["month"]))
        same = value and (value.value, value.status) == (row["value"], row["status"])
        if value is None or (value.source == SOURCE and not same):
            changes.append({**row, "source": SOURCE, "fetched_at": clock.now()})
    if changes:
        statement = insert(IndexValue)
        new = {name: statement.excluded[name] for name in ("value", "status", "fetched_at")}
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["base_year", "month"], set_=new, where=IndexValue.source == SOURCE
            ),
            changes,
        )
    return len(changes)
