"""The state of the service, for operators: version, schema, snapshot, index and risk table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional, TypedDict

from webapp.data.snapshot import Snapshot
from webapp.errors import RiskTableUnavailable
from webapp.health_index.lag import lag_in_force
from webapp.version import VERSION

if TYPE_CHECKING:
    from webapp.data.watcher import Watcher


class IndexStatus(TypedDict):
    base_year: int
    month: str
    lag_months: int
    lag_working_days: int


class RiskTableStatus(TypedDict):
    id: int
    name: str
    effective_from: Optional[str]


class Status(TypedDict):
    """Members of `/readyz` and of `flask version --json`; None for what does not exist."""

    version: str
    schema_revision: Optional[str]
    snapshot_version: Optional[int]
    snapshot_age_seconds: Optional[float]
    index: Optional[IndexStatus]
    risk_table: Optional[RiskTableStatus]


def status(watcher: Watcher) -> Status:
    snapshot, age = watcher.snapshot, watcher.snapshot_age_seconds
    return {
        "version": VERSION,
        "schema_revision": snapshot.revision if snapshot else None,
        "snapshot_version": snapshot.version if snapshot else None,
        "snapshot_age_seconds": None if age is None else round(age, 1),
        "index": index_status(snapshot) if snapshot else None,
        "risk_table": _risk_table(snapshot) if snapshot else None,
    }


def index_status(snapshot: Snapshot) -> IndexStatus | None:
    """Describe the index of the base year in force."""
    lag = lag_in_force(snapshot.index, snapshot.day)
    if lag is None:
        return None
    return {
        "base_year": lag.base_year,
        "month": f"{lag.month:%Y-%m}",
        "lag_months": lag.months,
        "lag_working_days": lag.working_days,
    }


def lag_reason(snapshot: Snapshot, max_working_days: int) -> str | None:
    """Return why the index is too late; None if it is not."""
    index = index_status(snapshot)
    if index is None:
        return "no index value of the base year in force is stored: run flask refresh-index"
    if index["lag_working_days"] <= max_working_days:
        return None
    return (
        f"the index is {index['lag_working_days']} working days late, its last month on base "
        f"{index['base_year']} is {index['month']}: run flask refresh-index"
    )


def _risk_table(snapshot: Snapshot) -> RiskTableStatus | None:
    try:
        table = snapshot.risk_table
    except RiskTableUnavailable:
        return None
    first_day = table.effective_from
    return {
        "id": table.id,
        "name": table.name,
        "effective_from": first_day.isoformat() if first_day else None,
    }
