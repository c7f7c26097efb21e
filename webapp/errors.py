"""The domain's errors, and the one place that turns any error into an answer."""

import logging
import uuid
from typing import List, Mapping, Optional, Sequence, Tuple

from flask import Flask, Response, request
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from webapp.http.negotiation import represent_error
from webapp.i18n.messages import N_, Message

log = logging.getLogger(__name__)


class DeskError(Exception):
    """An error of the domain.

    Attributes:
        code: the stable name that scripts branch on.
        status: the HTTP status that fits it.
        title: what happened, in a few words.
        said: what happened and what to do, for a person.
        field: the field of the lookup form that has to be corrected, if one has: an error page shows it.
        value: what that field held.
        errors: what is wrong with each parameter of a request to the API.
        retry_after: seconds after which the same request may succeed, if it may.
    """

    code: str
    status: int
    title: str
    field: Optional[str] = None
    retry_after: Optional[int] = None

    def __init__(
        self,
        text: str,
        value: str = "",
        errors: Optional[Mapping[str, Sequence[str]]] = None,
        **figures: object,
    ) -> None:
        self.said = Message(text, figures)
        super().__init__(self.message)
        self.value = value
        self.errors = errors

    @property
    def message(self) -> str:
        """What is said, in English."""
        return str(self.said)


class RequestNotValid(DeskError):
    """Parameters are missing, unknown, given twice or wrong, in a way that has no code of its own."""

    code, status, title = "NOT_VALID", 400, N_("The request is not valid")


class WrongYear(DeskError):
    """What was given is not a base year of the health index."""

    code, status, title, field = "WRONG_YEAR", 400, N_("That is not a base year"), "year"


class RateLimited(DeskError):
    """A client sent more requests than it may in a minute, or more files than it may at a time."""

    code, status, title = "RATE_LIMITED", 429, N_("Too many requests")
    retry_after = 60


class IndexUnavailable(DeskError):
    """The base year is valid, but no value is known for it."""

    code, status, title = "INDEX_UNAVAILABLE", 503, N_("The health index is not available")
    retry_after = 60


class MonthNotValid(DeskError):
    """What was given does not have the form of a month."""

    code, status, title = "MONTH_NOT_VALID", 400, N_("That is not a month")


class MonthNotFound(DeskError):
    """The month has the right form, but no value is held for it."""

    code, status, title = "MONTH_NOT_FOUND", 404, N_("There is no health index for this month")


class AmountNotValid(DeskError):
    """What was given is not an amount of money."""

    code, status, title = "AMOUNT_NOT_VALID", 400, N_("That is not an amount")


class ZipcodeNotValid(DeskError):
    """What was given does not have the form of a zipcode."""

    code, status, title, field = "ZIPCODE_NOT_VALID", 400, N_("That is not a zipcode"), "zipcode"


class CsvNotValid(DeskError):
    """A file that was sent is not CSV that can be read."""

    code, status, title = "CSV_NOT_VALID", 400, N_("The file cannot be read")


class TooLarge(DeskError):
    """More was sent than is taken at once."""

    code, status, title = "TOO_LARGE", 413, N_("The request is too large")


class MediaTypeNotSupported(DeskError):
    """Content of a kind was sent that the route does not read."""

    code, status, title = "MEDIA_TYPE_NOT_SUPPORTED", 415, "Content of this kind is not read here"


class ZipcodeNotFound(DeskError):
    """The zipcode has the right form, but no range of the risk table holds it."""

    code, status, title, field = "ZIPCODE_NOT_FOUND", 404, N_("This zipcode has no risk factor"), "zipcode"


class RiskTableUnavailable(DeskError):
    """No risk table is in force, so that nothing can be said of any zipcode."""

    code, status, title = "RISK_TABLE_UNAVAILABLE", 503, N_("The risk table is not available")
    retry_after = 60


class RoomUnavailable(DeskError):
    """Too many files are sent at a time, or there is no room for the answer in the temporary files."""

    code, status, title = "ROOM_UNAVAILABLE", 503, N_("The service is temporarily unavailable")
    retry_after = 60


