"""`/healthz` and `/readyz`: liveness and readiness checks."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from webapp.data import current
from webapp.data.schema import upgrade_advice
from webapp.data.snapshot import Snapshot
from webapp.data.status import lag_reason, status
from webapp.errors import RiskTableUnavailable

bp = Blueprint("ops", __name__)

# Longer than watcher.POLL_TIMEOUT_SECONDS, after which a poll is abandoned.
MAX_AGE_SECONDS = 30


@bp.get("/healthz")
def healthz() -> Response:
    """Report that the process runs. Ignores the database, which a restart would not repair."""
    return _respond({"status": "ok"}, 200)


@bp.get("/readyz")
def readyz() -> Response:
    """Report ready once the process has a snapshot, with `reasons` if the service is degraded.

    With `?strict=1`, an index that is late is a reason, and any reason is an error: for alerts.
    """
    # A monitor that asks with ?strict or ?strict=true must not hear that all is well.
    is_strict = request.args.get("strict", "0") != "0"
    watcher = current.watcher()
    snapshot, age = watcher.snapshot, watcher.age_seconds
    reasons = [watcher.failure] if watcher.failure else []
    if age is not None and age > MAX_AGE_SECONDS and not reasons:
        reasons.append(f"the database was last checked {age:.0f} seconds ago")
    if snapshot is None:
        reasons = reasons or ["the database has not responded yet"]
        return _respond({"status": "unavailable", "reasons": reasons, **status(watcher)}, 503)
    reasons += _problems(snapshot)
    if is_strict:
        late = lag_reason(snapshot, current_app.config["MAX_INDEX_LAG_DAYS"])
        reasons += [late] if late else []
    body = {
        "status": "degraded" if reasons else "ok",
        "last_look_seconds": round(age or 0, 1),
        **({"reasons": reasons} if reasons else {}),
        **status(watcher),
    }
    return _respond(body, 503 if is_strict and reasons else 200)


def _problems(snapshot: Snapshot) -> list[str]:
    reasons = [upgrade_advice(snapshot.revision)]
    try:
        _table = snapshot.risk_table
    except RiskTableUnavailable:
        reasons.append("no risk table is in force: run flask init-db")
    if not snapshot.index.by_base_year:
        reasons.append("no index value is stored: run flask init-db or flask refresh-index")
    return [reason for reason in reasons if reason]


def _respond(body: dict[str, Any], status: int) -> Response:
    response = jsonify(body)
    response.status_code = status
    response.cache_control.no_store = True
    return response
