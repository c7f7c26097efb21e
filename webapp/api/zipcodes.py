"""`/api/v1/zipcodes`: one zipcode, suggestions while typing, all with a factor."""

from __future__ import annotations

from typing import Any, Dict

from flask import jsonify
from marshmallow import ValidationError, fields, validate, validates_schema

from webapp.api.fields import AnswerSchema, ApiSchema, Count, Cursor, Zipcode
from webapp.api.routing import Answer, ApiBlueprint
from webapp.data import current, reads
from webapp.errors import RiskTableUnavailable, ZipcodeNotFound, ZipcodeNotValid
from webapp.zipcodes import risk_table, search
from webapp.zipcodes.places import KINDS
from webapp.zipcodes.risk_table import FACTORS

bp = ApiBlueprint("api-zipcodes", "Zipcodes", "/zipcodes")

MOST_RESULTS = 100


class ZipcodePath(ApiSchema):
    zipcode = Zipcode("A zipcode of four digits.", required=True)


class DirectoryQuery(ApiSchema):
    q = fields.String(
        validate=validate.Length(1, 100, error="Write 1 to 100 characters."),
        metadata={
            "description": "The beginning of a zipcode or of a place name, in any language.",
            "example": "gen",
        },
    )
    risk_factor = fields.String(
        validate=validate.OneOf(FACTORS, error="Choose A, B or C."),
        metadata={"description": "All zipcodes of localities with this factor.", "example": "A"},
    )
    limit = Count(
        MOST_RESULTS,
        load_default=20,
        metadata={"description": f"The most results to give: 20 without it, up to {MOST_RESULTS}."},
    )
    cursor = Cursor("With risk_factor: the next_cursor of the previous answer.")

    @validates_schema
    def one_question(self, data: Dict[str, Any], **_options: Any) -> None:
        if ("q" in data) == ("risk_factor" in data):
            raise ValidationError("Give either q or risk_factor.", "q")
        if "q" in data and "cursor" in data:
            raise ValidationError("Suggestions for q have no cursor.", "cursor")


class NamesSchema(ApiSchema):
    nl = fields.String()
    fr = fields.String()
    de = fields.String()
    en = fields.String(metadata={"description": "Of organisations only."})


class MunicipalitySchema(AnswerSchema):
    nis = fields.String(metadata={"description": "The code in Statbel's REFNIS.", "example": "44021"})
    names = fields.Nested(NamesSchema)


class PlaceSchema(AnswerSchema):
    name = fields.String(metadata={"description": "The name in the languages of the place itself."})
    names = fields.Nested(NamesSchema)
    municipality = fields.Nested(MunicipalitySchema)
    # A nested schema that may be null is documented differently by each version of apispec.
    province = fields.Dict(keys=fields.String(), values=fields.String(), allow_none=True)
    region = fields.String(metadata={"example": "Flanders"})


class RangeSchema(AnswerSchema):
    first = Zipcode("The first zipcode of the range.")
    last = Zipcode("The last zipcode of the range.")


class RiskTableSchema(AnswerSchema):
    id = fields.Integer()
    effective_from = fields.Date()


class ZipcodeSchema(AnswerSchema):
    zipcode = Zipcode()
    risk_factor = fields.String(validate=validate.OneOf(FACTORS))
    range = fields.Nested(RangeSchema)
    risk_table = fields.Nested(RiskTableSchema)
    assigned = fields.Boolean(metadata={"description": "Whether bpost uses this zipcode."})
    kind = fields.String(
        validate=validate.OneOf([*KINDS, None]),
        allow_none=True,
        metadata={
            "description": "Whose zipcode it is: of localities, or of an organisation, mail centre or site; "
            "null when bpost does not use it."
        },
    )
    places = fields.List(fields.Nested(PlaceSchema))


class SuggestionSchema(PlaceSchema):
    zipcode = Zipcode()


class SuggestionsSchema(AnswerSchema):
    results = fields.List(fields.Nested(SuggestionSchema))
    matches = fields.Integer(metadata={"description": "The number of places that match, listed or not."})


class ZipcodeInUseSchema(AnswerSchema):
    zipcode = Zipcode()
    risk_factor = fields.String(validate=validate.OneOf(FACTORS))
    places = fields.List(fields.Nested(PlaceSchema))


class ZipcodesWithFactorSchema(AnswerSchema):
    total = fields.Integer(metadata={"description": "How many zipcodes in use have this factor."})
    results = fields.List(fields.Nested(ZipcodeInUseSchema))
    next_cursor = Zipcode("What to give as cursor for the next results; null at the end.", allow_none=True)


@bp.read(
    "/<zipcode>",
    summary="The risk factor of a zipcode, where it comes from, and the places with this zipcode",
    description=(
        "A zipcode that bpost does not use, but that a range holds, has a risk factor and no places, and\n"
        "assigned is false: it may be a typing error. Some zipcodes in use belong to organisations, mail\n"
        "centres or sites: kind says so, and their name is that of the only place."
    ),
    takes=ZipcodePath,
    answers=ZipcodeSchema,
    errors=(ZipcodeNotValid, ZipcodeNotFound, RiskTableUnavailable),
    examples=("/zipcodes/9000",),
)
def zipcode(path: Dict[str, Any]) -> Answer:
    """Return the risk factor of a zipcode."""
    found = reads.risk_factor(path["zipcode"])
    answer = {
        "zipcode": found["zipcode"],
        "risk_factor": found["factor"],
        "range": {"first": found["first"], "last": found["last"]},
        "risk_table": {"id": found["risk_table"], "effective_from": found["effective_from"]},
        "assigned": bool(found["places"]),
        "kind": found["kind"],
        "places": found["places"],
    }
    return answer, found["changed_at"]


@bp.read(
    "",
    summary="Suggestions for what somebody types (q), or all zipcodes in use with a risk factor",
    description=(
        "Suggestions are places whose zipcode or name, in any language, begins so, the best first; case,\n"
        "accents and hyphens make no difference. With risk_factor the answer has a total, and a cursor\n"
        "that leads to the next results."
    ),
    takes=DirectoryQuery,
    answers=(SuggestionsSchema, ZipcodesWithFactorSchema),
    errors=(RiskTableUnavailable,),
    examples=("/zipcodes?q=gen&limit=3", "/zipcodes?risk_factor=A&limit=3"),
)
def directory_of_zipcodes(query: Dict[str, Any]) -> Answer:
    """Return suggestions, or zipcodes with a risk factor."""
    # Not dumped by the schemas: with their four levels that took longer than all the rest of a suggestion.
    snapshot = current.snapshot()
    answer: Dict[str, Any]
    if "q" in query:
        found = reads.suggestions(query["q"], query["limit"])
        results = [{**place, "zipcode": str(place["zipcode"])} for place in found.places]
        answer = {"results": results, "matches": found.total}
        return jsonify(answer), snapshot.places.loaded_at
    table = snapshot.risk_table
    factor = query["risk_factor"]
    page = search.with_factor(
        table, snapshot.places, factor, after=query.get("cursor", 0), limit=query["limit"]
    )
    answer = {
        "total": page.total,
        "results": [
            {"zipcode": str(entry["zipcode"]), "risk_factor": factor, "places": entry["places"]}
            for entry in page.zipcodes
        ],
        "next_cursor": page.next_after and str(page.next_after),
    }
    return jsonify(answer), risk_table.changed_at(table, snapshot.places)