class DatabaseUnavailable(DeskError):
    """The database is out of reach, or does not answer in time."""

    code, status, title = "DATABASE_UNAVAILABLE", 503, N_("The service is temporarily unavailable")
    retry_after = 10


# What the router and the server refuse. Names of our own: the wording of the standard phrases
# differs between versions of Python and Werkzeug, and scripts branch on these.
INTERNAL_ERROR = "INTERNAL_ERROR"
HTTP_CODES = {
    400: ("BAD_REQUEST", N_("The request cannot be read"), N_("Please check the address.")),
    404: ("NOT_FOUND", N_("There is nothing at this address"), N_("Please check it for a typing error.")),
    405: (
        "METHOD_NOT_ALLOWED",
        N_("This method does not work here"),
        N_("The header Allow names those that do."),
    ),
    413: (TooLarge.code, TooLarge.title, N_("This address takes no content.")),
    500: (INTERNAL_ERROR, N_("Something went wrong on our side"), ""),
}


def codes() -> List[Tuple[int, str, str]]:
    """Every code that an answer may have: its status, the code, and what it means."""
    of_the_server = {(status, code): f"{title}." for status, (code, title, _message) in HTTP_CODES.items()}
    of_the_domain = {(error.status, error.code): str(error.__doc__) for error in DeskError.__subclasses__()}
    known = {**of_the_server, **of_the_domain}  # both know TOO_LARGE
    return [(status, code, meaning) for (status, code), meaning in sorted(known.items())]


def register_error_handlers(app: Flask) -> None:
    """Give the application its error handlers: on the app, because no blueprint sees a 404."""
    app.register_error_handler(DeskError, error_response)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(PoolTimeout, _database_error)
    app.register_error_handler(Exception, _unexpected_error)


def apply_error(response: Response, error: DeskError) -> Response:
    """Give a response, whatever it shows, the status and headers of an error."""
    response.status_code = error.status
    response.cache_control.no_store = True
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def error_response(error: DeskError) -> Response:
    """The answer that an error of the domain is."""
    response = represent_error(
        error.status,
        error.code,
        error.title,
        error.said,
        field=error.field,
        value=error.value,
        errors=error.errors,
    )
    return apply_error(response, error)


def _http_error(error: HTTPException) -> Response:
    if isinstance(error.response, Response):
        return error.response  # made by whoever raised it: see rate_limit.py
    status = error.code or 500  # Flask keeps errors without a status, and redirections, to itself
    code, title, message = HTTP_CODES.get(status, (f"HTTP_{status}", error.name, error.description or ""))
    response = represent_error(status, code, title, Message(message, {}))
    for name, value in error.get_headers():
        if name != "Content-Type":
            response.headers[name] = value  # Allow, for a 405
    return response


def as_domain_error(error: Exception) -> Optional[DeskError]:
    """What an error means for the user, if it means anything: a database that is out of reach."""
    if isinstance(error, DeskError):
        return error
    if isinstance(error, PoolTimeout) or (isinstance(error, DBAPIError) and _is_out_of_reach(error)):
        log.error("the database is out of reach: %s", str(getattr(error, "orig", error)).strip())
        return DatabaseUnavailable(N_("Please try again in a moment."))
    return None


def _database_error(error: Exception) -> Response:
    meaning = as_domain_error(error)
    return error_response(meaning) if meaning else _unexpected_error(error)


def _is_out_of_reach(error: DBAPIError) -> bool:
    # 42P01 is PostgreSQL's "undefined table": `flask init-db` has not run yet. On SQLite the same
    # comes as an OperationalError.
    undefined_table = getattr(error.orig, "pgcode", None) == "42P01"
    return isinstance(error, (OperationalError, InterfaceError)) or undefined_table


def _unexpected_error(error: Exception) -> Response:
    reference = uuid.uuid4().hex[:8]
    log.error("reference %s: %s %s failed", reference, request.method, request.path, exc_info=error)
    code, title, _message = HTTP_CODES[500]
    return represent_error(
        500,
        code,
        title,
        Message(
            N_("It has been recorded. If you report it, please give the reference %(reference)s."),
            {"reference": reference},
        ),
        reference=reference,
    )
