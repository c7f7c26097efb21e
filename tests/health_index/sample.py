"""Index values for tests of the domain: the seed, read without the application, and single values."""

from __future__ import annotations

import csv
from datetime import date, datetime, timezone
from decimal import Decimal

from tests.conftest import ORDINARY_DAY
from webapp.config import ROOT
from webapp.health_index.values import HealthIndex, IndexValue

# A base year that the seed lacks.
OWN = 2034


def month(text: str) -> date:
    """Return the first day of a month such as "2026-08"."""
    return datetime.strptime(text, "%Y-%m").replace(tzinfo=timezone.utc).date()


def value(
    base_year: int,
    text: str,
    number: str,
    *,
    status: str = "published",
    source: str = "bestat",
    fetched_at: datetime = datetime(2026, 1, 1, tzinfo=timezone.utc),
) -> IndexValue:
    """Return the value of a month, by default from be.STAT."""
    return IndexValue(base_year, month(text), Decimal(number), status, source, fetched_at)


def _seed_values() -> list[IndexValue]:
    with (ROOT / "seed" / "health_index.csv").open(encoding="utf-8", newline="") as file:
        return [
            value(
                int(row["base_year"]),
                row["month"],
                row["value"],
                status=row["status"],
                source="seed",
                fetched_at=ORDINARY_DAY,
            )
            for row in csv.DictReader(file)
        ]


SEED_VALUES = _seed_values()
SEED = HealthIndex(SEED_VALUES)


def own(*values: tuple[str, str]) -> HealthIndex:
    """Return the seed with these months and values on the base year OWN."""
    return HealthIndex([*SEED_VALUES, *(value(OWN, text, number) for text, number in values)])


def without(base_year: int, text: str) -> HealthIndex:
    """Return the seed without one month."""
    return HealthIndex(
        entry for entry in SEED_VALUES if (entry.base_year, entry.month) != (base_year, month(text))
    )
