"""Coefficients between base years (docs/domain.md, "Base years and coefficients")."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Mapping, NamedTuple

# First year in force: base year. Newest first. Earlier months have no index.
IN_FORCE = {2026: 2025, 2014: 2013, 2006: 2004, 1998: 1996, 1994: 1988}

# From, to. Statbel publishes none from 2025 to 2004, 1996 and 1988.
COEFFICIENTS = {
    2025: {2013: Decimal("1.3557")},
    2013: {
        2025: Decimal("0.7376"),
        2004: Decimal("1.2077"),
        1996: Decimal("1.3740"),
        1988: Decimal("1.6566"),
    },
    2004: {2013: Decimal("0.8280"), 1996: Decimal("1.1377"), 1988: Decimal("1.3717")},
    1996: {2013: Decimal("0.7278"), 2004: Decimal("0.8790"), 1988: Decimal("1.2057")},
    1988: {2013: Decimal("0.6036"), 2004: Decimal("0.7290"), 1996: Decimal("0.8294")},
}

# Not Statbel's: the only four-decimal number that fits all eight pairs that Statbel published for 2026.
DERIVED_COEFFICIENTS = {(2025, 2013)}


class Coefficient(NamedTuple):
    """A coefficient; `source` is that of coefficient_source."""

    value: Decimal
    source: str


class CoefficientsFrom(NamedTuple):
    """Known coefficients from a base year, by the other, and the years in which it is in force."""

    base_year: int
    first_year: int
    last_year: int | None
    coefficients: Mapping[int, Coefficient]


def all_coefficients() -> list[CoefficientsFrom]:
    """Return all known coefficients, newest base year first."""
    found: list[CoefficientsFrom] = []
    for first_year, base_year in IN_FORCE.items():
        coefficients = {
            to: Coefficient(value, _source(base_year, to)) for to, value in COEFFICIENTS[base_year].items()
        }
        last_year = found[-1].first_year - 1 if found else None
        found.append(CoefficientsFrom(base_year, first_year, last_year, coefficients))
    return found


def base_year_in_force(month: date) -> int:
    return next((base_year for since, base_year in IN_FORCE.items() if month.year >= since), 1988)


def coefficient(month: date, base_year: int) -> Decimal | None:
    """Return the coefficient from the base year in force, or None."""
    in_force = base_year_in_force(month)
    return Decimal(1) if base_year == in_force else COEFFICIENTS[in_force].get(base_year)


def coefficient_source(month: date, base_year: int) -> str:
    """Return "statbel", or "derived" from published values."""
    return _source(base_year_in_force(month), base_year)


def _source(from_base_year: int, base_year: int) -> str:
    return "derived" if (from_base_year, base_year) in DERIVED_COEFFICIENTS else "statbel"
