"""The database as a whole: making it, filling it from `seed/`, and whether it can be used."""

import sqlite3
from pathlib import Path
from typing import List, NamedTuple, Optional

from sqlalchemy import Connection, event, inspect, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from webapp import clock
from webapp.data import index_seed
from webapp.data import place_seed as places
from webapp.data import risk_table_file as risk_table
from webapp.data.extensions import db
from webapp.data.index_models import IndexValue
from webapp.data.zipcode_models import RiskTable
from webapp.zipcodes import service

MIGRATIONS = Path(__file__).parent / "migrations"

# The last of them, which this program needs.
REVISION = "0004"

# Any number will do that no other user of the same PostgreSQL database takes for a lock.
INIT_LOCK = 9000_2004


class Loaded(NamedTuple):
    """What `init` found and did."""

    revision: str
    new_table: Optional[RiskTable]
    changed_values: int
    new_places: bool


def init(folder: Path) -> Loaded:
    """Bring the schema up to date and load the files of a seed folder.

    Idempotent. Everything happens in one transaction under one lock: a failure leaves the
    database as it was, two that start at once follow each other, and readers see the state
    before or the state after.

    Raises FileError, naming file, row and reason, when a file cannot be loaded.
    """
    risk_file = risk_table.read(folder / "zipcodes.csv")
    index_rows = index_seed.read(folder / "health_index.csv")
    place_rows = places.read(folder / "postal_codes.csv")
    with db.engine.begin() as connection:
        _lock(connection)
        _upgrade(connection)
        with Session(connection, expire_on_commit=False) as session:
            table = service.import_table(
                session, risk_file, source=f"seed/{risk_file.name}", effective_from=clock.today()
            )
            return Loaded(
                revision=REVISION,
                new_table=table,
                changed_values=index_seed.load(session, index_rows),
                new_places=places.load(session, place_rows),
            )


def reasons_not_ready() -> List[str]:
    """Why the service cannot answer, for an operator; nothing when it can."""
    try:
        with db.engine.connect() as connection:
            held = _revision(connection)
            if held != REVISION:
                return [f"the schema is at {held}, not at {REVISION}: run flask init-db"]
            with Session(connection) as session:
                reasons = []
                if service.table_in_force(session, clock.today()) is None:
                    reasons.append("no risk table is in force: run flask init-db")
                if session.scalar(select(IndexValue.base_year).limit(1)) is None:
                    reasons.append("no index value is held: run flask init-db or flask refresh-index")
                return reasons
    except SQLAlchemyError as error:
        return [f"the database does not answer ({type(error).__name__})"]


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # A migration may take longer than a request is allowed to.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": INIT_LOCK})
    else:
        connection.exec_driver_sql("PRAGMA busy_timeout = 60000")
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _upgrade(connection: Connection) -> None:
    # Imported here, because it takes as long as all of Flask, and a server that runs needs none of it.
    import alembic.command
    from alembic.config import Config

    config = Config(MIGRATIONS / "alembic.ini")
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, "head")


def _revision(connection: Connection) -> str:
    """The last migration that the database has seen, as Alembic notes it."""
    if not inspect(connection).has_table("alembic_version"):
        return "nothing"
    return ", ".join(connection.scalars(text("SELECT version_num FROM alembic_version"))) or "nothing"


def prepare_sqlite(engine: Engine) -> None:
    """Make SQLite keep foreign keys, which it does only when each connection asks for it."""

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")
