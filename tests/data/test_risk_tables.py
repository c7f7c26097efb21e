"""Risk tables in the database: loading, cancelling, reinstating, and the triggers that keep them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Sequence

import pytest
from flask import Flask
from sqlalchemy import insert, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.conftest import ORDINARY_DAY, SetClock
from tests.support.commands import run
from tests.support.risk_tables import load_table
from tests.zipcodes.seed import RANGES
from webapp.clock import today
from webapp.data import audit_log, risk_tables
from webapp.data.audit_log import AuditEntry, Author
from webapp.data.database import db
from webapp.data.risk_tables import ActionRefused, Limits, NewTable, Plan
from webapp.data.zipcode_models import RiskRange, RiskTable
from webapp.errors import RiskTableNotFound
from webapp.zipcodes.risk_table import Range

SEED = [Range(*entry) for entry in sorted(RANGES)]
IN_USE = [1000, 2000, 3000, 9000]
TODAY = ORDINARY_DAY.date()
# Triggers have the clock of the database: also years after the real day.
PLANNED_DAY = date(2035, 1, 1)
ONE_RANGE = (Range(9000, 9000, "C"),)
ELS = Author("Els", "new tariff")


def new_table(effective_from: date = PLANNED_DAY, ranges: Sequence[Range] = ONE_RANGE) -> NewTable:
    return NewTable(ranges, "Tariff 2035", effective_from, "2035.csv", "0" * 64, "a note")


def planned(session: Session, new: NewTable, limits: Limits) -> Plan:
    return risk_tables.plan(risk_tables.timeline(session), new, IN_USE, limits)


def log(session: Session) -> list[tuple[Any, ...]]:
    session.flush()
    return [
        (entry.by, entry.action, entry.risk_table_id, entry.details, entry.reason)
        for entry in audit_log.entries(session)
    ]


def test_seed_has_an_open_beginning_and_an_entry_in_the_log(session: Session) -> None:
    (seed,) = risk_tables.timeline(session).tables
    assert (seed.id, seed.name, seed.effective_from, seed.loaded_by) == (
        1,
        "seed/risk_table.csv",
        None,
        "flask init-db",
    )
    assert log(session) == [("flask init-db", "load", 1, "seed/risk_table.csv", "")]


def test_loaded_table_is_stored_with_author_note_and_log_entry(session: Session, set_clock: SetClock) -> None:
    set_clock(ORDINARY_DAY.replace(hour=15))
    table_id = risk_tables.load(session, new_table(), ELS).id
    stored = risk_tables.timeline(session).get(table_id)
    assert (stored.name, stored.note, stored.loaded_by, stored.sha256) == (
        "Tariff 2035",
        "a note",
        "Els",
        "0" * 64,
    )
    assert (stored.effective_from, stored.imported_at) == (PLANNED_DAY, ORDINARY_DAY.replace(hour=15))
    assert stored.ranges == (Range(9000, 9000, "C"),)
    details = "Tariff 2035 from 2035.csv, in force from 2035-01-01"
    assert log(session)[0] == ("Els", "load", table_id, details, "new tariff")


def test_same_contents_may_be_loaded_again_with_a_greater_id(session: Session) -> None:
    ids = [risk_tables.load(session, new_table(), ELS).id for _ in range(3)]
    assert ids == sorted(set(ids))


def test_plan_compares_with_the_table_that_counts_on_the_first_day(session: Session) -> None:
    limits = Limits(max_lost_share=1)
    assert planned(session, new_table(), limits).against == risk_tables.timeline(session).get(1)
    earlier = risk_tables.load(session, new_table(), ELS).id
    again = planned(session, new_table(), limits)
    assert again.against and again.against.id == earlier
    assert again.diff.changes == ()


def test_date_in_the_past_is_refused_unless_backdated(session: Session) -> None:
    yesterday = new_table(TODAY - timedelta(days=1), SEED)
    refusal = planned(session, yesterday, Limits(1)).refusal
    assert refusal and refusal.startswith("2026-09-13 is in the past (today is 2026-09-14)")
    assert planned(session, yesterday, Limits(1, may_backdate=True)).refusal is None
    assert planned(session, new_table(TODAY, SEED), Limits(0)).refusal is None


def test_table_that_drops_too_many_zipcodes_in_use_is_refused(session: Session) -> None:
    new = new_table()
    assert planned(session, new, Limits(0.75)).refusal is None
    assert planned(session, new, Limits(0.74)).refusal == (
        "3 of 4 zipcodes in use would lose their factor, more than 74.0%. If that is right, add --force."
    )


def test_planned_table_is_cancelled_once(session: Session) -> None:
    table_id = risk_tables.load(session, new_table(), ELS).id
    risk_tables.cancel(session, table_id, Author("Jan", "postponed"))
    tables = risk_tables.timeline(session)
    assert tables.state(tables.get(table_id), today()) == "cancelled"
    assert log(session)[0] == ("Jan", "cancel", table_id, "Tariff 2035, from 2035-01-01", "postponed")
    with pytest.raises(ActionRefused, match="already cancelled"):
        risk_tables.cancel(session, table_id, ELS)


def test_table_whose_first_day_has_come_is_not_cancelled(session: Session) -> None:
    table_id = risk_tables.load(session, new_table(TODAY), ELS).id
    for number in (1, table_id):
        with pytest.raises(ActionRefused, match="no longer planned"):
            risk_tables.cancel(session, number, ELS)
    with pytest.raises(RiskTableNotFound):
        risk_tables.cancel(session, 99, ELS)


def test_reinstated_table_is_a_new_one_with_the_old_contents(session: Session) -> None:
    seed = risk_tables.timeline(session).get(1)
    new = risk_tables.reinstated(seed, PLANNED_DAY, "back to the first")
    table_id = risk_tables.load(session, new, ELS, audit_log.REINSTATE).id
    stored = risk_tables.timeline(session).get(table_id)
    assert stored == replace(
        seed, id=table_id, effective_from=PLANNED_DAY, loaded_by="Els", note="back to the first"
    )
    assert log(session)[0][1:4] == (
        "reinstate",
        table_id,
        "seed/risk_table.csv from risk table 1, in force from 2035-01-01",
    )


# Triggers

KEPT = "a risk table never changes"
CHANGES = [
    ("UPDATE risk_table SET effective_from = '2035-02-01' WHERE id = {planned}", KEPT),
    ("UPDATE risk_table SET effective_from = '2035-02-01' WHERE id = 1", KEPT),
    ("UPDATE risk_table SET name = 'other'", KEPT),
    ("UPDATE risk_table SET open_beginning = false", KEPT),
    ("DELETE FROM risk_table WHERE id = 1", KEPT),
    ("DELETE FROM risk_table WHERE id = {planned}", KEPT),
    ("UPDATE risk_range SET factor = 'A'", KEPT),
    ("DELETE FROM risk_range WHERE risk_table_id = 1", KEPT),
    ("UPDATE risk_table SET cancelled_at = NULL WHERE id = {cancelled}", "only a planned risk table"),
    ("UPDATE audit_log SET reason = 'other'", "the audit log never changes"),
    ("DELETE FROM audit_log", "the audit log never changes"),
]
CHANGES_ON_POSTGRESQL = [
    ("UPDATE risk_table SET cancelled_at = now() WHERE id = 1", "only a planned risk table"),
    ("INSERT INTO risk_range (risk_table_id, first, last, factor) VALUES (1, 1311, 1311, 'A')", KEPT),
    ("TRUNCATE risk_table CASCADE", KEPT),
    ("TRUNCATE risk_range", KEPT),
    ("TRUNCATE audit_log", "the audit log never changes"),
]


def assert_refused(session: Session, statement: str, message: str) -> None:
    planned_id = risk_tables.load(session, new_table(), ELS).id
    cancelled_id = risk_tables.load(session, new_table(), ELS).id
    risk_tables.cancel(session, cancelled_id, ELS)
    session.flush()
    with pytest.raises(DBAPIError, match=message):
        session.execute(text(statement.format(planned=planned_id, cancelled=cancelled_id)))


@pytest.mark.parametrize(("statement", "message"), CHANGES)
def test_change_is_refused_by_the_database(session: Session, statement: str, message: str) -> None:
    assert_refused(session, statement, message)


@pytest.mark.parametrize(("statement", "message"), CHANGES_ON_POSTGRESQL)
def test_change_is_refused_by_postgresql(postgresql_app: Flask, statement: str, message: str) -> None:
    with postgresql_app.app_context():
        assert_refused(db.session(), statement, message)


@pytest.mark.parametrize(("days", "is_refused"), [(0, True), (1, False)])
def test_postgresql_lets_a_table_be_cancelled_until_midnight_in_brussels(
    postgresql_app: Flask, monkeypatch: pytest.MonkeyPatch, days: int, is_refused: bool
) -> None:
    with postgresql_app.app_context():
        session = db.session()
        brussels = session.scalar(text("SELECT CAST(now() AT TIME ZONE 'Europe/Brussels' AS date)"))
        table = risk_tables.load(session, new_table(brussels + timedelta(days=days)), ELS)
        statement = update(RiskTable).where(RiskTable.id == table.id).values(cancelled_at=ORDINARY_DAY)
        if is_refused:
            with pytest.raises(DBAPIError, match="only a planned risk table"):
                session.execute(statement)
        else:
            session.execute(statement)


def test_every_action_bumps_the_data_version(session: Session) -> None:
    def version() -> Any:
        session.flush()
        return session.scalar(text("SELECT version FROM data_version"))

    seen = [version()]
    session.add(AuditEntry(at=ORDINARY_DAY, by="", action="", risk_table_id=1, details="", reason=""))
    seen.append(version())
    table_id = risk_tables.load(session, new_table(), ELS).id
    seen.append(version())
    risk_tables.cancel(session, table_id, ELS)
    seen.append(version())
    assert seen == sorted(set(seen))


# The previous release

# Its INSERT of a table, without the columns of revision 0007.
ADD_TABLE = (
    "INSERT INTO risk_table (id, source, effective_from, imported_at, sha256, range_count) "
    "VALUES (2, 'seed/risk_table.csv', '2026-09-20', '2026-09-20 10:00:00', 'x', 1)"
)


def test_table_added_by_the_previous_release_counts(app: Flask, set_clock: SetClock) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text(ADD_TABLE))
        connection.execute(insert(RiskRange).values(risk_table_id=2, first=9000, last=9000, factor="C"))
    client = app.test_client()
    assert client.get("/zipcode/9000").json == {"risk_factor": "B"}
    set_clock(ORDINARY_DAY + timedelta(days=6))
    assert client.get("/zipcode/9000").json == {"risk_factor": "C"}


def test_upgrade_keeps_the_tables_of_the_previous_release(app: Flask) -> None:
    load_table(app, SEED[:3], date(2026, 9, 20), "seed/risk_table.csv")
    assert run(app, "db", "downgrade").exit_code == 0
    client = app.test_client()
    assert client.get("/zipcode/9000").headers["Risk-Table-Effective-Until"] == "2026-09-19"
    assert run(app, "init-db").exit_code == 0
    with app.app_context(), Session(db.engine) as session:
        second, first = risk_tables.timeline(session).entries(TODAY)
        assert [
            (entry["id"], entry["effective_from"], entry["range_count"]) for entry in (first, second)
        ] == [
            (1, None, 164),
            (2, date(2026, 9, 20), 3),
        ]
        assert [entry[:4] for entry in log(session)] == [
            ("flask init-db", "load", 2, "seed/risk_table.csv"),
            ("flask init-db", "load", 1, "seed/risk_table.csv"),
        ]


def test_commands_need_the_schema_of_this_release(app: Flask) -> None:
    assert run(app, "db", "downgrade").exit_code == 0
    result = run(app, "risk-table", "list")
    assert result.exit_code == 1
    assert result.output.startswith("Error: The database cannot be used: the schema is at ")
