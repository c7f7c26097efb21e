"""`flask init-db`: the schema and the contents of `seed/`."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from webapp import clock
from webapp.data import index_seed, place_seed, risk_table_file, schema
from webapp.data.database import db
from webapp.data.risk_table_file import Import
from webapp.data.writing import lock_version

# Any number that no other user of the same PostgreSQL database takes for a lock.
INIT_LOCK = 9000_2004


class Loaded(NamedTuple):
    """The result of `init`."""

    revision: str
    risk_table: Import
    changed_values: int
    new_places: bool


def init(folder: Path, *, risk_table_again: bool = False) -> Loaded:
    """Upgrade the schema and load the files of a seed folder.

    Idempotent. Everything happens in one transaction under one lock: a failure leaves the
    database as it was, two that start at once follow each other, and readers see the state
    before or the state after.

    Args:
        risk_table_again: load the risk table even if a later one superseded its contents.

    Raises FileError, naming file, row and reason, when a file cannot be loaded.
    """
    risk_file = risk_table_file.read(folder / "risk_table.csv")
    index_rows = index_seed.read(folder / "health_index.csv")
    place_rows = place_seed.read_all(folder)
    with db.engine.begin() as connection:
        _lock(connection)
        _upgrade(connection)
        with Session(connection, expire_on_commit=False) as session:
            lock_version(session)
            return Loaded(
                revision=schema.revision(connection),
                risk_table=risk_table_file.import_table(
                    session,
                    risk_file,
                    source=f"seed/{risk_file.name}",
                    effective_from=clock.today(),
                    again=risk_table_again,
                ),
                changed_values=index_seed.load(session, index_rows),
                new_places=place_seed.load_all(session, place_rows),
            )


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # A migration may take longer than other statements are allowed to.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": INIT_LOCK})
    else:
        connection.exec_driver_sql("PRAGMA busy_timeout = 60000")
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _upgrade(connection: Connection) -> None:
    # Imported here, because it takes as long as all of Flask, and a server needs none of it.
    import alembic.command
    from alembic.config import Config

    config = Config(schema.MIGRATIONS / "alembic.ini")
    config.set_main_option("script_location", str(schema.MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, schema.REVISION)
