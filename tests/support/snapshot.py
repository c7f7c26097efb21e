"""Copies of all tables, to compare before and after."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Flask

from webapp.data.database import db


def snapshot(app: Flask) -> dict[str, set[tuple[Any, ...]]]:
    """Return the rows of every table."""
    with app.app_context(), db.engine.connect() as connection:
        tables = sa.inspect(connection).get_table_names()
        return {table: _rows(connection, table) for table in tables}


def _rows(connection: sa.Connection, table: str) -> set[tuple[Any, ...]]:
    rows = connection.execute(sa.select(sa.text("*")).select_from(sa.table(table)))
    return {tuple(row) for row in rows}
