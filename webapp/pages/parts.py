"""Pages whose parts fail independently."""

from __future__ import annotations

from typing import Any, Callable, Mapping, TypeVar

from flask import Response, make_response, render_template

from webapp.errors import DeskError
from webapp.http.error_handlers import apply_error
from webapp.http.negotiation import cacheable, plain_text
from webapp.i18n.messages import Message

Result = TypeVar("Result")


class PageParts:
    """Collects the errors of a page, so that a failed part does not hide the others.

    Attributes:
        values: the input by field.
        errors: the message by invalid field.
        failures: all other errors, one per title.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values
        self.errors: dict[str, Message] = {}
        self.failures: list[DeskError] = []
        self._first: DeskError | None = None

    def attempt(self, part: Callable[[], Result], field: str | None = None) -> Result | None:
        """Call `part`; on failure record the error and return None."""
        try:
            return part()
        except DeskError as error:
            self.record(error, field)
            return None

    def record(self, error: DeskError, field: str | None = None) -> None:
        """Record an error: at `field` if it is a 4xx, else as a failure."""
        # The traceback would keep the locals of every frame, such as an upload, in a reference cycle.
        error.__traceback__ = error.__context__ = None
        self._first = self._first or error
        if field and error.status < 500:
            self.errors.setdefault(field, error.message)
        elif error.title not in (failure.title for failure in self.failures):
            self.failures.append(error)

    def render(self, template: str, **context: Any) -> str:
        return render_template(
            template, values=self.values, errors=self.errors, failures=self.failures, **context
        )

    def respond(self, page: str) -> Response:
        """Respond with a page and the status of the first error, if any."""
        response = make_response(page)
        return apply_error(response, self._first) if self._first else cacheable(response)

    def respond_in_text(self, text: str) -> Response:
        """Respond with a bare text. Raises the first error, if any."""
        if self._first:
            raise self._first
        return cacheable(plain_text(text))
