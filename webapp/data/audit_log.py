"""The audit log: every action on risk tables, with its author and reason. Rows are only added."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from webapp import clock
from webapp.data.columns import Instant
from webapp.data.database import Model
from webapp.data.stored import readable

LOAD, CANCEL, REINSTATE = "load", "cancel", "reinstate"

MAX_REASON_LENGTH = 500
MAX_AUTHOR_LENGTH = 100


class AuditEntry(Model):
    """An action. `details` says what happened, in English."""

    __tablename__ = "audit_log"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    by: Mapped[str] = mapped_column(String(MAX_AUTHOR_LENGTH))
    action: Mapped[str] = mapped_column(String(20))
    risk_table_id: Mapped[int]
    details: Mapped[str] = mapped_column(String(500))
    reason: Mapped[str] = mapped_column(String(MAX_REASON_LENGTH))


class Author(NamedTuple):
    """Author of an action, and the reason, which may be empty."""

    by: str
    reason: str = ""


def record(session: Session, action: str, risk_table_id: int, details: str, author: Author) -> None:
    """Add an entry to the log."""
    session.add(
        AuditEntry(
            at=clock.now(),
            by=author.by,
            action=action,
            risk_table_id=risk_table_id,
            details=details,
            reason=author.reason,
        )
    )


def entries(session: Session) -> list[AuditEntry]:
    """Return all entries, newest first."""
    with readable(session.connection()):
        return list(session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())))
