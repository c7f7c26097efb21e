"""Keeping the index values fresh: when Statbel is asked, and what of its answer is stored.

Statbel publishes once a month, so almost always there is nothing to ask. When a month should be
out that is not held, one request at a time asks, at most every 15 minutes over all processes;
everybody else gets the last good value meanwhile, and so does everybody when Statbel fails.
"""

import logging
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Dict, Iterable, List, NamedTuple, Tuple

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from webapp import clock
from webapp.data.extensions import db
from webapp.data.index_models import PUBLISHED, IndexValue, UpstreamCheck
from webapp.data.upsert import insert
from webapp.health_index.base_years import BASE_YEARS
from webapp.health_index.publication import latest_published_month
from webapp.statbel.parsing import Observation, UpstreamError
from webapp.statbel.sources import Statbel, StatbelSource

log = logging.getLogger(__name__)

LEAST_INTERVAL = timedelta(minutes=15)


class Refresh(NamedTuple):
    """What one round of asking Statbel brought."""

    source: str
    changed: int


def refresh() -> Refresh:
    """Ask Statbel now, and store what is new or revised.

    The second source is asked when the first fails, or leaves a base year behind.
    Raises UpstreamError when no source gave an answer that could be used; nothing is stored then.
    """
    statbel: Statbel = current_app.extensions["statbel"]
    _upsert_check(attempted_at=clock.now())
    deadline = statbel.deadline()
    changed, answered, failures = 0, [], []
    for source in statbel.sources:
        # No connection is held while the network makes us wait.
        db.session.commit()
        try:
            observations = statbel.read(source, deadline)
            _check_against_held(observations)
        except UpstreamError as error:
            failures.append(f"{source.name}: {error}")
            continue
        answered.append(source.name)
        changed += _store(observations, source)
        if not _lagging_base_years():
            break
    reason = "; ".join(failures)[:500]
    _record(bool(answered), reason)
    if not answered:
        raise UpstreamError(reason)
    return Refresh(source=" and ".join(answered), changed=changed)


def refresh_if_due() -> None:
    """Ask Statbel when something new can be there, and nobody has asked lately. Fails no request."""
    if not _is_due():
        return
    try:
        if _claim_attempt():
            refresh()
    except UpstreamError:
        pass  # recorded and logged already; the last good value is what everybody gets
    except DBAPIError as error:
        # A database that can be read but not written still answers with what it holds.
        db.session.rollback()
        log.warning("what Statbel publishes cannot be stored: %s", str(error.orig).strip())


def _is_due() -> bool:
    """Whether a month should be out that is not held on any base year."""
    held = db.session.scalar(select(func.max(IndexValue.month)))
    return held is None or held < latest_published_month(clock.today())


def _lagging_base_years() -> List[int]:
    """The base years of which the latest published month is not held.

    That one lags is no reason to ask Statbel, because a base year may have ended; but when
    Statbel is asked anyway, it is a reason to ask the second source as well.
    """
    due = latest_published_month(clock.today())
    ends = select(IndexValue.base_year, func.max(IndexValue.month)).group_by(IndexValue.base_year)
    held: Dict[int, date] = {row[0]: row[1] for row in db.session.execute(ends)}
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
    claimed = db.session.scalar(statement) is not None
    db.session.commit()
    return claimed


def _check_against_held(observations: Iterable[Observation]) -> None:
    """Refuse an answer that ends before a month that is known to be published, or in the future."""
    this_month = clock.today().replace(day=1)
    ends: Dict[int, date] = {}
    for observation in observations:
        ends[observation.base_year] = max(observation.month, ends.get(observation.base_year, date.min))
    published = (
        select(IndexValue.base_year, func.max(IndexValue.month))
        .where(IndexValue.status == PUBLISHED)
        .group_by(IndexValue.base_year)
    )
    known: Dict[int, date] = {row[0]: row[1] for row in db.session.execute(published)}
    for base_year, month in ends.items():
        if month > this_month:
            raise UpstreamError(f"it holds {month:%Y-%m}, which has not come yet")
        if month < known.get(base_year, date.min):
            raise UpstreamError(
                f"on base {base_year} it ends in {month:%Y-%m}, but {known[base_year]:%Y-%m} is known"
            )


def _store(observations: Iterable[Observation], source: StatbelSource) -> int:
    """Write what differs from what is held, and return the number of values written."""
    held = _held_values()
    now = clock.now()
    rows = []
    for observation in observations:
        value, status = held.get((observation.base_year, observation.month), (None, None))
        if (value, status) == (observation.value, PUBLISHED):
            continue
        if status == PUBLISHED:
            log.warning(
                "Statbel revised %s on base %s from %s to %s",
                f"{observation.month:%Y-%m}",
                observation.base_year,
                value,
                observation.value,
            )
        rows.append({**observation._asdict(), "status": PUBLISHED, "source": source.name, "fetched_at": now})
    if rows:
        statement = insert(IndexValue)
        new = {name: statement.excluded[name] for name in ("value", "status", "source", "fetched_at")}
        db.session.execute(
            statement.on_conflict_do_update(index_elements=["base_year", "month"], set_=new), rows
        )
    db.session.commit()
    return len(rows)


def _held_values() -> Dict[Tuple[int, date], Tuple[Decimal, str]]:
    rows = db.session.execute(
        select(IndexValue.base_year, IndexValue.month, IndexValue.value, IndexValue.status)
    )
    return {(base_year, month): (value, status) for base_year, month, value, status in rows}


def _record(answered: bool, failure: str) -> None:
    """Keep how it went, and log what failed when that is not what the log already says."""
    known = db.session.scalar(select(UpstreamCheck.failure))
    if failure and failure != known:
        subject = "One source of Statbel" if answered else "Statbel"
        log.warning("%s cannot be read: %s", subject, failure)
    elif known and not failure:
        log.info("Statbel answers again")
    if answered:
        _upsert_check(attempted_at=clock.now(), succeeded_at=clock.now(), failure=failure or None)
    else:
        _upsert_check(attempted_at=clock.now(), failure=failure)


def _upsert_check(**changes: Any) -> None:
    statement = insert(UpstreamCheck).values(id=1, **changes)
    db.session.execute(statement.on_conflict_do_update(index_elements=[UpstreamCheck.id], set_=changes))
    db.session.commit()
