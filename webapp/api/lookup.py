"""`POST /api/v1/zipcodes/lookup`: the risk factors of many zipcodes at once, as JSON or CSV."""

from __future__ import annotations

import logging
import tempfile
from contextlib import ExitStack
from typing import IO, Any, Iterator, List

from flask import Response, current_app, jsonify, request
from marshmallow import ValidationError, fields, validate

from webapp.api.fields import ApiSchema, ResponseSchema
from webapp.api.routing import PREFIX, ApiBlueprint, not_valid
from webapp.data import reads
from webapp.errors import (
    CsvNotValid,
    MediaTypeNotSupported,
    RequestNotValid,
    RiskTableUnavailable,
    StorageFull,
    TooLarge,
)
from webapp.http.body import RequestBody
from webapp.zipcodes import bulk
from webapp.zipcodes.risk_table import FACTORS

log = logging.getLogger(__name__)

bp = ApiBlueprint("api-lookup", "Many zipcodes at once", "/zipcodes/lookup")

MOST_AS_JSON = 10_000
# Several times what that many zipcodes take, however they are indented.
MOST_JSON_BYTES = bulk.MEGABYTE
MOST_MEMBERS = 10  # one is known; that the others are not is said of each

ADDRESS = f"'{{server}}{PREFIX}/zipcodes/lookup'"

WRONG_LIST = "Give a list of zipcodes."
WRONG_ELEMENT = "Write a zipcode as a string."


class LookupSchema(ApiSchema):
    zipcodes = fields.List(
        fields.String(error_messages={"invalid": WRONG_ELEMENT, "null": WRONG_ELEMENT}),
        required=True,
        error_messages={"required": WRONG_LIST, "invalid": WRONG_LIST, "null": WRONG_LIST},
        metadata={"description": f"Up to {MOST_AS_JSON:,} zipcodes.", "example": ["9000", "2000"]},
    )


class ResultSchema(ResponseSchema):
    zipcode = fields.String(metadata={"description": "As it was given."})
    risk_factor = fields.String(validate=validate.OneOf(FACTORS), allow_none=True)
    error = fields.String(
        allow_none=True, metadata={"description": "ZIPCODE_NOT_VALID, ZIPCODE_NOT_FOUND or null."}
    )


class ResultsSchema(ResponseSchema):
    results = fields.List(fields.Nested(ResultSchema))


@bp.post(
    "",
    summary="The risk factors of many zipcodes, in the order in which they are given",
    description=(
        "As JSON up to 10,000 in 1 MB, as CSV up to 1,000,000 rows of 1,000 columns in 128 MB. Of a CSV\n"
        "file with ; or , in UTF-8 or Windows-1252, the column named zipcode is read (or zip, zip code, "
        "postal\ncode, postalcode, postcode, post code, postnummer, postnr, code postal, codepostal, CP, "
        "Postleitzahl,\nPLZ), else the first; it comes back with the columns risk_factor and error added. "
        "The first row is a\nheader when it names that column, or when its first field is a text without "
        "a digit."
    ),
    request_body={
        "application/json": LookupSchema,
        "text/csv": {"type": "string", "example": "zipcode\n9000\n"},
    },
    responses={"application/json": ResultsSchema, "text/csv": {"type": "string"}},
    errors=(CsvNotValid, MediaTypeNotSupported, RiskTableUnavailable, StorageFull),
    examples=(
        'curl -s -H \'Content-Type: application/json\' -d \'{"zipcodes": ["9000", "999"]}\' ' + ADDRESS,
        "printf 'zipcode\\n9000\\n999\\n' | curl -s -H 'Content-Type: text/csv' --data-binary @- " + ADDRESS,
    ),
)
def lookup() -> Response:
    """Return the risk factors of the zipcodes in the request body."""
    content = RequestBody(bulk.MOST_BYTES)
    try:
        if request.headers.get("Content-Encoding", "identity") != "identity":
            raise MediaTypeNotSupported("Send the content as it is, without Content-Encoding.")
        if request.mimetype == "application/json":
            return _lookup_json(content)
        if request.mimetype == "text/csv":
            return _lookup_csv(content)
        raise MediaTypeNotSupported("Send application/json or text/csv, and say so in Content-Type.")
    finally:
        content.skip()


def _lookup_json(content: RequestBody) -> Response:
    try:
        zipcodes: List[str] = LookupSchema().load(_read_json(content))["zipcodes"]
    except ValidationError as wrong:
        raise not_valid(LookupSchema(), wrong.messages_dict) from None
    known = reads.bulk_results()
    answers = []
    for zipcode in zipcodes:
        factor, error = bulk.result(known, zipcode)
        answers.append({"zipcode": zipcode, "risk_factor": factor or None, "error": error or None})
    return _not_kept(jsonify({"results": answers}))


def _read_json(content: RequestBody) -> Any:
    body = content.read_up_to(MOST_JSON_BYTES)
    if len(body) > MOST_JSON_BYTES:
        raise TooLarge(_too_many())
    try:
        document = current_app.json.loads(body)
        current_app.json.dumps(document).encode()  # fails for half of a pair of surrogates
    except (ValueError, RecursionError):
        raise RequestNotValid("The content is not JSON.") from None
    _check_size(document)
    return document


def _check_size(document: Any) -> None:
    """Refuse what is too much before the schema looks at each member and element."""
    if isinstance(document, dict):
        if len(document) > MOST_MEMBERS:
            raise RequestNotValid("The content has many other members than zipcodes.")
        zipcodes = document.get("zipcodes")
        if isinstance(zipcodes, list) and len(zipcodes) > MOST_AS_JSON:
            raise TooLarge(_too_many())


def _too_many() -> str:
    return (
        f"As JSON up to {MOST_AS_JSON:,} zipcodes are taken at once, in up to 1 MB. "
        f"Send text/csv for up to {bulk.MOST_ROWS:,}."
    )


def _lookup_csv(content: RequestBody) -> Response:
    # The answer waits in a file until all was read: a client that sends everything before it reads
    # would stop us, and a file that turns out to be too long can still be refused with a status.
    known = reads.bulk_results()
    try:
        with ExitStack() as until_answered:
            answer = until_answered.enter_context(tempfile.TemporaryFile())
            charset = bulk.answer_csv(content.read, answer.write, known).charset
            answer.flush()
            until_answered.pop_all()
    except OSError as error:
        # Without a traceback: where it happened is in the message, and what to mend is on the disk.
        log.error("an answer cannot be kept in a temporary file: %s", error)  # noqa: TRY400
        raise StorageFull("There is no room for the answer. Please try again in a minute.") from None
    response = Response(_parts(answer), content_type=f"text/csv; charset={charset}")
    response.content_length = answer.tell()
    return _not_kept(response)


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    """Give a file from its beginning, and close it."""
    with file:
        file.seek(0)
        yield from iter(lambda: file.read(bulk.PIECE_BYTES), b"")


def _not_kept(response: Response) -> Response:
    response.cache_control.no_store = True
    return response
