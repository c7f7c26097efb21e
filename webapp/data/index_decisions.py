"""Decisions of operators about index values: withdrawn, and locked.

A withdrawn value is kept beside `index_value`, with its reason. The same value is not stored again, another
one may be. A locked month keeps its value, whatever Statbel and the seed say.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple, TypedDict

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.data.index_models import IndexLock, IndexValue, WithdrawnIndexValue
from webapp.health_index.base_years import BASE_YEARS
from webapp.health_index.values import PUBLISHED
from webapp.i18n.iso_month import iso_month

# The source of a value that an operator gave.
OPERATOR = "operator"


class DecisionRefused(Exception):
    """A decision does not fit what is held. The text tells an operator what to do."""


class Decision(NamedTuple):
    """Why, and by whom."""

    reason: str
    by: str


class Decisions(NamedTuple):
    """The decisions in force: months as base year and first day, values with these."""

    locked: frozenset[tuple[int, date]]
    withdrawn: frozenset[tuple[int, date, Decimal]]

    def forbid(self, base_year: int, month: date, value: Decimal) -> bool:
        """Return True for a value that may not be stored, whatever its source."""
        return (base_year, month) in self.locked or (base_year, month, value) in self.withdrawn


class ListedValue(TypedDict):
    """One value with what was decided about it. `decision` is withdrawn, locked or None."""

    base_year: int
    month: date
    value: Decimal
    status: str
    source: str
    fetched_at: datetime
    decision: str | None
    reason: str | None
    decided_by: str | None
    decided_at: datetime | None


def load(session: Session) -> Decisions:
    """Load the decisions in force."""
    withdrawn = session.scalars(select(WithdrawnIndexValue))
    return Decisions(
        frozenset((lock.base_year, lock.month) for lock in session.scalars(select(IndexLock))),
        frozenset((value.base_year, value.month, value.value) for value in withdrawn),
    )


def values(session: Session) -> list[ListedValue]:
    """List all values, withdrawn ones too, newest base year and month first."""
    locks = {(lock.base_year, lock.month): lock for lock in session.scalars(select(IndexLock))}
    found = [
        _listed(value, "locked", lock) if lock else _listed(value, None, None)
        for value in session.scalars(select(IndexValue))
        for lock in [locks.get((value.base_year, value.month))]
    ]
    found += [_listed(value, "withdrawn", value) for value in session.scalars(select(WithdrawnIndexValue))]
    return sorted(found, key=lambda value: (value["base_year"], value["month"], value["value"]), reverse=True)


def withdraw(session: Session, base_year: int, month: date, decision: Decision) -> Decimal:
    """Withdraw the value of a month, and return it. Raises DecisionRefused."""
    value = _held(session, base_year, month)
    if value is None:
        raise DecisionRefused(f"No value is held for {iso_month(month)} on base year {base_year}.")
    if session.get(IndexLock, (base_year, month)):
        raise DecisionRefused(f"{iso_month(month)} on base year {base_year} is locked. Unlock it first.")
    session.add(
        WithdrawnIndexValue(
            base_year=base_year,
            month=month,
            value=value.value,
            status=value.status,
            source=value.source,
            fetched_at=value.fetched_at,
            reason=decision.reason,
            decided_by=decision.by,
            decided_at=clock.now(),
        )
    )
    session.delete(value)
    return value.value


def reinstate(session: Session, base_year: int, month: date, number: Decimal | None) -> Decimal:
    """Serve a withdrawn value again, and return it. Raises DecisionRefused.

    Args:
        number: which, where several values of the month are withdrawn.
    """
    withdrawn = [
        value
        for value in session.scalars(
            select(WithdrawnIndexValue).filter_by(base_year=base_year, month=month).order_by("value")
        )
        if number in (None, value.value)
    ]
    if not withdrawn:
        raise DecisionRefused(f"No such value is withdrawn for {iso_month(month)} on base year {base_year}.")
    if len(withdrawn) > 1:
        given = ", ".join(str(value.value) for value in withdrawn)
        raise DecisionRefused(f"Several values are withdrawn: {given}. Choose one with --value.")
    held = _held(session, base_year, month)
    if held:
        raise DecisionRefused(
            f"{held.value} is held for {iso_month(month)} on base year {base_year}. Withdraw it first."
        )
    value = withdrawn[0]
    session.delete(value)
    session.flush()
    session.add(
        IndexValue(
            base_year=base_year,
            month=month,
            value=value.value,
            status=value.status,
            source=value.source,
            fetched_at=clock.now(),
        )
    )
    return value.value


def lock(
    session: Session, base_year: int, month: date, number: Decimal | None, decision: Decision
) -> Decimal:
    """Lock a month, and return its value. Raises DecisionRefused.

    Args:
        number: the value that it gets; None for the one that is held.
    """
    if session.get(IndexLock, (base_year, month)):
        raise DecisionRefused(
            f"{iso_month(month)} on base year {base_year} is locked already. Unlock it first."
        )
    held = _held(session, base_year, month)
    if number is None:
        if held is None:
            raise DecisionRefused(
                f"No value is held for {iso_month(month)} on base year {base_year}. Give one with --value."
            )
        number = held.value
    elif held is None or held.value != number:
        _replace(session, base_year, month, number)
    session.add(
        IndexLock(
            base_year=base_year,
            month=month,
            reason=decision.reason,
            decided_by=decision.by,
            decided_at=clock.now(),
        )
    )
    return number


def unlock(session: Session, base_year: int, month: date) -> None:
    """Let Statbel change a locked month again. Raises DecisionRefused."""
    held = session.get(IndexLock, (base_year, month))
    if held is None:
        raise DecisionRefused(f"{iso_month(month)} on base year {base_year} is not locked.")
    session.delete(held)


def _held(session: Session, base_year: int, month: date) -> IndexValue | None:
    return session.get(IndexValue, (base_year, month))


def _replace(session: Session, base_year: int, month: date, number: Decimal) -> None:
    known = {*BASE_YEARS, *session.scalars(select(IndexValue.base_year).distinct())}
    if base_year not in known:
        raise DecisionRefused(f"There is no base year {base_year}: {', '.join(map(str, sorted(known)))}.")
    if month > clock.today():
        raise DecisionRefused(f"{iso_month(month)} has not come yet.")
    if session.get(WithdrawnIndexValue, (base_year, month, number)):
        raise DecisionRefused(f"{number} is withdrawn. Reinstate it first.")
    session.execute(delete(IndexValue).filter_by(base_year=base_year, month=month))
    session.add(
        IndexValue(
            base_year=base_year,
            month=month,
            value=number,
            status=PUBLISHED,
            source=OPERATOR,
            fetched_at=clock.now(),
        )
    )
    session.flush()


def _listed(
    value: IndexValue | WithdrawnIndexValue,
    decision: str | None,
    decided: IndexLock | WithdrawnIndexValue | None,
) -> ListedValue:
    return {
        "base_year": value.base_year,
        "month": value.month,
        "value": value.value,
        "status": value.status,
        "source": value.source,
        "fetched_at": value.fetched_at,
        "decision": decision,
        "reason": decided.reason if decided else None,
        "decided_by": decided.decided_by if decided else None,
        "decided_at": decided.decided_at if decided else None,
    }
