"""`/api/v1/health-index`: the latest index, a month, a series as JSON and CSV, the base years."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, update

from tests.conftest import SetClock
from tests.health_index.stored_values import add_value, delete_values, month
from tests.support.fake_statbel import FakeStatbel, bestat, responding
from webapp.data.database import db
from webapp.data.index_models import IndexValue

ROOT = "/api/v1/health-index"

SEPTEMBER = responding(bestat([(2025, "2026-09", 103.75), (2004, "2026-09", 169.01000000000002)]))

NO_BASE = ["Specify the base year named in the contract."]
WRONG_BASE = ["Choose a base year of the health index: 1988, 1996, 2004, 2013, 2025."]
WRONG_MONTH = ["Use the format YYYY-MM, such as 2020-01."]
WRONG_FORMAT = ["Must be json or csv."]
UNKNOWN = ["Unknown parameter."]


def get(client: FlaskClient, query: dict[str, str], path: str = "") -> Any:
    response = client.get(f"{ROOT}{path}", query_string=query)
    assert response.status_code == 200
    return response.json


def problem(client: FlaskClient, path: str, query: dict[str, str]) -> tuple[int, str, dict[str, list[str]]]:
    """Return the status, the code and the messages by parameter."""
    response = client.get(f"{ROOT}{path}", query_string=query)
    body = response.json
    assert body is not None
    return response.status_code, body["code"], body["errors"]


def at(day: str, time: str = "12:00:00") -> datetime:
    """Return an instant in UTC."""
    return datetime.strptime(f"{day} {time}", "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)


def alternative(base_year: int, first_month: str) -> dict[str, Any]:
    """Return an alternative with a published value for August 2026."""
    return {
        "base_year": base_year,
        "first_month": first_month,
        "last_month": "2026-08",
        "status": "published",
        "coefficient": None,
        "coefficient_source": None,
        "url": f"{ROOT}?base={base_year}",
    }


# The latest index


def test_latest_index_on_a_base_year(reader: FlaskClient) -> None:
    assert get(reader, {"base": "2025"}) == {
        "base_year": 2025,
        "month": "2026-08",
        "value": 103.49,
        "status": "published",
        "coefficient": None,
        "coefficient_source": None,
        "source": "seed",
        "fetched_at": "2026-09-14T12:00:00Z",
        "stale": False,
        "superseded_by": None,
        "next_step": None,
        "next_publication": "2026-09-29",
    }


def test_latest_index_on_an_ended_base_year_is_stale(reader: FlaskClient) -> None:
    assert get(reader, {"base": "2004"}) == {
        "base_year": 2004,
        "month": "2025-12",
        "value": 165.08,
        "status": "converted",
        "coefficient": 1.2077,
        "coefficient_source": "statbel",
        "source": "seed",
        "fetched_at": "2026-09-14T12:00:00Z",
        "stale": True,
        "superseded_by": 2025,
        "next_step": {
            "last_month": "2025-12",
            "new_month": "2026-08",
            "alternatives": [
                alternative(2025, "2014-01"),
                alternative(2013, "1994-01"),
            ],
        },
        "next_publication": "2026-09-29",
    }


@pytest.mark.parametrize(
    ("now", "stale", "next_publication"),
    [
        (at("2026-09-28", "21:59:59"), False, "2026-09-29"),
        (at("2026-09-28", "22:00:00"), True, "2026-10-29"),  # midnight in Belgium
    ],
    ids=str,
)
def test_latest_index_turns_stale_at_midnight_of_a_publication_day(
    client: FlaskClient, set_clock: SetClock, now: datetime, stale: bool, next_publication: str
) -> None:
    set_clock(now)
    found = get(client, {"base": "2025"})
    assert (found["month"], found["stale"], found["next_publication"]) == ("2026-08", stale, next_publication)


def test_month_that_is_due_is_fetched_before_the_response(
    client: FlaskClient, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    set_clock(at("2026-09-29"))
    statbel.bestat = SEPTEMBER
    assert get(client, {"base": "2004"}) == {
        "base_year": 2004,
        "month": "2026-09",
        "value": 169.01,
        "status": "published",
        "coefficient": None,
        "coefficient_source": None,
        "source": "bestat",
        "fetched_at": "2026-09-29T12:00:00Z",
        "stale": False,
        "superseded_by": None,
        "next_step": None,
        "next_publication": "2026-10-29",
    }


def test_value_converted_with_the_derived_coefficient_says_so(reader: FlaskClient) -> None:
    found = get(reader, {}, "/2013/2026-07")
    assert (found["value"], found["status"]) == (139.96, "converted")
    assert (found["coefficient"], found["coefficient_source"]) == (1.3557, "derived")
    query = {"base": "2013", "from": "2026-07", "format": "csv"}
    assert reader.get(f"{ROOT}/series", query_string=query).text.splitlines()[1:] == [
        "2013,2026-07,139.96,136.61,converted,1.3557,derived",
        "2013,2026-08,140.30,136.85,published,,",
    ]


# One month


def test_index_of_one_month(reader: FlaskClient) -> None:
    assert get(reader, {}, "/2013/2020-01") == {
        "base_year": 2013,
        "month": "2020-01",
        "value": 109.72,
        "status": "published",
        "coefficient": None,
        "coefficient_source": None,
        "source": "seed",
        "fetched_at": "2026-09-14T12:00:00Z",
        "smoothed": 107.04,
    }


def test_smoothed_index_is_null_for_a_month_without_one(reader: FlaskClient) -> None:
    assert get(reader, {}, "/2025/2014-01") == {
        "base_year": 2025,
        "month": "2014-01",
        "value": 74.2,
        "status": "converted",
        "coefficient": 0.7376,
        "coefficient_source": "statbel",
        "source": "seed",
        "fetched_at": "2026-09-14T12:00:00Z",
        "smoothed": None,
    }


@pytest.mark.parametrize("text", ["1993-12", "2026-09"])
def test_month_outside_the_data_is_not_found_and_names_the_range(reader: FlaskClient, text: str) -> None:
    response = reader.get(f"{ROOT}/2013/{text}")
    assert (response.status_code, response.json) == (
        404,
        {
            "type": "/api/v1/#MONTH_NOT_FOUND",
            "title": "No health index for this month",
            "status": 404,
            "detail": (f"No health index is available for {text} on base 2013, only for 1994-01 to 2026-08."),
            "code": "MONTH_NOT_FOUND",
        },
    )


def test_month_on_another_base_year_is_not_found_with_advice(reader: FlaskClient) -> None:
    for path, base_year in {"2004/2026-03": 2025, "2025/2010-01": 2004}.items():
        detail = reader.get(f"{ROOT}/{path}").get_json()["detail"]
        assert detail.endswith(f"Base {base_year} has every month of this request: use it for all of them.")


def test_new_month_on_an_alternative_changes_last_modified(app: Flask) -> None:
    client = app.test_client()
    since = {"If-Modified-Since": client.get(f"{ROOT}?base=2004").headers["Last-Modified"]}
    assert client.get(f"{ROOT}?base=2004", headers=since).status_code == 304
    add_value(app, 2013, "1993-12", "69.70", fetched_at=at("2026-09-14", "12:01:00"))
    assert client.get(f"{ROOT}?base=2004", headers=since).status_code == 200


def test_missing_month_is_not_found_and_names_its_neighbours(app: Flask) -> None:
    with app.app_context():
        db.session.execute(delete(IndexValue).filter_by(base_year=2025, month=month("2026-06")))
        db.session.commit()
    response = app.test_client().get(f"{ROOT}/2025/2026-06")
    problem = response.get_json()
    assert (response.status_code, problem["code"]) == (404, "MONTH_NOT_FOUND")
    assert problem["detail"] == (
        "No health index is available for 2026-06 on base 2025. "
        "The nearest available months are 2026-05 and 2026-07."
    )


def test_revision_that_changes_the_smoothed_index_changes_last_modified(app: Flask) -> None:
    client = app.test_client()
    seen = client.get(f"{ROOT}/2013/2020-01")
    with app.app_context():
        revised = update(IndexValue).where(IndexValue.base_year == 2013, IndexValue.month == month("2019-12"))
        db.session.execute(revised.values(value=Decimal("110.00"), fetched_at=at("2026-09-15")))
        db.session.commit()
    again = client.get(f"{ROOT}/2013/2020-01", headers={"If-Modified-Since": seen.headers["Last-Modified"]})
    assert again.status_code == 200
    assert again.json is not None
    assert again.json["smoothed"] != 107.04


# A series


def published(month: str, value: float, smoothed: float | None) -> dict[str, Any]:
    """Return the entry of a published value."""
    return {
        "month": month,
        "value": value,
        "smoothed": smoothed,
        "status": "published",
        "coefficient": None,
        "coefficient_source": None,
    }


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


# The base years


def test_base_years_are_newest_first(reader: FlaskClient) -> None:
    assert get(reader, {}, "/base-years") == {
        "base_years": [
            {"base_year": 2025, "first_month": "2014-01", "last_month": "2026-08"},
            {"base_year": 2013, "first_month": "1994-01", "last_month": "2026-08"},
            {"base_year": 2004, "first_month": "1994-01", "last_month": "2025-12"},
            {"base_year": 1996, "first_month": "1994-01", "last_month": "2025-12"},
            {"base_year": 1988, "first_month": "1994-01", "last_month": "2025-12"},
        ]
    }


def test_further_base_year_of_the_data_is_accepted_everywhere(app: Flask) -> None:
    add_value(app, 2035, "2026-08", "80.12")
    client = app.test_client()
    assert get(client, {"base": "2035"})["value"] == 80.12
    assert get(client, {}, "/2035/2026-08")["value"] == 80.12
    assert get(client, {"base": "2035"}, "/series")["values"] == [published("2026-08", 80.12, None)]
    assert get(client, {}, "/base-years")["base_years"][0] == {
        "base_year": 2035,
        "first_month": "2026-08",
        "last_month": "2026-08",
    }


# Invalid parameters


@pytest.mark.parametrize("base", ["2020", "", "2013\n", "２０１３"], ids=ascii)
def test_invalid_base_year_is_rejected(reader: FlaskClient, base: str) -> None:
    assert problem(reader, "", {"base": base}) == (400, "WRONG_YEAR", {"base": WRONG_BASE})


def test_invalid_base_year_in_the_path_is_rejected(reader: FlaskClient) -> None:
    assert problem(reader, "/2020/2020-01", {}) == (400, "WRONG_YEAR", {"base": WRONG_BASE})


@pytest.mark.parametrize("path", ["", "/series"])
def test_missing_base_year_is_rejected(reader: FlaskClient, path: str) -> None:
    assert problem(reader, path, {}) == (400, "WRONG_YEAR", {"base": NO_BASE})


@pytest.mark.parametrize(
    "text",
    ["", "2020", "2020-13", "2020-00", "2020-1", "2020-01-01", "1899-12", "2100-01", "2020-01\n", "20２0-01"],
    ids=ascii,
)
def test_invalid_month_is_rejected(reader: FlaskClient, text: str) -> None:
    for name in ("from", "to"):
        found = problem(reader, "/series", {"base": "2013", name: text})
        assert found == (400, "MONTH_NOT_VALID", {name: WRONG_MONTH})


@pytest.mark.parametrize("text", ["2020-13", "2020-01%0A"])
def test_invalid_month_in_the_path_is_rejected(reader: FlaskClient, text: str) -> None:
    assert problem(reader, f"/2013/{text}", {}) == (400, "MONTH_NOT_VALID", {"month": WRONG_MONTH})


@pytest.mark.parametrize("text", ["", "html", "CSV"])
def test_invalid_format_is_rejected(reader: FlaskClient, text: str) -> None:
    found = problem(reader, "/series", {"base": "2013", "format": text})
    assert found == (400, "NOT_VALID", {"format": WRONG_FORMAT})


@pytest.mark.parametrize(
    ("path", "query", "errors"),
    [
        ("/2020/2020-13", {}, {"base": WRONG_BASE, "month": WRONG_MONTH}),
        (
            "/series",
            {"base": "x", "from": "x", "to": "x", "format": "x", "x": "x"},
            {
                "base": WRONG_BASE,
                "from": WRONG_MONTH,
                "to": WRONG_MONTH,
                "format": WRONG_FORMAT,
                "x": UNKNOWN,
            },
        ),
    ],
)
def test_every_invalid_parameter_has_messages(
    reader: FlaskClient, path: str, query: dict[str, str], errors: dict[str, list[str]]
) -> None:
    assert problem(reader, path, query) == (400, "NOT_VALID", errors)


def test_series_with_its_last_month_before_the_first_is_rejected(reader: FlaskClient) -> None:
    found = problem(reader, "/series", {"base": "2013", "from": "2020-02", "to": "2020-01"})
    assert found == (400, "NOT_VALID", {"to": ["Must not be before from."]})


# Without data


def test_index_without_values_is_unavailable(app: Flask) -> None:
    delete_values(app)
    client = app.test_client()
    for path in ("?base=2013", "/2013/2020-01", "/series?base=2013", "/base-years"):
        response = client.get(f"{ROOT}{path}")
        assert response.json is not None
        assert (response.status_code, response.json["code"]) == (503, "INDEX_UNAVAILABLE"), path
        assert response.content_type == "application/problem+json"
        assert int(response.headers["Retry-After"]) > 0
        assert response.headers["Cache-Control"] == "no-store"
