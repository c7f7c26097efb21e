"""Risk tables that tests load, and tables that they change against the rules."""

from __future__ import annotations

from datetime import date
from typing import Sequence

from flask import Flask
from sqlalchemy import Connection, delete, text

from webapp.data import risk_tables
from webapp.data.audit_log import Author
from webapp.data.database import db
from webapp.data.risk_tables import NewTable
from webapp.data.transactions import write_transaction
from webapp.data.zipcode_models import RiskTable
from webapp.zipcodes.risk_table import Range

TRIGGERS = {
    "postgresql": """
        SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', tgrelid::regclass, tgname) FROM pg_trigger
        WHERE tgname LIKE 'keep_%' AND tgrelid IN ('risk_table'::regclass, 'risk_range'::regclass)
    """,
    "sqlite": """
        SELECT 'DROP TRIGGER ' || name FROM sqlite_master
        WHERE type = 'trigger' AND name LIKE 'keep_risk_%'
    """,
}


def load_table(app: Flask, ranges: Sequence[Range], effective_from: date, name: str = "new.csv") -> int:
    """Load a table, and return its id."""
    new = NewTable(ranges, name, effective_from, source=name, sha256="0" * 64)
    with app.app_context(), write_transaction() as session:
        return risk_tables.load(session, new, Author("Els")).id


def unprotect(connection: Connection) -> None:
    """Remove the triggers that keep risk tables from being changed."""
    for statement in connection.scalars(text(TRIGGERS[connection.dialect.name])).all():
        connection.execute(text(statement))


def unprotect_in(app: Flask) -> None:
    """Remove these triggers from the database of an application."""
    with app.app_context(), db.engine.begin() as connection:
        unprotect(connection)


def delete_risk_tables(app: Flask) -> None:
    """Delete all risk tables."""
    unprotect_in(app)
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(delete(RiskTable))
