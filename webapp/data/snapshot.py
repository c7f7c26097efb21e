"""The snapshot, an immutable copy of all data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, select

from webapp import clock
from webapp.data import risk_tables, schema
from webapp.data.database import Model
from webapp.data.index_models import IndexValue as IndexValueModel
from webapp.data.index_models import UpstreamCheck as UpstreamCheckModel
from webapp.data.index_models import WithdrawnIndexValue
from webapp.data.stored import readable
from webapp.data.version_model import data_version
from webapp.data.zipcode_models import Place, PlaceName
from webapp.data.zipcode_models import SpecialZipcode as SpecialZipcodeModel
from webapp.health_index.base_years import known_base_years
from webapp.health_index.conversion import with_conversions
from webapp.health_index.values import HealthIndex, IndexValue
from webapp.zipcodes import risk_table
from webapp.zipcodes.place import OtherName, PlaceRow, SpecialZipcode
from webapp.zipcodes.places import Places
from webapp.zipcodes.risk_table import RiskTable
from webapp.zipcodes.timeline import Timeline


class UpstreamCheck(NamedTuple):
    attempted_at: datetime
    succeeded_at: datetime | None
    failure: str | None


@dataclass(frozen=True)
class Snapshot:
    """All data that requests read.

    Attributes:
        serial: increases within the process; caches depend on it.
        version: None on a schema without a data version.
        day: the date in Brussels.
        risk_tables: also past, planned and cancelled ones.
        upstream: None before the first refresh.
    """

    serial: int
    revision: str
    version: int | None
    day: date
    risk_tables: tuple[RiskTable, ...]
    places: Places
    index: HealthIndex
    upstream: UpstreamCheck | None

    @property
    def risk_table(self) -> RiskTable:
        """Return the risk table in force. Raises RiskTableUnavailable."""
        return risk_table.in_force(self.risk_tables, self.day)

    @cached_property
    def timeline(self) -> Timeline:
        """Return the risk tables in the order in which they count."""
        return Timeline(self.risk_tables)

    @property
    def base_years(self) -> list[int]:
        """All base years, newest first."""
        return known_base_years(self.index.by_base_year)


def load(connection: Connection, previous: Snapshot | None) -> Snapshot:
    """Load a snapshot in one transaction. Raises SQLAlchemyError or UnusableDatabase."""
    begin_reading(connection)
    revision = schema.revision(connection)
    schema.require_readable(revision)
    with readable(connection):
        return _load(connection, revision, previous)


def _load(connection: Connection, revision: str, previous: Snapshot | None) -> Snapshot:
    values = (IndexValue(*row) for row in connection.execute(_columns(IndexValueModel, IndexValue)))
    withdrawals = _withdrawals(connection, revision)
    return Snapshot(
        serial=previous.serial + 1 if previous else 1,
        revision=revision,
        version=data_version(connection),
        day=clock.today(),
        risk_tables=risk_tables.read_tables(connection, revision),
        places=_places(connection, revision, previous),
        index=HealthIndex(with_conversions(values, withdrawals), max(withdrawals.values(), default=None)),
        upstream=_upstream(connection),
    )


def begin_reading(connection: Connection) -> None:
    """Begin a transaction with a consistent view."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    else:
        connection.exec_driver_sql("BEGIN")  # Python's sqlite3 does not begin one for a SELECT


def _places(connection: Connection, revision: str, previous: Snapshot | None) -> Places:
    rows = [PlaceRow(*row) for row in connection.execute(_columns(Place, PlaceRow))]
    if not rows:
        return Places((), None)
    loaded_at = connection.scalar(select(func.max(Place.loaded_at)))
    special: list[SpecialZipcode] = []
    other_names: list[OtherName] = []
    if revision >= schema.PLACE_NAMES_REVISION:
        special = [
            SpecialZipcode(*row) for row in connection.execute(_columns(SpecialZipcodeModel, SpecialZipcode))
        ]
        other_names = [OtherName(*row) for row in connection.execute(_columns(PlaceName, OtherName))]
        later = [
            connection.scalar(select(func.max(model.loaded_at))) for model in (SpecialZipcodeModel, PlaceName)
        ]
        loaded_at = max(filter(None, [loaded_at, *later]), default=None)
    places = Places(rows, loaded_at, special, other_names)
    if previous and previous.places.is_same(places):
        return previous.places  # with their search index, which is expensive
    return places


def _withdrawals(connection: Connection, revision: str) -> dict[tuple[int, date], datetime]:
    """Return when the value of a base year and month was last withdrawn."""
    if revision < schema.WITHDRAWALS_REVISION:
        return {}
    key = (WithdrawnIndexValue.base_year, WithdrawnIndexValue.month)
    latest = select(*key, func.max(WithdrawnIndexValue.decided_at)).group_by(*key)
    return {(base_year, month): decided_at for base_year, month, decided_at in connection.execute(latest)}


def _upstream(connection: Connection) -> UpstreamCheck | None:
    row = connection.execute(_columns(UpstreamCheckModel, UpstreamCheck)).first()
    return UpstreamCheck(*row) if row else None


def _columns(model: type[Model], row: type[Any]) -> Select[Any]:
    """Select the fields of the named tuple `row`, ordered by primary key."""
    table = model.metadata.tables[model.__tablename__]
    return select(*(table.columns[name] for name in row._fields)).order_by(*table.primary_key)
