"""The `flask` commands: thin, they call the services and say what happened."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import with_appcontext

from webapp.cli import index_value, zipcode_lookup
from webapp.cli.errors import one_line_errors
from webapp.config import ROOT
from webapp.data import init_db as database
from webapp.data import refresh, schema
from webapp.data.database import db
from webapp.data.risk_table_file import Import

SEED = ROOT / "seed"


def register_commands(app: Flask) -> None:
    """Add the commands to `flask`."""
    if click.get_current_context(silent=True):  # else it is a server that starts, and needs no migrations
        add_migrations(app)
    app.cli.add_command(init_db)
    app.cli.add_command(refresh_index)
    app.cli.add_command(index_value.group)
    app.cli.add_command(zipcode_lookup.command)


def add_migrations(app: Flask) -> None:
    """Tell `flask db`, which Flask-Migrate brings, what it works on."""
    from flask_migrate import Migrate

    Migrate(app, db, directory=str(schema.MIGRATIONS))


@click.command("init-db")
@click.option(
    "--risk-table", is_flag=True, help="Load seed/risk_table.csv again if a later table replaced it."
)
@with_appcontext
def init_db(risk_table: bool) -> None:
    """Upgrade the database schema and load seed/.

    May run as often as you like, while the service runs too.
    """
    with one_line_errors():
        loaded = database.init(SEED, risk_table_again=risk_table)
    click.echo(f"Schema: at revision {loaded.revision}.")
    click.echo(f"Risk factors: {_told(loaded.risk_table)}")
    click.echo(f"Health index: {loaded.changed_values} values added or corrected.")
    click.echo("Places: loaded." if loaded.new_places else "Places: up to date.")


def _told(result: Import) -> str:
    if result.table:
        return f"{result.table.range_count} ranges loaded as risk table {result.table.id}."
    if result.superseded:
        return (
            f"seed/risk_table.csv is risk table {result.superseded.id}, which a later one replaced: not "
            "loaded again. To put it in force: flask init-db --risk-table"
        )
    return "up to date."


@click.command("refresh-index")
@with_appcontext
def refresh_index() -> None:
    """Ask Statbel for the health index now, for cron.

    Ends with status 1 when no data could be read from Statbel.
    """
    with one_line_errors():
        outcome = refresh.refresh()
    click.echo(f"Statbel ({outcome.source}): {outcome.changed} values new or revised.")
