"""Errors with the stable codes that scripts branch on."""

from __future__ import annotations

from typing import Mapping, NamedTuple, Sequence

from webapp.i18n.messages import N_, Message


class DeskError(Exception):
    """An error of the application; its `str` is the message in English.

    Attributes:
        meaning: explanation of the code in the documentation.
        message: the problem and what to do, for people.
        errors: messages by parameter of an API request.
        retry_after: seconds until a retry may succeed.
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
    code, status, title = "NOT_VALID", 400, N_("Invalid request")
    meaning = "Parameters are missing, unknown, repeated or invalid, and no more specific code applies."


class WrongYear(DeskError):
    code, status, title = "WRONG_YEAR", 400, N_("Invalid base year")
    meaning = "The year is not a base year of the health index."


class RateLimited(DeskError):
    code, status, title = "RATE_LIMITED", 429, N_("Too many requests")
    meaning = "The client exceeded its limit of requests per minute, or of files at a time."
    retry_after = 60


class IndexUnavailable(DeskError):
    code, status, title = "INDEX_UNAVAILABLE", 503, N_("Health index unavailable")
    meaning = "The base year is valid, but no value is available for it."
    retry_after = 60


class MonthNotValid(DeskError):
    code, status, title = "MONTH_NOT_VALID", 400, N_("Invalid month")
    meaning = "The month is malformed."


class MonthNotFound(DeskError):
    code, status, title = "MONTH_NOT_FOUND", 404, N_("No health index for this month")
    meaning = "The month is well-formed, but no value is available for it."


class AmountNotValid(DeskError):
    code, status, title = "AMOUNT_NOT_VALID", 400, N_("Invalid amount")
    meaning = "The amount is malformed."


class ZipcodeNotValid(DeskError):
    code, status, title = "ZIPCODE_NOT_VALID", 400, N_("Invalid zipcode")
    meaning = "The zipcode is malformed."


class CsvNotValid(DeskError):
    code, status, title = "CSV_NOT_VALID", 400, N_("The file cannot be read")
    meaning = "The list is neither readable CSV nor a readable Excel workbook."


class ColumnNotClear(DeskError):
    code, status, title = "COLUMN_NOT_CLEAR", 400, N_("The column with the zipcodes is not clear")
    meaning = "No column of the list, or more than one, may be the one with the zipcodes."

    def __init__(
        self, text: str, choices: Sequence[tuple[int, str]] = (), errors: None = None, **params: object
    ) -> None:
        """`choices` are the columns, each with its number from 1 and its name, which may be empty."""
        super().__init__(text, errors, **params)
        self.choices = choices


class TooLarge(DeskError):
    code, status, title = "TOO_LARGE", 413, N_("The request is too large")
    meaning = "The request, or the response to it, would exceed a limit."


class MediaTypeNotSupported(DeskError):
    code, status, title = "MEDIA_TYPE_NOT_SUPPORTED", 415, "Unsupported media type"
    meaning = "The route does not accept request bodies of this media type."


class ZipcodeNotFound(DeskError):
    code, status, title = "ZIPCODE_NOT_FOUND", 404, N_("No risk factor for this zipcode")
    meaning = "The zipcode is well-formed, but in no range of the risk table."


class DateNotValid(DeskError):
    code, status, title = "DATE_NOT_VALID", 400, N_("Invalid date")
    meaning = "The date is malformed, or does not exist."


class RiskTableNotFound(DeskError):
    code, status, title = "RISK_TABLE_NOT_FOUND", 404, N_("No such risk table")
    meaning = "No risk table has this id."


class RiskTableUnavailable(DeskError):
    code, status, title = "RISK_TABLE_UNAVAILABLE", 503, N_("Risk table unavailable")
    meaning = "No risk table is in force."
    retry_after = 60


class StorageFull(DeskError):
    code, status, title = "STORAGE_FULL", 503, N_("Service temporarily unavailable")
    meaning = "The temporary storage is full."
    retry_after = 60


class TooManyUploads(DeskError):
    code, status, title = "TOO_MANY_UPLOADS", 503, N_("Service temporarily unavailable")
    meaning = "All clients together send too many large bodies at a time."
    retry_after = 10


class DatabaseUnavailable(DeskError):
    code, status, title = "DATABASE_UNAVAILABLE", 503, N_("Service temporarily unavailable")
    meaning = "No data has been loaded since the process started."
    retry_after = 10


class HttpError(NamedTuple):
    """An HTTP error raised by Flask or Werkzeug."""

    code: str
    title: str
    advice: str


# Stable codes: the standard phrases depend on the versions of Python and Werkzeug.
INTERNAL_ERROR = "INTERNAL_ERROR"
HTTP_ERRORS = {
    400: HttpError("BAD_REQUEST", N_("The request cannot be read"), N_("Please check the URL.")),
    404: HttpError("NOT_FOUND", N_("Page not found"), N_("Please check the URL for typing errors.")),
    405: HttpError(
        "METHOD_NOT_ALLOWED",
        N_("Method not allowed"),
        N_("The Allow header lists the allowed methods."),
    ),
    413: HttpError(TooLarge.code, TooLarge.title, N_("This URL does not accept a request body.")),
    500: HttpError(
        INTERNAL_ERROR,
        N_("Something went wrong on our side"),
        N_("The error has been logged. If you report it, please quote the reference %(reference)s."),
    ),
}


class CodeDescription(NamedTuple):
    status: int
    code: str
    meaning: str


def codes() -> list[CodeDescription]:
    """Describe all codes, ordered by status."""
    http = {(status, error.code): f"{error.title}." for status, error in HTTP_ERRORS.items()}
    own = {(error.status, error.code): error.meaning for error in DeskError.__subclasses__()}
    meanings = {**http, **own}  # both have TOO_LARGE
    return [CodeDescription(status, code, meaning) for (status, code), meaning in sorted(meanings.items())]
