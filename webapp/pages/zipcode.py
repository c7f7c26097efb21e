"""`/zipcode/<zipcode>`: the risk factor of a zipcode as JSON, page or text."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

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


@bp.get("/zipcode/<zipcode>/")
def zipcode_with_slash(zipcode: str) -> BaseResponse:
    """Redirect to the zipcode, keeping the query."""
    url = url_for("pages.zipcode", zipcode=parse_zipcode(zipcode))
    query = urlencode(list(request.args.items(multi=True)))
    # Not 308, which Power Query and PowerShell 5 do not follow.
    return redirect(f"{url}?{query}" if query else url, 301)


def _headers(found: RiskFactorOn) -> dict[str, str]:
    """Return the details that the JSON contract leaves out."""
    return {
        "Risk-Range": f"{found['first']}-{found['last']}",
        **timeline.headers(found["risk_table"], found["effective_from"], found["effective_until"]),
    }
