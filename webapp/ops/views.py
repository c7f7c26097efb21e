"""`/healthz` and `/readyz`: for operators, called by machines only."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

from webapp.data import current
from webapp.data.schema import upgrade_advice
from webapp.data.snapshot import Snapshot
from webapp.errors import RiskTableUnavailable

bp = Blueprint("ops", __name__)

# A look that is given up after LOOK_TIMEOUT_SECONDS is over by then.
MAX_AGE_SECONDS = 30


@bp.get("/healthz")
def healthz() -> Response:
    """Tell that the process lives. Asks nobody else: a restart would not mend a database."""
    return _respond({"status": "ok"}, 200)


@bp.get("/readyz")
def readyz() -> Response:
    """Tell whether the service can answer: as soon as it has a snapshot of the data, whatever comes after.

    `reasons` tell what is wrong, `last_look_seconds` how old the last look at the database is.
    """
    watcher = current.watcher()
    snapshot, age = watcher.snapshot, watcher.age_seconds
    reasons = [watcher.failure] if watcher.failure else []
    if age is not None and age > MAX_AGE_SECONDS and not reasons:
        reasons.append(f"the database was not looked at for {age:.0f} seconds")
    if snapshot is None:
        reasons = reasons or ["the database did not answer yet"]
        return _respond({"status": "unavailable", "reasons": reasons}, 503)
    reasons += _missing(snapshot)
    body = {"status": "degraded" if reasons else "ok", "last_look_seconds": round(age or 0, 1)}
    return _respond({**body, "reasons": reasons} if reasons else body, 200)


def _missing(snapshot: Snapshot) -> list[str]:
    reasons = [upgrade_advice(snapshot.revision)]
    try:
        _table = snapshot.risk_table
    except RiskTableUnavailable:
        reasons.append("no risk table is in force: run flask init-db")
    if not snapshot.index.by_base_year:
        reasons.append("no index value is held: run flask init-db or flask refresh-index")
    return [reason for reason in reasons if reason]


def _respond(body: dict[str, Any], status: int) -> Response:
    response = jsonify(body)
    response.status_code = status
    response.cache_control.no_store = True
    return response
