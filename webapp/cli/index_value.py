"""`flask index-value`: see, withdraw and lock single values of the health index."""

from __future__ import annotations

import getpass
import json
import os
import re
from datetime import date
from decimal import Decimal
from typing import Any, Callable, TypeVar

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from webapp.cli.errors import one_line_errors
from webapp.data import index_decisions
from webapp.data.database import db
from webapp.data.index_decisions import Decision, ListedValue
from webapp.data.writing import writing
from webapp.i18n.iso_month import iso_month, parse_iso_month
from webapp.statbel.parsing import MAX_VALUE, MIN_VALUE

Command = TypeVar("Command", bound=Callable[..., Any])


@click.group("index-value")
def group() -> None:
    """See, withdraw and lock single values of the health index.

    For example: flask index-value withdraw 2013 2026-10 --reason "Statbel took it back"
    """


def _month(_context: click.Context, _parameter: click.Parameter, given: str) -> date:
    try:
        return parse_iso_month(given)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from None


def _number(_context: click.Context, _parameter: click.Parameter, given: str | None) -> Decimal | None:
    if given is None:
        return None
    if not re.fullmatch(r"[0-9]{1,4}\.[0-9]{2}", given) or not MIN_VALUE <= Decimal(given) <= MAX_VALUE:
        raise click.BadParameter(f"{given!r} is not an index with two decimals, such as 139.20.")
    return Decimal(given)


def _text(max_length: int) -> Callable[[click.Context, click.Parameter, str], str]:
    """Return a callback that takes a line of text."""

    def check(_context: click.Context, _parameter: click.Parameter, given: str) -> str:
        text = " ".join(given.split())
        if not text.isprintable() or not 1 <= len(text) <= max_length:
            raise click.BadParameter(f"give 1 to {max_length} printable characters.")
        return text

    return check


def _user() -> str:
    """Return the user of the operating system; a container may run as one without a name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _of_a_month(command: Command) -> Command:
    command = click.argument("month", callback=_month, metavar="MONTH")(command)
    return click.argument("base_year", type=click.IntRange(1000, 9999), metavar="BASE_YEAR")(command)


def _decided(command: Command) -> Command:
    command = click.option(
        "--by", default=_user, callback=_text(100), help="Who decides; the user of this command if not given."
    )(command)
    return click.option("--reason", required=True, callback=_text(500), help="Why, for those who ask later.")(
        command
    )


@group.command("list")
@click.option("--base-year", type=int, help="Only the values on this base year.")
@click.option("--decided", is_flag=True, help="Only the values that are withdrawn or locked.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
@with_appcontext
def list_values(base_year: int | None, decided: bool, as_json: bool) -> None:
    """List the values, newest first.

    Base year, month, value, status, source, when it was stored, and what was decided about it: by whom,
    when and why. Between them are tabs.
    """
    with one_line_errors(), Session(db.engine) as session:
        found = [
            value
            for value in index_decisions.values(session)
            if base_year in (None, value["base_year"]) and (value["decision"] or not decided)
        ]
    if as_json:
        click.echo(json.dumps(list(map(_json, found)), ensure_ascii=False, indent=2))
        return
    for value in found:
        click.echo("\t".join(_fields(value)))


@group.command("withdraw")
@_of_a_month
@_decided
@with_appcontext
def withdraw(base_year: int, month: date, reason: str, by: str) -> None:
    """Withdraw the value of MONTH (YYYY-MM) on BASE_YEAR.

    It is kept with the reason, but not served, and neither Statbel nor the seed brings the same value
    back; another one they may. To undo it: reinstate.
    """
    with one_line_errors(), writing() as session:
        value = index_decisions.withdraw(session, base_year, month, Decision(reason, by))
    click.echo(f"Withdrawn: {value} of {iso_month(month)} on base year {base_year}.")


@group.command("reinstate")
@_of_a_month
@click.option("--value", callback=_number, help="The value, if several of the month are withdrawn.")
@with_appcontext
def reinstate(base_year: int, month: date, value: Decimal | None) -> None:
    """Serve the withdrawn value of MONTH (YYYY-MM) on BASE_YEAR again."""
    with one_line_errors(), writing() as session:
        value = index_decisions.reinstate(session, base_year, month, value)
    click.echo(f"Reinstated: {value} of {iso_month(month)} on base year {base_year}.")


@group.command("lock")
@_of_a_month
@click.option("--value", callback=_number, help="Another value than the one that is held, such as 139.20.")
@_decided
@with_appcontext
def lock(base_year: int, month: date, value: Decimal | None, reason: str, by: str) -> None:
    """Keep the value of MONTH (YYYY-MM) on BASE_YEAR, whatever Statbel or the seed says.

    To undo it: unlock.
    """
    with one_line_errors(), writing() as session:
        value = index_decisions.lock(session, base_year, month, value, Decision(reason, by))
    click.echo(f"Locked: {value} of {iso_month(month)} on base year {base_year}.")


@group.command("unlock")
@_of_a_month
@with_appcontext
def unlock(base_year: int, month: date) -> None:
    """Let Statbel change the value of MONTH (YYYY-MM) on BASE_YEAR again."""
    with one_line_errors(), writing() as session:
        index_decisions.unlock(session, base_year, month)
    click.echo(f"Unlocked: {iso_month(month)} on base year {base_year}.")


def _json(value: ListedValue) -> dict[str, Any]:
    return {
        **value,
        "month": iso_month(value["month"]),
        "value": float(value["value"]),
        "fetched_at": value["fetched_at"].isoformat(),
        "decided_at": value["decided_at"] and value["decided_at"].isoformat(),
    }


def _fields(value: ListedValue) -> list[str]:
    fields = [
        str(value["base_year"]),
        iso_month(value["month"]),
        str(value["value"]),
        value["status"],
        value["source"],
        f"{value['fetched_at']:%Y-%m-%dT%H:%MZ}",
    ]
    if value["decision"]:
        decided = f"{value['decision']} by {value['decided_by']} on {value['decided_at']:%Y-%m-%d}"
        fields.append(f"{decided}: {value['reason']}")
    return fields
