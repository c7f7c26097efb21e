"""`flask lookup`: risk factors in the terminal."""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager
from datetime import date
from typing import IO, Callable, Iterator

import click
from flask.cli import with_appcontext

from webapp.cli.errors import one_line_errors
from webapp.cli.options import parse_date
from webapp.data import current, reads
from webapp.tables import kinds, workbook
from webapp.zipcodes import bulk
from webapp.zipcodes.columns import ListColumns
from webapp.zipcodes.lookup import Lookup
from webapp.zipcodes.opened_list import look_up_workbook


# The help is an argument, because `python -OO` strips docstrings.
@click.command(
    "lookup",
    help="""Print the risk factors of ZIPCODES, one a line.

    Or of a list, which is written to standard output with the columns risk_factor and error added; standard
    error names the column that was read: flask lookup --csv in.csv > out.csv

    Needs no running server. Ends with status 1 when a zipcode on the command line has no factor, when the
    list cannot be read to its end, or when its column of zipcodes is not clear. What was written before an
    error is not whole.
    """,
)
@click.argument("zipcodes", nargs=-1)
@click.option(
    "--csv",
    "--file",
    "file",
    type=click.File("rb"),
    help="A list in CSV or an Excel workbook (.xlsx), or - for standard input.",
)
@click.option("--column", default="", help="Its column with the zipcodes: the name, or the number from 1.")
@click.option(
    "--on",
    callback=parse_date,
    metavar="DATE",
    help="The day in Belgium on which the risk factors count, such as 2026-03-15; by default today.",
)
@with_appcontext
def command(zipcodes: tuple[str, ...], file: IO[bytes] | None, column: str, on: date | None) -> None:
    if bool(zipcodes) == bool(file):
        raise click.UsageError("Give zipcodes, or a file with --csv.")
    if column and not file:
        raise click.UsageError("Zipcodes on the command line have no columns: leave --column out.")
    with one_line_errors():
        current.watcher().load()
        lookup = reads.lookup(on)
        if file:
            columns = _look_up(file, lookup, column)
            sys.stdout.buffer.flush()
            _print_column(columns)
            return
        found = [lookup.result(zipcode) for zipcode in zipcodes]
        for zipcode, (factor, error) in zip(zipcodes, found):
            click.echo(f"{zipcode}\t{factor or error}")
            if factor and lookup.read_as(zipcode):
                click.echo(f"{zipcode}: read as {lookup.read_as(zipcode)} {error}".rstrip(), err=True)
    if not all(factor for factor, _error in found):
        sys.exit(1)


def _look_up(file: IO[bytes], lookup: Lookup, column: str) -> ListColumns:
    with _progress(file) as read:
        head = read(len(kinds.ZIP))
        if kinds.is_workbook(head):
            return _look_up_workbook(head, read, lookup, column)
        parts = [head]
        result = bulk.look_up_csv(
            lambda size: parts.pop() if parts and parts[0] else read(size),
            sys.stdout.buffer.write,
            lookup,
            column,
        )
    return result.columns


def _look_up_workbook(head: bytes, read: Callable[[int], bytes], lookup: Lookup, column: str) -> ListColumns:
    body = io.BytesIO(head + read(workbook.MAX_FILE_BYTES))
    if len(body.getvalue()) > workbook.MAX_FILE_BYTES:
        raise workbook.too_large_file()
    output = io.BytesIO()
    columns = look_up_workbook(body, output, lookup, column).columns
    sys.stdout.buffer.write(output.getvalue())
    return columns


def _print_column(columns: ListColumns) -> None:
    name = f" “{columns.name}”" if columns.name else ""
    click.echo(f"Zipcodes read from column {columns.column + 1}{name}.", err=True)


@contextmanager
def _progress(file: IO[bytes]) -> Iterator[Callable[[int], bytes]]:
    """Yield a read function, with a progress bar if standard error is a terminal."""
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
