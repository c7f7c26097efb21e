"""Metrics for Prometheus, of all workers of a process group together.

Each worker writes to files in a folder that they share, named after its slot. A new worker takes over the
slot of a dead one, so counters go on and files do not pile up.

Imported only where METRICS_BIND is set, and after `use_folder`.
"""

from __future__ import annotations

import os
from collections import Counter as Counts
from datetime import date, timedelta
from time import time
from typing import Any, Mapping, NamedTuple

from flask import Flask
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector

from webapp.data.snapshot import Snapshot
from webapp.data.watcher import Watcher
from webapp.errors import RiskTableUnavailable
from webapp.health_index.lag import lag_in_force, lags
from webapp.health_index.values import HealthIndex
from webapp.http import facts
from webapp.http.cache import HttpCache
from webapp.statbel.sources import Statbel
from webapp.version import VERSION
from webapp.zipcodes import risk_table

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

METHODS = ("GET", "HEAD", "POST", "OPTIONS")

# The representation of each media type; the label of any other is "other", and of none "none".
REPRESENTATIONS = {
    "application/json": "json",
    "application/problem+json": "json",
    "text/html": "html",
    "text/csv": "csv",
    "text/plain": "text",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/atom+xml": "atom",
    "text/calendar": "calendar",
    "text/css": "css",
    "text/javascript": "javascript",
    "image/svg+xml": "image",
    "image/png": "image",
}
OTHER, NONE = "other", "none"
# The route of a request that the application has none for.
UNMATCHED = "unmatched"

HIT = "desk; hit"

# Worst value of all workers.
OLDEST: Any = "livemin"
LARGEST: Any = "livemax"
TOTAL: Any = "livesum"


class Children(NamedTuple):
    """Metrics of one combination of labels."""

    requests: Any
    duration: Any


def use_folder(folder: str, slot: int) -> None:
    """Write the metrics of this process to files of a slot in a folder."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    values.ValueClass = values.MultiProcessValue(lambda: slot)  # type: ignore[no-untyped-call]  # no types


def render(folder: str) -> bytes:
    """Return the metrics of all workers, in the text format of Prometheus."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]  # no types
    return generate_latest(registry)


class RequestMetrics:
    """Metrics of requests, which gunicorn's logger observes once each response is sent."""

    def __init__(self) -> None:
        self._requests = _counter(
            "desk_http_requests", "Requests.", "route", "method", "status", "representation"
        )
        self._durations = Histogram(
            "desk_http_request_duration_seconds",
            "Time from the request to the end of the response.",
            ["route", "method"],
            buckets=BUCKETS,
            registry=None,
        )
        self._hits = _counter("desk_http_cache_hits", "Responses from the HTTP cache.")
        self._misses = _counter(
            "desk_http_cache_misses", "Cacheable requests that the HTTP cache had no response for."
        )
        self._limited = _counter(
            "desk_rate_limited_requests", "Requests beyond a limit of requests or uploads."
        )
        self._rows = _counter("desk_bulk_rows", "Rows of lists that were looked up.")
        # Looking up children by their labels takes longer than to count.
        self._children: dict[tuple[str, str, str, str], Children] = {}

    def observe(self, response: Any, environ: Mapping[str, Any], duration: timedelta) -> None:
        """Count one request."""
        media_type = cache = ""
        for name, value in response.headers:
            if name == "Content-Type":
                media_type = value
            elif name == "Cache-Status":
                cache = value
        found = environ.get(facts.KEY, {})
        method = environ["REQUEST_METHOD"]
        status = str(response.status)[:3]
        key = found.get(facts.ROUTE, UNMATCHED), method if method in METHODS else OTHER, status, media_type
        children = self._children.get(key) or self._add(*key)
        children.requests.inc()
        children.duration.observe(duration.total_seconds())
        if cache:
            (self._hits if cache.startswith(HIT) else self._misses).inc()
        if status == "429":
            self._limited.inc()
        if facts.ROWS in found:
            self._rows.inc(found[facts.ROWS])

    def _add(self, route: str, method: str, status: str, media_type: str) -> Children:
        plain = media_type.partition(";")[0].strip().lower()
        representation = REPRESENTATIONS.get(plain, OTHER) if plain else NONE
        children = Children(
            self._requests.labels(route, method, status, representation),
            self._durations.labels(route, method),
        )
        # The media types are those of the application, so their number is bounded.
        self._children[route, method, status, media_type] = children
        return children


