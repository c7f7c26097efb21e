"""`/api/v1/risk-tables`: the list, one table with its ranges, and its diff."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import SetClock
from tests.support.commands import run
from tests.support.risk_tables import delete_risk_tables, load_table
from tests.zipcodes.seed import RANGES
from webapp.zipcodes.risk_table import Range

PATH = "/api/v1/risk-tables"
SEED = [Range(*entry) for entry in sorted(RANGES)]
WITH_C = [entry._replace(factor="C") if entry.first == 9000 else entry for entry in SEED]
NEW_YEAR = date(2035, 1, 1)


def get(client: FlaskClient, path: str = "", **query: str) -> Any:
    response = client.get(f"{PATH}{path}", query_string=query or None)
    assert (response.status_code, response.content_type) == (200, "application/json"), response.text
    return response.json


def code(client: FlaskClient, path: str) -> tuple[int, str]:
    response = client.get(f"{PATH}{path}")
    assert response.json is not None
    return response.status_code, response.json["code"]


def test_tables_are_listed_without_author_and_note(app: Flask, client: FlaskClient) -> None:
    load_table(app, WITH_C, NEW_YEAR, "Tariff 2035")
    planned, seed = get(client)["risk_tables"]
    assert planned == {
        "id": 2,
        "name": "Tariff 2035",
        "state": "planned",
        "effective_from": "2035-01-01",
        "effective_until": None,
        "replaced_by": None,
        "loaded_at": "2026-09-14T12:00:00Z",
        "cancelled_at": None,
        "range_count": 164,
        "sha256": "0" * 64,
    }
    assert (seed["state"], seed["effective_from"], seed["effective_until"]) == (
        "in force",
        None,
        "2034-12-31",
    )


def test_cancelled_table_is_marked(app: Flask, client: FlaskClient) -> None:
    load_table(app, WITH_C, NEW_YEAR)
    assert run(app, "risk-table", "cancel", "2", "--reason", "postponed").exit_code == 0
    found = get(client)["risk_tables"][0]
    assert (found["state"], found["cancelled_at"]) == ("cancelled", "2026-09-14T12:00:00Z")


def test_ranges_are_paged(reader: FlaskClient) -> None:
    ranges, pages = [], 0
    cursor: dict[str, str] = {}
    while True:
        page = get(reader, "/1", limit="60", **cursor)
        ranges += [
            (int(entry["first"]), int(entry["last"]), entry["risk_factor"]) for entry in page["ranges"]
        ]
        pages += 1
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert (pages, ranges) == (3, sorted(RANGES))
    assert get(reader, "/1", limit="164")["next_cursor"] is None


def test_ranges_as_csv_are_the_file_that_can_be_loaded(reader: FlaskClient) -> None:
    response = reader.get(f"{PATH}/1?format=csv")
    assert (response.status_code, response.mimetype) == (200, "text/csv")
    lines = response.text.splitlines()
    assert (len(lines), lines[0]) == (164, "1000 - 1310,C")
    assert reader.get(f"{PATH}/1", headers={"Accept": "text/csv"}).data == response.data


def test_diff_is_against_the_table_that_counted_before(app: Flask, client: FlaskClient) -> None:
    load_table(app, WITH_C, NEW_YEAR)
    found = get(client, "/2/diff")
    assert (found["risk_table"], found["against"]) == (2, 1)
    assert found["in_use"] == {"gained": 0, "changed": 4, "lost": 0}
    (group,) = found["groups"]
    assert (group["from"], group["to"], group["zipcodes"][0]) == (
        "B",
        "C",
        {"zipcode": "9000", "places": ["Gent"]},
    )
    assert found["dropped_ranges"] == [{"first": "9000", "last": "9032", "risk_factor": "B"}]
    assert [entry["to"] for entry in get(client, "/1/diff", against="2")["groups"]] == ["B"]


def test_first_table_is_compared_with_nothing(reader: FlaskClient) -> None:
    found = get(reader, "/1/diff")
    assert (found["against"], len(found["added_ranges"]), found["dropped_ranges"]) == (None, 164, [])
    assert {group["from"] for group in found["groups"]} == {None}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/7", (404, "RISK_TABLE_NOT_FOUND")),
        ("/7/diff", (404, "RISK_TABLE_NOT_FOUND")),
        ("/1/diff?against=7", (404, "RISK_TABLE_NOT_FOUND")),
        ("/x", (400, "NOT_VALID")),
        ("/0", (400, "NOT_VALID")),
        ("/1?limit=1001", (400, "NOT_VALID")),
        ("/1?on=2026-01-01", (400, "NOT_VALID")),
    ],
)
def test_invalid_request_is_rejected(reader: FlaskClient, path: str, expected: tuple[int, str]) -> None:
    assert code(reader, path) == expected


def test_nothing_can_be_written(reader: FlaskClient) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert reader.open(f"{PATH}/1", method=method).status_code == 405


def test_midnight_changes_state_and_last_modified(
    app: Flask, client: FlaskClient, set_clock: SetClock
) -> None:
    load_table(app, WITH_C, date(2026, 10, 1))
    assert client.get(PATH).headers["Last-Modified"] == "Mon, 14 Sep 2026 12:00:00 GMT"
    set_clock(datetime(2026, 9, 30, 22, 0, tzinfo=timezone.utc))
    response = client.get(PATH)
    assert response.headers["Last-Modified"] == "Wed, 30 Sep 2026 22:00:00 GMT"
    assert [entry["state"] for entry in (response.json or {})["risk_tables"]] == ["in force", "past"]


def test_without_tables_the_list_is_empty(app: Flask, client: FlaskClient) -> None:
    delete_risk_tables(app)
    assert get(client) == {"risk_tables": []}
