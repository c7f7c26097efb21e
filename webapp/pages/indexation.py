"""`/indexation`: the calculator of indexed amounts, as page or text."""

from __future__ import annotations

from datetime import date
from typing import Sequence

from flask import Response, request

from webapp.data import reads
from webapp.errors import WrongYear
from webapp.health_index.indexation import Indexation, index_amount
from webapp.health_index.next_step import NextStep
from webapp.health_index.series import MonthlyIndex, find
from webapp.http.negotiation import FORMATS, preferred
from webapp.i18n.messages import N_
from webapp.pages.blueprint import bp
from webapp.pages.input_parsing import parse_amount, parse_month
from webapp.pages.parts import PageParts

FIELDS = ("amount", "year", "from", "to")


@bp.get("/indexation")
def indexation() -> Response:
    """Show the form and, once a field is filled in, the new amount. `to` defaults to the latest month."""
    parts = PageParts({field: request.args.get(field, "").strip() for field in FIELDS})
    is_text = preferred(*FORMATS) == "text"
    found = _indexation(parts) if is_text or any(parts.values.values()) else None
    if is_text:
        return parts.respond_in_text(str(found["new_amount"]) if found else "")
    next_step = _next_step(found) if found and not parts.values["to"] else None
    return parts.respond(parts.render("indexation.html", found=found, next_step=next_step))


def _indexation(parts: PageParts) -> Indexation | None:
    values = parts.values
    amount = parts.attempt(lambda: parse_amount(values["amount"]), "amount")
    months = parts.attempt(lambda: reads.monthly_index(_base_year(values["year"])), "year")
    start = parts.attempt(lambda: _month(values["from"], months), "from")
    new = parts.attempt(lambda: _month(values["to"], months, start), "to") if values["to"] else None
    if amount is None or months is None or start is None or parts.errors:
        return None
    return index_amount(amount, months, start, new)


def _base_year(text: str) -> int:
    if not text:
        raise WrongYear(N_("Choose the base year stated in your contract."))
    return reads.parse_base_year(text)


def _month(text: str, months: Sequence[MonthlyIndex] | None, start: date | None = None) -> date:
    """Parse the start month, or the new one after `start`. Raises MonthNotFound if `months` lacks it."""
    month = parse_month(text)
    if months:
        with reads.advice(months[0]["base_year"], start or month, month if start else None):
            find(months, month)
    return month


def _next_step(found: Indexation) -> NextStep | None:
    return reads.next_step(found["base_year"], found["start_month"])
