"""The `flask` commands."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import with_appcontext

from webapp.cli import copy_db, doctor, index_value, release, risk_table, zipcode_lookup
from webapp.cli.errors import one_line_errors
from webapp.config import ROOT
from webapp.data import init_db as database
from webapp.data import refresh, schema
from webapp.data.database import db
from webapp.data.risk_tables import SeedResult

SEED = ROOT / "seed"

# The help of each command is an argument, because `python -OO` strips docstrings.


def register_commands(app: Flask) -> None:
    """Add the commands to `flask`."""
    if click.get_current_context(silent=True):  # a server has no context, and needs no migrations
        add_migrations(app)
    app.cli.add_command(init_db)
    app.cli.add_command(refresh_index)
    app.cli.add_command(copy_db.command)
    app.cli.add_command(index_value.group)
    app.cli.add_command(risk_table.group)
    app.cli.add_command(zipcode_lookup.command)
    app.cli.add_command(release.command)
    app.cli.add_command(doctor.command)


def add_migrations(app: Flask) -> None:
    """Register the `flask db` commands of Flask-Migrate."""
    from flask_migrate import Migrate

    Migrate(app, db, directory=str(schema.MIGRATIONS))


@click.command(
    "init-db",
    help="""Upgrade the database schema and load seed/.

    The risk table of seed/ is loaded only into a database that has none. Safe to run again at any time, also
    while the service runs.
    """,
)
@click.option(
    "--risk-table",
    "loads_risk_table",
    is_flag=True,
    help="Load seed/risk_table.csv in force from today, unless the table in force has its ranges.",
)
@with_appcontext
def init_db(loads_risk_table: bool) -> None:
    try:
        with one_line_errors():
            result = database.init(SEED, risk_table_again=loads_risk_table)
    except schema.NewerSchema as error:
        if loads_risk_table:
            raise click.ClickException(f"{error} Use flask risk-table load.") from None
        click.echo(f"{error} Nothing was changed.")  # no error: a release that is rolled back to starts
        return
    click.echo(f"Schema: at revision {result.revision}.")
    click.echo(f"Risk factors: {_seed_summary(result.risk_table)}")
    click.echo(f"Health index: {result.changed_values} values added or corrected.")
    click.echo("Places: loaded." if result.new_places else "Places: up to date.")


def _seed_summary(result: SeedResult) -> str:
    if result.table:
        return f"{result.table.range_count} ranges loaded as risk table {result.table.id}."
    if result.is_new:
        return (
            "seed/risk_table.csv has changed, and was not loaded. To see what it changes: flask risk-table "
            "diff seed/risk_table.csv. To load it from today on: flask init-db --risk-table"
        )
    return "up to date."


@click.command(
    "refresh-index",
    help="""Request the health index from Statbel now, for example from cron.

    Exits with status 1 if Statbel cannot be read.
    """,
)
@with_appcontext
def refresh_index() -> None:
    with one_line_errors():
        result = refresh.refresh()
    click.echo(f"Statbel ({result.source}): {result.changed} values new or revised.")
