"""Copies of all tables, to compare before and after."""

from typing import Any, Dict, Set, Tuple

import sqlalchemy as sa
from flask import Flask

from webapp.data.database import db


def snapshot(app: Flask) -> Dict[str, Set[Tuple[Any, ...]]]:
    """Return the rows of every table."""
    with app.app_context(), db.engine.connect() as connection:
        tables = sa.inspect(connection).get_table_names()
        return {table: _rows(connection, table) for table in tables}


def _rows(connection: sa.Connection, table: str) -> Set[Tuple[Any, ...]]:
    rows = connection.execute(sa.select(sa.text("*")).select_from(sa.table(table)))
    return {tuple(row) for row in rows}
