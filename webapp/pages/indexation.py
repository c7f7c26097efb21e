"""`/indexation`: the calculator of indexed amounts, as page or text, with a letter."""

from __future__ import annotations

from datetime import date
from typing import Sequence

from flask import Response, render_template, request

from webapp.data import reads
from webapp.errors import WrongYear
from webapp.health_index.indexation import Indexation, index_amount
from webapp.health_index.overview import BaseYearOverview, newest
from webapp.health_index.series import MonthlyIndex, find
from webapp.http.negotiation import FORMATS, cacheable, plain_text, preferred
from webapp.i18n.iso_month import iso_month
from webapp.i18n.messages import N_
from webapp.pages.blueprint import bp
from webapp.pages.input_parsing import parse_amount, parse_month
from webapp.pages.parts import PageParts

FIELDS = ("amount", "year", "from", "to")


@bp.get("/indexation")
def indexation() -> Response:
    """Show the form and, once a field is filled in, the new amount. `to` defaults to the latest month."""
    parts = _parts()
    is_text = preferred(*FORMATS) == "text"
    found = _indexation(parts) if is_text or any(parts.values.values()) else None
    if is_text:
        return parts.respond_in_text(str(found["new_amount"]) if found else "")
    return _page(parts, found)


@bp.get("/indexation/letter")
def indexation_letter() -> Response:
    """Respond with the letter to save as a text file, in the page's language."""
    parts = _parts()
    found = _indexation(parts)
    if found is None:
        return _page(parts, None) if preferred(*FORMATS) == "html" else parts.respond_in_text("")
    response = plain_text(_letter(found).replace("\n", "\r\n"))  # Word and old Notepads read it, too
    file_name = f"indexation-letter-{iso_month(found['new_month'])}.txt"
    response.headers["Content-Disposition"] = f"attachment; filename={file_name}"
    return cacheable(response)


def _parts() -> PageParts:
    return PageParts({field: request.args.get(field, "").strip() for field in FIELDS})


def _page(parts: PageParts, found: Indexation | None) -> Response:
    later = parts.attempt(lambda: _later(found)) if found and not parts.values["to"] else None
    letter = _letter(found) if found else None
    return parts.respond(parts.render("indexation.html", found=found, letter=letter, later=later))


def _letter(found: Indexation) -> str:
    return render_template("letter.txt", found=found)


def _indexation(parts: PageParts) -> Indexation | None:
    values = parts.values
    amount = parts.attempt(lambda: parse_amount(values["amount"]), "amount")
    months = parts.attempt(lambda: reads.monthly_index(_base_year(values["year"])), "year")
    start = parts.attempt(lambda: _month(values["from"], months), "from")
    new = parts.attempt(lambda: _month(values["to"], months), "to") if values["to"] else None
    if amount is None or months is None or start is None or parts.errors:
        return None
    return index_amount(amount, months, start, new)


def _base_year(text: str) -> int:
    if not text:
        raise WrongYear(N_("Choose the base year stated in your contract."))
    return reads.parse_base_year(text)


def _month(text: str, months: Sequence[MonthlyIndex] | None) -> date:
    """Parse a month. Raises MonthNotFound if `months` lacks it."""
    month = parse_month(text)
    if months:
        find(months, month)
    return month


def _later(found: Indexation) -> BaseYearOverview | None:
    """Return the newest base year if it has later months."""
    entry = newest(reads.index_overview())
    return entry if entry["month"] > found["new_month"] else None
