"""`/risk-tables`: the timeline of risk tables, and each with its changes and its map.

Without authors and notes, which are not public.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from typing import Any, Iterable, Mapping, NamedTuple, Sequence

from flask import Response, make_response, render_template
from flask_babel import gettext

from webapp.data import current, reads
from webapp.data.memo import memoize
from webapp.http.negotiation import cacheable
from webapp.i18n.folding import fold
from webapp.i18n.languages import current_language
from webapp.i18n.messages import N_
from webapp.pages.blueprint import bp
from webapp.pages.zipcode_map import Point, drawn
from webapp.zipcodes.place import describe, name_in
from webapp.zipcodes.places import Places
from webapp.zipcodes.risk_table import FACTORS, RiskTable
from webapp.zipcodes.timeline import PAST, PLANNED, RiskTableEntry

# Names of provinces by their Dutch name. Brussels belongs to none.
PROVINCES = {
    "Antwerpen": N_("Antwerp"),
    "": N_("Brussels"),
    "Henegouwen": N_("Hainaut"),
    "Limburg": N_("Limburg"),
    "Luik": N_("Liège"),
    "Luxemburg": N_("Luxembourg"),
    "Namen": N_("Namur"),
    "Oost-Vlaanderen": N_("East Flanders"),
    "Vlaams-Brabant": N_("Flemish Brabant"),
    "Waals-Brabant": N_("Walloon Brabant"),
    "West-Vlaanderen": N_("West Flanders"),
}
ORGANISATIONS = N_("Organisations and mail centres")

# Factors in the order of the legend; None for zipcodes in no range.
LEGEND: tuple[str | None, ...] = (*FACTORS, None)


class Mark(NamedTuple):
    """A zipcode on a map; `before` is the factor that changes."""

    point: Point
    name: str
    before: str | None = None


class Layer(NamedTuple):
    """The zipcodes that have one factor, or get it."""

    factor: str | None
    marks: Sequence[Mark]


class Area(NamedTuple):
    """Numbers of zipcodes in use by factor, in a province or of organisations."""

    name: str
    counts: Mapping[str | None, int]


@bp.get("/risk-tables")
def risk_tables() -> Response:
    """Show the timeline, and the map of the table in force."""
    snapshot = current.snapshot()
    table = snapshot.timeline.up_to(snapshot.day)
    return _page(
        "risk_tables.html",
        table=table,
        entries=snapshot.timeline.entries(snapshot.day),
        changes=reads.risk_table_counts(),
        **(_factors(table, None) if table else {}),
    )


@bp.get("/risk-tables/<int:table_id>")
def risk_table(table_id: int) -> Response:
    """Show a table, what it changes against the one before, and its map."""
    snapshot = current.snapshot()
    table = snapshot.timeline.get(table_id)
    entry = snapshot.timeline.entry(table, snapshot.day)
    before = snapshot.timeline.before(table)
    on = _counting_day(entry)
    found = reads.risk_table_diff(table.id, before.id) if before else None
    return _page(
        "risk_table.html",
        table=table,
        entry=entry,
        before=before,
        found=found,
        changed=_change_layers(found) if found else [],
        **_factors(table, on),
    )


def _page(template: str, **context: Any) -> Response:
    names = _names(current_language())
    # Labels are short: Luik for Luik (Liège), Brussel for Brussel / Bruxelles.
    labels = [(label, re.split(r" [(/]", names[label.point.zipcode])[0]) for label in drawn().labels]
    return cacheable(make_response(render_template(template, drawn=drawn(), labels=labels, **context)))


def _factors(table: RiskTable, on: date | None) -> dict[str, Any]:
    """Return the parts of a page that show all factors of a table.

    Args:
        on: the day for links to zipcodes, unless it is today.
    """
    return {
        "on": on,
        "layers": _factor_layers(table.id, current_language()),
        "areas": _areas(table.id, current_language()),
        "ranges": {factor: [entry for entry in table.ranges if entry.factor == factor] for factor in FACTORS},
    }


def _counting_day(entry: RiskTableEntry) -> date | None:
    """Return a day on which a planned or past table counts; None for the others."""
    if entry["state"] in (PLANNED, PAST) and entry["replaced_by"] is None:
        return entry["effective_from"] or entry["effective_until"]
    return None


@memoize
def _names(language: str) -> dict[int, str]:
    """Return the name of the main place by zipcode."""
    places = current.snapshot().places
    return {
        zipcode: name_in(describe(candidates[0].row), language)
        for zipcode, candidates in places.by_zipcode.items()
    }


@memoize
def _factor_layers(table_id: int, language: str) -> list[Layer]:
    table, names = current.snapshot().timeline.get(table_id), _names(language)
    return _layers(
        (table.factor_of(zipcode), Mark(point, names[zipcode])) for zipcode, point in drawn().points.items()
    )


def _change_layers(found: Mapping[str, Any]) -> list[Layer]:
    """Return the changed zipcodes, by the factor that they get."""
    names, points = _names(current_language()), drawn().points
    return _layers(
        (group["to"], Mark(points[zipcode], names[zipcode], group["from"]))
        for group in found["groups"]
        for zipcode in (int(entry["zipcode"]) for entry in group["zipcodes"])
        if zipcode in points
    )


def _layers(marks: Iterable[tuple[str | None, Mark]]) -> list[Layer]:
    found: dict[str | None, list[Mark]] = {factor: [] for factor in LEGEND}
    for factor, mark in marks:
        found[factor].append(mark)
    return [Layer(factor, marks) for factor, marks in found.items() if marks]


@memoize
def _areas(table_id: int, _language: str) -> list[Area]:
    """Count the zipcodes in use by province and factor, in order of the translated names."""
    snapshot = current.snapshot()
    table = snapshot.timeline.get(table_id)
    counts = Counter(
        (_area(snapshot.places, zipcode), table.factor_of(zipcode))
        for zipcode in snapshot.places.all_zipcodes
    )
    areas = {area for area, _factor in counts}
    used = [factor for factor in LEGEND if factor or any((area, None) in counts for area in areas)]
    found = [Area(gettext(area), {factor: counts[area, factor] for factor in used}) for area in areas]
    last = gettext(ORGANISATIONS)
    return sorted(found, key=lambda area: (area.name == last, fold(area.name)))


def _area(places: Places, zipcode: int) -> str:
    """Return the English name of the province, or ORGANISATIONS."""
    if zipcode in places.special:
        return ORGANISATIONS
    province = places.with_zipcode(zipcode)[0]["province"] or {}
    name = province.get("nl", "")
    return PROVINCES.get(name, name)
