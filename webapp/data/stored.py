"""Check that stored values can be read: SQLite takes any text in any column."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Iterator

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Double,
    Integer,
    Select,
    column,
    func,
    literal,
    select,
    union_all,
)

from webapp.data.database import Model
from webapp.data.schema import UnusableDatabase

ADVICE = "correct it, or restore a backup"

COLUMNS = """
    SELECT tables.name, columns.name
    FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'
"""


class UnreadableData(UnusableDatabase):
    """A stored value is not of its column's type."""


@contextmanager
def readable(connection: Connection) -> Iterator[None]:
    """Raise UnreadableData in place of errors of values that are read."""
    if connection.dialect.name == "sqlite":
        _check_storage_classes(connection)
    try:
        yield
    except (ValueError, ArithmeticError) as error:  # such as a year beyond Python's range
        raise UnreadableData(f"a stored value cannot be read ({error}): {ADVICE}") from error


def _check_storage_classes(connection: Connection) -> None:
    existing = {tuple(row) for row in connection.exec_driver_sql(COLUMNS)}
    columns = [
        found
        for known in Model.metadata.sorted_tables
        for found in known.columns
        if (known.name, found.name) in existing
    ]
    if not columns:
        return
    wrong = connection.execute(union_all(*map(_wrong_values, columns)).limit(1)).first()
    if wrong:
        name, value, expected = wrong
        raise UnreadableData(f"{name} is {value!r}, but must be {expected}: {ADVICE}")


def _wrong_values(checked: Column[Any]) -> Select[Any]:
    stored: Any = column(checked.name)  # without its type, which could not read the value
    expected = _storage_class(checked.type)
    found = select(literal(f"{checked.table}.{checked.name}"), stored, literal(expected))
    return found.select_from(checked.table).where(func.typeof(stored).not_in(("null", expected)))


def _storage_class(kind: object) -> str:
    """Return SQLite's name; dates and exact numbers are text."""
    if isinstance(kind, Double):
        return "real"
    return "integer" if isinstance(kind, (Integer, Boolean)) else "text"
