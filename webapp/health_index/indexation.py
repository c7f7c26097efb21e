"""Indexation without regional rules."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Sequence, TypedDict

from webapp.health_index import series
from webapp.health_index.series import MonthlyIndex
from webapp.health_index.values import CENT


class Indexation(TypedDict):
    amount: Decimal
    base_year: int
    start_month: date
    new_month: date
    start_index: Decimal
    start_status: str
    start_coefficient: Decimal | None
    start_coefficient_source: str | None
    new_index: Decimal
    new_status: str
    new_coefficient: Decimal | None
    new_coefficient_source: str | None
    new_amount: Decimal
    formula: str


def index_amount(
    amount: Decimal, months: Sequence[MonthlyIndex], start: date, new: date | None
) -> Indexation:
    """Compute amount × new index ÷ start index, rounded half up. Raises MonthNotFound.

    Args:
        amount: euros below 10¹², with at most two decimals.
        new: None for the latest month.
    """
    start_value = series.find(months, start)
    new_value = months[-1] if new is None else series.find(months, new)
    # Decimal keeps 28 digits, at most 17 before the point. A quotient of such numbers is either exactly
    # half a cent or further from it than the last digit, so rounding twice is safe.
    new_amount = (amount * new_value["value"] / start_value["value"]).quantize(CENT, ROUND_HALF_UP)
    amount = amount.quantize(CENT)
    return {
        "amount": amount,
        "base_year": start_value["base_year"],
        "start_month": start_value["month"],
        "new_month": new_value["month"],
        "start_index": start_value["value"],
        "start_status": start_value["status"],
        "start_coefficient": start_value["coefficient"],
        "start_coefficient_source": start_value["coefficient_source"],
        "new_index": new_value["value"],
        "new_status": new_value["status"],
        "new_coefficient": new_value["coefficient"],
        "new_coefficient_source": new_value["coefficient_source"],
        "new_amount": new_amount,
        "formula": f"{amount} × {new_value['value']} ÷ {start_value['value']} = {new_amount}",
    }
