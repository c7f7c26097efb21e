"""Memoized queries on the current snapshot, shared by pages and API."""

from __future__ import annotations

from datetime import datetime

from webapp.data import current
from webapp.data.memo import memoize
from webapp.errors import DatabaseUnavailable
from webapp.health_index import base_years as base_year_rules
from webapp.health_index import latest, overview, series
from webapp.health_index.latest import LatestIndex
from webapp.health_index.overview import BaseYearOverview
from webapp.health_index.series import BaseYearRange, MonthlyIndex
from webapp.zipcodes import bulk, risk_table, search
from webapp.zipcodes.places import Suggestion
from webapp.zipcodes.risk_table import RiskFactor, RiskTableDescription
from webapp.zipcodes.search import Matches


@memoize
def risk_factor(zipcode: int) -> RiskFactor:
    """See risk_table.find. Also raises RiskTableUnavailable."""
    snapshot = current.snapshot()
    return risk_table.find(snapshot.risk_table, snapshot.places, zipcode)


@memoize
def risk_table_in_force() -> RiskTableDescription:
    """See risk_table.describe. Raises RiskTableUnavailable."""
    snapshot = current.snapshot()
    return risk_table.describe(snapshot.risk_table, snapshot.places)


@memoize
def bulk_results() -> dict[str, bulk.Result]:
    """See bulk.results. Raises RiskTableUnavailable."""
    return bulk.results(current.snapshot().risk_table)


@memoize
def suggestions(text: str, limit: int) -> Matches:
    """See search.search."""
    return search.search(current.snapshot().places, text, limit)


@memoize
def nearest(text: str) -> list[Suggestion]:
    """See search.nearest."""
    return search.nearest(current.snapshot().places, text)


def nearest_if_unused(found: RiskFactor | None) -> list[Suggestion]:
    """Return nearby places if bpost does not use the zipcode, else nothing."""
    return nearest(str(found["zipcode"])) if found and not found["places"] else []


@memoize
def latest_index(base_year: int) -> LatestIndex:
    """See latest.latest."""
    snapshot = current.snapshot()
    checked_at = snapshot.upstream.succeeded_at if snapshot.upstream else None
    return latest.latest(snapshot.index, base_year, snapshot.day, checked_at)


@memoize
def monthly_index(base_year: int) -> list[MonthlyIndex]:
    """See series.months."""
    return series.months(current.snapshot().index, base_year)


@memoize
def index_changed_at(base_year: int) -> datetime:
    """See HealthIndex.changed_at."""
    return current.snapshot().index.changed_at(base_year)


@memoize
def base_year_ranges() -> list[BaseYearRange]:
    """See series.base_year_ranges."""
    return series.base_year_ranges(current.snapshot().index)


@memoize
def index_overview() -> list[BaseYearOverview]:
    """See overview.overview."""
    return overview.overview(current.snapshot().index)


def base_years() -> list[int]:
    """Return all base years, newest first; before the first snapshot, the built-in ones."""
    try:
        return current.snapshot().base_years
    except DatabaseUnavailable:
        return base_year_rules.known_base_years(())


def parse_base_year(text: str) -> int:
    """Validate a base year and return it as an int. Raises WrongYear."""
    return base_year_rules.parse_base_year(text, base_years())
