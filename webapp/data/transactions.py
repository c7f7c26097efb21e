"""Write transactions, serialized across all processes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Iterator

from sqlalchemy import update
from sqlalchemy.orm import Session

from webapp.data.database import db
from webapp.data.version_model import DataVersion


@contextmanager
def write_transaction() -> Iterator[Session]:
    """Open a transaction that excludes other writers, and commit it on exit."""
    with Session(db.engine) as session, session.begin():
        lock_version(session)
        yield session


def lock_version(session: Session) -> None:
    """Exclude other writers until the transaction ends, by locking the row of the data version."""
    # The triggers of migration 0003 lock this row too, but after the changed rows: without locking it first,
    # two writers could deadlock. The UPDATE changes nothing; SQLite ignores FOR UPDATE.
    session.execute(update(DataVersion).values(version=DataVersion.version))
