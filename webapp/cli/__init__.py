"""The `flask` commands: thin, they call the services and say what happened."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import IO, Callable, Iterator, Optional, Tuple

import click
from flask import Flask
from flask.cli import with_appcontext

from webapp.cli import index_value
from webapp.cli.errors import one_line_errors
from webapp.config import ROOT
from webapp.data import current, reads, refresh, schema
from webapp.data import init_db as database
from webapp.data.database import db
from webapp.data.risk_table_file import Import
from webapp.version import VERSION
from webapp.zipcodes import bulk

SEED = ROOT / "seed"


def register_commands(app: Flask) -> None:
    """Add the commands to `flask`."""
    if click.get_current_context(silent=True):  # else it is a server that starts, and needs no migrations
        add_migrations(app)
    app.cli.add_command(init_db)
    app.cli.add_command(refresh_index)
    app.cli.add_command(index_value.group)
    app.cli.add_command(lookup)
    app.cli.add_command(version)


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


@click.command("lookup")
@click.argument("zipcodes", nargs=-1)
@click.option("--csv", "file", type=click.File("rb"), help="A CSV file, or - for standard input.")
@with_appcontext
def lookup(zipcodes: Tuple[str, ...], file: Optional[IO[bytes]]) -> None:
    """Tell the risk factors of ZIPCODES, one a line.

    Or of a CSV file, which is written to standard output with the columns risk_factor and error
    added: flask lookup --csv in.csv > out.csv

    Needs no running server. Ends with status 1 when a zipcode on the command line has no factor, or
    when the file cannot be read to its end; what was written before that is not whole.
    """
    if bool(zipcodes) == bool(file):
        raise click.UsageError("Give zipcodes, or a file with --csv.")
    with one_line_errors():
        current.watcher().load()
        known = reads.bulk_results()
        if file:
            with _progress(file) as read:
                bulk.answer_csv(read, sys.stdout.buffer.write, known)
            sys.stdout.buffer.flush()
            return
        found = [bulk.result(known, zipcode) for zipcode in zipcodes]
        for zipcode, (factor, error) in zip(zipcodes, found):
            click.echo(f"{zipcode}\t{factor or error}")
    if any(error for _factor, error in found):
        sys.exit(1)


@click.command("version", help="Print the version of this release.")
def version() -> None:
    click.echo(VERSION)


@contextmanager
def _progress(file: IO[bytes]) -> Iterator[Callable[[int], bytes]]:
    """Give what reads a file; it shows how far it is when standard error is a terminal."""
    size = os.fstat(file.fileno()).st_size
    if not size or not sys.stderr.isatty():
        yield file.read
        return
    with click.progressbar(length=size, file=sys.stderr) as bar:

        def read(count: int) -> bytes:
            part = file.read(count)
            bar.update(len(part))
            return part

        yield read
