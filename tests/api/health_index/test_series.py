"""A series, as JSON and CSV."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.api.health_index.client import ROOT, get, published


def test_series_has_its_first_and_last_month(reader: FlaskClient) -> None:
    assert get(reader, {"base": "2013", "from": "2025-01", "to": "2025-03"}, "/series") == {
        "base_year": 2013,
        "values": [
            published("2025-01", 135.52, 131.18),
            published("2025-02", 135.79, 131.87),
            published("2025-03", 135.91, 132.53),
        ],
    }


@pytest.mark.parametrize(
    ("query", "first", "last", "count"),
    [
        ({}, "1994-01", "2026-08", 392),
        ({"from": "2026-07"}, "2026-07", "2026-08", 2),
        ({"to": "1994-03"}, "1994-01", "1994-03", 3),
        ({"from": "2020-01", "to": "2020-01"}, "2020-01", "2020-01", 1),
        ({"from": "1950-01", "to": "1994-01"}, "1994-01", "1994-01", 1),
    ],
)
def test_series_is_limited_to_its_range_and_the_data(
    reader: FlaskClient, query: dict[str, str], first: str, last: str, count: int
) -> None:
    months = [entry["month"] for entry in get(reader, {"base": "2013", **query}, "/series")["values"]]
    assert (months[0], months[-1], len(months)) == (first, last, count)
    assert months == sorted(months)


def test_series_has_null_for_months_without_a_smoothed_index(reader: FlaskClient) -> None:
    values = get(reader, {"base": "2025", "to": "2014-04"}, "/series")["values"]
    assert [entry["smoothed"] for entry in values] == [None, None, None, 74.23]


def test_series_without_months_is_empty(reader: FlaskClient) -> None:
    query = {"base": "2025", "to": "2013-12"}
    assert get(reader, query, "/series") == {"base_year": 2025, "values": []}
    text = reader.get(f"{ROOT}/series", query_string={**query, "format": "csv"}).text
    assert text == "base_year,month,value,smoothed,status,coefficient,coefficient_source\r\n"


def test_series_as_csv(reader: FlaskClient) -> None:
    query = {"base": "2013", "to": "1994-04", "format": "csv"}
    assert reader.get(f"{ROOT}/series", query_string=query).text == (
        "base_year,month,value,smoothed,status,coefficient,coefficient_source\r\n"
        "2013,1994-01,69.81,,published,,\r\n"
        "2013,1994-02,70.02,,published,,\r\n"
        "2013,1994-03,69.97,,published,,\r\n"
        "2013,1994-04,70.08,69.97,published,,\r\n"
    )


@pytest.mark.parametrize(
    ("accept", "query", "content_type"),
    [
        ("*/*", {}, "application/json"),
        ("text/csv", {}, "text/csv; charset=utf-8"),
        ("application/json", {"format": "csv"}, "text/csv; charset=utf-8"),
        ("text/csv", {"format": "json"}, "application/json"),
    ],
)
def test_accept_and_format_choose_json_or_csv(
    reader: FlaskClient, accept: str, query: dict[str, str], content_type: str
) -> None:
    full_query = {"base": "2013", "from": "2025-12", **query}
    response = reader.get(f"{ROOT}/series", query_string=full_query, headers={"Accept": accept})
    assert response.content_type == content_type
    assert response.text.startswith("base_year,") == content_type.startswith("text/csv")
    assert "Accept" in response.headers["Vary"]


def test_json_and_csv_have_different_etags(reader: FlaskClient) -> None:
    both = [
        reader.get(f"{ROOT}/series", query_string={"base": "2013", "format": name})
        for name in ("json", "csv")
    ]
    assert both[0].headers["ETag"] != both[1].headers["ETag"]
