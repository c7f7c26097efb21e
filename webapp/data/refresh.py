"""Refresh of the index values from Statbel.

From a publication date until the new month is stored, Statbel is checked every 15 minutes, by one process.
While that fails, the last good values are served.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Mapping, NamedTuple

from flask import current_app
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.config import ROOT
from webapp.data import index_decisions, index_seed
from webapp.data.index_models import IndexValue, UpstreamCheck, stored_values
from webapp.data.snapshot import Snapshot
from webapp.data.transactions import write_transaction
from webapp.data.upsert import insert
from webapp.health_index.base_years import BASE_YEARS
from webapp.health_index.coefficients import base_year_in_force
from webapp.health_index.publication import latest_published_month
from webapp.health_index.values import PUBLISHED
from webapp.logs import Outage
from webapp.statbel.parsing import ParsedResponse, UpstreamError
from webapp.statbel.plausibility import Judgement, Key, Stored, describe, judge
from webapp.statbel.sources import Statbel, StatbelSource
from webapp.tables.csv_file import FileError

log = logging.getLogger(__name__)

seed_outage = Outage(log, "reading the seed for plausibility checks")

MIN_INTERVAL = timedelta(minutes=15)

# Reference values for plausibility checks.
SEED_FILE = ROOT / "seed" / "health_index.csv"


class RefreshResult(NamedTuple):
    source: str
    changed: int


def refresh() -> RefreshResult:
    """Request the index from Statbel, and store new and revised values.

    Uses further sources if the first one fails or lacks the latest month of a base year.
    Raises UpstreamError if no source has a usable response.
    """
    statbel: Statbel = current_app.extensions["statbel"]
    with write_transaction() as session:
        _upsert_check(session, attempted_at=clock.now())
    seed = _seed()
    deadline = statbel.deadline()
    changed, responded, failures = 0, [], []
    for source in statbel.sources:
        if source.replaces in responded:
            continue
        try:
            response = statbel.read(source, deadline)  # outside a transaction, since it is slow
            with write_transaction() as session:
                written, left_out = _store(session, response, source, seed)
                lagging = _lagging_base_years(session)
        except UpstreamError as error:
            statbel.failures[source.name] += 1
            failures.append(f"{source.name}: {error}")
            continue
        statbel.succeeded_at[source.name] = clock.now()
        responded.append(source.name)
        changed += written
        if left_out:
            failures.append(f"{source.name}: {left_out}")
        if not lagging:
            break
    reason = "; ".join(failures)[:500]
    _record(bool(responded), reason)
    if not responded:
        raise UpstreamError(reason)
    return RefreshResult(source=" and ".join(responded), changed=changed)


def refresh_if_due() -> bool:
    """Refresh unless another process did so recently. Return True if done."""
    if not _claim_attempt():
        return False
    with suppress(UpstreamError):  # recorded and logged already
        refresh()
    return True


def is_due(snapshot: Snapshot) -> bool:
    """True if a published month is missing and the last check is not recent."""
    # Only the base year in force and later ones count: Statbel may have ended older ones, and a month that
    # only they have may be a mistake.
    due = latest_published_month(snapshot.day)
    in_force = base_year_in_force(due)
    if any(due in values for year, values in snapshot.index.by_base_year.items() if year >= in_force):
        return False
    attempted_at = snapshot.upstream.attempted_at if snapshot.upstream else None
    return attempted_at is None or abs(clock.now() - attempted_at) >= MIN_INTERVAL


def _lagging_base_years(session: Session) -> list[int]:
    """Return the base years that lack the latest published month. Ended ones always do."""
    due = latest_published_month(clock.today())
    ends = select(IndexValue.base_year, func.max(IndexValue.month)).group_by(IndexValue.base_year)
    last_months: dict[int, date] = {row[0]: row[1] for row in session.execute(ends)}
    return [year for year in {*BASE_YEARS, *last_months} if last_months.get(year, date.min) < due]


def _claim_attempt() -> bool:
    """Return True to one caller per interval, across all processes."""
    now = clock.now()
    statement = (
        insert(UpstreamCheck)
        .values(id=1, attempted_at=now)
        .on_conflict_do_update(
            index_elements=[UpstreamCheck.id],
            set_={"attempted_at": now},
            # The second condition ignores an attempt recorded by a clock far ahead.
            where=(UpstreamCheck.attempted_at <= now - MIN_INTERVAL)
            | (UpstreamCheck.attempted_at > now + MIN_INTERVAL),
        )
        .returning(UpstreamCheck.id)
    )
    with write_transaction() as session:
        return session.scalar(statement) is not None


def _seed() -> dict[Key, Decimal]:
    try:
        rows = index_seed.read(SEED_FILE)
    except FileError as error:
        seed_outage.failed(str(error))
        return {}
    seed_outage.ended()
    return {Key(row["base_year"], row["month"]): row["value"] for row in rows}


def _store(
    session: Session, response: ParsedResponse, source: StatbelSource, seed: Mapping[Key, Decimal]
) -> tuple[int, str]:
    """Store plausible values and delete refuted ones.

    Returns the number of changes and a summary of the values left out.
    """
    stored = stored_values(session)
    decisions = index_decisions.load(session)
    allowed = [found for found in response.observations if not decisions.forbid(*found)]
    from_statbel = {
        Key(*key): Stored(value.value, value.source)
        for key, value in stored.items()
        if value.source in _source_names() and key not in decisions.locked
    }
    judgement = judge(response._replace(observations=allowed), source.name, seed, from_statbel, clock.today())
    now = clock.now()
    rows = []
    for key, value in judgement.accepted.items():
        old = stored.get(key)
        if old and (old.value, old.status) == (value, PUBLISHED):
            continue
        if old and old.status == PUBLISHED:
            log.warning("index value revised: %s", describe(key, f"{old.value} to {value} ({source.name})"))
        rows.append(
            {**key._asdict(), "value": value, "status": PUBLISHED, "source": source.name, "fetched_at": now}
        )
    if rows:
        statement = insert(IndexValue)
        new = {name: statement.excluded[name] for name in ("value", "status", "source", "fetched_at")}
        session.execute(
            statement.on_conflict_do_update(index_elements=["base_year", "month"], set_=new), rows
        )
    for key, reason in judgement.refuted.items():
        log.warning("index value removed: %s", describe(key, f"{stored[key].value} ({reason})"))
        session.execute(
            delete(IndexValue).where(IndexValue.base_year == key.base_year, IndexValue.month == key.month)
        )
    return len(rows) + len(judgement.refuted), _left_out(response, judgement)


def _source_names() -> set[str]:
    statbel: Statbel = current_app.extensions["statbel"]
    return {source.name for source in statbel.sources}


def _left_out(response: ParsedResponse, judgement: Judgement) -> str:
    reasons = [
        *response.unreadable,
        *(describe(key, reason) for key, reason in sorted(judgement.rejected.items())),
    ]
    return f"{len(reasons)} values left out, first {reasons[0]}" if reasons else ""


def _record(succeeded: bool, failure: str) -> None:
    statbel: Statbel = current_app.extensions["statbel"]
    with write_transaction() as session:
        columns = select(UpstreamCheck.failure, UpstreamCheck.succeeded_at)
        previous, succeeded_at = session.execute(columns).first() or (None, None)
        changes = {"succeeded_at": clock.now()} if succeeded else {}
        _upsert_check(session, attempted_at=clock.now(), failure=failure or None, **changes)
    if failure:
        statbel.failed_refreshes = statbel.failed_refreshes + 1 if previous else 1
        if failure != previous:
            log.warning("statbel refresh %s: %s", "incomplete" if succeeded else "failed", failure)
    elif previous:
        since = f", the last success was at {succeeded_at:%Y-%m-%dT%H:%MZ}" if succeeded_at else ""
        text = "statbel refresh works again after %d failures of this process%s"
        log.info(text, statbel.failed_refreshes, since)
        statbel.failed_refreshes = 0


def _upsert_check(session: Session, **changes: Any) -> None:
    statement = insert(UpstreamCheck).values(id=1, **changes)
    session.execute(statement.on_conflict_do_update(index_elements=[UpstreamCheck.id], set_=changes))
