"""`/`: the lookup form and its results. A GET, so that results can be linked to."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from flask import Response, request

from webapp.data import current, reads
from webapp.errors import DatabaseUnavailable, DeskError, WrongYear, ZipcodeNotFound, ZipcodeNotValid
from webapp.health_index.base_years import DEFAULT_BASE_YEAR
from webapp.i18n.languages import current_language
from webapp.i18n.messages import N_
from webapp.pages.blueprint import bp
from webapp.pages.parts import PageParts
from webapp.zipcodes.interpretation import Interpretation, interpret
from webapp.zipcodes.places import Places, Suggestion, name_in
from webapp.zipcodes.risk_table import RiskFactor

NO_PLACES = Places((), None)

# The field to correct, by error.
FIELDS = {WrongYear: "year", ZipcodeNotValid: "zipcode", ZipcodeNotFound: "zipcode"}


@bp.get("/")
def lookup() -> Response:
    """Show the form, and the risk factor, the index or both. `zipcode` may be a place name."""
    text = request.args.get("zipcode", "").strip()
    year = request.args.get("year", str(DEFAULT_BASE_YEAR)).strip()
    parts = PageParts({"zipcode": text, "year": year})
    found = latest = interpretation = None
    if "zipcode" in request.args:
        interpretation = parts.attempt(lambda: _interpret(text), "zipcode")
    if interpretation:
        found = _look_up(parts, interpretation)
    if "zipcode" in request.args or "year" in request.args:
        latest = parts.attempt(lambda: reads.latest_index(reads.parse_base_year(year)), "year")
    return parts.respond(_render(parts, interpretation, found=found, latest=latest))


def error_page(error: DeskError) -> str | None:
    """Render the lookup page for an error of one of its FIELDS, else return None."""
    field = FIELDS.get(type(error))
    if field is None:
        return None
    params = {**request.args, **(request.view_args or {})}
    parts = PageParts({field: params.get(field, "")})
    parts.record(error, field)
    return _render(parts, title=error.title)


def _render(
    parts: PageParts,
    interpretation: Interpretation | None = None,
    *,
    found: RiskFactor | None = None,
    latest: Any = None,
    title: str | None = None,
) -> str:
    return parts.render(
        "lookup.html",
        interpretation=interpretation,
        found=found,
        latest=latest,
        nearest=_nearest(parts, interpretation, found),
        title=title,
    )


def _nearest(
    parts: PageParts, interpretation: Interpretation | None, found: RiskFactor | None
) -> list[Suggestion]:
    """Return the places that may be meant instead of the requested one."""
    if interpretation and interpretation.contradiction:
        return interpretation.places
    try:
        text = parts.values["zipcode"] if "zipcode" in parts.errors else None
        return reads.nearest_if_unused(found) if text is None else reads.nearest(text)
    except DatabaseUnavailable:  # before the first snapshot
        return []


def _look_up(parts: PageParts, interpretation: Interpretation) -> RiskFactor | None:
    """Return the risk factor if the zipcode is clear."""
    zipcode, contradiction = interpretation.zipcode, interpretation.contradiction
    if contradiction:
        place = name_in(contradiction.place, current_language())
        message = N_("%(zipcode)s is %(place)s, not %(name)s.")
        error = ZipcodeNotFound(message, zipcode=contradiction.zipcode, place=place, name=contradiction.name)
        parts.record(error, "zipcode")
    return parts.attempt(lambda: reads.risk_factor(zipcode), "zipcode") if zipcode else None


def _interpret(text: str) -> Interpretation:
    if not text:
        raise ZipcodeNotValid(N_("Enter a zipcode or a place name, for example 9000."))
    try:
        places = current.snapshot().places
    except DatabaseUnavailable:
        with suppress(ZipcodeNotFound):
            interpret(NO_PLACES, text)  # invalid zipcodes are rejected without data, too
        raise
    return interpret(places, text)
