"""`/`: the lookup form. Its answer is a link: everything that was asked is in the address."""

from typing import Any, Callable, Dict, Optional, TypeVar

from flask import Blueprint, Response, make_response, render_template, request
from sqlalchemy.exc import SQLAlchemyError

from webapp.errors import DeskError, ZipcodeNotValid, apply_error, as_domain_error
from webapp.extensions import CACHE_SECONDS, db
from webapp.health_index.base_years import DEFAULT_BASE_YEAR
from webapp.health_index.views import latest_index, parse_base_year
from webapp.representation import cacheable
from webapp.zipcodes.views import find_risk_factor, parse_zipcode

bp = Blueprint("pages", __name__)

Found = TypeVar("Found")


@bp.get("/")
def lookup() -> Response:
    """The form, and under it what was asked for: a risk factor, an index, or both."""
    zipcode = request.args.get("zipcode", "").strip()
    year = request.args.get("year", str(DEFAULT_BASE_YEAR)).strip()
    context: Dict[str, Any] = {"values": {"zipcode": zipcode, "year": year}, "errors": {}, "failures": []}
    errors = []
    if "zipcode" in request.args:
        errors.append(_attempt(context, "found", lambda: find_risk_factor(_given_zipcode(zipcode))))
    if "zipcode" in request.args or "year" in request.args:
        errors.append(_attempt(context, "latest", lambda: latest_index(parse_base_year(year))))
    response = make_response(render_template("lookup.html", **context))
    first = next((error for error in errors if error), None)
    return apply_error(response, first) if first else cacheable(response, CACHE_SECONDS)


def _given_zipcode(text: str) -> int:
    if not text:
        raise ZipcodeNotValid("Enter a zipcode of four digits. For example: 9000.")
    return parse_zipcode(text)


def _attempt(context: Dict[str, Any], name: str, look_up: Callable[[], Found]) -> Optional[DeskError]:
    """Look one thing up, and put what it gave into the context: a result, or what went wrong.

    An error in one half of the form does not take the answer of the other half from the page.
    """
    try:
        context[name] = look_up()
    except (DeskError, SQLAlchemyError) as raised:
        db.session.rollback()  # else a statement that was ended would take the next ones with it
        error = as_domain_error(raised)
        if error is None:
            raise
        if error.field:
            context["errors"][error.field] = error.message
        elif error.title not in (failure.title for failure in context["failures"]):
            context["failures"].append(error)
        return error
    return None
