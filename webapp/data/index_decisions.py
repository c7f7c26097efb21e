"""Operators' decisions about index values.

A withdrawn value is not stored again; a different one may be. A locked month keeps its value.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.data.index_models import IndexLock, IndexValue, WithdrawnIndexValue, stored_values
from webapp.data.stored import readable
from webapp.health_index.base_years import BASE_YEARS
from webapp.health_index.values import PUBLISHED
from webapp.i18n.iso_month import iso_month

# The source of a value that an operator entered.
OPERATOR = "operator"


class DecisionRefused(Exception):
    """A decision that conflicts with the stored values. The message says what to do."""


class Decision(NamedTuple):
    reason: str
    by: str


class Decisions(NamedTuple):
    locked: frozenset[tuple[int, date]]
    withdrawn: frozenset[tuple[int, date, Decimal]]

    def forbid(self, base_year: int, month: date, value: Decimal) -> bool:
        """True if the value must not be stored."""
        return (base_year, month) in self.locked or (base_year, month, value) in self.withdrawn


class ListedValue(NamedTuple):
    """A value, with its decision "withdrawn", "locked" or None."""

    value: IndexValue | WithdrawnIndexValue
    decision: str | None
    decided: WithdrawnIndexValue | IndexLock | None


def load(session: Session) -> Decisions:
    with readable(session.connection()):
        withdrawn = session.scalars(select(WithdrawnIndexValue))
        return Decisions(
            frozenset((lock.base_year, lock.month) for lock in session.scalars(select(IndexLock))),
            frozenset((value.base_year, value.month, value.value) for value in withdrawn),
        )


def values(session: Session) -> list[ListedValue]:
    """List all values, including withdrawn ones, newest base year and month first."""
    with readable(session.connection()):
        locks = {(lock.base_year, lock.month): lock for lock in session.scalars(select(IndexLock))}
        listed = [
            ListedValue(value, "withdrawn", value) for value in session.scalars(select(WithdrawnIndexValue))
        ]
    for key, value in stored_values(session).items():
        lock = locks.get(key)
        listed.append(ListedValue(value, "locked" if lock else None, lock))
    return sorted(
        listed,
        key=lambda entry: (entry.value.base_year, entry.value.month, entry.value.value),
        reverse=True,
    )


def withdraw(session: Session, base_year: int, month: date, decision: Decision) -> Decimal:
    """Withdraw the value of a month, and return it. Raises DecisionRefused."""
    value = session.get(IndexValue, (base_year, month))
    if value is None:
        raise DecisionRefused(f"There is no value for {iso_month(month)} on base year {base_year}.")
    if session.get(IndexLock, (base_year, month)):
        raise DecisionRefused(f"{iso_month(month)} on base year {base_year} is locked. Unlock it first.")
    session.add(WithdrawnIndexValue(**_value_columns(value), **_decision_columns(decision)))
    session.delete(value)
    return value.value


def reinstate(session: Session, base_year: int, month: date, number: Decimal | None) -> Decimal:
    """Move a withdrawn value back, and return it. Raises DecisionRefused.

    Args:
        number: the value to choose if several of the month are withdrawn.
    """
    withdrawn = [
        value
        for value in session.scalars(
            select(WithdrawnIndexValue).filter_by(base_year=base_year, month=month).order_by("value")
        )
        if number in (None, value.value)
    ]
    if not withdrawn:
        raise DecisionRefused(
            f"There is no such withdrawn value for {iso_month(month)} on base year {base_year}."
        )
    if len(withdrawn) > 1:
        choices = ", ".join(str(value.value) for value in withdrawn)
        raise DecisionRefused(f"Several values are withdrawn: {choices}. Choose one with --value.")
    stored = session.get(IndexValue, (base_year, month))
    if stored:
        raise DecisionRefused(
            f"{iso_month(month)} on base year {base_year} has the value {stored.value}. Withdraw it first."
        )
    value = withdrawn[0]
    session.delete(value)
    session.flush()  # else the trigger refuses the value
    session.add(IndexValue(**{**_value_columns(value), "fetched_at": clock.now()}))
    return value.value


def lock(
    session: Session, base_year: int, month: date, number: Decimal | None, decision: Decision
) -> Decimal:
    """Lock a month, and return its value. Raises DecisionRefused.

    Args:
        number: the value to set first; None for the stored one.
    """
    if session.get(IndexLock, (base_year, month)):
        raise DecisionRefused(
            f"{iso_month(month)} on base year {base_year} is already locked. Unlock it first."
        )
    stored = session.get(IndexValue, (base_year, month))
    if number is None:
        if stored is None:
            raise DecisionRefused(
                f"There is no value for {iso_month(month)} on base year {base_year}. Set one with --value."
            )
        number = stored.value
    elif stored is None or stored.value != number:
        _replace(session, base_year, month, number)
    session.add(IndexLock(base_year=base_year, month=month, **_decision_columns(decision)))
    return number


def unlock(session: Session, base_year: int, month: date) -> None:
    """Unlock a month. Raises DecisionRefused."""
    locked = session.get(IndexLock, (base_year, month))
    if locked is None:
        raise DecisionRefused(f"{iso_month(month)} on base year {base_year} is not locked.")
    session.delete(locked)


def _replace(session: Session, base_year: int, month: date, number: Decimal) -> None:
    known = {*BASE_YEARS, *session.scalars(select(IndexValue.base_year).distinct())}
    if base_year not in known:
        choices = ", ".join(map(str, sorted(known)))
        raise DecisionRefused(f"{base_year} is not a base year. Use one of {choices}.")
    if month > clock.today():
        raise DecisionRefused(f"{iso_month(month)} is in the future.")
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


def _value_columns(value: IndexValue | WithdrawnIndexValue) -> dict[str, Any]:
    return {name: getattr(value, name) for name in IndexValue.__table__.columns.keys()}  # noqa: SIM118  # no dict: iterating yields columns


def _decision_columns(decision: Decision) -> dict[str, Any]:
    return {"reason": decision.reason, "decided_by": decision.by, "decided_at": clock.now()}
