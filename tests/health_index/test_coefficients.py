"""Coefficients, compared with every value of the seed."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from webapp.config import ROOT
from webapp.data import index_seed
from webapp.health_index.coefficients import base_year_in_force, coefficient

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
