"""`/api/v1`: everything that scripts may ask, documented from the schemas that validate."""

from __future__ import annotations

from flask import Flask
from flask_cors import CORS
from flask_smorest import Api

from webapp.api import document, health_index, indexation, lookup, zipcodes
from webapp.api.routing import PREFIX, ProblemSchema


class DeskApi(Api):  # type: ignore[misc]  # flask-smorest has no types
    """Collects the document. Which errors there are, each route says itself."""

    ERROR_SCHEMA = ProblemSchema
    DEFAULT_ERROR_RESPONSE_NAME = None


def register(app: Flask) -> None:
    """Add the API, its OpenAPI document and its page for people to the application.

    Call it before errors.register_error_handlers: flask-smorest brings a handler of its own, and
    the one that is registered last counts.
    """
    api = DeskApi(app, spec_kwargs=document.ABOUT)
    for blueprint in (health_index.bp, indexation.bp, zipcodes.bp, lookup.bp):
        api.register_blueprint(blueprint)
    app.register_blueprint(document.bp)
    document.keep(app, api)
    # Nothing here is private or changes anything, so any page in a browser may ask.
    CORS(
        app,
        resources=rf"{PREFIX}(/.*)?",
        send_wildcard=True,
        methods=["GET", "HEAD", "OPTIONS", "POST"],
        expose_headers=["ETag", "Retry-After", lookup.COLUMN_HEADER],
        max_age=86400,
    )
