"""`flask risk-table list` and `log`."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from tests.cli.risk_table.commands import do, do_json, load
from tests.health_index.stored_values import on_sqlite


def test_tables_are_listed_with_their_state(app: Flask, file: Path) -> None:
    load(app, file, "--name", "Tariff 2035", "--note", "first try", "--by", "Els")
    planned, seed = do(app, "list").splitlines()
    assert planned.split("\t") == [
        *("2", "Tariff 2035", "planned", "2035-01-01", "-", "2026-09-14T12:00Z", "Els", "164"),
        do_json(app, "list")[0]["sha256"],
        "first try",
    ]
    assert seed.split("\t")[:8] == [
        *("1", "seed/risk_table.csv", "in force", "-", "2034-12-31", "2026-09-14T12:00Z", "flask init-db"),
        "164",
    ]


@on_sqlite
def test_list_as_json_is_an_array_of_objects(app: Flask, file: Path) -> None:
    load(app, file)
    listed = do_json(app, "list")
    assert [(entry["id"], entry["name"], entry["effective_from"], entry["state"]) for entry in listed] == [
        (2, "2035.csv", "2035-01-01", "planned"),
        (1, "seed/risk_table.csv", None, "in force"),
    ]


@on_sqlite
def test_replaced_table_names_its_successor(app: Flask, file: Path) -> None:
    load(app, file)
    load(app, file)
    assert do(app, "list").splitlines()[1].split("\t")[:5] == [
        "2",
        "2035.csv",
        "planned",
        "2035-01-01",
        "replaced by 3",
    ]


@on_sqlite
def test_log_has_every_action(app: Flask, file: Path) -> None:
    load(app, file, "--by", "Els", "--reason", "board of May")
    do(app, "cancel", "2", "--reason", "postponed", "--by", "Jan")
    assert [(entry["by"], entry["action"], entry["reason"]) for entry in do_json(app, "log")] == [
        ("Jan", "cancel", "postponed"),
        ("Els", "load", "board of May"),
        ("flask init-db", "load", ""),
    ]
    assert do(app, "log").splitlines()[0].split("\t")[1:] == [
        *("Jan", "cancel", "2", "2035.csv, from 2035-01-01", "postponed")
    ]
