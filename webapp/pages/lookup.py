"""`/`: the lookup form and its results. A GET, so that results have a URL."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

from flask import Response, request

from webapp.data import current, reads
from webapp.errors import (
    DatabaseUnavailable,
    DateNotValid,
    DeskError,
    IndexUnavailable,
    WrongYear,
    ZipcodeNotFound,
    ZipcodeNotValid,
)
from webapp.health_index.base_years import DEFAULT_BASE_YEAR
from webapp.health_index.latest import LatestIndex
from webapp.i18n.languages import current_language
from webapp.i18n.messages import N_
from webapp.pages.blueprint import bp
from webapp.pages.parts import PageParts
from webapp.zipcodes.cell import WARNINGS, ZIPCODE_ROUNDED
from webapp.zipcodes.interpretation import Interpretation, interpret
from webapp.zipcodes.place import Suggestion, name_in
from webapp.zipcodes.places import Places
from webapp.zipcodes.risk_table import RiskFactor
from webapp.zipcodes.timeline import parse_on
from webapp.zipcodes.written import clean, read_number

NO_PLACES = Places((), None)

# The field to correct, by error.
FIELDS = {WrongYear: "year", DateNotValid: "on", ZipcodeNotValid: "zipcode", ZipcodeNotFound: "zipcode"}


@bp.get("/")
def lookup() -> Response:
    """Show the form, and the requested results. `zipcode` may be a place name."""
    text = request.args.get("zipcode", "").strip()
    year = request.args.get("year", str(DEFAULT_BASE_YEAR)).strip()
    day = request.args.get("on", "").strip()
    parts = PageParts({"zipcode": text, "year": year, "on": day})
    on = parts.attempt(lambda: parse_on(day), "on") if day else None
    found = latest = interpretation = None
    if text:
        interpretation = parts.attempt(lambda: _interpret(text), "zipcode")
    if interpretation and "on" not in parts.errors:
        found = _look_up(parts, interpretation, on)
    if "zipcode" in request.args or "year" in request.args:
        latest = parts.attempt(lambda: reads.latest_index(reads.parse_base_year(year)), "year")
    return parts.respond(_render(parts, interpretation, found=found, on=on, latest=latest))


def error_page(error: DeskError) -> str | None:
    """Render the lookup page for an error in FIELDS, else return None."""
    field = FIELDS.get(type(error))
    if field is None:
        return None
    path = request.view_args or {}
    params = {**request.args, **path}
    # Only the route of a zipcode takes a date, too.
    names = {field, "zipcode", "on"} if "zipcode" in path else {field}
    parts = PageParts({name: params.get(name, "") for name in names})
    parts.record(error, field)
    return _render(parts, title=error.title)


def _render(
    parts: PageParts,
    interpretation: Interpretation | None = None,
    *,
    found: RiskFactor | None = None,
    on: date | None = None,
    latest: LatestIndex | None = None,
    title: str | None = None,
) -> str:
    indexes = _indexes()
    return parts.render(
        "lookup.html",
        interpretation=interpretation,
        found=found,
        warning=_warning(parts.values.get("zipcode", "")),
        on=on,
        latest=latest,
        nearest=_nearest(parts, interpretation, found),
        indexes=indexes,
        next_step=reads.next_step(latest["base_year"]) if latest else None,
        next_steps=list(filter(None, (reads.next_step(entry["base_year"]) for entry in indexes))),
        title=title,
    )


def _indexes() -> list[LatestIndex]:
    """Return the latest index on each base year, or none, because the form works without."""
    with suppress(DatabaseUnavailable, IndexUnavailable):
        return [reads.latest_index(base_year["base_year"]) for base_year in reads.index_overview()]
    return []


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


def _warning(text: str) -> str | None:
    """Return the warning that a cell of a list would have: the number may have lost a digit."""
    number = read_number(clean(text))
    return WARNINGS[ZIPCODE_ROUNDED] if number and number.is_rounded else None


def _look_up(parts: PageParts, interpretation: Interpretation, on: date | None) -> RiskFactor | None:
    """Return the risk factor, today or on a date, if the zipcode is clear."""
    zipcode, contradiction = interpretation.zipcode, interpretation.contradiction
    if contradiction:
        place = name_in(contradiction.place, current_language())
        message = N_("%(zipcode)s is %(place)s, not %(name)s.")
        error = ZipcodeNotFound(message, zipcode=contradiction.zipcode, place=place, name=contradiction.name)
        parts.record(error, "zipcode")
    return parts.attempt(lambda: reads.risk_factor(zipcode, on), "zipcode") if zipcode else None


def _interpret(text: str) -> Interpretation:
    try:
        places = current.snapshot().places
    except DatabaseUnavailable:
        with suppress(ZipcodeNotFound):
            interpret(NO_PLACES, text)  # invalid zipcodes are rejected without data, too
        raise
    return interpret(places, text)
