"""`flask init-db`: upgrade the schema and load `seed/`."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from webapp.data import index_seed, place_seed, risk_table_file, risk_tables, schema
from webapp.data.database import db
from webapp.data.risk_tables import SeedResult
from webapp.data.transactions import lock_version

# The key of the advisory lock, arbitrary but unique among the users of the PostgreSQL database.
INIT_LOCK = 9000_2004


class InitResult(NamedTuple):
    revision: str
    risk_table: SeedResult
    changed_values: int
    new_places: bool


def init(folder: Path, *, risk_table_again: bool = False) -> InitResult:
    """Upgrade the schema and load a seed folder. Idempotent. Raises FileError and NewerSchema.

    Args:
        risk_table_again: load the risk table into a database that has others.
    """
    # One transaction under one lock: a failure changes nothing, and concurrent runs wait for each other.
    risk_file = risk_table_file.read(folder / "risk_table.csv")
    index_rows = index_seed.read(folder / "health_index.csv")
    place_rows = place_seed.read_all(folder)
    with db.engine.begin() as connection:
        lock(connection)
        schema.require_known(schema.revision(connection))
        upgrade(connection)
        with Session(connection, expire_on_commit=False) as session:
            lock_version(session)
            return InitResult(
                revision=schema.revision(connection),
                risk_table=risk_tables.load_seed(
                    session, risk_file, f"seed/{risk_file.name}", again=risk_table_again
                ),
                changed_values=index_seed.load(session, index_rows),
                new_places=place_seed.load_all(session, place_rows),
            )


def lock(connection: Connection) -> None:
    """Exclude other runs until the transaction ends, and lift the limit on statements."""
    if connection.dialect.name == "postgresql":
        # A migration may exceed the timeout for other statements.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": INIT_LOCK})
    else:
        connection.exec_driver_sql("PRAGMA busy_timeout = 60000")
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def upgrade(connection: Connection) -> None:
    """Upgrade the schema to REVISION."""
    # Imported here: it takes as long as all of Flask, and a server does not need it.
    import alembic.command
    from alembic.config import Config

    config = Config(schema.MIGRATIONS / "alembic.ini")
    config.set_main_option("script_location", str(schema.MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, schema.REVISION)
