"""`flask copy-db`: copy all data into an empty database, which may be of the other kind."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Table, func, insert, inspect, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import StatementError

from webapp.data import init_db, schema
from webapp.data.database import Model
from webapp.data.index_models import IndexLock, WithdrawnIndexValue
from webapp.data.snapshot import begin_reading
from webapp.data.stored import readable
from webapp.data.version_model import DataVersion

BATCH_ROWS = 1000

# Its triggers keep locked months and withdrawn values out of `index_value`, so decisions come after it.
LAST_TABLES = (IndexLock.__tablename__, WithdrawnIndexValue.__tablename__)

# Each database has its own version, so that a change of the database behind a name is noticed.
OMITTED_TABLES = (DataVersion.__tablename__,)


class CopyRefused(Exception):
    """Data that cannot be copied. The message says what to do."""


class CopiedTable(NamedTuple):
    name: str
    row_count: int


def copy(source: Engine, target: Engine) -> list[CopiedTable]:
    """Create the schema in an empty database, and copy all rows in one transaction. Raises CopyRefused."""
    _require_file(source)
    with source.connect() as reading:
        begin_reading(reading)
        _require_current(schema.revision(reading))
        with target.begin() as writing:
            init_db.lock(writing)
            _require_empty(writing)
            init_db.upgrade(writing)
            with readable(reading):
                copied = [_copy_table(reading, writing, table) for table in tables()]
            if writing.dialect.name == "postgresql":
                _continue_ids(writing)
    return copied


def tables() -> list[Table]:
    """Return the tables in an order in which their rows can be inserted."""
    found = [table for table in Model.metadata.sorted_tables if table.name not in OMITTED_TABLES]
    return sorted(found, key=lambda table: table.name in LAST_TABLES)


def _require_file(source: Engine) -> None:
    """Refuse a file that SQLite would create."""
    path = source.url.database or ""
    if source.dialect.name == "sqlite" and not path.startswith("file:") and not Path(path).is_file():
        raise CopyRefused(f"There is no file {path}.")


def _require_current(revision: str) -> None:
    if revision == "nothing":
        raise CopyRefused("The source has no data of this program.")
    if revision < schema.REVISION:
        raise CopyRefused(
            f"The schema of the source is at {revision}, not at {schema.REVISION}: run flask init-db on it."
        )
    if revision > schema.REVISION:
        raise CopyRefused(f"The schema of the source is at {revision}: use the release that created it.")


def _require_empty(writing: Connection) -> None:
    names = inspect(writing).get_table_names()
    if names:
        raise CopyRefused(
            f"The target is not empty, it has the table {min(names)}. Name a new, empty database. "
            "Nothing was changed."
        )


def _copy_table(reading: Connection, writing: Connection, table: Table) -> CopiedTable:
    row_count = 0
    try:
        for rows in reading.execute(select(table)).mappings().partitions(BATCH_ROWS):
            writing.execute(insert(table), [dict(row) for row in rows])
            row_count += len(rows)
    # ValueError and ArithmeticError: SQLite stores any text in any column.
    except (StatementError, ValueError, ArithmeticError) as error:
        reason = " ".join(str(getattr(error, "orig", None) or error).split())
        raise CopyRefused(f"{table.name} cannot be copied: {reason}. Nothing was changed.") from error
    stored = writing.scalar(select(func.count()).select_from(table))
    if stored != row_count:  # a trigger may skip a row
        raise CopyRefused(
            f"The target took {stored} of {row_count} rows of {table.name}. Nothing was changed."
        )
    return CopiedTable(table.name, row_count)


def _continue_ids(writing: Connection) -> None:
    """Set the sequences of PostgreSQL, so that ids keep growing."""
    for table in tables():
        column = table.autoincrement_column
        if column is None:
            continue
        last = writing.scalar(select(func.max(column)))
        if last is not None:
            sequence = text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)")
            writing.execute(sequence, {"table": table.name, "column": column.name, "last": last})
