"""`flask version`: the version of the program and the state of its data."""

from __future__ import annotations

import click
from flask import json
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from webapp.data import current
from webapp.data.database import is_missing_table, reason
from webapp.data.schema import MISSING_TABLE, UnusableDatabase
from webapp.data.status import Status, status
from webapp.version import VERSION


# The help is an argument, because `python -OO` strips docstrings.
@click.command(
    "version",
    help="""Print the version of this release, then what the database holds.

    Ends with status 0 also where the database cannot be used: the version is still known.
    """,
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@with_appcontext
def command(as_json: bool) -> None:
    watcher = current.watcher()
    failure = ""
    try:
        watcher.load()
    except UnusableDatabase as error:
        failure = str(error)
    except (SQLAlchemyError, UnicodeError) as error:
        failure = MISSING_TABLE if is_missing_table(error) else reason(error)
    found = status(watcher)
    if as_json:
        click.echo(json.dumps({**found, "reasons": [failure]} if failure else found))
        return
    click.echo(VERSION)
    if failure:
        click.echo(f"The database cannot be used: {failure}", err=True)
        return
    for line in _lines(found):
        click.echo(line)


def _lines(found: Status) -> list[str]:
    index, table = found["index"], found["risk_table"]
    return [
        f"Schema: revision {found['schema_revision']}.",
        f"Data: version {found['snapshot_version']}, read {found['snapshot_age_seconds']} seconds ago.",
        f"Index: {index['month']} on base {index['base_year']}, {index['lag_months']} months "
        f"({index['lag_working_days']} working days) behind the calendar."
        if index
        else "Index: none on the base in force.",
        f"Risk table: {table['id']}{_named(table['name'])}, in force since "
        f"{table['effective_from'] or 'the beginning'}."
        if table
        else "Risk table: none in force.",
    ]


def _named(name: str) -> str:
    return f" ({name})" if name else ""
