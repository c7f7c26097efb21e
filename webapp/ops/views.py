"""`/healthz` and `/readyz`: for whoever runs the service, and asked by machines only."""

from typing import Any, Dict

from flask import Blueprint, Response, jsonify

from webapp.data import init_db as database

bp = Blueprint("ops", __name__)


@bp.get("/healthz")
def healthz() -> Response:
    """The process lives. Asks nobody else: a restart would not mend a database."""
    return _answer({"status": "ok"}, 200)


@bp.get("/readyz")
def readyz() -> Response:
    """The service can answer: database, schema, risk table and index are there."""
    reasons = database.reasons_not_ready()
    if reasons:
        return _answer({"status": "unavailable", "reasons": reasons}, 503)
    return _answer({"status": "ok"}, 200)


def _answer(body: Dict[str, Any], status: int) -> Response:
    response = jsonify(body)
    response.status_code = status
    response.cache_control.no_store = True
    return response
