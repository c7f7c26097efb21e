"""Transactions that change the data, one after the other over all processes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Iterator

from sqlalchemy import update
from sqlalchemy.orm import Session

from webapp.data.database import db
from webapp.data.version_model import DataVersion


@contextmanager
def writing() -> Iterator[Session]:
    """Open a transaction that excludes other writers; commit it at the end of the block."""
    with Session(db.engine) as session, session.begin():
        lock_version(session)
        yield session


def lock_version(session: Session) -> None:
    """Wait for other writers, and exclude them until the end of the transaction.

    The triggers of migration 0003 lock the same row, after the rows that they are about: a writer that does
    not begin with it may wait for one that waits for it. An update that changes nothing, because SQLite
    ignores FOR UPDATE.
    """
    session.execute(update(DataVersion).values(version=DataVersion.version))
