"""Coefficients, compared with every value of the seed."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from webapp.config import ROOT
from webapp.data import index_seed
from webapp.health_index.coefficients import all_coefficients, base_year_in_force, coefficient

VALUES = {
    (row["base_year"], row["month"]): row["value"]
    for row in index_seed.read(ROOT / "seed" / "health_index.csv")
}


def test_every_value_follows_from_the_base_year_in_force() -> None:
    compared = 0
    for (base_year, month), value in VALUES.items():
        factor = coefficient(month, base_year)
        source = VALUES.get((base_year_in_force(month), month))
        if factor and source:
            assert value == (source * factor).quantize(Decimal("0.01"), ROUND_HALF_UP)
            compared += 1
    assert compared > 1600


def test_all_coefficients_have_their_years_in_force_and_source() -> None:
    found = all_coefficients()
    assert [(row.base_year, row.first_year, row.last_year) for row in found] == [
        (2025, 2026, None),
        (2013, 2014, 2025),
        (2004, 2006, 2013),
        (1996, 1998, 2005),
        (1988, 1994, 1997),
    ]
    assert found[0].coefficients == {2013: (Decimal("1.3557"), "derived")}
    assert found[1].coefficients[2025] == (Decimal("0.7376"), "statbel")
    assert sum(len(row.coefficients) for row in found) == 14
