"""Lookup of zipcodes in JSON."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from flask import Response, current_app, jsonify
from marshmallow import ValidationError, fields

from webapp.api.fields import ApiSchema
from webapp.api.routing import not_valid
from webapp.data import reads
from webapp.errors import RequestNotValid, TooLarge, ZipcodeNotValid
from webapp.http import facts
from webapp.http.body import RequestBody
from webapp.http.negotiation import no_store
from webapp.tables.chunks import MEGABYTE
from webapp.zipcodes import bulk

MAX_AS_JSON = 10_000
# Several times the size of that many zipcodes, with any indentation.
MAX_JSON_BYTES = MEGABYTE
MAX_MEMBERS = 10  # one is known; each unknown one gets an error message
MAX_ELEMENT_LETTERS = 200

WRONG_LIST = "Must be a list of zipcodes."


class LookupSchema(ApiSchema):
    zipcodes = fields.List(
        fields.Raw(allow_none=True, metadata={"oneOf": [{"type": "string"}, {"type": "number"}]}),
        required=True,
        error_messages={"required": WRONG_LIST, "invalid": WRONG_LIST, "null": WRONG_LIST},
        metadata={
            "description": f"Up to {MAX_AS_JSON:,} zipcodes, as text or number.",
            "example": ["9000", "B-2000", "1000 Brussel"],
        },
    )


def respond_to_json(body: RequestBody, on: date | None) -> Response:
    try:
        zipcodes: list[Any] = LookupSchema().load(_read_json(body))["zipcodes"]
    except ValidationError as wrong:
        raise not_valid(LookupSchema(), wrong.messages_dict) from None
    found = reads.lookup(on)
    results = []
    for element in zipcodes:
        zipcode = _as_text(element)
        is_written = isinstance(element, (str, int, float)) and not isinstance(element, bool)
        factor, error = found.result(zipcode) if is_written else ("", ZipcodeNotValid.code)
        result = {"zipcode": zipcode, "risk_factor": factor or None, "error": error or None}
        read_as = found.read_as(zipcode) if is_written else ""
        results.append({**result, "read_as": read_as} if read_as else result)
    facts.record(facts.ROWS, len(results))
    return no_store(jsonify({"results": results}))


def _as_text(element: Any) -> str:
    return element if isinstance(element, str) else json.dumps(element)[:MAX_ELEMENT_LETTERS]


def _read_json(body: RequestBody) -> Any:
    text = body.read_up_to(MAX_JSON_BYTES)
    if len(text) > MAX_JSON_BYTES:
        raise TooLarge(_too_many())
    try:
        document = current_app.json.loads(text)
        current_app.json.dumps(document).encode()  # fails for a lone surrogate
    except (ValueError, RecursionError):
        raise RequestNotValid("The body is not JSON.") from None
    _check_size(document)
    return document


def _check_size(document: Any) -> None:
    """Refuse an oversized document before the schema validates each element."""
    if isinstance(document, dict):
        if len(document) > MAX_MEMBERS:
            raise RequestNotValid("The body has too many members besides zipcodes.")
        zipcodes = document.get("zipcodes")
        if isinstance(zipcodes, list) and len(zipcodes) > MAX_AS_JSON:
            raise TooLarge(_too_many())


def _too_many() -> str:
    return (
        f"As JSON up to {MAX_AS_JSON:,} zipcodes are taken at once, in up to 1 MB. "
        f"Send text/csv for up to {bulk.MAX_ROWS:,}."
    )
