"""`flask risk-table`: plan, preview, load, cancel and reinstate risk tables."""

from __future__ import annotations

import json
import math
import re
from datetime import date
from pathlib import Path
from typing import Any, Callable, Mapping, TypeVar

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from webapp import clock
from webapp.cli import risk_table_diff
from webapp.cli.errors import one_line_errors
from webapp.cli.options import current_user, parse_date, parse_line
from webapp.data import audit_log, current, risk_table_file, risk_tables
from webapp.data.audit_log import MAX_AUTHOR_LENGTH, MAX_REASON_LENGTH, Author
from webapp.data.database import db
from webapp.data.risk_tables import (
    MAX_DATE,
    MAX_NAME_LENGTH,
    MAX_NOTE_LENGTH,
    MIN_DATE,
    ActionRefused,
    Limits,
    NewTable,
)
from webapp.data.transactions import write_transaction
from webapp.tables import csv_file
from webapp.zipcodes import client_diff, table_diff
from webapp.zipcodes.risk_table import Range, RiskTable, to_csv
from webapp.zipcodes.timeline import RiskTableEntry, Timeline

Command = TypeVar("Command", bound=Callable[..., Any])

# Of the zipcodes in use with a factor: more of them may not lose it without --force.
DEFAULT_MAX_LOST_PERCENT = 1.0

EXPORT_SUFFIXES = (".csv", ".xlsx")

as_json_option = click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
table_id_argument = click.argument("table_id", type=click.IntRange(1), metavar="ID")


@click.group(
    "risk-table",
    help="""Plan, preview, load, cancel and reinstate risk tables.

    For example: flask risk-table load 2027.csv --effective-from 2027-01-01 --name "Tariff 2027" --dry-run
    """,
)
def group() -> None:
    pass


def _parse_first_day(context: click.Context, parameter: click.Parameter, text: str | None) -> date | None:
    day = parse_date(context, parameter, text)
    if day and not MIN_DATE <= day <= MAX_DATE:
        raise click.BadParameter(f"use a date from {MIN_DATE} to {MAX_DATE}.")
    return day


def _refuse_nan(_context: click.Context, _parameter: click.Parameter, percent: float) -> float:
    """Refuse nan, which FloatRange accepts and no share exceeds."""
    if math.isnan(percent):
        raise click.BadParameter("use a number from 0 to 100.")
    return percent


