"""`flask risk-table diff`."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from flask import Flask
from openpyxl import Workbook

from tests.cli.risk_table.commands import NEW_YEAR, do, do_json, load, refused
from tests.health_index.stored_values import on_sqlite


@on_sqlite
def test_diff_of_a_file_names_the_zipcodes_in_use_with_their_places(app: Flask, file: Path) -> None:
    assert do(app, "diff", str(file)).splitlines() == [
        "Against risk table 1 (seed/risk_table.csv):",
        "B → C: 4 zipcodes in use",
        "  9000 Gent",
        "  9030 Mariakerke",
        "  9031 Drongen",
        "  9032 Wondelgem",
        "Added ranges: 9000 - 9032 C",
        "Dropped ranges: 9000 - 9032 B",
        "Zipcodes in use: 0 gain, 4 change and 0 lose a factor.",
        "Zipcodes not in use: 0 gain, 29 change and 0 lose a factor.",
    ]


@on_sqlite
def test_diff_as_csv_has_all_zipcodes(app: Flask, file: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(do(app, "diff", str(file), "--csv"))))
    assert len(rows) == 33
    assert rows[0] == {"zipcode": "9000", "places": "Gent", "from": "B", "to": "C", "in_use": "yes"}
    assert rows[1]["in_use"] == "no"


@on_sqlite
def test_diff_counts_the_clients_of_a_list(app: Flask, file: Path, tmp_path: Path) -> None:
    clients = tmp_path / "clients.csv"
    clients.write_text("client;postcode\nA;9000\nB;B-9030 Mariakerke\nC;2000\nD;\n", encoding="utf-8")
    assert do(app, "diff", str(file), "--clients", str(clients)).splitlines()[-3:] == [
        "Clients: 1 of 4 keep their factor.",
        "B → C: 2 clients, in row 2, 3",
        "Without a factor, before and after: 1.",
    ]
    assert do_json(app, "diff", str(file), "--clients", str(clients))["clients"] == {
        "total": 4,
        "unchanged": 1,
        "without_factor": 1,
        "groups": [{"from": "B", "to": "C", "rows": [2, 3]}],
    }
    clients.write_text("old zipcode;zipcode\n9000;2000\n9030;2000\n", encoding="utf-8")
    chosen = do_json(app, "diff", str(file), "--clients", str(clients), "--column", "old zipcode")
    assert chosen["clients"]["groups"] == [{"from": "B", "to": "C", "rows": [2, 3]}]
    clients.write_text("client;phone\nA;x\n", encoding="utf-8")
    assert refused(app, "diff", str(file), "--clients", str(clients)).startswith("Error: ")


@on_sqlite
def test_diff_counts_the_clients_of_a_workbook(app: Flask, file: Path, tmp_path: Path) -> None:
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet()
    for row in (("client", "postcode"), ("A", 9000), ("B", 2000), ("C", "9031 Drongen")):
        sheet.append(row)
    workbook.save(tmp_path / "clients.xlsx")
    found = do_json(app, "diff", str(file), "--clients", str(tmp_path / "clients.xlsx"))["clients"]
    assert (found["unchanged"], found["groups"]) == (1, [{"from": "B", "to": "C", "rows": [2, 4]}])


@on_sqlite
def test_diff_of_stored_tables(app: Flask, file: Path) -> None:
    load(app, file)
    assert do_json(app, "diff", "2")["against"] == 1
    assert do_json(app, "diff", "2")["in_use"] == {"gained": 0, "changed": 4, "lost": 0}
    assert do_json(app, "diff", "1")["against"] is None
    assert [(group["from"], group["to"]) for group in do_json(app, "diff", "1", "2")["groups"]] == [
        ("C", "B")
    ]
    # On its first day, the planned table counts.
    assert do_json(app, "diff", str(file), *NEW_YEAR)["groups"] == []
