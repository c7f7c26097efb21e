"""Errors of the domain, each with the stable code that scripts branch on."""

from __future__ import annotations

from typing import Mapping, NamedTuple, Sequence

from webapp.i18n.messages import N_, Message


class DeskError(Exception):
    """An error of the domain. As a `str` it is its message in English.

    Attributes:
        code: the stable name.
        status: the HTTP status.
        title: the problem in a few words.
        meaning: the explanation of the code in the documentation.
        message: the problem and what to do, for a person.
        errors: messages by parameter of an API request.
        retry_after: seconds after which the same request may succeed.
    """

    code: str
    status: int
    title: str
    meaning: str
    retry_after: int | None = None

    def __init__(
        self, text: str, errors: Mapping[str, Sequence[str]] | None = None, **params: object
    ) -> None:
        self.message = Message(text, params)
        super().__init__(str(self.message))
        self.errors = errors


class RequestNotValid(DeskError):
    code, status, title = "NOT_VALID", 400, N_("The request is not valid")
    meaning = "Parameters are missing, unknown, given twice or wrong, in a way that has no code of its own."


class WrongYear(DeskError):
    code, status, title = "WRONG_YEAR", 400, N_("That is not a base year")
    meaning = "What was given is not a base year of the health index."


class RateLimited(DeskError):
    code, status, title = "RATE_LIMITED", 429, N_("Too many requests")
    meaning = "A client sent more requests than it may in a minute, or more files than it may at a time."
    retry_after = 60


class IndexUnavailable(DeskError):
    code, status, title = "INDEX_UNAVAILABLE", 503, N_("The health index is not available")
    meaning = "The base year is valid, but no value is known for it."
    retry_after = 60


class MonthNotValid(DeskError):
    code, status, title = "MONTH_NOT_VALID", 400, N_("That is not a month")
    meaning = "What was given does not have the form of a month."


class MonthNotFound(DeskError):
    code, status, title = "MONTH_NOT_FOUND", 404, N_("There is no health index for this month")
    meaning = "The month has the right form, but no value is held for it."


class AmountNotValid(DeskError):
    code, status, title = "AMOUNT_NOT_VALID", 400, N_("That is not an amount")
    meaning = "What was given is not an amount of money."


class ZipcodeNotValid(DeskError):
    code, status, title = "ZIPCODE_NOT_VALID", 400, N_("That is not a zipcode")
    meaning = "What was given does not have the form of a zipcode."


class CsvNotValid(DeskError):
    code, status, title = "CSV_NOT_VALID", 400, N_("The file cannot be read")
    meaning = "A file that was sent is neither CSV nor an Excel workbook that can be read."


class ColumnNotClear(DeskError):
    code, status, title = "COLUMN_NOT_CLEAR", 400, N_("The column with the zipcodes is not clear")
    meaning = "No column of a list, or more than one, may be the one with the zipcodes."

    def __init__(
        self, text: str, choices: Sequence[tuple[int, str]] = (), errors: None = None, **params: object
    ) -> None:
        """`choices` are the columns, each with its number from 1 and its name, which may be empty."""
        super().__init__(text, errors, **params)
        self.choices = choices


class TooLarge(DeskError):
    code, status, title = "TOO_LARGE", 413, N_("The request is too large")
    meaning = "More was sent than is taken at once."


class MediaTypeNotSupported(DeskError):
    code, status, title = "MEDIA_TYPE_NOT_SUPPORTED", 415, "Content of this kind is not read here"
    meaning = "Content of a kind was sent that the route does not read."


class ZipcodeNotFound(DeskError):
    code, status, title = "ZIPCODE_NOT_FOUND", 404, N_("This zipcode has no risk factor")
    meaning = "The zipcode has the right form, but no range of the risk table holds it."


class RiskTableUnavailable(DeskError):
    code, status, title = "RISK_TABLE_UNAVAILABLE", 503, N_("The risk table is not available")
    meaning = "No risk table is in force, so that nothing can be said of any zipcode."
    retry_after = 60


class RoomUnavailable(DeskError):
    code, status, title = "ROOM_UNAVAILABLE", 503, N_("The service is temporarily unavailable")
    meaning = "Too many files are sent at a time, or there is no room for the answer in the temporary files."
    retry_after = 60


class DatabaseUnavailable(DeskError):
    code, status, title = "DATABASE_UNAVAILABLE", 503, N_("The service is temporarily unavailable")
    meaning = "The database has not answered yet since the process started, so nothing is known."
    retry_after = 10


class HttpError(NamedTuple):
    """An error of the router or the server. `advice` tells a person what to do."""

    code: str
    title: str
    advice: str


# Names of our own: the standard phrases differ between versions of Python and Werkzeug, and scripts branch
# on these.
INTERNAL_ERROR = "INTERNAL_ERROR"
HTTP_ERRORS = {
    400: HttpError("BAD_REQUEST", N_("The request cannot be read"), N_("Please check the address.")),
    404: HttpError(
        "NOT_FOUND", N_("There is nothing at this address"), N_("Please check it for a typing error.")
    ),
    405: HttpError(
        "METHOD_NOT_ALLOWED",
        N_("This method does not work here"),
        N_("The header Allow names those that do."),
    ),
    413: HttpError(TooLarge.code, TooLarge.title, N_("This address takes no content.")),
    500: HttpError(
        INTERNAL_ERROR,
        N_("Something went wrong on our side"),
        N_("It has been recorded. If you report it, please give the reference %(reference)s."),
    ),
}


class CodeDescription(NamedTuple):
    """A code, its status and its meaning."""

    status: int
    code: str
    meaning: str


def codes() -> list[CodeDescription]:
    """Return every code that a response may have, by status."""
    of_the_server = {(status, error.code): f"{error.title}." for status, error in HTTP_ERRORS.items()}
    of_the_domain = {(error.status, error.code): error.meaning for error in DeskError.__subclasses__()}
    meanings = {**of_the_server, **of_the_domain}  # both have TOO_LARGE
    return [CodeDescription(status, code, meaning) for (status, code), meaning in sorted(meanings.items())]
