"""`POST /api/v1/zipcodes/lookup`: risk factors of many zipcodes."""

from __future__ import annotations

import io
import json
import logging
import tempfile
from contextlib import ExitStack
from datetime import date
from typing import IO, Any, Callable, Iterator
from urllib.parse import quote

from flask import Response, current_app, jsonify, request
from marshmallow import ValidationError, fields, validate

from webapp.api.fields import ApiSchema, Day, ResponseSchema
from webapp.api.routing import PREFIX, ApiBlueprint, not_valid
from webapp.data import reads
from webapp.errors import (
    ColumnNotClear,
    CsvNotValid,
    DateNotValid,
    MediaTypeNotSupported,
    RequestNotValid,
    RiskTableUnavailable,
    StorageFull,
    TooLarge,
    TooManyUploads,
    ZipcodeNotValid,
)
from webapp.http import facts
from webapp.http.body import RequestBody
from webapp.logs import Outage
from webapp.tables import kinds, workbook
from webapp.tables.chunks import CHUNK_BYTES, MEGABYTE
from webapp.tables.workbook_writer import MEDIA_TYPE as WORKBOOK
from webapp.zipcodes import bulk
from webapp.zipcodes.bulk import CsvResult
from webapp.zipcodes.columns import ListColumns
from webapp.zipcodes.opened_list import look_up_workbook
from webapp.zipcodes.risk_table import FACTORS
from webapp.zipcodes.timeline import FIRST_DAY_HEADER, LAST_DAY_HEADER, TABLE_HEADER

disk_outage = Outage(logging.getLogger(__name__), "writing a temporary file", logging.ERROR)

bp = ApiBlueprint("api-lookup", "Many zipcodes at once", "/zipcodes/lookup")

MAX_AS_JSON = 10_000
# Several times the size of that many zipcodes, with any indentation.
MAX_JSON_BYTES = MEGABYTE
MAX_MEMBERS = 10  # one is known; each unknown one gets an error message
MAX_ELEMENT_LETTERS = 200

COLUMN_HEADER = "Zipcode-Column"

URL = f"'{{server}}{PREFIX}/zipcodes/lookup'"

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
        return _lookup_json(body, on)
    if request.mimetype == WORKBOOK:
        return _lookup_workbook(body, column, on)
    if request.mimetype == "text/csv":
        return _lookup_csv(body, column, on)
    raise MediaTypeNotSupported(f"Send application/json, text/csv or {WORKBOOK}, and say so in Content-Type.")


def _lookup_json(body: RequestBody, on: date | None) -> Response:
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
    return _no_store(jsonify({"results": results}))


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


def _lookup_csv(body: RequestBody, column: str, on: date | None) -> Response:
    """Look up a list by its first bytes: clients may send a workbook as text/csv."""
    found = reads.lookup(on)
    head = body.read(len(kinds.ZIP))
    while head and len(head) < len(kinds.ZIP):
        part = body.read(len(kinds.ZIP) - len(head))
        if not part:
            break
        head += part
    if kinds.is_workbook(head):
        return _lookup_workbook(body, column, on, head)
    parts = [head]

    def read(size: int) -> bytes:
        return parts.pop() if parts and parts[0] else body.read(size)

    def look_up(output: IO[bytes]) -> CsvResult:
        return bulk.look_up_csv(read, output.write, found, column)

    result, file = _in_file(look_up)
    facts.record(facts.ROWS, result.rows)
    return _file(file, f"text/csv; charset={result.charset}", result.columns)


def _lookup_workbook(body: RequestBody, column: str, on: date | None, head: bytes = b"") -> Response:
    found = reads.lookup(on)
    file = io.BytesIO(head + body.read_up_to(workbook.MAX_FILE_BYTES))
    if len(file.getvalue()) > workbook.MAX_FILE_BYTES:
        raise workbook.too_large_file()
    if not kinds.is_workbook(file.getvalue()):
        kinds.refuse_other_kinds(file.getvalue()[: kinds.HEAD_BYTES])
        raise CsvNotValid("This is no Excel workbook (.xlsx). Send CSV as text/csv.")
    result, output = _in_file(lambda output: look_up_workbook(file, output, found, column))
    facts.record(facts.ROWS, result.rows)
    return _file(output, WORKBOOK, result.columns)


def _in_file(look_up: Callable[[IO[bytes]], Any]) -> tuple[Any, IO[bytes]]:
    """Write a response to a temporary file until the request body is read.

    A client that sends everything before it reads would block the process, and too long a list can still be
    refused with a status. Raises StorageFull.
    """
    try:
        with ExitStack() as on_error:
            output = on_error.enter_context(tempfile.TemporaryFile())
            result = look_up(output)
            output.flush()
            on_error.pop_all()
    except OSError as error:
        disk_outage.failed(str(error))
        raise StorageFull("The response does not fit on the disk. Please try again in a minute.") from None
    disk_outage.ended()
    return result, output


def _file(file: IO[bytes], content_type: str, columns: ListColumns) -> Response:
    file.seek(0, io.SEEK_END)
    response = Response(_parts(file), content_type=content_type)
    response.call_on_close(file.close)  # before the first chunk, too
    response.content_length = file.tell()
    name = quote(columns.name, safe=" !#$&'()*+,/:;=?@[]\"<>^`{|}~")
    response.headers[COLUMN_HEADER] = name or str(columns.column + 1)
    return _no_store(response)


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the whole file, then close it."""
    with file:
        file.seek(0)
        yield from iter(lambda: file.read(CHUNK_BYTES), b"")


def _no_store(response: Response) -> Response:
    response.cache_control.no_store = True
    return response
