"""Metrics: counted for all workers of a process group, on an address of their own."""

from __future__ import annotations

import json
import re
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Iterator

import pytest
import yaml
from flask import Flask
from prometheus_client import values
from prometheus_client.mmap_dict import MmapedDict

from tests.conftest import SetClock
from tests.ops.scraped import Metrics
from tests.support.databases import settings_for
from tests.support.risk_tables import unprotect_in
from webapp.config import ROOT
from webapp.ops import metrics

MakeApp = Callable[..., Flask]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A folder for the metrics of this process."""
    opened = []

    class ClosedFile(MmapedDict):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)  # type: ignore[no-untyped-call]  # no types
            opened.append(self)

    monkeypatch.setattr(values, "MmapedDict", ClosedFile)
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)  # restored afterwards
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    metrics.use_folder(str(tmp_path), 0)
    yield str(tmp_path)
    for file in opened:
        file.close()  # type: ignore[no-untyped-call]  # no types


def read(folder: str) -> Metrics:
    return Metrics(metrics.render(folder).decode())


def observe(
    observer: metrics.RequestMetrics, status: str = "200 OK", method: str = "GET", **options: Any
) -> None:
    headers = [("Content-Type", options["media_type"])] if "media_type" in options else []
    headers += [("Cache-Status", options["cache"])] if "cache" in options else []
    environ = {"REQUEST_METHOD": method, "desk.facts": options.get("facts", {})}
    observer.observe(SimpleNamespace(status=status, headers=headers), environ, timedelta(milliseconds=3))


def test_request_is_counted_by_route_method_status_and_representation(folder: str) -> None:
    observer = metrics.RequestMetrics()
    for media_type in ("application/json", "application/problem+json", "text/html; charset=utf-8", "x/y"):
        for _ in range(2):
            observe(observer, "404 NOT FOUND", "HEAD", media_type=media_type, facts={"route": "/index"})
    found = read(folder)
    labels = {"route": "/index", "method": "HEAD", "status": "404"}
    counts = {
        name: found.sum("desk_http_requests_total", representation=name, **labels)
        for name in ("json", "html", "other")
    }
    assert counts == {"json": 4, "html": 2, "other": 2}
    assert found.sum("desk_http_request_duration_seconds_count", route="/index", method="HEAD") == 8
    assert found.sum("desk_http_request_duration_seconds_bucket", route="/index", le="0.0025") == 0
    assert found.sum("desk_http_request_duration_seconds_bucket", route="/index", le="0.005") == 8


def test_unknown_methods_and_routes_are_counted_together(folder: str) -> None:
    observer = metrics.RequestMetrics()
    for method in ("BREW", "PROPFIND", "x" * 100):
        observe(observer, "405", method)
    found = read(folder)
    assert found.labels("desk_http_requests_total", "method") == {"other"}
    assert found.labels("desk_http_requests_total", "route") == {"unmatched"}
    assert found.labels("desk_http_requests_total", "representation") == {"none"}


def test_cache_limits_and_rows_are_counted(folder: str) -> None:
    observer = metrics.RequestMetrics()
    names = ("desk_http_cache_hits_total", "desk_http_cache_misses_total", "desk_rate_limited_requests_total")
    assert [read(folder).sum(name) for name in names] == [0, 0, 0]
    for cache in ("desk; hit; ttl=3", "desk; hit; ttl=-3", "desk; fwd=miss; stored", "desk; fwd=stale"):
        observe(observer, cache=cache)
    observe(observer, "429 TOO MANY REQUESTS")
    observe(observer, facts={"rows": 250})
    found = read(folder)
    assert [found.sum(name) for name in (*names, "desk_bulk_rows_total")] == [2, 2, 1, 250]


def data_metrics(app: Flask, folder: str) -> Metrics:
    app.extensions["watcher"].poll()
    metrics.DataMetrics(app).update()
    return read(folder)


def test_data_is_described(app: Flask, folder: str) -> None:
    found = data_metrics(app, folder)
    rows = {
        name: found.sum("desk_snapshot_rows", table=name) for name in ("index_value", "risk_range", "place")
    }
    assert rows == {"index_value": 1696, "risk_range": 164, "place": 2781}
    assert found.sum("desk_database_up") == 1
    assert abs(found.sum("desk_snapshot_last_look_timestamp_seconds") - time.time()) < 60
    assert found.sum("desk_snapshot_version") == app.extensions["watcher"].snapshot.version
    assert 0 <= found.sum("desk_snapshot_age_seconds") < 60
    assert found.sum("desk_index_lag_working_days") == 0
    lags = {year: found.sum("desk_index_lag_months", base_year=year) for year in ("2025", "2013", "2004")}
    assert lags == {"2025": 0, "2013": 0, "2004": 8}
    assert [found.sum("desk_risk_table_in_force", day=day) for day in ("today", "tomorrow")] == [1, 1]


def test_missing_table_and_late_index_show(app: Flask, folder: str, set_clock: SetClock) -> None:
    unprotect_in(app)
    set_clock(datetime(2026, 10, 5, 12, tzinfo=timezone.utc))
    watcher = app.extensions["watcher"]
    with watcher._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE risk_table SET effective_from = '2026-10-06', open_beginning = 0")
    found = data_metrics(app, folder)
    assert [found.sum("desk_risk_table_in_force", day=day) for day in ("today", "tomorrow")] == [0, 1]
    assert found.sum("desk_index_lag_working_days") == 4
    assert found.sum("desk_index_lag_months", base_year="2025") == 1


def test_failures_of_sources_are_counted_once(app: Flask, folder: str) -> None:
    data = metrics.DataMetrics(app)
    app.extensions["statbel"].failures["bestat"] += 2
    for _ in range(3):
        data.update()
    assert read(folder).sum("desk_source_failures_total", source="bestat") == 2
    assert read(folder).sum("desk_source_failures_total", source="workbook") == 0


def test_success_of_a_source_shows(app: Flask, folder: str) -> None:
    app.extensions["statbel"].succeeded_at["open-data"] = datetime(2026, 9, 1, tzinfo=timezone.utc)
    found = data_metrics(app, folder)
    seconds = datetime(2026, 9, 1, tzinfo=timezone.utc).timestamp()
    assert found.sum("desk_source_last_success_timestamp_seconds", source="open-data") == seconds


def test_unseen_database_shows(make_app: MakeApp, folder: str, unreachable_url: str) -> None:
    found = data_metrics(make_app(settings_for(unreachable_url)), folder)
    assert found.sum("desk_database_up") == 0
    assert found.sum("desk_snapshot_last_look_timestamp_seconds") == 0


# What is read from them


@pytest.fixture
def existing(app: Flask, folder: str) -> dict[str, set[str]]:
    """The names of all metrics, each with the names of its labels."""
    observer = metrics.RequestMetrics()
    observe(observer, facts={"route": "/"})
    app.extensions["statbel"].succeeded_at["bestat"] = datetime(2026, 9, 1, tzinfo=timezone.utc)
    return {**data_metrics(app, folder).names(), "up": set()}


# Labels that Prometheus adds.
ADDED_LABELS = {"instance", "job"}
FUNCTIONS = {
    *("sum", "max", "by", "rate", "increase", "time", "histogram_quantile", "topk", "label_values"),
}


def assert_exists(expression: str, existing: dict[str, set[str]]) -> None:
    """Check the metrics and labels of an expression of PromQL."""
    expression = re.sub(r"\$__\w+|\$\w+", "5m", expression)
    for name, matchers in re.findall(r"\b([a-z_]+)\s*\{([^}]*)\}", expression):
        for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers):
            assert label in existing[name] | ADDED_LABELS, (expression, label)
    grouping = {label for group in re.findall(r"\bby \(([^)]*)\)", expression) for label in group.split(", ")}
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\bby \([^)]*\)', "", expression)
    names = set(re.findall(r"\b[a-z_]{2,}\b", bare)) - FUNCTIONS - ADDED_LABELS
    assert names, expression
    assert names <= existing.keys(), (expression, names - existing.keys())
    known = {label for name in names for label in existing[name]} | ADDED_LABELS
    assert grouping <= known, (expression, grouping - known)


ALERTS = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))


def rules() -> list[dict[str, Any]]:
    return [rule for group in ALERTS["groups"] for rule in group["rules"]]


def test_alerts_name_metrics_that_exist(existing: dict[str, set[str]]) -> None:
    for rule in rules():
        assert_exists(rule["expr"], existing)


def test_alerts_have_a_severity_a_summary_and_an_action() -> None:
    for rule in rules():
        assert re.fullmatch("Desk[A-Za-z]+", rule["alert"])
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert set(rule["annotations"]) == {"summary", "action"}
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)


def test_alerts_show_only_labels_that_their_metrics_have(existing: dict[str, set[str]]) -> None:
    for rule in rules():
        shown = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        names = [name for name in existing if re.search(rf"\b{name}\b", rule["expr"])]
        assert shown <= {label for name in names for label in existing[name]} | ADDED_LABELS, rule["alert"]


def test_dashboard_names_metrics_that_exist(existing: dict[str, set[str]]) -> None:
    dashboard = json.loads((ROOT / "deploy" / "grafana" / "desk.json").read_text(encoding="utf-8"))
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(expressions) > 8
    for expression in expressions:
        assert_exists(expression, existing)
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            assert_exists(variable["query"], existing)


def test_documents_name_metrics_that_exist(existing: dict[str, set[str]]) -> None:
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `desk_.*$", text, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(desk_[a-z_]+)`", row)}
    histogram = {"desk_http_request_duration_seconds"}
    assert named <= existing.keys() | histogram
    plain = {re.sub("_(bucket|count|sum)$", "", name) for name in existing if name.startswith("desk_")}
    assert named == plain
