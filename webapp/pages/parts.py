"""The parts of a page with a form: input, results, and errors, part by part."""

from __future__ import annotations

from typing import Any, Callable, Mapping, TypeVar

from flask import Response, make_response, render_template

from webapp.errors import DeskError
from webapp.http.error_handlers import apply_error
from webapp.http.negotiation import cacheable
from webapp.i18n.messages import Message

Result = TypeVar("Result")


class PageParts:
    """Collects the parts of a page. A part that fails does not take the others with it.

    Attributes:
        values: the input, by field.
        errors: the message for each wrong field.
        failures: other errors, each title once.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values
        self.errors: dict[str, Message] = {}
        self.failures: list[DeskError] = []
        self._first: DeskError | None = None

    def attempt(self, part: Callable[[], Result], field: str | None = None) -> Result | None:
        """Call `part`; on an error of the domain record it and return None.

        Args:
            field: the field to which an error of the request belongs.
        """
        try:
            return part()
        except DeskError as error:
            self.refuse(error, field)
            return None

    def refuse(self, error: DeskError, field: str | None = None) -> None:
        """Record an error: at its field, or as a failure when the request is not to blame."""
        # Its traceback holds all locals of the functions that raised it, such as an upload, and the two would
        # keep each other alive.
        error.__traceback__ = error.__context__ = None
        self._first = self._first or error
        if field and error.status < 500:
            self.errors.setdefault(field, error.message)
        elif error.title not in (failure.title for failure in self.failures):
            self.failures.append(error)

    def render(self, template: str, **context: Any) -> str:
        """Render a template with the parts."""
        return render_template(
            template, values=self.values, errors=self.errors, failures=self.failures, **context
        )

    def respond(self, page: str) -> Response:
        """Respond with a page, with the status of the first error if there is one."""
        response = make_response(page)
        return apply_error(response, self._first) if self._first else cacheable(response)
