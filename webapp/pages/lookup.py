"""`/`: the lookup form and its results. A GET, so that results have a URL."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from flask import Response, request

from webapp.data import current, reads
from webapp.errors import DatabaseUnavailable, DeskError, WrongYear, ZipcodeNotFound, ZipcodeNotValid
from webapp.health_index.base_years import DEFAULT_BASE_YEAR
from webapp.i18n.messages import N_
from webapp.pages.blueprint import bp
from webapp.pages.parts import PageParts
from webapp.zipcodes import search
from webapp.zipcodes.places import Places, Suggestion
from webapp.zipcodes.risk_table import RiskFactor
from webapp.zipcodes.search import Interpretation

NO_PLACES = Places((), None)

# The field to correct, by error.
FIELDS = {WrongYear: "year", ZipcodeNotValid: "zipcode", ZipcodeNotFound: "zipcode"}


@bp.get("/")
def lookup() -> Response:
    """Show the form, and the requested results. `zipcode` may be a place name."""
    text = request.args.get("zipcode", "").strip()
    year = request.args.get("year", str(DEFAULT_BASE_YEAR)).strip()
    parts = PageParts({"zipcode": text, "year": year})
    found = latest = None
    places: list[Suggestion] = []
    if "zipcode" in request.args:
        found, places = _look_up(parts, text)
    if "zipcode" in request.args or "year" in request.args:
        latest = parts.attempt(lambda: reads.latest_index(reads.parse_base_year(year)), "year")
    return parts.respond(_render(parts, found=found, latest=latest, places=places))


def error_page(error: DeskError) -> str | None:
    """Render the lookup page for an error in FIELDS, else return None."""
    field = FIELDS.get(type(error))
    if field is None:
        return None
    params = {**request.args, **(request.view_args or {})}
    parts = PageParts({field: params.get(field, "")})
    parts.record(error, field)
    return _render(parts, title=error.title)


def _render(
    parts: PageParts,
    *,
    found: RiskFactor | None = None,
    latest: Any = None,
    places: list[Suggestion] | None = None,
    title: str | None = None,
) -> str:
    try:
        text = parts.values["zipcode"] if "zipcode" in parts.errors else None
        near = reads.nearest_if_unused(found) if text is None else reads.nearest(text)
    except DatabaseUnavailable:  # before the first snapshot
        near = []
    return parts.render(
        "lookup.html", found=found, latest=latest, places=places or [], nearest=near, title=title
    )


def _look_up(parts: PageParts, text: str) -> tuple[RiskFactor | None, list[Suggestion]]:
    """Return the risk factor if `text` matches one zipcode, and other matching places."""
    interpretation = parts.attempt(lambda: _interpret(text), "zipcode")
    if interpretation is None:
        return None, []
    zipcode = interpretation.zipcode
    found = parts.attempt(lambda: reads.risk_factor(zipcode), "zipcode") if zipcode else None
    return found, interpretation.places


def _interpret(text: str) -> Interpretation:
    if not text:
        raise ZipcodeNotValid(N_("Enter a zipcode or a place name, for example 9000."))
    try:
        places = current.snapshot().places
    except DatabaseUnavailable:
        with suppress(ZipcodeNotFound):
            search.interpret(NO_PLACES, text)  # invalid zipcodes are rejected without data, too
        raise
    return search.interpret(places, text)
