"""Refresh of the index values: when Statbel is asked, and which values of its answer are stored.

Statbel publishes once a month, so almost always there is nothing to ask. When a month should be
out that is not held, one thread at a time asks, at most every 15 minutes over all processes. While
Statbel fails, the last good values stay.
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
from webapp.data.index_models import IndexValue, UpstreamCheck
from webapp.data.snapshot import Snapshot
from webapp.data.upsert import insert
from webapp.data.writing import writing
from webapp.health_index.base_years import BASE_YEARS
from webapp.health_index.coefficients import base_year_in_force
from webapp.health_index.publication import latest_published_month
from webapp.health_index.values import PUBLISHED
from webapp.statbel.parsing import ParsedResponse, UpstreamError
from webapp.statbel.plausibility import Judgement, Key, Stored, describe, judge
from webapp.statbel.sources import Statbel, StatbelSource
from webapp.tables.csv_file import FileError

log = logging.getLogger(__name__)

LEAST_INTERVAL = timedelta(minutes=15)

# The values that plausibility is measured with.
SEED_FILE = ROOT / "seed" / "health_index.csv"


class Refresh(NamedTuple):
    """The result of a refresh: the sources that responded, and the number of values changed."""

    source: str
    changed: int


def refresh() -> Refresh:
    """Ask Statbel now, and store what is new or revised, and believable.

    The second source is asked when the first fails, or leaves a base year behind.
    Raises UpstreamError when no source gave an answer that could be used; nothing is stored then.
    """
    statbel: Statbel = current_app.extensions["statbel"]
    with writing() as session:
        _upsert_check(session, attempted_at=clock.now())
    seed = _seed()
    deadline = statbel.deadline()
    changed, answered, failures = 0, [], []
    for source in statbel.sources:
        try:
            answer = statbel.read(source, deadline)  # no connection is held meanwhile
            with writing() as session:
                written, left_out = _store(session, answer, source, seed)
                lagging = _lagging_base_years(session)
        except UpstreamError as error:
            failures.append(f"{source.name}: {error}")
            continue
        answered.append(source.name)
        changed += written
        if left_out:
            failures.append(f"{source.name}: {left_out}")
        if not lagging:
            break
    reason = "; ".join(failures)[:500]
    _record(bool(answered), reason)
    if not answered:
        raise UpstreamError(reason)
    return Refresh(source=" and ".join(answered), changed=changed)


def refresh_if_due() -> bool:
    """Ask Statbel, unless another process did lately. Return True if this one asked."""
    if not _claim_attempt():
        return False
    with suppress(UpstreamError):  # recorded and logged; the last good values stay
        refresh()
    return True


def is_due(snapshot: Snapshot) -> bool:
    """Return True when a published month is missing, and no process has asked lately.

    It has to be there on the base year in force, or a later one. Others do not count: they may have ended,
    and a month that they are ahead may be a mistake.
    """
    due = latest_published_month(snapshot.day)
    in_force = base_year_in_force(due)
    if any(due in values for year, values in snapshot.index.by_base_year.items() if year >= in_force):
        return False
    attempted_at = snapshot.upstream.attempted_at if snapshot.upstream else None
    return attempted_at is None or abs(clock.now() - attempted_at) >= LEAST_INTERVAL


def _lagging_base_years(session: Session) -> list[int]:
    """Return the base years of which the latest published month is not held.

    That one lags is no reason to ask Statbel, because a base year may have ended; but when
    Statbel is asked anyway, it is a reason to ask the second source as well.
    """
    due = latest_published_month(clock.today())
    ends = select(IndexValue.base_year, func.max(IndexValue.month)).group_by(IndexValue.base_year)
    held: dict[int, date] = {row[0]: row[1] for row in session.execute(ends)}
    return [year for year in {*BASE_YEARS, *held} if held.get(year, date.min) < due]


def _claim_attempt() -> bool:
    """Take the right to ask Statbel now. Of all processes and threads that try, one gets it."""
    now = clock.now()
    statement = (
        insert(UpstreamCheck)
        .values(id=1, attempted_at=now)
        .on_conflict_do_update(
            index_elements=[UpstreamCheck.id],
            set_={"attempted_at": now},
            # The second half is for an attempt by a clock that was far ahead.
            where=(UpstreamCheck.attempted_at <= now - LEAST_INTERVAL)
            | (UpstreamCheck.attempted_at > now + LEAST_INTERVAL),
        )
        .returning(UpstreamCheck.id)
    )
    with writing() as session:
        return session.scalar(statement) is not None


def _seed() -> dict[Key, Decimal]:
    try:
        rows = index_seed.read(SEED_FILE)
    except FileError as error:
        log.warning("index values cannot be compared with the seed: %s", error)
        return {}
    return {Key(row["base_year"], row["month"]): row["value"] for row in rows}


def _store(
    session: Session, answer: ParsedResponse, source: StatbelSource, seed: Mapping[Key, Decimal]
) -> tuple[int, str]:
    """Write what is believable and differs from what is held.

    Returns the number of values written, and a line about those that are left out.
    """
    held = {Key(value.base_year, value.month): value for value in session.scalars(select(IndexValue))}
    decisions = index_decisions.load(session)
    allowed = [found for found in answer.observations if not decisions.forbid(*found)]
    stored = {
        key: Stored(value.value, value.source)
        for key, value in held.items()
        if value.source in _source_names() and key not in decisions.locked
    }
    judgement = judge(answer._replace(observations=allowed), source.name, seed, stored, clock.today())
    now = clock.now()
    rows = []
    for key, value in judgement.accepted.items():
        old = held.get(key)
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
        log.warning("index value removed: %s", describe(key, f"{held[key].value} ({reason})"))
        session.execute(
            delete(IndexValue).where(IndexValue.base_year == key.base_year, IndexValue.month == key.month)
        )
    return len(rows) + len(judgement.refuted), _left_out(answer, judgement)


def _source_names() -> set[str]:
    statbel: Statbel = current_app.extensions["statbel"]
    return {source.name for source in statbel.sources}


def _left_out(answer: ParsedResponse, judgement: Judgement) -> str:
    """2 values left out, first 2026-10 on base 2013: not published yet"""
    reasons = [
        *answer.unreadable,
        *(describe(key, reason) for key, reason in sorted(judgement.rejected.items())),
    ]
    return f"{len(reasons)} values left out, first {reasons[0]}" if reasons else ""


def _record(answered: bool, failure: str) -> None:
    """Store the result of a refresh, and log a failure unless it is the last one again."""
    with writing() as session:
        known = session.scalar(select(UpstreamCheck.failure))
        changes = {"succeeded_at": clock.now()} if answered else {}
        _upsert_check(session, attempted_at=clock.now(), failure=failure or None, **changes)
    if failure and failure != known:
        log.warning("statbel refresh %s: %s", "incomplete" if answered else "failed", failure)
    elif known and not failure:
        log.info("statbel refresh works again")


def _upsert_check(session: Session, **changes: Any) -> None:
    statement = insert(UpstreamCheck).values(id=1, **changes)
    session.execute(statement.on_conflict_do_update(index_elements=[UpstreamCheck.id], set_=changes))
