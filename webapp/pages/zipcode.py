"""`/zipcode/<zipcode>`: the risk factor of a zipcode as JSON, page or text."""

from __future__ import annotations

from flask import Response, request

from webapp.data import reads
from webapp.http.negotiation import represent
from webapp.pages.blueprint import bp
from webapp.pages.zipcode_map import drawn
from webapp.zipcodes import timeline
from webapp.zipcodes.timeline import RiskFactorOn, parse_on
from webapp.zipcodes.zipcode import parse_zipcode


@bp.get("/zipcode/<zipcode>")
def zipcode(zipcode: str) -> Response:
    """Show the risk factor today, or on the date `on`."""
    number = parse_zipcode(zipcode)
    on = parse_on(request.args["on"]) if "on" in request.args else None
    found = reads.risk_factor(number, on)
    return represent(
        payload={"risk_factor": found["factor"]},
        template="zipcode.html",
        context=lambda: {
            "found": found,
            "on": on,
            "nearest": reads.nearest_if_unused(found),
            "drawn": drawn(),
            "point": drawn().points.get(number),
        },
        headers=_headers(found),
        text=found["factor"],
    )


def _headers(found: RiskFactorOn) -> dict[str, str]:
    """Return the details that the JSON contract leaves out."""
    return {
        "Risk-Range": f"{found['first']}-{found['last']}",
        **timeline.headers(found["risk_table"], found["effective_from"], found["effective_until"]),
    }
