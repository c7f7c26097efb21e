"""What an amount becomes when it follows the health index: the plain formula, nothing of a region."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Optional, Sequence, TypedDict

from webapp.health_index import series
from webapp.health_index.series import MonthlyIndex
from webapp.health_index.values import CENT


class Indexation(TypedDict):
    """An amount, the two index values on one base year, and the new amount.

    `start_month` and `new_month` are first days of months.
    """

    amount: Decimal
    base_year: int
    start_month: date
    new_month: date
    start_index: Decimal
    new_index: Decimal
    new_amount: Decimal
    formula: str


def index_amount(
    amount: Decimal, months: Sequence[MonthlyIndex], start: date, new: Optional[date]
) -> Indexation:
    """Compute amount × new index ÷ start index, rounded half up to the cent, once, at the end.

    Args:
        amount: in euros, of at most twelve digits before the point and two after it.
        months: all that is held on the base year; see series.months.
        start: the first day of the month from which the amount dates.
        new: the same of the month to which it is brought; None for the latest.

    Raises MonthNotFound when one of the two is not held.
    """
    start_value = series.find(months, start)
    new_value = months[-1] if new is None else series.find(months, new)
    # The division keeps 28 digits, of which at most 17 stand before the point. The quotient of such
    # numbers is on a half cent or further from it than the last of these: rounding twice is safe.
    new_amount = (amount * new_value["value"] / start_value["value"]).quantize(CENT, ROUND_HALF_UP)
    amount = amount.quantize(CENT)
    return {
        "amount": amount,
        "base_year": start_value["base_year"],
        "start_month": start_value["month"],
        "new_month": new_value["month"],
        "start_index": start_value["value"],
        "new_index": new_value["value"],
        "new_amount": new_amount,
        "formula": f"{amount} × {new_value['value']} ÷ {start_value['value']} = {new_amount}",
    }