class DataMetrics:
    """Metrics of the data of this worker: snapshot, index, risk tables, sources and HTTP cache."""

    def __init__(self, app: Flask) -> None:
        self._watcher: Watcher = app.extensions["watcher"]
        self._statbel: Statbel = app.extensions["statbel"]
        self._cache: HttpCache | None = app.extensions.get("http_cache")
        self._seen: Snapshot | None = None
        self._failures: Counts[str] = Counts()
        _gauge("desk_build_info", "Version of the program.", LARGEST, "version").labels(VERSION).set(1)
        _gauge("desk_workers", "Live workers.", TOTAL).set(1)
        self._up = _gauge("desk_database_up", "1 if the last look at the database succeeded.", OLDEST)
        self._last_look = _gauge(
            "desk_snapshot_last_look_timestamp_seconds",
            "When the database was last seen, by the worker for which it is longest ago.",
            OLDEST,
        )
        self._version = _gauge("desk_snapshot_version", "Version of the data.", OLDEST)
        self._age = _gauge(
            "desk_snapshot_age_seconds", "Time since the data was loaded after a change.", LARGEST
        )
        self._rows = _gauge("desk_snapshot_rows", "Rows held in memory.", LARGEST, "table")
        self._lag = _gauge(
            "desk_index_lag_months", "Published months that are missing.", LARGEST, "base_year"
        )
        self._days = _gauge(
            "desk_index_lag_working_days",
            "Working days by which the index of the base year in force is late.",
            LARGEST,
        )
        self._tables = _gauge(
            "desk_risk_table_in_force", "1 if a risk table is in force on the day.", OLDEST, "day"
        )
        self._success = _gauge(
            "desk_source_last_success_timestamp_seconds",
            "Last response of a source of the index, or the last value stored from it.",
            LARGEST,
            "source",
        )
        self._attempt = _gauge(
            "desk_source_last_attempt_timestamp_seconds", "Last attempt to read the sources.", LARGEST
        )
        self._failed = _counter("desk_source_failures", "Failed responses of a source.", "source")
        for source in self._statbel.sources:
            self._failed.labels(source.name)  # so that it begins with 0
        self._cache_bytes = _gauge("desk_http_cache_bytes", "Memory of the HTTP cache.", TOTAL)
        self._cache_responses = _gauge("desk_http_cache_responses", "Responses in the HTTP cache.", TOTAL)

    def update(self) -> None:
        """Write the present state."""
        watcher, snapshot = self._watcher, self._watcher.snapshot
        self._up.set(snapshot is not None and watcher.failure is None)
        if watcher.age_seconds is not None:
            self._last_look.set(time() - watcher.age_seconds)
        self._age.set(watcher.snapshot_age_seconds or 0)
        if self._cache:
            self._cache_bytes.set(self._cache.store.bytes)
            self._cache_responses.set(self._cache.store.count)
        for name, count in self._statbel.failures.items():
            self._failed.labels(name).inc(count - self._failures[name])
            self._failures[name] = count
        for name, succeeded_at in self._statbel.succeeded_at.items():
            self._success.labels(name).set(succeeded_at.timestamp())
        if snapshot is not None and snapshot is not self._seen:
            self._update_snapshot(snapshot)
            self._seen = snapshot

    def _update_snapshot(self, snapshot: Snapshot) -> None:
        self._version.set(snapshot.version or 0)
        for table, count in _rows(snapshot).items():
            self._rows.labels(table).set(count)
        for base_year, lag in lags(snapshot.index, snapshot.day).items():
            self._lag.labels(str(base_year)).set(lag.months)
        in_force = lag_in_force(snapshot.index, snapshot.day)
        self._days.set(in_force.working_days if in_force else float("inf"))
        for name, day in (("today", snapshot.day), ("tomorrow", snapshot.day + timedelta(days=1))):
            self._tables.labels(name).set(_is_table_in_force(snapshot, day))
        for source, stored_at in _last_stored(snapshot.index).items():
            if source in {source.name for source in self._statbel.sources}:
                seen = self._statbel.succeeded_at.get(source)
                self._success.labels(source).set(max(stored_at, seen.timestamp() if seen else 0))
        if snapshot.upstream:
            self._attempt.set(snapshot.upstream.attempted_at.timestamp())


def _rows(snapshot: Snapshot) -> dict[str, int]:
    return {
        "index_value": sum(map(len, snapshot.index.by_base_year.values())),
        "risk_table": len(snapshot.risk_tables),
        "risk_range": sum(len(table.ranges) for table in snapshot.risk_tables),
        "place": len(snapshot.places.rows),
    }


def _is_table_in_force(snapshot: Snapshot, day: date) -> bool:
    try:
        risk_table.in_force(snapshot.risk_tables, day)
    except RiskTableUnavailable:
        return False
    return True


def _last_stored(index: HealthIndex) -> dict[str, float]:
    """Return when a value of each source was last stored."""
    last: dict[str, float] = {}
    for by_month in index.by_base_year.values():
        for value in by_month.values():
            last[value.source] = max(last.get(value.source, 0), value.fetched_at.timestamp())
    return last


def _counter(name: str, text: str, *labels: str) -> Counter:
    return Counter(name, text, labels, registry=None)


def _gauge(name: str, text: str, mode: Any, *labels: str) -> Gauge:
    return Gauge(name, text, labels, multiprocess_mode=mode, registry=None)
