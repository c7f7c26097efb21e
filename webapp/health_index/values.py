"""Values of the health index."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Iterable, Mapping, NamedTuple

from webapp.errors import IndexUnavailable
from webapp.health_index.coefficients import coefficient, coefficient_source
from webapp.i18n.messages import N_

PUBLISHED = "published"
CONVERTED = "converted"

CENT = Decimal("0.01")


class IndexValue(NamedTuple):
    """The index of one month, by its first day.

    Attributes:
        source: bestat, open-data, workbook, operator or seed.
    """

    base_year: int
    month: date
    value: Decimal
    status: str
    source: str
    fetched_at: datetime

    @property
    def coefficient(self) -> Decimal | None:
        """None unless converted."""
        return coefficient(self.month, self.base_year) if self.status == CONVERTED else None

    @property
    def coefficient_source(self) -> str | None:
        """See coefficients.coefficient_source."""
        return coefficient_source(self.month, self.base_year) if self.coefficient else None


class HealthIndex:
    """Immutable index values: newest base year first, months in order."""

    def __init__(self, values: Iterable[IndexValue], withdrawn_at: datetime | None = None) -> None:
        self.withdrawn_at = withdrawn_at
        by_base_year: dict[int, dict[date, IndexValue]] = {}
        for value in sorted(values, key=lambda value: (-value.base_year, value.month)):
            by_base_year.setdefault(value.base_year, {})[value.month] = value
        self.by_base_year: Mapping[int, Mapping[date, IndexValue]] = by_base_year

    @cached_property
    def months(self) -> frozenset[date]:
        """Return the months with a value on any base year."""
        return frozenset(month for values in self.by_base_year.values() for month in values)

    def on(self, base_year: int) -> Mapping[date, IndexValue]:
        """Return values by month, in order. Raises IndexUnavailable."""
        values = self.by_base_year.get(base_year)
        if not values:
            raise IndexUnavailable(
                N_("No value is available on base %(base_year)s yet. Please try again in a minute."),
                base_year=base_year,
            )
        return values

    def changed_at(self, base_year: int) -> datetime:
        """Return the last storage or withdrawal. Raises IndexUnavailable."""
        stored_at = max(value.fetched_at for value in self.on(base_year).values())
        return max(stored_at, self.withdrawn_at) if self.withdrawn_at else stored_at

    def latest(self) -> dict[int, IndexValue]:
        """Return the latest values, newest base year first. Raises IndexUnavailable."""
        if not self.by_base_year:
            raise IndexUnavailable(N_("No value is available yet. Please try again in a minute."))
        return {base_year: values[max(values)] for base_year, values in self.by_base_year.items()}
