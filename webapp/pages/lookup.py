"""`/`, the lookup form, whose answer is a link: all that was asked is in the address; and `/about`."""

from typing import List, Optional, Tuple

from flask import Response, request

from webapp.errors import ZipcodeNotValid
from webapp.health_index.base_years import DEFAULT_BASE_YEAR
from webapp.health_index.overview import newest
from webapp.i18n.messages import N_
from webapp.pages.blueprint import bp
from webapp.pages.form import Form
from webapp.pages.index import current_overview, latest_index, parse_base_year
from webapp.pages.zipcode import current_risk_table, find_risk_factor, nearest_if_unused
from webapp.zipcodes.directory import Suggestion
from webapp.zipcodes.meant import Meant, meant, nearest
from webapp.zipcodes.service import RiskFactor


@bp.get("/")
def lookup() -> Response:
    """The form, and under it what was asked for: a risk factor, an index, or both.

    The parameter `zipcode` may be the name of a place too.
    """
    text = request.args.get("zipcode", "").strip()
    year = request.args.get("year", str(DEFAULT_BASE_YEAR)).strip()
    form = Form({"zipcode": text, "year": year})
    found = latest = None
    places: List[Suggestion] = []
    if "zipcode" in request.args:
        found, places = _look_up(form, text)
    if "zipcode" in request.args or "year" in request.args:
        latest = form.attempt(lambda: latest_index(parse_base_year(year)))
    near = form.attempt(lambda: nearest(text) if "zipcode" in form.errors else nearest_if_unused(found))
    return form.respond("lookup.html", found=found, latest=latest, places=places, nearest=near or [])


def _look_up(form: Form, text: str) -> Tuple[Optional[RiskFactor], List[Suggestion]]:
    """The risk factor, if it is clear which zipcode is meant, and further places that may be meant."""
    understood = form.attempt(lambda: _meant(text))
    if understood is None:
        return None, []
    zipcode = understood.zipcode
    found = form.attempt(lambda: find_risk_factor(zipcode)) if zipcode else None
    return found, understood.places


def _meant(text: str) -> Meant:
    if not text:
        raise ZipcodeNotValid(N_("Enter a zipcode or the name of a place. For example: 9000."))
    return meant(text)


@bp.get("/about")
def about() -> Response:
    """Where each figure comes from, and how fresh it is."""
    form = Form({})
    return form.respond(
        "about.html",
        latest=form.attempt(lambda: latest_index(newest(current_overview())["base_year"])),
        table=form.attempt(current_risk_table),
    )
