"""`/api/v1`: the JSON API, documented from its validation schemas."""

from __future__ import annotations

from flask import Flask
from flask_cors import CORS
from flask_smorest import Api

from webapp.api import document, health_index, indexation, lookup, risk_tables, zipcodes
from webapp.api.lookup_files import COLUMN_HEADER
from webapp.api.routing import PREFIX, ProblemSchema
from webapp.http import request_id


class ProblemApi(Api):  # type: ignore[misc]  # flask-smorest has no types
    """Documents only the errors that a route declares, as RFC 9457 problems."""

    ERROR_SCHEMA = ProblemSchema
    DEFAULT_ERROR_RESPONSE_NAME = None


def register(app: Flask) -> None:
    """Register the API and its documentation.

    Call it before error_handlers.register: flask-smorest adds a handler too, and the last one wins.
    """
    api = ProblemApi(app, spec_kwargs=document.SPEC)
    for blueprint in (health_index.bp, indexation.bp, zipcodes.bp, lookup.bp, risk_tables.bp):
        api.register_blueprint(blueprint)
    app.register_blueprint(document.bp)
    document.build(app, api)
    # Open to every origin: nothing here is private or changes data.
    CORS(
        app,
        resources=rf"{PREFIX}(/.*)?",
        send_wildcard=True,
        methods=["GET", "HEAD", "OPTIONS", "POST"],
        expose_headers=["ETag", "Retry-After", COLUMN_HEADER, request_id.HEADER],
        max_age=86400,
    )
