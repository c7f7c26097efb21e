"""`POST /api/v1/zipcodes/lookup`: the risk factors of many zipcodes at once, as JSON or CSV."""

import tempfile
from contextlib import ExitStack
from typing import IO, Any, Iterator, List

from flask import Response, current_app, jsonify, request
from marshmallow import ValidationError, fields, validate
from werkzeug.exceptions import ClientDisconnected
from werkzeug.wsgi import get_input_stream

from webapp.api.fields import AnswerSchema, ApiSchema
from webapp.api.routing import PREFIX, ApiBlueprint, not_valid
from webapp.errors import (
    CsvNotValid,
    DeskError,
    MediaTypeNotSupported,
    RequestNotValid,
    RiskTableUnavailable,
    TooLarge,
)
from webapp.zipcodes import bulk
from webapp.zipcodes.models import FACTORS

bp = ApiBlueprint("api-lookup", "Many zipcodes at once", "/zipcodes/lookup")

MOST_AS_JSON = 10_000
# Several times what that many zipcodes take, however they are indented.
MOST_JSON_BYTES = bulk.MEGABYTE


class LookupSchema(ApiSchema):
    zipcodes = fields.List(
        fields.String(error_messages={"invalid": "Write a zipcode as a string."}),
        required=True,
        error_messages={"required": "Give a list of zipcodes.", "invalid": "Give a list of zipcodes."},
        metadata={"description": f"Up to {MOST_AS_JSON:,} zipcodes.", "example": ["9000", "2000"]},
    )


class ResultSchema(AnswerSchema):
    zipcode = fields.String(metadata={"description": "As it was given."})
    risk_factor = fields.String(validate=validate.OneOf(FACTORS), allow_none=True)
    error = fields.String(
        allow_none=True, metadata={"description": "ZIPCODE_NOT_VALID, ZIPCODE_NOT_FOUND or null."}
    )


class ResultsSchema(AnswerSchema):
    results = fields.List(fields.Nested(ResultSchema))


class _Content:
    """The content of the request, read in parts by the view itself."""

    def __init__(self) -> None:
        self._stream = get_input_stream(request.environ)
        self._left = bulk.MOST_BYTES

    def read(self, size: int) -> bytes:
        """Up to so many bytes, none at the end."""
        try:
            part = self._stream.read(size)
        except OSError:  # the client stopped half way
            raise ClientDisconnected from None
        self._left -= len(part)
        return part

    def skip(self) -> None:
        """Read on to the end, because a client that is still sending may not see an answer before."""
        while self._left > 0 and self.read(bulk.PIECE_BYTES):
            pass


@bp.take(
    "",
    takes={"application/json": LookupSchema, "text/csv": {"type": "string", "example": "zipcode\n9000\n"}},
    answers={"application/json": ResultsSchema, "text/csv": {"type": "string"}},
    errors=(CsvNotValid, TooLarge, MediaTypeNotSupported, RiskTableUnavailable),
    examples=(
        'curl -s --json \'{"zipcodes": ["9000", "999"]}\' \'{server}' + PREFIX + "/zipcodes/lookup'",
        "curl -s -H 'Content-Type: text/csv' --data-binary @clients.csv '{server}"
        + PREFIX
        + "/zipcodes/lookup'",
    ),
)
def lookup() -> Response:
    """The risk factors of many zipcodes, in the order in which they are given

    As JSON up to 10,000, as CSV up to 1,000,000 rows. Of a CSV file with ; or , in UTF-8 or
    Windows-1252, the column named zipcode is read, else the first; it comes back with the columns
    risk_factor and error added. The first row is a header when it names that column, or when its
    first field has no digit.
    """
    content = _Content()
    try:
        if request.mimetype == "application/json":
            return _lookup_json(content)
        if request.mimetype == "text/csv":
            return _lookup_csv(content)
        raise MediaTypeNotSupported("Send application/json or text/csv, and say so in Content-Type.")
    except DeskError:
        content.skip()
        raise


def _lookup_json(content: _Content) -> Response:
    try:
        zipcodes: List[str] = LookupSchema().load(_read_json(content))["zipcodes"]
    except ValidationError as wrong:
        raise not_valid(LookupSchema(), wrong.messages_dict) from None
    if len(zipcodes) > MOST_AS_JSON:
        raise TooLarge(_too_many())
    known = bulk.results()
    answers = []
    for zipcode in zipcodes:
        factor, error = known.get(zipcode, bulk.NOT_VALID)
        answers.append({"zipcode": zipcode, "risk_factor": factor or None, "error": error or None})
    return _not_kept(jsonify({"results": answers}))


def _read_json(content: _Content) -> Any:
    body = content.read(MOST_JSON_BYTES + 1)
    if len(body) > MOST_JSON_BYTES:
        raise TooLarge(_too_many())
    try:
        document = current_app.json.loads(body)
        current_app.json.dumps(document).encode()  # fails for half of a pair of surrogates
    except (ValueError, RecursionError):
        raise RequestNotValid("The content is not JSON.") from None
    return document


def _too_many() -> str:
    return (
        f"As JSON up to {MOST_AS_JSON:,} zipcodes are taken at once, in up to 1 MB. "
        f"Send text/csv for up to {bulk.MOST_ROWS:,}."
    )


def _lookup_csv(content: _Content) -> Response:
    # The answer waits in a file until all was read: a client that sends everything before it reads
    # would stop us, and a file that turns out to be too long can still be refused with a status.
    with ExitStack() as until_answered:
        answer = until_answered.enter_context(tempfile.TemporaryFile())
        answered = bulk.answer_csv(content.read, answer.write, bulk.results())
        until_answered.pop_all()
    response = Response(_parts(answer), content_type=f"text/csv; charset={answered.charset}")
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
