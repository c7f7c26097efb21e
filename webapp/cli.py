"""The `flask` commands: thin, they call the services and say what happened."""

from contextlib import contextmanager
from typing import Iterator

import click
from alembic.util import CommandError
from flask import Flask
from flask.cli import with_appcontext
from sqlalchemy.exc import DBAPIError

from webapp import database
from webapp.config import ROOT
from webapp.csv_file import FileError
from webapp.health_index import refresh
from webapp.health_index.parsing import UpstreamError

SEED = ROOT / "seed"


def register_commands(app: Flask) -> None:
    """Add the commands to `flask`."""
    app.cli.add_command(init_db)
    app.cli.add_command(refresh_index)


@click.command("init-db")
@with_appcontext
def init_db() -> None:
    """Upgrade the database schema and load seed/.

    May run as often as you like, while the service runs too.
    """
    with _one_line_errors():
        loaded = database.init(SEED)
    click.echo(f"Schema: at revision {loaded.revision}.")
    if loaded.new_table:
        table = loaded.new_table
        click.echo(f"Risk factors: {table.range_count} ranges loaded as risk table {table.id}.")
    else:
        click.echo("Risk factors: up to date.")
    click.echo(f"Health index: {loaded.changed_values} values added or corrected.")
    click.echo("Places: loaded." if loaded.new_places else "Places: up to date.")


@click.command("refresh-index")
@with_appcontext
def refresh_index() -> None:
    """Ask Statbel for the health index now, for cron.

    Ends with status 1 when no data could be read from Statbel.
    """
    with _one_line_errors():
        outcome = refresh.refresh()
    click.echo(f"Statbel ({outcome.source}): {outcome.changed} values new or revised.")


@contextmanager
def _one_line_errors() -> Iterator[None]:
    """Make what an operator can mend one line instead of a traceback."""
    try:
        yield
    except FileError as error:
        raise click.ClickException(f"{error}. Nothing was changed.") from None
    except UpstreamError as error:
        raise click.ClickException(f"Statbel cannot be read: {error}") from None
    except CommandError as error:
        raise click.ClickException(f"The schema of the database does not fit this program: {error}") from None
    except DBAPIError as error:
        reason = " ".join(str(error.orig).split())
        raise click.ClickException(f"The database cannot be used: {reason}") from None
