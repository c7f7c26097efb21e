"""`/api/v1/zipcodes`: one zipcode, suggestions, and zipcodes by risk factor."""

from __future__ import annotations

from typing import Any

from flask import jsonify, request
from marshmallow import ValidationError, fields, validate, validates_schema
from werkzeug.exceptions import MethodNotAllowed

from webapp.api.fields import ApiSchema, Cursor, Day, Limit, ResponseSchema, Zipcode
from webapp.api.routing import ApiBlueprint, ViewResult
from webapp.data import current, reads
from webapp.errors import DateNotValid, RiskTableUnavailable, ZipcodeNotFound, ZipcodeNotValid
from webapp.zipcodes import search
from webapp.zipcodes.place import KINDS
from webapp.zipcodes.risk_table import FACTORS

bp = ApiBlueprint("api-zipcodes", "Zipcodes", "/zipcodes")

MAX_RESULTS = 100


class ZipcodePath(ApiSchema):
    zipcode = Zipcode("Zipcode of four digits.", required=True)


class OnQuery(ApiSchema):
    on = Day("Date in Belgium on which the risk factor counts. Defaults to today.")


class DirectoryQuery(ApiSchema):
    q = fields.String(
        validate=validate.Length(1, 100, error="Must have 1 to 100 characters."),
        metadata={
            "description": "Start of a zipcode or place name, in any language.",
            "example": "gen",
        },
    )
    risk_factor = fields.String(
        validate=validate.OneOf(FACTORS, error="Must be A, B or C."),
        metadata={"description": "List all zipcodes of localities with this risk factor.", "example": "A"},
    )
    limit = Limit(
        MAX_RESULTS,
        load_default=20,
        metadata={"description": f"Maximum number of results, up to {MAX_RESULTS}. Defaults to 20."},
    )
    cursor = Cursor("With risk_factor: next_cursor of the previous response.")
    on = Day("With risk_factor: date in Belgium on which it counts. Defaults to today.")

    @validates_schema
    def check_combination(self, data: dict[str, Any], **_options: Any) -> None:
        if ("q" in data) == ("risk_factor" in data):
            raise ValidationError("Specify either q or risk_factor.", "q")
        if "q" in data and "cursor" in data:
            raise ValidationError("Cannot be combined with q.", "cursor")
        if "q" in data and "on" in data:
            raise ValidationError("Leave on out: suggestions have no risk factor.", "q")


class NamesSchema(ApiSchema):
    nl = fields.String()
    fr = fields.String()
    de = fields.String()
    en = fields.String(metadata={"description": "Of organisations only."})


class MunicipalitySchema(ResponseSchema):
    nis = fields.String(metadata={"description": "REFNIS code of Statbel.", "example": "44021"})
    names = fields.Nested(NamesSchema)


class PlaceSchema(ResponseSchema):
    name = fields.String(metadata={"description": "Name in the languages of the place itself."})
    names = fields.Nested(NamesSchema)
    municipality = fields.Nested(MunicipalitySchema)
    # A Dict, because versions of apispec document nullable nested schemas differently.
    province = fields.Dict(keys=fields.String(), values=fields.String(), allow_none=True)
    region = fields.String(metadata={"example": "Flanders"})


class RangeSchema(ResponseSchema):
    first = Zipcode("First zipcode of the range.")
    last = Zipcode("Last zipcode of the range.")


class RiskTableSchema(ResponseSchema):
    id = fields.Integer()
    effective_from = fields.Date(
        allow_none=True, metadata={"description": "First day; null for an open beginning."}
    )
    effective_until = fields.Date(
        allow_none=True, metadata={"description": "Last day; null if no other table is planned."}
    )


class PlannedFactorSchema(ResponseSchema):
    effective_from = fields.Date()
    risk_factor = fields.String(
        validate=validate.OneOf([*FACTORS, None]),
        allow_none=True,
        metadata={"description": "Null if the zipcode will have none."},
    )
    risk_table = fields.Integer(metadata={"description": "Id of the planned risk table."})


class ZipcodeSchema(ResponseSchema):
    zipcode = Zipcode()
    risk_factor = fields.String(validate=validate.OneOf(FACTORS))
    range = fields.Nested(RangeSchema)
    risk_table = fields.Nested(RiskTableSchema)
    planned = fields.List(
        fields.Nested(PlannedFactorSchema),
        metadata={"description": "Changes of the risk factor after today, and after the date in on."},
    )
    assigned = fields.Boolean(metadata={"description": "True if bpost uses this zipcode."})
    kind = fields.String(
        validate=validate.OneOf([*KINDS, None]),
        allow_none=True,
        metadata={
            "description": "Whose it is: localities or an organisation, mail centre or site; null if unused."
        },
    )
    places = fields.List(fields.Nested(PlaceSchema))


