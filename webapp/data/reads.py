"""Memoized queries on the current snapshot, shared by pages and API."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, Iterator

from webapp.data import current
from webapp.data.memo import memoize
from webapp.errors import DatabaseUnavailable, MonthNotFound
from webapp.health_index import base_years as base_year_rules
from webapp.health_index import latest, overview, series
from webapp.health_index import next_step as next_step_rules
from webapp.health_index import publications as publication_rules
from webapp.health_index import single_month as single_month_rules
from webapp.health_index.latest import LatestIndex
from webapp.health_index.next_step import NextStep
from webapp.health_index.overview import BaseYearOverview
from webapp.health_index.publications import Publication
from webapp.health_index.series import BaseYearRange, MonthlyIndex
from webapp.health_index.single_month import SingleMonth
from webapp.zipcodes import risk_table, search, table_diff, timeline
from webapp.zipcodes.lookup import Lookup
from webapp.zipcodes.place import Suggestion
from webapp.zipcodes.risk_table import RiskFactor, RiskTableDescription
from webapp.zipcodes.search import Matches
from webapp.zipcodes.table_diff import Counts
from webapp.zipcodes.timeline import RiskFactorOn


def risk_factor(zipcode: int, on: date | None = None) -> RiskFactorOn:
    """See timeline.find; the default is today. Also raises DatabaseUnavailable."""
    snapshot = current.snapshot()
    return _risk_factor(zipcode, snapshot.timeline.same_as(on, snapshot.day) if on else snapshot.day)


@memoize
def _risk_factor(zipcode: int, on: date) -> RiskFactorOn:
    snapshot = current.snapshot()
    return timeline.find(snapshot.timeline, snapshot.places, zipcode, on, snapshot.day)


@memoize
def risk_table_in_force() -> RiskTableDescription:
    """Raises RiskTableUnavailable."""
    snapshot = current.snapshot()
    return risk_table.describe(snapshot.risk_table, snapshot.places)


def risk_tables_changed_at() -> datetime | None:
    """Return the last change of any risk table or of the places; None without tables."""
    snapshot = current.snapshot()
    if not snapshot.risk_tables:
        return None
    changed_at = snapshot.timeline.changed_at(snapshot.day)
    return max(changed_at, snapshot.places.loaded_at or changed_at)


@memoize
def risk_table_diff(table_id: int, against_id: int | None) -> dict[str, Any]:
    """See table_diff.describe; None stands for no table. Raises RiskTableNotFound."""
    snapshot = current.snapshot()
    tables, places = snapshot.timeline, snapshot.places
    before = tables.get(against_id).ranges if against_id else ()
    found = table_diff.diff(before, tables.get(table_id).ranges, places.all_zipcodes)
    return table_diff.describe(found, places)


@memoize
def risk_table_counts() -> dict[int, Counts | None]:
    """Count the changes of each risk table against the one before, if any; see table_diff.count_in_use."""
    snapshot = current.snapshot()
    in_use = snapshot.places.all_zipcodes
    pairs = [(snapshot.timeline.before(table), table) for table in snapshot.timeline.tables]
    return {
        table.id: table_diff.count_in_use(before, table, in_use) if before else None
        for before, table in pairs
    }


def lookup(on: date | None = None) -> Lookup:
    """Return the lookup of cells of lists, today or on a date. Raises RiskTableUnavailable."""
    snapshot = current.snapshot()
    return _lookup(snapshot.timeline.on(on or snapshot.day).table.id)


def risk_table_headers(on: date | None) -> dict[str, str]:
    """See timeline.headers; the default is today. Raises RiskTableUnavailable."""
    snapshot = current.snapshot()
    table, first, last = snapshot.timeline.on(on or snapshot.day)
    return timeline.headers(table.id, first, last)


@memoize
def _lookup(table_id: int) -> Lookup:
    snapshot = current.snapshot()
    return Lookup(snapshot.timeline.get(table_id), snapshot.places)


@memoize
def suggestions(text: str, limit: int) -> Matches:
    return search.search(current.snapshot().places, text, limit)


@memoize
def nearest(text: str) -> list[Suggestion]:
    return search.nearest(current.snapshot().places, text)


def nearest_if_unused(found: RiskFactor | None) -> list[Suggestion]:
    """Return nearby places if bpost does not use the zipcode."""
    return nearest(str(found["zipcode"])) if found and not found["places"] else []


@memoize
def latest_index(base_year: int) -> LatestIndex:
    snapshot = current.snapshot()
    checked_at = snapshot.upstream.succeeded_at if snapshot.upstream else None
    return latest.latest(snapshot.index, base_year, snapshot.day, checked_at)


@memoize
def monthly_index(base_year: int) -> list[MonthlyIndex]:
    return series.months(current.snapshot().index, base_year)


@memoize
def single_month(month: date) -> SingleMonth:
    """See single_month.single_month."""
    return single_month_rules.single_month(current.snapshot().index, month)


def next_step(base_year: int, start: date | None = None, new: date | None = None) -> NextStep | None:
    """See next_step.next_step. Not memoized: `start` and `new` may be any months."""
    return next_step_rules.next_step(current.snapshot().index, base_year, start, new)


@contextmanager
def advice(base_year: int, start: date | None = None, new: date | None = None) -> Iterator[None]:
    """Add the next step to MonthNotFound."""
    try:
        yield
    except MonthNotFound as error:
        next_step_rules.add_advice(error, next_step(base_year, start, new))
        raise


@memoize
def index_changed_at(base_year: int) -> datetime:
    return current.snapshot().index.changed_at(base_year)


@memoize
def base_year_ranges() -> list[BaseYearRange]:
    return series.base_year_ranges(current.snapshot().index)


@memoize
def index_overview() -> list[BaseYearOverview]:
    return overview.overview(current.snapshot().index)


@memoize
def publications() -> list[Publication]:
    """See publications.published."""
    return publication_rules.published(current.snapshot().index)


@memoize
def expected_publications() -> list[Publication]:
    """See publications.expected."""
    snapshot = current.snapshot()
    return publication_rules.expected(snapshot.index, snapshot.day)


@memoize
def any_index_changed_at() -> datetime:
    """See publications.index_changed_at."""
    return publication_rules.index_changed_at(current.snapshot().index)


def base_years() -> list[int]:
    """Return the base years, newest first; without a snapshot, the built-in ones."""
    try:
        return current.snapshot().base_years
    except DatabaseUnavailable:
        return base_year_rules.known_base_years(())


def parse_base_year(text: str) -> int:
    """Parse a base year. Raises WrongYear."""
    return base_year_rules.parse_base_year(text, base_years())
