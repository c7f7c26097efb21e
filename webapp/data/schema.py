"""The schema of the database: its revision, and the one that this program needs."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

MIGRATIONS = Path(__file__).parent / "migrations"

# Revisions are four digits, in order. `flask init-db` upgrades to the first; with the second this program
# can still read. A newer one is compatible, because migrations stay so with the release before.
REVISION = "0006"
MIN_REVISION = "0002"

# The first with withdrawn index values.
WITHDRAWALS_REVISION = "0004"

# The first with special zipcodes and other names of places.
PLACE_NAMES_REVISION = "0006"


class OldSchema(Exception):
    """The schema is too old to be read."""


def revision(connection: Connection) -> str:
    """Return the last migration of the database, as Alembic records it; "nothing" without any."""
    if not inspect(connection).has_table("alembic_version"):
        return "nothing"
    return ", ".join(connection.scalars(text("SELECT version_num FROM alembic_version"))) or "nothing"


def upgrade_advice(revision: str) -> str | None:
    """Return the advice for an operator whose schema is older than this program's."""
    if revision != "nothing" and revision >= REVISION:
        return None
    return f"the schema is at {revision}, not at {REVISION}: run flask init-db"


def require_readable(revision: str) -> None:
    """Raise OldSchema when this program cannot read the schema."""
    if revision == "nothing" or revision < MIN_REVISION:
        raise OldSchema(upgrade_advice(revision))
