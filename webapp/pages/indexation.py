"""`/indexation`: the calculator of indexed amounts, as page or text, with a letter."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Sequence

from flask import Response, render_template, request

from webapp.data import reads
from webapp.errors import WrongYear
from webapp.health_index.indexation import Indexation, index_amount
from webapp.health_index.next_step import NextStep
from webapp.health_index.series import MonthlyIndex, find
from webapp.http.negotiation import FORMATS, cacheable, download, plain_text, preferred
from webapp.i18n.iso_month import iso_month
from webapp.i18n.messages import N_
from webapp.pages.blueprint import bp
from webapp.pages.input_parsing import parse_amount, parse_month
from webapp.pages.parts import PageParts

FIELDS = ("amount", "year", "from", "to")


@bp.get("/indexation")
def indexation() -> Response:
    """Show the form and, once it is submitted, the new amount. `to` defaults to the latest month."""
    calculation = Calculation()
    is_text = preferred(*FORMATS) == "text"
    if is_text or calculation.is_requested:
        calculation.run()
    else:
        calculation.check_year()
    return _text(calculation) if is_text else _page(calculation)


@bp.get("/indexation/letter")
def indexation_letter() -> Response:
    """Respond with the letter to save as a text file, in the page's language."""
    calculation = Calculation()
    calculation.run()
    found = calculation.found
    if found is None:
        return _page(calculation) if preferred(*FORMATS) == "html" else _text(calculation)
    response = plain_text(_letter(found).replace("\n", "\r\n"))  # Word and old Notepads read it, too
    return cacheable(download(response, f"indexation-letter-{iso_month(found['new_month'])}.txt"))


class Calculation:
    """A calculation from the parameters of the request.

    Attributes:
        found: the result, once it has run without an error.
        next_step: other base years, if the requested one lacks a month.
    """

    def __init__(self) -> None:
        self.parts = PageParts({field: request.args.get(field, "").strip() for field in FIELDS})
        self.found: Indexation | None = None
        self.next_step: NextStep | None = None

    @property
    def is_requested(self) -> bool:
        """True if a field is filled in, unless it is a base year that a link chooses for an empty form."""
        return any(self.parts.values.values()) and bool(request.args.keys() & (set(FIELDS) - {"year"}))

    def check_year(self) -> None:
        """Record an error if a link chooses an invalid base year."""
        if year := self.parts.values["year"]:
            self.parts.attempt(lambda: reads.parse_base_year(year), "year")

    def run(self) -> None:
        parts, values = self.parts, self.parts.values
        amount = parts.attempt(lambda: parse_amount(values["amount"]), "amount")
        months = parts.attempt(lambda: reads.monthly_index(_base_year(values["year"])), "year")
        start = parts.attempt(lambda: parse_month(values["from"]), "from")
        new = parts.attempt(lambda: parse_month(values["to"]), "to") if values["to"] else None
        if months:
            self._check(months, start, new)
        parts.errors = {field: parts.errors[field] for field in FIELDS if field in parts.errors}
        if amount is not None and months and start and not parts.errors:
            self.found = index_amount(amount, months, start, new)

    def _check(self, months: Sequence[MonthlyIndex], start: date | None, new: date | None) -> None:
        """Record an error for each month that the base year lacks, and the next step if all else is right."""
        if start and not self.parts.errors:
            self.next_step = reads.next_step(months[0]["base_year"], start, new)
        for field, month in (("from", start), ("to", new)):
            if month:
                self.parts.attempt(partial(_find, months, month, start, new), field)


def _find(months: Sequence[MonthlyIndex], month: date, start: date | None, new: date | None) -> MonthlyIndex:
    """Return one month. Raises MonthNotFound with the next step for all months of the request."""
    with reads.advice(months[0]["base_year"], start or new, new):
        return find(months, month)


def _base_year(text: str) -> int:
    if not text:
        raise WrongYear(N_("Choose the base year stated in your contract."))
    return reads.parse_base_year(text)


def _page(calculation: Calculation) -> Response:
    parts, found = calculation.parts, calculation.found
    return parts.respond(
        parts.render(
            "indexation.html",
            found=found,
            letter=_letter(found) if found else None,
            next_step=calculation.next_step,
        )
    )


def _letter(found: Indexation) -> str:
    return render_template("letter.txt", found=found)


def _text(calculation: Calculation) -> Response:
    """Respond with the new amount, and with the source of both indices in headers."""
    found = calculation.found
    response = calculation.parts.respond_in_text(str(found["new_amount"]) if found else "")
    if found:
        response.headers.update(_index_headers(found))
    return response


def _index_headers(found: Indexation) -> dict[str, str]:
    headers = {
        "Start-Index-Month": iso_month(found["start_month"]),
        "Start-Index-Status": found["start_status"],
        "Start-Index-Coefficient": found["start_coefficient"],
        "Start-Index-Coefficient-Source": found["start_coefficient_source"],
        "New-Index-Month": iso_month(found["new_month"]),
        "New-Index-Status": found["new_status"],
        "New-Index-Coefficient": found["new_coefficient"],
        "New-Index-Coefficient-Source": found["new_coefficient_source"],
    }
    return {name: str(value) for name, value in headers.items() if value is not None}
