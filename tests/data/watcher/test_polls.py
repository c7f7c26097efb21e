"""A poll detects each change with one statement."""

from __future__ import annotations

from datetime import date, datetime, timezone
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import delete, insert, literal, select, text, update

from tests.conftest import ORDINARY_DAY, SetClock
from tests.data.watcher.changes import (
    CORRECTED_FACTOR,
    DECEMBER,
    LATER,
    NEW_TABLE,
    PLANNED,
    REVISED_VALUE,
    write,
)
from tests.health_index.stored_values import on_sqlite
from tests.support.databases import statements_of
from tests.support.risk_tables import unprotect_in
from webapp.data.database import db
from webapp.data.index_models import IndexValue, UpstreamCheck
from webapp.data.snapshot import Snapshot
from webapp.data.watcher import Watcher
from webapp.data.zipcode_models import Place, RiskRange, RiskTable

NEW_PLACE = insert(Place).from_select(
    [column.name for column in Place.__table__.columns],
    select(
        *(literal(9001) if column.name == "zipcode" else column for column in Place.__table__.columns)
    ).where(Place.zipcode == 9000),
)

# Each kind of change that a trigger must detect.
CHANGES = {
    "risk_table": [
        insert(RiskTable).values(**NEW_TABLE),
        update(RiskTable).values(effective_from=date(2026, 1, 1)),
        delete(RiskTable).where(RiskTable.id == 2),
    ],
    "risk_range": [
        insert(RiskRange).values(risk_table_id=1, first=1311, last=1311, factor="A"),
        CORRECTED_FACTOR,
        delete(RiskRange).where(RiskRange.first == 9000),
    ],
    "index_value": [
        insert(IndexValue).values(
            base_year=2013,
            month=date(2026, 9, 1),
            value=Decimal("140.60"),
            status="published",
            source="bestat",
            fetched_at=ORDINARY_DAY,
        ),
        REVISED_VALUE,
        update(IndexValue).where(*DECEMBER).values(status="converted"),
        update(IndexValue).where(*DECEMBER).values(fetched_at=LATER),
        delete(IndexValue).where(*DECEMBER),
    ],
    "place": [
        NEW_PLACE,
        update(Place).where(Place.zipcode == 9000).values(name_fr="Gant"),
        update(Place).values(loaded_at=LATER),
        delete(Place).where(Place.zipcode == 9000),
    ],
    "upstream_check": [
        insert(UpstreamCheck).values(id=1, attempted_at=LATER),
        update(UpstreamCheck).values(succeeded_at=LATER),
        delete(UpstreamCheck),
    ],
}


def contents(snapshot: Snapshot | None) -> object:
    assert snapshot is not None
    return (
        snapshot.risk_tables,
        snapshot.places.rows,
        snapshot.places.loaded_at,
        snapshot.index.by_base_year,
        snapshot.upstream,
    )


@pytest.mark.parametrize("table", CHANGES)
def test_every_change_of_a_table_is_loaded(app: Flask, watcher: Watcher, table: str) -> None:
    unprotect_in(app)
    for change in CHANGES[table]:
        before, serial = contents(watcher.snapshot), watcher.serial
        write(app, change)
        watcher.poll()
        assert contents(watcher.snapshot) != before, change
        assert watcher.serial == serial + 1


def test_poll_without_a_change_is_one_statement(app: Flask, watcher: Watcher) -> None:
    before, sent = watcher.snapshot, statements_of(app)
    watcher.poll()
    assert len(sent) == 1
    assert watcher.snapshot is before


def test_unchanged_places_keep_their_search_index(app: Flask, watcher: Watcher) -> None:
    assert watcher.snapshot is not None
    before = watcher.snapshot.places
    write(app, REVISED_VALUE)
    watcher.poll()
    assert watcher.snapshot.places is before


def test_past_and_planned_risk_tables_are_loaded(app: Flask, watcher: Watcher) -> None:
    write(app, PLANNED)
    watcher.poll()
    assert watcher.snapshot is not None
    assert [table.id for table in watcher.snapshot.risk_tables] == [1, 2]
    assert watcher.snapshot.risk_table.id == 1


@on_sqlite
def test_day_changes_at_midnight_in_brussels(app: Flask, watcher: Watcher, set_clock: SetClock) -> None:
    assert watcher.snapshot is not None
    serial = watcher.serial
    set_clock(datetime(2026, 9, 14, 21, 59, 59, tzinfo=timezone.utc))
    watcher.poll()
    assert (watcher.snapshot.day, watcher.serial) == (date(2026, 9, 14), serial)
    set_clock(datetime(2026, 9, 14, 22, 0, tzinfo=timezone.utc))
    watcher.poll()
    assert (watcher.snapshot.day, watcher.serial) == (date(2026, 9, 15), serial + 1)


def test_schema_without_a_data_version_is_loaded_at_every_poll(app: Flask, watcher: Watcher) -> None:
    """As of the previous release, until `flask init-db` has run."""
    serial = watcher.serial
    unprotect_in(app)
    with app.app_context(), db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("DROP FUNCTION bump_data_version() CASCADE"))
        else:
            names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
            for name in names.scalars().all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text("DROP TABLE data_version"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
    watcher.poll()  # fails, and the next one loads
    watcher.poll()
    assert watcher.failure is None
    write(app, CORRECTED_FACTOR)
    watcher.poll()
    assert watcher.serial >= serial + 2
    assert app.test_client().get("/zipcode/9000").json == {"risk_factor": "C"}
