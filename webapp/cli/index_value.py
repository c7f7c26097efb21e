"""`flask index-value`: list, withdraw and lock single index values."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from typing import Any, Callable, TypeVar

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from webapp.cli.errors import one_line_errors
from webapp.cli.options import current_user, parse_line
from webapp.data import index_decisions
from webapp.data.database import db
from webapp.data.index_decisions import Decision, ListedValue
from webapp.data.transactions import write_transaction
from webapp.i18n.iso_month import iso_month, parse_iso_month
from webapp.statbel.parsing import MAX_VALUE, MIN_VALUE

Command = TypeVar("Command", bound=Callable[..., Any])


@click.group(
    "index-value",
    help="""List, withdraw and lock single values of the health index.

    For example: flask index-value withdraw 2013 2026-10 --reason "Statbel took it back"
    """,
)
def group() -> None:
    pass


def _parse_month(_context: click.Context, _parameter: click.Parameter, text: str) -> date:
    try:
        return parse_iso_month(text)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from None


def _parse_value(_context: click.Context, _parameter: click.Parameter, text: str | None) -> Decimal | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,4}\.[0-9]{2}", text) or not MIN_VALUE <= Decimal(text) <= MAX_VALUE:
        raise click.BadParameter(f"{text!r} is not an index with two decimals, such as 139.20.")
    return Decimal(text)


def _month_arguments(command: Command) -> Command:
    command = click.argument("month", callback=_parse_month, metavar="MONTH")(command)
    return click.argument("base_year", type=click.IntRange(1000, 9999), metavar="BASE_YEAR")(command)


def _decision_options(command: Command) -> Command:
    command = click.option(
        "--by",
        default=current_user,
        callback=parse_line(100),
        help="Author of the decision; by default the current user.",
    )(command)
    return click.option(
        "--reason",
        required=True,
        callback=parse_line(500),
        help="Reason for the decision, for later reference.",
    )(command)


@group.command(
    "list",
    help="""List the values, newest first.

    Columns, separated by tabs: base year, month, value, status, source, time of storage, and the decision
    with author, date and reason.
    """,
)
@click.option("--base-year", type=int, help="Only values on this base year.")
@click.option("--decided", is_flag=True, help="Only withdrawn and locked values.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
@with_appcontext
def list_values(base_year: int | None, decided: bool, as_json: bool) -> None:
    with one_line_errors(), Session(db.engine) as session:
        found = [
            listed
            for listed in index_decisions.values(session)
            if base_year in (None, listed.value.base_year) and (listed.decision or not decided)
        ]
    if as_json:
        click.echo(json.dumps([_json(listed) for listed in found], ensure_ascii=False, indent=2))
        return
    for listed in found:
        click.echo("\t".join(_fields(listed)))


@group.command(
    "withdraw",
    help="""Withdraw the value of MONTH (YYYY-MM) on BASE_YEAR.

    The value is kept with its reason, but not served. Neither Statbel nor the seed restores it, but they may
    supply a different value. To undo it: reinstate.
    """,
)
@_month_arguments
@_decision_options
@with_appcontext
def withdraw(base_year: int, month: date, reason: str, by: str) -> None:
    with one_line_errors(), write_transaction() as session:
        value = index_decisions.withdraw(session, base_year, month, Decision(reason, by))
    click.echo(f"Withdrawn: {value} of {iso_month(month)} on base year {base_year}.")


@group.command("reinstate", help="Serve the withdrawn value of MONTH (YYYY-MM) on BASE_YEAR again.")
@_month_arguments
@click.option("--value", callback=_parse_value, help="The value, if several of the month are withdrawn.")
@with_appcontext
def reinstate(base_year: int, month: date, value: Decimal | None) -> None:
    with one_line_errors(), write_transaction() as session:
        value = index_decisions.reinstate(session, base_year, month, value)
    click.echo(f"Reinstated: {value} of {iso_month(month)} on base year {base_year}.")


@group.command(
    "lock",
    help="""Lock the value of MONTH (YYYY-MM) on BASE_YEAR against changes by Statbel or the seed.

    To undo it: unlock.
    """,
)
@_month_arguments
@click.option("--value", callback=_parse_value, help="A value other than the stored one, such as 139.20.")
@_decision_options
@with_appcontext
def lock(base_year: int, month: date, value: Decimal | None, reason: str, by: str) -> None:
    with one_line_errors(), write_transaction() as session:
        value = index_decisions.lock(session, base_year, month, value, Decision(reason, by))
    click.echo(f"Locked: {value} of {iso_month(month)} on base year {base_year}.")


@group.command("unlock", help="Let Statbel change the value of MONTH (YYYY-MM) on BASE_YEAR again.")
@_month_arguments
@with_appcontext
def unlock(base_year: int, month: date) -> None:
    with one_line_errors(), write_transaction() as session:
        index_decisions.unlock(session, base_year, month)
    click.echo(f"Unlocked: {iso_month(month)} on base year {base_year}.")


def _json(listed: ListedValue) -> dict[str, Any]:
    value, decided = listed.value, listed.decided
    return {
        "base_year": value.base_year,
        "month": iso_month(value.month),
        "value": float(value.value),
        "status": value.status,
        "source": value.source,
        "fetched_at": value.fetched_at.isoformat(),
        "decision": listed.decision,
        "reason": decided.reason if decided else None,
        "decided_by": decided.decided_by if decided else None,
        "decided_at": decided.decided_at.isoformat() if decided else None,
    }


def _fields(listed: ListedValue) -> list[str]:
    value, decided = listed.value, listed.decided
    fields = [
        str(value.base_year),
        iso_month(value.month),
        str(value.value),
        value.status,
        value.source,
        f"{value.fetched_at:%Y-%m-%dT%H:%MZ}",
    ]
    if decided:
        summary = f"{listed.decision} by {decided.decided_by} on {decided.decided_at:%Y-%m-%d}"
        fields.append(f"{summary}: {decided.reason}")
    return fields
