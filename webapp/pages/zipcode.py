"""`/zipcode/<zipcode>`: the risk factor of a zipcode."""

import re
from typing import Dict, List, Optional

from flask import Response
from sqlalchemy.exc import SQLAlchemyError

from webapp.data.extensions import CACHE_SECONDS, db, memoize
from webapp.data.zipcode_models import ZIPCODE
from webapp.errors import ZipcodeNotValid
from webapp.http.negotiation import represent
from webapp.i18n.messages import N_
from webapp.pages.blueprint import bp
from webapp.zipcodes import service
from webapp.zipcodes.directory import Suggestion
from webapp.zipcodes.meant import nearest
from webapp.zipcodes.service import RiskFactor, RiskTableDescription

ZIPCODE_ADVICE = N_("A zipcode has four digits, from 1000 to 9999. For example: 9000.")


@bp.get("/zipcode/<zipcode>")
def zipcode(zipcode: str) -> Response:
    """The risk factor of the zipcode in the address."""
    found = find_risk_factor(parse_zipcode(zipcode))
    return represent(
        payload={"risk_factor": found["factor"]},
        template="zipcode.html",
        context=lambda: {"found": found, "nearest": nearest_if_unused(found)},
        max_age=CACHE_SECONDS,
        headers=risk_headers(found),
    )


@memoize
def find_risk_factor(zipcode: int) -> RiskFactor:
    """See zipcodes.service.find; its answers are kept for a while."""
    return service.find(zipcode)


@memoize
def current_risk_table() -> RiskTableDescription:
    """See zipcodes.service.describe_current_table; its answers are kept for a while."""
    return service.describe_current_table()


@memoize
def nearest_zipcodes(zipcode: int) -> List[Suggestion]:
    """See zipcodes.meant.nearest; its answers are kept for a while."""
    return nearest(str(zipcode))


def nearest_if_unused(found: Optional[RiskFactor]) -> List[Suggestion]:
    """The places with a zipcode close by, when bpost does not use the one that was found."""
    return nearest_zipcodes(found["zipcode"]) if found and not found["places"] else []


def nearest_if_known(text: str) -> List[Suggestion]:
    """The places nearest to a text that has no risk factor, for its error page: none without a database."""
    try:
        return nearest(text)
    except SQLAlchemyError:
        db.session.rollback()
        return []


def parse_zipcode(text: str) -> int:
    """Check what a caller gave as zipcode.

    Raises ZipcodeNotValid when it is not four digits, of which the first is not 0.
    """
    if not re.fullmatch(ZIPCODE, text):
        raise ZipcodeNotValid(ZIPCODE_ADVICE, value=text)
    return int(text)


def risk_headers(found: RiskFactor) -> Dict[str, str]:
    """What the JSON body has no room for: which range matched, in which table, since when."""
    return {
        "Risk-Range": f"{found['first']}-{found['last']}",
        "Risk-Table": str(found["risk_table"]),
        "Risk-Table-Effective-From": found["effective_from"].isoformat(),
    }
