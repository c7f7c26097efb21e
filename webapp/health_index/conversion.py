"""Conversion to base years that lack a month."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP
from typing import Collection, Iterable

from webapp.health_index.coefficients import base_year_in_force, coefficient
from webapp.health_index.values import CENT, CONVERTED, IndexValue


def with_conversions(
    values: Iterable[IndexValue], withdrawn: Collection[tuple[int, date]] = ()
) -> list[IndexValue]:
    """Add newer months of the base year in force to the others."""
    values = list(values)
    last_months: dict[int, date] = {}
    for value in values:
        last_months[value.base_year] = max(value.month, last_months.get(value.base_year, date.min))
    converted = []
    for value in values:
        if value.base_year != base_year_in_force(value.month):
            continue
        for base_year, last_month in last_months.items():
            factor = coefficient(value.month, base_year)
            if factor and value.month > last_month and (base_year, value.month) not in withdrawn:
                number = (value.value * factor).quantize(CENT, ROUND_HALF_UP)
                converted.append(value._replace(base_year=base_year, value=number, status=CONVERTED))
    return values + converted
