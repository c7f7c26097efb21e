"""The OpenAPI document of the API, for programs, and the page that shows it to people."""

from __future__ import annotations

from typing import Any, Dict

from flask import Blueprint, Flask, Response, current_app, jsonify, request
from flask_smorest import Api
from werkzeug.http import http_date

from webapp import clock
from webapp.api.routing import PREFIX
from webapp.errors import codes
from webapp.http.negotiation import cacheable, represent
from webapp.version import VERSION

bp = Blueprint("api", __name__, url_prefix=PREFIX)

ABOUT: Dict[str, Any] = {
    "title": "Belgian index and zipcode-risk desk",
    "version": VERSION,
    "openapi_version": "3.0.3",
    "info": {
        "description": (
            "The Belgian health index on every base year, indexation of amounts, and the risk factor "
            "of zipcodes. Nothing needs a key. Errors are RFC 9457 problems with a code that does not change."
        ),
        "license": {"name": "MIT"},
    },
}


def keep(app: Flask, api: Api) -> None:
    """Make the document once, when all routes are known, and keep it with the application."""
    document = api.spec.to_dict()
    # A blueprint is named for Flask; people see what it is about.
    document["tags"] = [{"name": tag["description"]} for tag in document["tags"]]
    del document["components"]["schemas"]["PaginationMetadata"]  # flask-smorest's own, unused here
    app.extensions["openapi"] = {"document": document, "made_at": http_date(clock.now())}


@bp.get("/")
def document() -> Response:
    """The document as a page for people, or as it is for programs."""
    kept = current_app.extensions["openapi"]
    return represent(
        payload=kept["document"],
        template="api.html",
        context=lambda: {
            "document": kept["document"],
            "codes": codes(),
            "server": request.host_url.rstrip("/"),
        },
        headers={"Last-Modified": kept["made_at"]},
    )


@bp.get("/openapi.json")
def openapi() -> Response:
    """The document, whatever Accept says."""
    kept = current_app.extensions["openapi"]
    response = jsonify(kept["document"])
    response.headers["Last-Modified"] = kept["made_at"]
    return cacheable(response)
