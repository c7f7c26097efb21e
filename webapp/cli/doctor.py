"""`flask doctor`: check settings, database, clock, upstream and disk."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Iterator, NamedTuple

import click
from flask import Flask, current_app, json
from flask.cli import with_appcontext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from webapp import clock
from webapp.config import Settings, database_place
from webapp.data import schema, snapshot
from webapp.data.attempt import Attempt
from webapp.data.database import Model, db, is_missing_table, reason
from webapp.data.schema import MISSING_TABLE, UnusableDatabase
from webapp.data.snapshot import Snapshot
from webapp.data.status import index_status, lag_reason
from webapp.errors import RiskTableUnavailable
from webapp.http import rate_limit
from webapp.statbel.parsing import UpstreamError
from webapp.statbel.sources import Statbel
from webapp.zipcodes import risk_table

OK, WARNING, FAILED = "ok", "warning", "failed"

DATABASE_TIMEOUT_SECONDS = 10.0
REDIS_TIMEOUT_SECONDS = 2.0

# Risk tables take effect at midnight, and several processes should agree when that is.
MAX_CLOCK_DIFFERENCE_SECONDS = 5

# For the largest response to a list.
MIN_FREE_BYTES = 256 * 1024 * 1024

# Rights that the service needs besides SELECT on every table, to store what Statbel publishes.
WRITES = {
    "index_value": ("INSERT", "UPDATE", "DELETE"),
    "upstream_check": ("INSERT", "UPDATE"),
    "data_version": ("UPDATE",),
}


class Check(NamedTuple):
    """A result; `advice` says what to do unless all is well."""

    name: str
    status: str
    message: str
    advice: str = ""

    def __str__(self) -> str:
        advice = f": {self.advice}" if self.advice else ""
        return f"{self.status:<8} {self.name}: {self.message}{advice}"


# The help is an argument, because `python -OO` strips docstrings.
@click.command(
    "doctor",
    help="""Check settings, database, clock, Statbel, Redis and temporary files, one line each.

    Each line says what to do, unless all is well. Ends with status 1 when a check failed; warnings do not
    count. Needs no running server, changes nothing, and takes at most about a minute.
    """,
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@with_appcontext
def command(as_json: bool) -> None:
    checks = []
    for check in run(current_app):
        checks.append(check)
        if not as_json:
            click.echo(str(check))
    failed = any(check.status == FAILED for check in checks)
    if as_json:
        status = FAILED if failed else OK
        click.echo(json.dumps({"status": status, "checks": [check._asdict() for check in checks]}))
    if failed:
        sys.exit(1)


def run(app: Flask) -> Iterator[Check]:
    settings: Settings = app.extensions["settings"]
    yield from check_settings(settings)
    yield from check_database(settings)
    yield from check_redis(settings)
    yield from check_upstream(app.extensions["statbel"])
    yield check_temporary_files()


def check_settings(settings: Settings) -> Iterator[Check]:
    for note in settings.notes:
        yield Check("settings", WARNING, note, "correct or delete the line")
    yield Check("settings", OK, f"valid, database {database_place(settings.database_url)}")


class Seen(NamedTuple):
    """Findings of one connection to the database."""

    snapshot: Snapshot | None
    problem: str
    missing_rights: list[str]
    is_replica: bool
    clock_seconds: float | None


def check_database(settings: Settings) -> Iterator[Check]:
    attempt = Attempt(db.engine, _look)
    if not attempt.wait(DATABASE_TIMEOUT_SECONDS):
        attempt.abandon()
        yield Check("database", FAILED, "no response (timeout)", "look at the database server")
        return
    try:
        seen = attempt.result()
    except (SQLAlchemyError, UnicodeError, OSError) as error:
        advice = "check DATABASE_URL, and that the server runs and accepts this host and user"
        yield Check("database", FAILED, reason(error), advice)
        return
    if seen.snapshot is None:
        yield Check("database", FAILED, *_split(seen.problem))
    else:
        yield from _check_data(seen.snapshot, settings.max_index_lag_days)
    yield _check_rights(settings, seen)
    yield _check_clock(seen)


def _look(connection: Connection) -> Seen:
    try:
        found, problem = snapshot.load(connection, None), ""
    except UnusableDatabase as error:
        found, problem = None, str(error)
    except SQLAlchemyError as error:
        if not is_missing_table(error):
            raise
        found, problem = None, MISSING_TABLE
    connection.rollback()
    if connection.dialect.name != "postgresql":
        return Seen(found, problem, [], is_replica=False, clock_seconds=None)
    before = clock.now()
    theirs: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    middle = before + (clock.now() - before) / 2
    return Seen(
        found,
        problem,
        _missing_rights(connection),
        is_replica=bool(connection.scalar(text("SELECT pg_is_in_recovery()"))),
        clock_seconds=(middle - theirs).total_seconds(),
    )


def _missing_rights(connection: Connection) -> list[str]:
    """Return rights as `INSERT on index_value`."""
    tables = set(inspect(connection).get_table_names()) & {*Model.metadata.tables, "alembic_version"}
    wanted = [(table, right) for table in sorted(tables) for right in ("SELECT", *WRITES.get(table, ()))]
    statement = text("SELECT has_table_privilege(:table, :right)")
    return [
        f"{right} on {table}"
        for table, right in wanted
        if not connection.scalar(statement, {"table": table, "right": right})
    ]


def _check_data(found: Snapshot, max_lag_days: int) -> Iterator[Check]:
    advice = schema.upgrade_advice(found.revision)
    if advice:
        yield Check("database", WARNING, *_split(advice))
    else:
        yield Check("database", OK, f"schema at {found.revision}, data version {found.version}")
    late, index = lag_reason(found, max_lag_days), index_status(found)
    if late:
        yield Check("index", WARNING, *_split(late))
    elif index:
        yield Check("index", OK, f"{index['month']} on base {index['base_year']}")
    for name, day in (("today", found.day), ("tomorrow", found.day + timedelta(days=1))):
        try:
            table = risk_table.in_force(found.risk_tables, day)
        except RiskTableUnavailable:
            yield Check("risk table", FAILED, f"none in force {name}", "run flask risk-table load")
        else:
            yield Check("risk table", OK, f"{table.id} is in force {name}")


def _check_rights(settings: Settings, seen: Seen) -> Check:
    if seen.is_replica:
        message = "a read replica, in which no value of Statbel is stored"
        return Check("rights", WARNING, message, "point one service or flask refresh-index at the primary")
    if settings.is_embedded:
        file = Path(db.engine.url.database or "")
        if not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)):
            advice = "let the user of this process write the file and its folder"
            return Check("rights", FAILED, f"{file} cannot be written", advice)
    elif seen.missing_rights:
        return Check("rights", FAILED, f"missing {', '.join(seen.missing_rights)}", "GRANT them to the user")
    return Check("rights", OK, "tables can be read, and those of the index written")


def _check_clock(seen: Seen) -> Check:
    local, seconds = (
        f"{clock.now().astimezone(clock.BRUSSELS):%Y-%m-%d %H:%M} in Brussels",
        seen.clock_seconds,
    )
    months = [max(months) for months in seen.snapshot.index.by_base_year.values()] if seen.snapshot else []
    if any(month > clock.today() for month in months):
        advice = "synchronise the clock of this machine (NTP)"
        return Check("clock", FAILED, f"{local}, before {max(months):%Y-%m}, whose index is stored", advice)
    if seconds is None:
        return Check("clock", OK, f"{local}, without another clock to compare with")
    message = f"{local}, {abs(seconds):.1f} seconds {'after' if seconds > 0 else 'before'} the database's"
    if abs(seconds) <= MAX_CLOCK_DIFFERENCE_SECONDS:
        return Check("clock", OK, message)
    return Check("clock", FAILED, message, "synchronise both machines (NTP): tables take effect at midnight")


def check_redis(settings: Settings) -> Iterator[Check]:
    if settings.redis_url is None:
        return
    from redis import Redis

    try:
        with Redis.from_url(settings.redis_url, **rate_limit.redis_options(REDIS_TIMEOUT_SECONDS)) as redis:
            key = f"{rate_limit.KEY_PREFIX}doctor"
            redis.eval(rate_limit.ADD_SCRIPT, 1, key, 0, 1)
    except Exception as error:  # noqa: BLE001  # redis-py raises various errors
        advice = "check REDIS_URL and the server; until then each process counts by itself"
        cause = " ".join(f"{type(error).__name__} {error}".split()).rstrip(".")
        yield Check("redis", FAILED, cause, advice)
    else:
        yield Check("redis", OK, "counts requests")


def check_upstream(statbel: Statbel) -> Iterator[Check]:
    """Read each source, one after the other, with a deadline for each."""
    found = {}
    for source in statbel.sources:
        try:
            observations = statbel.read(source, statbel.deadline()).observations
        except UpstreamError as error:
            found[source.name] = str(error)
            continue
        last = max(observation.month for observation in observations)
        yield Check(f"statbel {source.name}", OK, f"{len(observations)} values up to {last:%Y-%m}")
    # A source may be gone for long, as long as another responds.
    status = FAILED if len(found) == len(statbel.sources) else WARNING
    for name, message in found.items():
        advice = "check the URL, and that the firewall lets this host reach it"
        yield Check(f"statbel {name}", status, message, advice)


def check_temporary_files() -> Check:
    try:
        folder = tempfile.gettempdir()
        with tempfile.TemporaryFile() as file:
            file.write(b"x")
            file.flush()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        message = f"none can be written ({error.strerror})"
        return Check("temporary files", FAILED, message, "mount a writable /tmp, as with --tmpfs /tmp")
    message = f"{free // (1024 * 1024)} MB free in {folder}"
    if free < MIN_FREE_BYTES:
        advice = f"make {MIN_FREE_BYTES // (1024 * 1024)} MB free, for long lists"
        return Check("temporary files", WARNING, message, advice)
    return Check("temporary files", OK, message)


def _split(problem: str) -> tuple[str, str]:
    """Split a reason such as `… is missing: run flask init-db` into message and advice."""
    message, _, advice = problem.rpartition(": ")
    return message, advice
