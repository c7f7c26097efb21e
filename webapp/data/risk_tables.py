"""Risk tables in the database: reading, loading, cancelling and reinstating them.

A table never changes. On PostgreSQL and SQLite, triggers of migration 0007 enforce it for all programs.
"""

from __future__ import annotations

from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any, Iterable, NamedTuple, Sequence

from sqlalchemy import Connection, literal, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.data import audit_log, schema
from webapp.data.audit_log import Author
from webapp.data.risk_table_file import RiskFile
from webapp.data.stored import readable
from webapp.data.zipcode_models import RiskRange
from webapp.data.zipcode_models import RiskTable as RiskTableModel
from webapp.zipcodes import table_diff
from webapp.zipcodes.risk_table import Range, RiskTable
from webapp.zipcodes.table_diff import TableDiff
from webapp.zipcodes.timeline import CANCELLED, PLANNED, Timeline

# The author of the seed's table.
INIT_DB = "flask init-db"

MAX_NAME_LENGTH = 100
MAX_NOTE_LENGTH = 500

# Dates outside cannot be compared in all time zones.
MIN_DATE, MAX_DATE = date(1900, 1, 1), date(9998, 12, 31)


class ActionRefused(Exception):
    """An action that the rules forbid. The message says what to do."""


class NewTable(NamedTuple):
    """A table to be loaded."""

    ranges: Sequence[Range]
    name: str
    effective_from: date
    source: str
    sha256: str
    note: str = ""


class Limits(NamedTuple):
    """Permissions of a load.

    Attributes:
        max_lost_share: the share of the zipcodes in use with a factor that may lose it.
    """

    max_lost_share: float
    may_backdate: bool = False


class Plan(NamedTuple):
    """The effect of a load on its first day, and the reason why it is refused, if it is."""

    against: RiskTable | None
    diff: TableDiff
    refusal: str | None


class SeedResult(NamedTuple):
    """The table loaded from the seed, or None; and True if the seed's ranges are in no stored table."""

    table: RiskTableModel | None
    is_new: bool = False


def read_tables(connection: Connection, revision: str) -> tuple[RiskTable, ...]:
    """Read all tables with their ranges, by id."""
    columns = (RiskRange.risk_table_id, RiskRange.first, RiskRange.last, RiskRange.factor)
    rows = connection.execute(select(*columns).order_by(RiskRange.risk_table_id, RiskRange.first))
    ranges = {
        table_id: tuple(Range(first, last, factor) for _, first, last, factor in group)
        for table_id, group in groupby(rows, key=itemgetter(0))
    }
    tables = [row._asdict() for row in connection.execute(_columns(revision))]
    if revision < schema.RISK_TABLE_REVISION and tables:
        tables[0]["open_beginning"] = True  # as migration 0007 will have it
    for table in tables:
        table["ranges"] = ranges.get(table["id"], ())
        if table.pop("open_beginning"):
            table["effective_from"] = None
    return tuple(RiskTable(**table) for table in tables)


def _columns(revision: str) -> Any:
    table = RiskTableModel
    columns: tuple[Any, ...] = (table.id, table.effective_from, table.imported_at, table.sha256)
    if revision < schema.RISK_TABLE_REVISION:
        columns += (table.source.label("name"), literal(False).label("open_beginning"))
    else:
        columns += (table.name, table.note, table.loaded_by, table.open_beginning, table.cancelled_at)
    return select(*columns).order_by(table.id)


def timeline(session: Session) -> Timeline:
    """Read the timeline. Raises UnusableDatabase, also before revision 0007."""
    connection = session.connection()
    revision = schema.revision(connection)
    if revision == "nothing" or revision < schema.RISK_TABLE_REVISION:
        raise schema.OldSchema(schema.upgrade_advice(revision))
    with readable(connection):
        return Timeline(read_tables(connection, revision))


def plan(tables: Timeline, new: NewTable, in_use: Iterable[int], limits: Limits) -> Plan:
    """Compare a new table with the one that counts on its first day, and check the limits."""
    against = tables.up_to(new.effective_from)
    found = table_diff.diff(against.ranges if against else (), new.ranges, in_use)
    return Plan(against, found, _refusal(new, found, limits))


def _refusal(new: NewTable, found: TableDiff, limits: Limits) -> str | None:
    today = clock.today()
    if new.effective_from < today and not limits.may_backdate:
        return (
            f"{new.effective_from} is in the past (today is {today}), so it would change what counted then. "
            "If that is right, add --backdate and --reason."
        )
    if found.lost_share > limits.max_lost_share:
        return (
            f"{found.counts.lost} of {found.losable} zipcodes in use would lose their factor, more than "
            f"{limits.max_lost_share:.1%}. If that is right, add --force."
        )
    return None


def load(session: Session, new: NewTable, author: Author, action: str = audit_log.LOAD) -> RiskTableModel:
    """Store a table, and record it in the audit log."""
    table = _add(session, new, author.by)
    details = f"{new.name} from {new.source}, in force from {new.effective_from}"
    audit_log.record(session, action, table.id, details, author)
    return table


def reinstated(table: RiskTable, effective_from: date, note: str) -> NewTable:
    """Return a new table with the contents of an old one."""
    source = f"risk table {table.id}"
    return NewTable(table.ranges, table.name, effective_from, source, table.sha256, note)


def cancel(session: Session, table_id: int, author: Author) -> RiskTable:
    """Cancel a planned table. Raises RiskTableNotFound and ActionRefused."""
    tables = timeline(session)
    table = tables.get(table_id)
    state = tables.state(table, clock.today())
    if state == CANCELLED:
        raise ActionRefused(f"Risk table {table_id} is already cancelled.")
    if state != PLANNED:
        raise ActionRefused(
            f"Risk table {table_id} is no longer planned: its first day has come, so it stays. "
            "To replace it, load or reinstate another one."
        )
    row = session.get_one(RiskTableModel, table_id)
    row.cancelled_at = clock.now()
    session.flush()
    audit_log.record(
        session, audit_log.CANCEL, table_id, f"{table.name}, from {table.effective_from}", author
    )
    return table


def load_seed(session: Session, file: RiskFile, source: str, *, again: bool) -> SeedResult:
    """Load the seed's table into a database without tables, where it has an open beginning.

    Args:
        again: load it into any database, in force from today, unless the table in force has its ranges.
    """
    tables = timeline(session)
    new = NewTable(file.ranges, source, clock.today(), source, file.sha256)
    if not tables.tables:
        table = _add(session, new, INIT_DB, open_beginning=True)
        audit_log.record(session, audit_log.LOAD, table.id, source, Author(INIT_DB))
        return SeedResult(table)
    current = tables.up_to(clock.today())
    if again and (current is None or list(current.ranges) != file.ranges):
        return SeedResult(load(session, new, Author(INIT_DB)))
    return SeedResult(None, is_new=all(list(table.ranges) != file.ranges for table in tables.tables))


def _add(session: Session, new: NewTable, by: str, *, open_beginning: bool = False) -> RiskTableModel:
    table = RiskTableModel(
        source=new.source,
        effective_from=new.effective_from,
        imported_at=clock.now(),
        sha256=new.sha256,
        range_count=len(new.ranges),
        name=new.name,
        note=new.note,
        loaded_by=by,
        open_beginning=open_beginning,
    )
    session.add(table)
    session.flush()
    session.add_all(RiskRange(risk_table_id=table.id, **entry._asdict()) for entry in new.ranges)
    session.flush()
    return table