class SuggestionSchema(PlaceSchema):
    zipcode = Zipcode()


class SuggestionsSchema(ResponseSchema):
    results = fields.List(fields.Nested(SuggestionSchema))
    matches = fields.Integer(metadata={"description": "The number of places that match, listed or not."})


class ZipcodeInUseSchema(ResponseSchema):
    zipcode = Zipcode()
    risk_factor = fields.String(validate=validate.OneOf(FACTORS))
    places = fields.List(fields.Nested(PlaceSchema))


class ZipcodesWithFactorSchema(ResponseSchema):
    total = fields.Integer(metadata={"description": "Number of zipcodes in use with this risk factor."})
    results = fields.List(fields.Nested(ZipcodeInUseSchema))
    next_cursor = Zipcode("Cursor for the next results; null at the end.", allow_none=True)


def reject_other_methods_of_lookup() -> None:
    """Reject a GET of `lookup`, which is no zipcode but a route for POST."""
    if (request.view_args or {}).get("zipcode") == "lookup":
        raise MethodNotAllowed(["OPTIONS", "POST"])


bp.before_request(reject_other_methods_of_lookup)


@bp.get(
    "/<zipcode>",
    summary="Risk factor of a zipcode, its range and risk table, and its places",
    description=(
        "A zipcode within a range that bpost does not use has a risk factor but no places, and assigned is "
        "false: it may be a typing error. Some zipcodes belong to an organisation, a mail centre or a site: "
        "kind says so, and its name is that of the only place. Those in no range (1733, 5010, 5012, 9099) "
        "are 404 ZIPCODE_NOT_FOUND, and detail names the organisation."
    ),
    params=ZipcodePath,
    query=OnQuery,
    response=ZipcodeSchema,
    errors=(ZipcodeNotValid, ZipcodeNotFound, DateNotValid, RiskTableUnavailable),
    examples=("/zipcodes/9000", "/zipcodes/9000?on=2026-03-15"),
)
def zipcode(path: dict[str, Any], query: dict[str, Any]) -> ViewResult:
    found = reads.risk_factor(path["zipcode"], query.get("on"))
    body = {
        "zipcode": found["zipcode"],
        "risk_factor": found["factor"],
        "range": {"first": found["first"], "last": found["last"]},
        "risk_table": {
            "id": found["risk_table"],
            "effective_from": found["effective_from"],
            "effective_until": found["effective_until"],
        },
        "planned": [{**change, "risk_factor": change["factor"]} for change in found["planned"]],
        "assigned": bool(found["places"]),
        "kind": found["kind"],
        "places": found["places"],
    }
    return body, found["changed_at"]


@bp.get(
    "",
    summary="Suggest places (q), or list the zipcodes in use with a risk factor",
    description=(
        "Suggestions are places whose zipcode or name, or a word in it, starts with q, in any language, best "
        "matches first; case, accents, hyphens and apostrophes are ignored; matches counts all. The list has "
        "a total, and a cursor for the next results."
    ),
    params=DirectoryQuery,
    response=(SuggestionsSchema, ZipcodesWithFactorSchema),
    errors=(DateNotValid, RiskTableUnavailable),
    examples=("/zipcodes?q=gen&limit=3", "/zipcodes?risk_factor=A&limit=3"),
)
def directory_of_zipcodes(query: dict[str, Any]) -> ViewResult:
    # Built by hand: dumping four levels of schemas took longer than the rest of a suggestion.
    snapshot = current.snapshot()
    if "q" in query:
        found = reads.suggestions(query["q"], query["limit"])
        results = [{**place, "zipcode": str(place["zipcode"])} for place in found.places]
        return jsonify({"results": results, "matches": found.total}), snapshot.places.loaded_at
    table = snapshot.timeline.on(query.get("on", snapshot.day)).table
    factor = query["risk_factor"]
    page = search.with_factor(
        table, snapshot.places, factor, after=query.get("cursor", 0), limit=query["limit"]
    )
    body = {
        "total": page.total,
        "results": [
            {"zipcode": str(entry["zipcode"]), "risk_factor": factor, "places": entry["places"]}
            for entry in page.zipcodes
        ],
        "next_cursor": page.next_after and str(page.next_after),
    }
    return jsonify(body), reads.risk_tables_changed_at()
