"""`/index/<month>`: one month of the health index on all base years, as JSON and page; on one as text."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from flask import Response, request

from webapp.data import reads
from webapp.errors import MonthNotFound, MonthNotValid
from webapp.health_index.base_years import DEFAULT_BASE_YEAR
from webapp.health_index.next_step import NextStep
from webapp.health_index.series import find
from webapp.health_index.single_month import MonthOnBaseYear, SingleMonth, value_on
from webapp.http.negotiation import FORMATS, preferred, represent
from webapp.i18n.iso_month import iso_month, parse_iso_month
from webapp.i18n.messages import N_, Message
from webapp.pages.blueprint import bp


@bp.get("/index/<month>")
def index_month(month: str) -> Response:
    """Show a month on all base years; `year` selects the one that leads."""
    number = _parse_month(month)
    year = reads.parse_base_year(request.args["year"]) if "year" in request.args else None
    found = reads.single_month(number)
    return represent(
        payload=_payload(found),
        template="month.html",
        context=lambda: {
            "found": found,
            "lead": value_on(found, year),
            "year": year,
            "missing": _missing(number, year) if year else None,
            "next_steps": _next_steps(number),
        },
        headers={},
        text=_text(number, year or DEFAULT_BASE_YEAR) if preferred(*FORMATS) == "text" else "",
    )


def _parse_month(text: str) -> date:
    """Parse a month such as 2020-01. Raises MonthNotValid."""
    try:
        return parse_iso_month(text)
    except ValueError:
        raise MonthNotValid(N_("Write the month as year and number, for example 2020-01.")) from None


def _missing(month: date, base_year: int) -> Message | None:
    """Return the message that a base year lacks the month, if it does."""
    try:
        find(reads.monthly_index(base_year), month)
    except MonthNotFound as error:
        return error.message
    return None


def _next_steps(month: date) -> list[NextStep]:
    """Return the next step on each base year whose last month is before this one."""
    steps = (reads.next_step(entry["base_year"], new=month) for entry in reads.index_overview())
    return [step for step in steps if step and step["last_month"] < month]


def _text(month: date, base_year: int) -> str:
    """Return the value on a base year. Raises MonthNotFound."""
    return f"{find(reads.monthly_index(base_year), month)['value']:.2f}"


def _payload(found: SingleMonth) -> dict[str, Any]:
    """Return what /api/v1/health-index/<month> returns."""
    return {
        "month": iso_month(found["month"]),
        "values": [_value_payload(value) for value in found["values"]],
        "previous": found["previous"] and iso_month(found["previous"]),
        "next": found["next"] and iso_month(found["next"]),
    }


def _value_payload(value: MonthOnBaseYear) -> dict[str, Any]:
    return {
        "base_year": value["base_year"],
        "value": float(value["value"]),
        "smoothed": _number(value["smoothed"]),
        "month_change": _number(value["month_change"]),
        "year_change": _number(value["year_change"]),
        "status": value["status"],
        "coefficient": _number(value["coefficient"]),
        "coefficient_source": value["coefficient_source"],
        "source": value["source"],
        "fetched_at": f"{value['fetched_at']:%Y-%m-%dT%H:%M:%SZ}",
    }


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
