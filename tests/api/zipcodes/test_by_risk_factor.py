"""Zipcodes by risk factor."""

from __future__ import annotations

import csv
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.api.zipcodes.client import BRUSSELS, LAKEN, SEED, get
from tests.support.risk_tables import load_table
from tests.zipcodes.seed import FACTORS
from webapp.zipcodes.risk_table import Range


def test_zipcodes_with_a_risk_factor(reader: FlaskClient) -> None:
    assert get(reader, risk_factor="C", limit="2") == {
        "total": 114,
        "results": [
            {"zipcode": "1000", "risk_factor": "C", "places": [BRUSSELS]},
            {"zipcode": "1020", "risk_factor": "C", "places": [LAKEN]},
        ],
        "next_cursor": "1020",
    }


def test_list_continues_after_the_cursor(reader: FlaskClient) -> None:
    found = get(reader, risk_factor="C", limit="1", cursor="1000")
    assert found == {
        "total": 114,
        "results": [{"zipcode": "1020", "risk_factor": "C", "places": [LAKEN]}],
        "next_cursor": "1020",
    }


@pytest.mark.parametrize(("factor", "limit"), [("A", "100"), ("C", "19")])
def test_following_the_cursor_lists_every_zipcode_once(reader: FlaskClient, factor: str, limit: str) -> None:
    with SEED.open(encoding="utf-8", newline="") as file:
        in_use = sorted({row["zipcode"] for row in csv.DictReader(file)})
    expected = [zipcode for zipcode in in_use if FACTORS[int(zipcode)] == factor]
    query, read = {"risk_factor": factor, "limit": limit}, []
    while True:
        page = get(reader, **query)
        assert page["total"] == len(expected)
        assert 0 < len(page["results"]) <= int(limit)
        read += page["results"]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert [entry["zipcode"] for entry in read] == expected
    assert {entry["risk_factor"] for entry in read} == {factor}
    assert all(entry["places"] for entry in read)


def test_list_beyond_the_end_is_empty(reader: FlaskClient) -> None:
    found = get(reader, risk_factor="A", cursor="9999")
    assert found == {"total": 596, "results": [], "next_cursor": None}


def test_list_of_a_risk_factor_without_zipcodes_is_empty(app: Flask, client: FlaskClient) -> None:
    load_table(app, [Range(1000, 9999, "A")], date(2026, 9, 14))
    assert get(client, risk_factor="B") == {"total": 0, "results": [], "next_cursor": None}
    assert get(client, risk_factor="A")["total"] == 1146
