"""Revisions of the schema, and those that this release supports."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import Connection, inspect, text

MIGRATIONS = Path(__file__).parent / "migrations"

# Revisions are four digits, in ascending order. `flask init-db` upgrades to REVISION; MIN_REVISION is the
# oldest readable one. Newer ones are readable: migrations stay compatible with the previous release.
REVISION = "0007"
MIN_REVISION = "0002"

# The first revision with withdrawn index values.
WITHDRAWALS_REVISION = "0004"

# The first with special zipcodes and other names of places.
PLACE_NAMES_REVISION = "0006"

# The first revision with names, notes and cancellations of risk tables.
RISK_TABLE_REVISION = "0007"


NOT_INITIALIZED = "the database is not initialised: run flask init-db"
MISSING_TABLE = "the database is not initialised or not up to date: run flask init-db"


class UnusableDatabase(Exception):
    """A database that cannot be read. The message says why, then what to do."""


class OldSchema(UnusableDatabase):
    """The schema is too old."""


class NotInitialized(OldSchema):
    """There is no schema."""


class NewerSchema(Exception):
    """The schema is that of a later release, which this one can read but not change."""


def revision(connection: Connection) -> str:
    """Return the revision that Alembic recorded, or "nothing"."""
    if not inspect(connection).has_table("alembic_version"):
        return "nothing"
    return ", ".join(connection.scalars(text("SELECT version_num FROM alembic_version"))) or "nothing"


def upgrade_advice(revision: str) -> str | None:
    """Return a hint for operators, or None if the schema is up to date."""
    if revision == "nothing":
        return NOT_INITIALIZED
    if revision >= REVISION:
        return None
    return f"the schema is at {revision}, not at {REVISION}: run flask init-db"


def require_readable(revision: str) -> None:
    """Raise OldSchema or NotInitialized unless this release can read the schema."""
    if revision == "nothing":
        raise NotInitialized(NOT_INITIALIZED)
    if revision < MIN_REVISION:
        raise OldSchema(upgrade_advice(revision))


def require_known(revision: str) -> None:
    """Raise NewerSchema for the schema of a later release."""
    if re.fullmatch("[0-9]{4}", revision) and revision > REVISION:
        raise NewerSchema(
            f"The schema is at revision {revision}, of a later release, and stays: this one is at {REVISION}."
        )
