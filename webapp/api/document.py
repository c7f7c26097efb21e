"""The OpenAPI document, and the page that shows it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify, request
from flask_smorest import Api
from werkzeug.http import http_date

from webapp import clock
from webapp.api import samples
from webapp.api.reference import routes_by_tag
from webapp.api.routing import PREFIX
from webapp.config import Operator
from webapp.errors import codes
from webapp.http.negotiation import cacheable, represent
from webapp.version import VERSION

bp = Blueprint("api", __name__, url_prefix=PREFIX)

SPEC: dict[str, Any] = {
    "title": "Belgian health index and zipcode risk API",
    "version": VERSION,
    "openapi_version": "3.0.3",
    "info": {
        "description": (
            "The Belgian health index on every base year, indexation of amounts, and the risk factors of "
            "zipcodes. No key is needed. Errors are RFC 9457 problems with a stable code."
        ),
        "license": {"name": "MIT"},
    },
}


def build(app: Flask, api: Api) -> None:
    """Store the document of all registered routes, and its routes for the page, in `app.extensions`."""
    document = api.spec.to_dict()
    # flask-smorest tags routes with the name of their blueprint; people read its description.
    document["tags"] = [{"name": tag["description"]} for tag in document["tags"]]
    del document["components"]["schemas"]["PaginationMetadata"]  # added by flask-smorest, unused
    contact = _contact(app.extensions["operator"])
    if contact:
        document["info"] = {**document["info"], "contact": contact}
    app.extensions["openapi"] = {
        "document": document,
        "routes": routes_by_tag(document, samples.load()),
        "built_at": http_date(clock.now()),
    }


def _contact(operator: Operator) -> dict[str, str]:
    """Return OpenAPI's contact object, which has no member for phone numbers."""
    contact = {"name": operator.name}
    if operator.href.startswith("mailto:"):
        contact["email"] = operator.contact
    elif operator.href.startswith("http"):
        contact["url"] = operator.contact
    return {member: value for member, value in contact.items() if value}


@bp.get("/")
def document() -> Response:
    openapi = current_app.extensions["openapi"]
    return represent(
        payload=openapi["document"],
        template="api.html",
        context=lambda: {
            "routes": openapi["routes"],
            "codes": codes(),
            "server": request.host_url.rstrip("/"),
        },
        headers={"Last-Modified": openapi["built_at"]},
    )


@bp.get("/openapi.json")
def openapi() -> Response:
    """Respond with JSON, whatever the Accept header."""
    openapi = current_app.extensions["openapi"]
    response = jsonify(openapi["document"])
    response.headers["Last-Modified"] = openapi["built_at"]
    return cacheable(response)
