"""`flask risk-table check` and `export`."""

from __future__ import annotations

import json
from pathlib import Path

from flask import Flask

from tests.cli.risk_table.commands import NEW_YEAR, SEED, do, do_json, refused
from tests.health_index.stored_values import on_sqlite
from tests.support.commands import run


@on_sqlite
def test_check_prints_every_fault(app: Flask, file: Path) -> None:
    file.write_text("1000 - 1310,C\n1300,A\nabc,A\n")
    result = run(app, "risk-table", "check", str(file))
    assert (result.exit_code, result.output.splitlines()) == (
        1,
        [
            "2035.csv, row 2: zipcode 1300 is already in row 1",
            "2035.csv, row 3: 'abc' is not a zipcode or a range such as 1000 - 1310",
        ],
    )
    result = run(app, "risk-table", "check", str(file), "--json")
    assert (result.exit_code, [fault["row"] for fault in json.loads(result.output)["faults"]]) == (1, [2, 3])


@on_sqlite
def test_check_of_a_good_file_succeeds(app: Flask, file: Path) -> None:
    assert do(app, "check", str(file)) == "2035.csv: 164 ranges, no faults.\n"
    assert do_json(app, "check", str(file))["faults"] == []
    file.write_text("Postcode;Factor\r\n9000;A\r\n9001;A\r\n")
    assert do(app, "check", str(file)) == "2035.csv: 1 ranges, no faults.\n"


@on_sqlite
def test_check_of_a_missing_file_fails_in_one_line(app: Flask) -> None:
    assert refused(app, "check", "none.csv").startswith("Error: none.csv: cannot be read")


@on_sqlite
def test_exported_table_can_be_loaded_again(app: Flask, file: Path) -> None:
    text = do(app, "export", "1")
    assert sorted(text.splitlines()) == sorted(SEED.splitlines())
    do(app, "export", "1", "--output", str(file))
    assert file.read_text() == text
    assert do_json(app, "diff", str(file))["added_ranges"] == []


@on_sqlite
def test_table_exported_as_workbook_can_be_loaded_again(app: Flask, tmp_path: Path) -> None:
    workbook = tmp_path / "table.xlsx"
    do(app, "export", "1", "--output", str(workbook))
    assert do(app, "check", str(workbook)) == "table.xlsx: 164 ranges, no faults.\n"
    found = do_json(app, "load", str(workbook), *NEW_YEAR)["diff"]
    assert (found["added_ranges"], found["dropped_ranges"]) == ([], [])
