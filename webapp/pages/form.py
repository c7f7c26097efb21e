"""A page with a form: what was typed, what came of it, and what went wrong, part by part."""

from typing import Any, Callable, Dict, List, Mapping, Optional, TypeVar

from flask import Response, make_response, render_template
from sqlalchemy.exc import SQLAlchemyError

from webapp.data.extensions import CACHE_SECONDS, db
from webapp.errors import DeskError, apply_error, as_domain_error
from webapp.http.negotiation import cacheable
from webapp.i18n.messages import Message

Found = TypeVar("Found")


class Form:
    """Gathers what a page shows. What goes wrong with one part does not take the others from it.

    Attributes:
        values: what was typed, by field.
        errors: what is wrong with a field, by field.
        failures: what else went wrong, each kind once.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values
        self.errors: Dict[str, Message] = {}
        self.failures: List[DeskError] = []
        self._first: Optional[DeskError] = None

    def attempt(self, part: Callable[[], Found], field: Optional[str] = None) -> Optional[Found]:
        """Do one part, and give what came of it; None when something went wrong, which is kept.

        Args:
            field: the field that an error belongs to, where the error does not say so itself.
        """
        try:
            return part()
        except (DeskError, SQLAlchemyError) as raised:
            db.session.rollback()  # else a statement that was ended would take the next ones with it
            error = as_domain_error(raised)
            if error is None:
                raise
            self.refuse(error, field)
            return None

    def refuse(self, error: DeskError, field: Optional[str] = None) -> None:
        """Keep an error: at its field, or as a failure when it has none or the request is not to blame."""
        # What was tried is not kept with it: a traceback holds all that its functions held, such as an
        # upload, and the two would keep each other alive.
        error.__traceback__ = error.__context__ = None
        self._first = self._first or error
        field = field if error.status < 500 and field else error.field
        if field:
            self.errors.setdefault(field, error.said)
        elif error.title not in (failure.title for failure in self.failures):
            self.failures.append(error)

    def respond(self, template: str, **context: Any) -> Response:
        """Make the page; with the status of the first error, if there is one."""
        response = make_response(
            render_template(
                template, values=self.values, errors=self.errors, failures=self.failures, **context
            )
        )
        return apply_error(response, self._first) if self._first else cacheable(response, CACHE_SECONDS)
