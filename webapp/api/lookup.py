"""`POST /api/v1/zipcodes/lookup`: risk factors of many zipcodes."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response, request
from marshmallow import fields, validate

from webapp.api.fields import ApiSchema, Day, ResponseSchema
from webapp.api.lookup_files import COLUMN_HEADER, respond_to_csv, respond_to_workbook
from webapp.api.lookup_json import LookupSchema, respond_to_json
from webapp.api.routing import PREFIX, ApiBlueprint
from webapp.data import reads
from webapp.errors import (
    ColumnNotClear,
    CsvNotValid,
    DateNotValid,
    MediaTypeNotSupported,
    RequestNotValid,
    RiskTableUnavailable,
    StorageFull,
    TooManyUploads,
)
from webapp.http.body import RequestBody
from webapp.tables.workbook_writer import MEDIA_TYPE as WORKBOOK
from webapp.zipcodes import bulk
from webapp.zipcodes.risk_table import FACTORS
from webapp.zipcodes.timeline import FIRST_DAY_HEADER, LAST_DAY_HEADER, TABLE_HEADER

bp = ApiBlueprint("api-lookup", "Many zipcodes at once", "/zipcodes/lookup")

URL = f"'{{server}}{PREFIX}/zipcodes/lookup'"


class ResultSchema(ResponseSchema):
    zipcode = fields.String(metadata={"description": "As it was given."})
    risk_factor = fields.String(validate=validate.OneOf(FACTORS), allow_none=True)
    error = fields.String(
        allow_none=True,
        metadata={
            "description": (
                "ZIPCODE_NOT_VALID or ZIPCODE_NOT_FOUND. Or, beside a factor, a warning: PLACE_DIFFERS, the "
                "name belongs to another zipcode; ZIPCODE_ROUNDED, 9.00E+03 may have lost its last digit. "
                "Else null."
            )
        },
    )


class ResultWithNoteSchema(ResultSchema):
    read_as = fields.String(
        metadata={"description": "The zipcode that was read. Only where it was not written as four digits."}
    )

    def on_bind_field(self, field_name: str, field_obj: Any) -> None:
        field_obj.required = field_name != "read_as"


class ResultsSchema(ResponseSchema):
    results = fields.List(fields.Nested(ResultWithNoteSchema))


class LookupQuerySchema(ApiSchema):
    column = fields.String(
        load_default="",
        validate=validate.Length(max=200),
        metadata={
            "description": (
                "Name or number, from 1, of the column with the zipcodes in CSV or a workbook. A name "
                "takes precedence. By default, the column is found by its name or its values."
            ),
            "example": "Postcode",
        },
    )
    on = Day("Date in Belgium on which the risk factors count. Defaults to today.")


@bp.post(
    "",
    summary="Look up the risk factors of many zipcodes",
    description=(
        "JSON: up to 10,000 zipcodes in 1 MB. CSV: up to 1,000,000 rows of 1,000 columns in 128 MB. Excel\n"
        "workbook (.xlsx): up to 100,000 rows in 16 MB. The rows keep their order, and get the columns\n"
        "risk_factor and error.\n\n"
        "CSV is delimited by ; , | or tabs, in UTF-8, UTF-16 with a byte order mark or Windows-1252.\n"
        "The zipcodes are in the requested `column`, else in the one whose name says so (zipcode, postcode,\n"
        "code postal, Postleitzahl and the like, also within a longer name), else in the one whose values\n"
        "are zipcodes in use. If that is not clear, the response is 400 COLUMN_NOT_CLEAR, never a guess.\n"
        "Beside a foreign country in a column such as Country, Land or Pays, no zipcode is valid.\n"
        "Accepted are 9000, B-9000, 9000 Gent, and the number formats of spreadsheets."
    ),
    query=LookupQuerySchema,
    request_body={
        "application/json": LookupSchema,
        "text/csv": {"type": "string", "example": "zipcode\n9000\n"},
        WORKBOOK: {"type": "string", "format": "binary"},
    },
    responses={
        "application/json": ResultsSchema,
        "text/csv": {"type": "string"},
        WORKBOOK: {"type": "string", "format": "binary"},
    },
    headers={
        COLUMN_HEADER: {
            "description": (
                "Name, or else number from 1, of the column that was read from CSV or a workbook. "
                "Non-ASCII characters are percent-encoded UTF-8."
            ),
            "schema": {"type": "string"},
        },
        TABLE_HEADER: {
            "description": "Id of the risk table that has the risk factors.",
            "schema": {"type": "integer"},
        },
        FIRST_DAY_HEADER: {
            "description": "Its first day; missing for an open beginning.",
            "schema": {"type": "string", "format": "date"},
        },
        LAST_DAY_HEADER: {
            "description": "Its last day; missing if no other table is planned.",
            "schema": {"type": "string", "format": "date"},
        },
    },
    errors=(
        ColumnNotClear,
        CsvNotValid,
        DateNotValid,
        MediaTypeNotSupported,
        RiskTableUnavailable,
        StorageFull,
        TooManyUploads,
    ),
    examples=(
        'curl -s -H \'Content-Type: application/json\' -d \'{"zipcodes": ["9000", "999"]}\' ' + URL,
        "printf 'zipcode\\n9000\\n999\\n' | curl -s -H 'Content-Type: text/csv' --data-binary @- " + URL,
    ),
)
def lookup(query: dict[str, Any]) -> Response:
    body = RequestBody(bulk.MAX_BYTES)
    try:
        response = _respond(body, query["column"], query.get("on"))
    finally:
        body.skip()
    response.headers.update(reads.risk_table_headers(query.get("on")))
    return response


def _respond(body: RequestBody, column: str, on: date | None) -> Response:
    """Look up a request body by its media type."""
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise MediaTypeNotSupported("Send the body without Content-Encoding.")
    if request.mimetype == "application/json":
        if column:
            raise RequestNotValid("JSON has no columns: leave column out.")
        return respond_to_json(body, on)
    if request.mimetype == WORKBOOK:
        return respond_to_workbook(body, column, on)
    if request.mimetype == "text/csv":
        return respond_to_csv(body, column, on)
    raise MediaTypeNotSupported(f"Send application/json, text/csv or {WORKBOOK}, and say so in Content-Type.")