def _load_options(command: Command) -> Command:
    """Add the options of commands that store a table."""
    options = [
        click.option(
            "--effective-from",
            required=True,
            callback=_parse_first_day,
            metavar="DATE",
            help="The first day, in Belgium, such as 2027-01-01.",
        ),
        click.option(
            "--note", callback=parse_line(MAX_NOTE_LENGTH, 0), help="A remark, kept with the table."
        ),
        click.option("--dry-run", is_flag=True, help="Show what would change, and store nothing."),
        click.option(
            "--max-lost",
            type=click.FloatRange(0, 100),
            callback=_refuse_nan,
            default=DEFAULT_MAX_LOST_PERCENT,
            show_default=True,
            metavar="PERCENT",
            help="Refuse a table in which more of the zipcodes in use lose their factor.",
        ),
        click.option("--force", is_flag=True, help="Store it even so."),
        click.option("--backdate", is_flag=True, help="Allow a date in the past. Needs --reason."),
        _reason_option(required=False),
        _by_option,
        as_json_option,
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _reason_option(*, required: bool) -> Callable[[Command], Command]:
    return click.option(
        "--reason",
        required=required,
        callback=parse_line(MAX_REASON_LENGTH, int(required)),
        help="Why, for those who ask later.",
    )


_by_option = click.option(
    "--by",
    default=current_user,
    callback=parse_line(MAX_AUTHOR_LENGTH),
    help="Who does it; by default the current user.",
)


@group.command(
    "list",
    help="""List all risk tables, the one that begins last first.

    Columns, separated by tabs: id, name, state (in force, planned, past or cancelled), first day, last day,
    time of loading, by whom, number of ranges, SHA-256 of the file, and the note. A dash stands for an open
    beginning or end; a table that counts on no day names the one that replaced it instead of its last day.
    """,
)
@as_json_option
@with_appcontext
def list_tables(as_json: bool) -> None:
    with one_line_errors(), Session(db.engine) as session:
        entries = risk_tables.timeline(session).entries(clock.today())
    if as_json:
        _print_json(entries)
        return
    for entry in entries:
        click.echo("\t".join(_fields(entry)))


@group.command("log", help="List all actions on risk tables, newest first: time, author, action, reason.")
@as_json_option
@with_appcontext
def log(as_json: bool) -> None:
    with one_line_errors(), Session(db.engine) as session:
        risk_tables.timeline(session)  # raises UnusableDatabase
        entries = [
            {
                "at": entry.at.isoformat(),
                "by": entry.by,
                "action": entry.action,
                "risk_table": entry.risk_table_id,
                "details": entry.details,
                "reason": entry.reason,
            }
            for entry in audit_log.entries(session)
        ]
    if as_json:
        _print_json(entries)
        return
    for entry in entries:
        click.echo("\t".join(map(str, entry.values())))


@group.command(
    "check",
    help="""Check FILE, and print every fault with its row. Stores nothing and needs no database.

    FILE is CSV or an Excel workbook (.xlsx). It has ranges such as 1000 - 1310,C without a header, or a
    header that names the columns, such as zipcode;factor, and then one zipcode a row. Exits with status 1 if
    there are faults.
    """,
)
@click.argument("file", type=click.Path(path_type=Path))
@as_json_option
@click.pass_context
def check(context: click.Context, file: Path, as_json: bool) -> None:
    with one_line_errors():
        checked, faults = risk_table_file.check(file)
    if as_json:
        body = {
            "file": str(file),
            "ranges": len(checked.ranges),
            "faults": [fault._asdict() for fault in faults],
        }
        _print_json(body)
    elif faults:
        for row, reason in faults:
            click.echo(f"{file.name}{'' if row is None else f', row {row}'}: {reason}")
    else:
        click.echo(f"{file.name}: {len(checked.ranges)} ranges, no faults.")
    if faults:
        context.exit(1)


@group.command(
    "diff",
    help="""Show what TABLE, a file or an id, changes.

    It is compared with AGAINST, an id; by default with the table that counts on its first day without it. For
    a file, that day is today or --effective-from.
    """,
)
@click.argument("table", metavar="TABLE")
@click.argument("against", type=click.IntRange(1), required=False, metavar="[AGAINST]")
@click.option("--effective-from", callback=_parse_first_day, metavar="DATE", help="The first day of a file.")
@click.option("--csv", "as_csv", is_flag=True, help="All changed zipcodes, as CSV.")
@click.option(
    "--clients",
    type=click.Path(path_type=Path),
    help="A list of clients, CSV or .xlsx: also show how many of them change.",
)
@click.option("--column", default="", help="Its column with the zipcodes: the name, or the number from 1.")
@as_json_option
@with_appcontext
def diff(
    *,
    table: str,
    against: int | None,
    effective_from: date | None,
    as_csv: bool,
    clients: Path | None,
    column: str,
    as_json: bool,
) -> None:
    if column and not clients:
        raise click.UsageError("Use --column with --clients.")
    if as_csv and (as_json or clients):
        raise click.UsageError("Use --csv without --json and --clients.")
    with one_line_errors():
        places = current.watcher().load().places
        with Session(db.engine) as session:
            tables = risk_tables.timeline(session)
        old, ranges = _compared(tables, table, against, effective_from)
        before = old.ranges if old else ()
        found = table_diff.diff(before, ranges, places.all_zipcodes)
        changes = clients and client_diff.diff(csv_file.read_bytes(clients), before, ranges, places, column)
        if as_csv:
            risk_table_diff.print_csv(found, places)
        elif as_json:
            body = {"against": old.id if old else None, **table_diff.describe(found, places)}
            _print_json({**body, "clients": client_diff.describe(changes)} if changes else body)
        else:
            risk_table_diff.print_text(old, found, places)
            if changes:
                risk_table_diff.print_clients(changes)


def _compared(
    tables: Timeline, table: str, against: int | None, effective_from: date | None
) -> tuple[RiskTable | None, tuple[Range, ...]]:
    """Return the table to compare with, and the ranges to compare."""
    if re.fullmatch("[0-9]{1,9}", table) and not Path(table).exists():
        if effective_from:
            raise click.UsageError("A stored table has its own first day: leave out --effective-from.")
        new = tables.get(int(table))
        old, ranges = tables.before(new), new.ranges
    else:
        ranges = tuple(risk_table_file.read(Path(table)).ranges)
        old = tables.up_to(effective_from or clock.today())
    return (tables.get(against) if against else old), ranges


@group.command(
    "load",
    help="""Load FILE as a new risk table, and show what it changes.

    It counts from midnight in Belgium of its first day; of two tables with one first day, the later loaded
    one counts. A stored table never changes: to correct it, load another one.
    """,
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--name", callback=parse_line(MAX_NAME_LENGTH, 0), help="A name for people; by default that of the file."
)
@_load_options
@with_appcontext
def load(file: Path, name: str, effective_from: date, note: str, **options: Any) -> None:
    with one_line_errors():
        read = risk_table_file.read(file)
        new = NewTable(
            read.ranges,
            name or read.name[:MAX_NAME_LENGTH],
            effective_from,
            read.name[:200],
            read.sha256,
            note,
        )
        _store(audit_log.LOAD, lambda _tables: new, options)


@group.command(
    "reinstate",
    help="""Load the contents of the risk table ID again, as a new table.

    This is how to roll back: what counted meanwhile stays in the history.
    """,
)
@table_id_argument
@_load_options
@with_appcontext
def reinstate(table_id: int, effective_from: date, note: str, **options: Any) -> None:
    with one_line_errors():
        _store(
            audit_log.REINSTATE,
            lambda tables: risk_tables.reinstated(tables.get(table_id), effective_from, note),
            options,
        )


def _store(action: str, get_new: Callable[[Timeline], NewTable], options: Mapping[str, Any]) -> None:
    """Plan and store a table in one transaction, and print the changes. Raises ActionRefused."""
    if options["backdate"] and not options["reason"]:
        raise click.UsageError("--backdate needs a --reason.")
    author = Author(options["by"], options["reason"])
    max_lost_share = 1.0 if options["force"] else options["max_lost"] / 100
    limits = Limits(max_lost_share, may_backdate=options["backdate"])
    places = current.watcher().load().places
    table_id = None
    with Session(db.engine) if options["dry_run"] else write_transaction() as session:
        tables = risk_tables.timeline(session)
        new = get_new(tables)
        plan = risk_tables.plan(tables, new, places.all_zipcodes, limits)
        if not plan.refusal and not options["dry_run"]:
            table_id = risk_tables.load(session, new, author, action).id
    if options["as_json"]:
        against = plan.against.id if plan.against else None
        found = {"against": against, **table_diff.describe(plan.diff, places)}
        _print_json({"id": table_id, "effective_from": str(new.effective_from), "diff": found})
    else:
        risk_table_diff.print_text(plan.against, plan.diff, places)
    if plan.refusal:
        raise ActionRefused(f"{plan.refusal} Nothing was stored.")
    if not options["as_json"]:
        click.echo(_summary(new, table_id))


def _summary(new: NewTable, table_id: int | None) -> str:
    if table_id is None:
        return "Dry run: nothing was stored."
    return f"Stored: {len(new.ranges)} ranges as risk table {table_id}, in force from {new.effective_from}."


@group.command(
    "cancel",
    help="""Cancel the planned risk table ID: it is kept, but never counts.

    A table whose first day has come cannot be cancelled: load or reinstate another one.
    """,
)
@table_id_argument
@_reason_option(required=True)
@_by_option
@as_json_option
@with_appcontext
def cancel(table_id: int, reason: str, by: str, as_json: bool) -> None:
    with one_line_errors(), write_transaction() as session:
        table = risk_tables.cancel(session, table_id, Author(by, reason))
    if as_json:
        _print_json({"id": table_id, "state": "cancelled"})
        return
    click.echo(f"Cancelled: risk table {table_id}, which was planned from {table.effective_from}.")


@group.command(
    "export",
    help="""Print the risk table ID as CSV, or write it to a file ending in .csv or .xlsx.

    One range a row, as `load` reads it.
    """,
)
@table_id_argument
@click.option("--output", type=click.Path(path_type=Path), help="The file; by default standard output.")
@with_appcontext
def export(table_id: int, output: Path | None) -> None:
    if output and output.suffix.lower() not in EXPORT_SUFFIXES:
        raise click.UsageError(f"--output must end in {' or '.join(EXPORT_SUFFIXES)}.")
    with one_line_errors():
        with Session(db.engine) as session:
            table = risk_tables.timeline(session).get(table_id)
        if output is None:
            click.echo(to_csv(table), nl=False)
        elif output.suffix.lower() == ".csv":
            output.write_text(to_csv(table), encoding="utf-8")
        else:
            with output.open("wb") as file:
                risk_table_file.write_workbook(file, table)


def _print_json(body: Any) -> None:
    click.echo(json.dumps(body, ensure_ascii=False, indent=2, default=_iso))


def _iso(value: Any) -> str:
    text: str = value.isoformat()
    return text


def _fields(entry: RiskTableEntry) -> list[str]:
    until = entry["effective_until"]
    return [
        str(entry["id"]),
        entry["name"],
        entry["state"],
        str(entry["effective_from"] or "-"),
        f"replaced by {entry['replaced_by']}" if entry["replaced_by"] else str(until or "-"),
        f"{entry['loaded_at']:%Y-%m-%dT%H:%MZ}",
        entry["loaded_by"],
        str(entry["range_count"]),
        entry["sha256"],
        entry["note"],
    ]
