"""`/indexation`: what an amount becomes, worked out so that it can be copied into a letter."""

from datetime import date
from typing import Optional, Sequence

from flask import Response, request

from webapp.errors import WrongYear
from webapp.health_index.indexation import Indexation, index_amount
from webapp.health_index.overview import BaseYearOverview, newest
from webapp.health_index.series import MonthlyIndex, find
from webapp.i18n.messages import N_
from webapp.pages.blueprint import bp
from webapp.pages.form import Form
from webapp.pages.index import current_overview, monthly_index, parse_base_year
from webapp.pages.input_parsing import parse_amount, parse_month

FIELDS = ("amount", "year", "from", "to")


@bp.get("/indexation")
def indexation() -> Response:
    """The form, and under it the new amount, as soon as anything was typed.

    `from` and `to` are months; without `to` it is the latest that is held on the base year.
    """
    form = Form({field: request.args.get(field, "").strip() for field in FIELDS})
    found = _indexation(form) if any(form.values.values()) else None
    later = form.attempt(lambda: _later(found)) if found and not form.values["to"] else None
    return form.respond("indexation.html", found=found, later=later)


def _indexation(form: Form) -> Optional[Indexation]:
    typed = form.values
    amount = form.attempt(lambda: parse_amount(typed["amount"]), "amount")
    months = form.attempt(lambda: monthly_index(_base_year(typed["year"])))
    start = form.attempt(lambda: _held_month(typed["from"], months), "from")
    new = form.attempt(lambda: _held_month(typed["to"], months), "to") if typed["to"] else None
    if amount is None or months is None or start is None or form.errors:
        return None
    return index_amount(amount, months, start, new)


def _base_year(text: str) -> int:
    if not text:
        raise WrongYear(N_("Choose the base year that the contract names."))
    return parse_base_year(text)


def _held_month(text: str, months: Optional[Sequence[MonthlyIndex]]) -> date:
    """The month that was typed. It is looked for in the months of the base year, if that is known."""
    month = parse_month(text)
    if months:
        find(months, month)
    return month


def _later(found: Indexation) -> Optional[BaseYearOverview]:
    """The base year on which a later month is held than the latest on the one that was chosen."""
    entry = newest(current_overview())
    return entry if entry["month"] > found["new_month"] else None
