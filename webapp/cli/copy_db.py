"""`flask copy-db`: copy all data into an empty database."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

from webapp.cli.errors import one_line_errors
from webapp.config import ConfigurationError, database_place, parse_database_url
from webapp.data import copy_db
from webapp.data.database import create_engine


def _parse_url(_context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    try:
        return None if value is None else parse_database_url(value, parameter.opts[0])
    except ConfigurationError as error:
        raise click.UsageError(error.message) from None


@click.command(
    "copy-db",
    help="""Copy all data into an empty database, for example from SQLite to PostgreSQL.

    Creates the schema and copies everything in one transaction: risk tables, places, index values, decisions,
    and the audit log. Refuses a database that has tables. Stop what writes to the source first; the service
    itself may go on.

    For example: flask copy-db --from sqlite:///desk.sqlite3 --to "$DATABASE_URL"
    """,
)
@click.option(
    "--from", "source", callback=_parse_url, metavar="URL", help="The source; by default DATABASE_URL."
)
@click.option(
    "--to", "target", callback=_parse_url, metavar="URL", help="The target; by default DATABASE_URL."
)
@with_appcontext
def command(source: str | None, target: str | None) -> None:
    if source is None and target is None:
        raise click.UsageError("Name --from or --to. The other one is DATABASE_URL by default.")
    configured = current_app.config["SQLALCHEMY_DATABASE_URI"]
    source, target = source or configured, target or configured
    engines = create_engine(source), create_engine(target)
    try:
        with one_line_errors():
            copied = copy_db.copy(*engines)
    finally:
        for engine in engines:
            engine.dispose()
    for table in copied:
        click.echo(f"{table.name}: {table.row_count} rows")
    click.echo(f"Copied to {database_place(target)}")
