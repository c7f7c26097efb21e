"""`/api/v1/health-index`: the latest index, a month, a series as JSON and CSV, the base years."""

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, Dict, List, Tuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from tests.conftest import SetClock
from tests.health_index.held import forget, hold, month
from tests.support.fake_statbel import FakeStatbel, answering, bestat
from webapp.data.database import db
from webapp.data.index_models import IndexValue

ROOT = "/api/v1/health-index"

AUGUST = answering(bestat([(2025, "2026-08", 103.5), (2004, "2026-08", 169.01000000000002)]))

NO_BASE = ["Give the base year that the contract names."]
WRONG_BASE = ["Choose a base year of the health index: 1988, 1996, 2004, 2013, 2025."]
WRONG_MONTH = ["Write the month as a year and two digits, such as 2020-01."]
WRONG_FORMAT = ["Choose json or csv."]
UNKNOWN = ["This route does not know this parameter."]

NO_MONTHS = [
    *("2020", "2020-13", "2020-00", "2020-1", "202001", "2020-01-01", "01-2020", "2020/01", "latest"),
    *(
        "1899-12",
        "2100-01",
        "-2020-01",
        " 2020-01",
        "2020-01 ",
        "2020-01\n",
        "20２0-01",
        "２０２０-０１",
        "٢٠٢٠-٠١",
        "2020-01\0",
    ),
]


def get(client: FlaskClient, query: Dict[str, str], path: str = "") -> Any:
    response = client.get(f"{ROOT}{path}", query_string=query)
    assert response.status_code == 200
    return response.json


def refusal(client: FlaskClient, path: str, query: Dict[str, str]) -> Tuple[int, str, Dict[str, List[str]]]:
    """The status, the code, and what is wrong with each parameter."""
    response = client.get(f"{ROOT}{path}", query_string=query)
    body = response.json
    assert body is not None
    return response.status_code, body["code"], body["errors"]


def at(day: str, time: str = "12:00:00") -> datetime:
    """An instant in UTC."""
    return datetime.strptime(f"{day} {time}", "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)


# The latest


def test_the_latest_index_on_a_base_year(reader: FlaskClient) -> None:
    assert get(reader, {"base": "2025"}) == {
        "base_year": 2025,
        "month": "2026-07",
        "value": 103.24,
        "status": "published",
        "source": "seed",
        "fetched_at": "2026-08-14T12:00:00Z",
        "stale": False,
        "next_publication": "2026-08-28",
    }


def test_the_latest_index_on_a_base_year_that_statbel_no_longer_gives(reader: FlaskClient) -> None:
    assert get(reader, {"base": "2004"}) == {
        "base_year": 2004,
        "month": "2025-12",
        "value": 165.08,
        "status": "converted",
        "source": "seed",
        "fetched_at": "2026-08-14T12:00:00Z",
        "stale": True,
        "next_publication": "2026-08-28",
    }


@pytest.mark.parametrize(
    ("now", "stale", "next_publication"),
    [
        (at("2026-07-29", "21:59:59"), False, "2026-07-30"),
        (at("2026-07-29", "22:00:00"), False, "2026-08-28"),  # midnight in Belgium
        (at("2026-08-27", "21:59:59"), False, "2026-08-28"),
        (at("2026-08-27", "22:00:00"), True, "2026-09-29"),
        (at("2026-08-31"), True, "2026-09-29"),
        (at("2026-12-29", "22:59:59"), True, "2026-12-30"),
        (at("2026-12-29", "23:00:00"), True, "2027-01-28"),
    ],
    ids=str,
)
def test_the_next_publication_and_what_is_stale_change_at_midnight_of_a_publication_day(
    client: FlaskClient, set_clock: SetClock, now: datetime, stale: bool, next_publication: str
) -> None:
    set_clock(now)
    found = get(client, {"base": "2025"})
    assert (found["month"], found["stale"], found["next_publication"]) == ("2026-07", stale, next_publication)


def test_a_month_that_is_due_is_read_before_the_answer(
    client: FlaskClient, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    set_clock(at("2026-08-28"))
    statbel.bestat = AUGUST
    assert get(client, {"base": "2004"}) == {
        "base_year": 2004,
        "month": "2026-08",
        "value": 169.01,
        "status": "published",
        "source": "bestat",
        "fetched_at": "2026-08-28T12:00:00Z",
        "stale": False,
        "next_publication": "2026-09-29",
    }


# A month


def test_the_index_of_one_month(reader: FlaskClient) -> None:
    assert get(reader, {}, "/2013/2020-01") == {
        "base_year": 2013,
        "month": "2020-01",
        "value": 109.72,
        "status": "published",
        "source": "seed",
        "fetched_at": "2026-08-14T12:00:00Z",
        "smoothed": 107.04,
    }


def test_a_month_without_a_smoothed_index_says_null(reader: FlaskClient) -> None:
    assert get(reader, {}, "/2025/2014-01") == {
        "base_year": 2025,
        "month": "2014-01",
        "value": 74.2,
        "status": "converted",
        "source": "seed",
        "fetched_at": "2026-08-14T12:00:00Z",
        "smoothed": None,
    }


@pytest.mark.parametrize("text", ["1993-12", "2026-01", "1900-01", "2099-12"])
def test_a_month_that_is_not_held_names_the_range(reader: FlaskClient, text: str) -> None:
    response = reader.get(f"{ROOT}/2013/{text}")
    assert (response.status_code, response.json) == (
        404,
        {
            "type": "/api/v1/#MONTH_NOT_FOUND",
            "title": "No health index for this month",
            "status": 404,
            "detail": (f"No health index is available for {text} on base 2013, only for 1994-01 to 2025-12."),
            "code": "MONTH_NOT_FOUND",
        },
    )


def test_a_month_that_is_missing_between_others_names_those_around_it(reader: FlaskClient) -> None:
    response = reader.get(f"{ROOT}/2025/2026-06")
    problem = response.get_json()
    assert (response.status_code, problem["code"]) == (404, "MONTH_NOT_FOUND")
    assert problem["detail"] == (
        "No health index is available for 2026-06 on base 2025. "
        "The nearest available months are 2026-03 and 2026-07."
    )


def test_a_revision_of_an_earlier_month_that_changes_the_smoothed_index_is_a_change(app: Flask) -> None:
    client = app.test_client()
    seen = client.get(f"{ROOT}/2013/2020-01")
    with app.app_context():
        revised = update(IndexValue).where(IndexValue.base_year == 2013, IndexValue.month == month("2019-12"))
        db.session.execute(revised.values(value=Decimal("110.00"), fetched_at=at("2026-08-15")))
        db.session.commit()
    again = client.get(f"{ROOT}/2013/2020-01", headers={"If-Modified-Since": seen.headers["Last-Modified"]})
    assert again.status_code == 200
    assert again.json is not None
    assert again.json["smoothed"] != 107.04


# A series


def test_a_series_has_its_first_and_its_last_month(reader: FlaskClient) -> None:
    assert get(reader, {"base": "2013", "from": "2025-01", "to": "2025-03"}, "/series") == {
        "base_year": 2013,
        "values": [
            {"month": "2025-01", "value": 135.52, "smoothed": 131.18, "status": "published"},
            {"month": "2025-02", "value": 135.79, "smoothed": 131.87, "status": "published"},
            {"month": "2025-03", "value": 135.91, "smoothed": 132.53, "status": "published"},
        ],
    }


@pytest.mark.parametrize(
    ("query", "first", "last", "count"),
    [
        ({}, "1994-01", "2025-12", 384),
        ({"from": "2025-11"}, "2025-11", "2025-12", 2),
        ({"to": "1994-03"}, "1994-01", "1994-03", 3),
        ({"from": "2020-01", "to": "2020-01"}, "2020-01", "2020-01", 1),
        ({"from": "1950-01", "to": "1994-01"}, "1994-01", "1994-01", 1),
        ({"from": "2025-12", "to": "2050-01"}, "2025-12", "2025-12", 1),
    ],
)
def test_a_series_goes_from_and_to_what_is_asked_as_far_as_it_is_held(
    reader: FlaskClient, query: Dict[str, str], first: str, last: str, count: int
) -> None:
    months = [entry["month"] for entry in get(reader, {"base": "2013", **query}, "/series")["values"]]
    assert (months[0], months[-1], len(months)) == (first, last, count)
    assert months == sorted(months)


def test_a_series_says_null_where_there_is_no_smoothed_index(reader: FlaskClient) -> None:
    values = get(reader, {"base": "2025", "to": "2014-04"}, "/series")["values"]
    assert [entry["smoothed"] for entry in values] == [None, None, None, 74.23]


def test_a_series_in_which_nothing_is_held_is_empty(reader: FlaskClient) -> None:
    query = {"base": "2025", "to": "2013-12"}
    assert get(reader, query, "/series") == {"base_year": 2025, "values": []}
    text = reader.get(f"{ROOT}/series", query_string={**query, "format": "csv"}).text
    assert text == "base_year,month,value,smoothed,status\r\n"


def test_a_series_as_csv(reader: FlaskClient) -> None:
    query = {"base": "2013", "to": "1994-04", "format": "csv"}
    assert reader.get(f"{ROOT}/series", query_string=query).text == (
        "base_year,month,value,smoothed,status\r\n"
        "2013,1994-01,69.81,,published\r\n"
        "2013,1994-02,70.02,,published\r\n"
        "2013,1994-03,69.97,,published\r\n"
        "2013,1994-04,70.08,69.97,published\r\n"
    )


@pytest.mark.parametrize(
    ("accept", "query", "content_type"),
    [
        ("*/*", {}, "application/json"),
        ("text/csv", {}, "text/csv; charset=utf-8"),
        ("text/csv, application/json;q=0.9", {}, "text/csv; charset=utf-8"),
        ("text/csv;q=0.5, application/json", {}, "application/json"),
        ("text/html", {}, "application/json"),
        ("application/json", {"format": "csv"}, "text/csv; charset=utf-8"),
        ("text/csv", {"format": "json"}, "application/json"),
    ],
)
def test_accept_and_format_decide_between_json_and_csv(
    reader: FlaskClient, accept: str, query: Dict[str, str], content_type: str
) -> None:
    asked = {"base": "2013", "from": "2025-12", **query}
    response = reader.get(f"{ROOT}/series", query_string=asked, headers={"Accept": accept})
    assert response.content_type == content_type
    assert response.text.startswith("base_year,") == content_type.startswith("text/csv")
    assert "Accept" in response.headers["Vary"]


def test_json_and_csv_have_different_tags(reader: FlaskClient) -> None:
    both = [
        reader.get(f"{ROOT}/series", query_string={"base": "2013", "format": name})
        for name in ("json", "csv")
    ]
    assert both[0].headers["ETag"] != both[1].headers["ETag"]


# The base years


def test_the_base_years_newest_first(reader: FlaskClient) -> None:
    assert get(reader, {}, "/base-years") == {
        "base_years": [
            {"base_year": 2025, "first_month": "2014-01", "last_month": "2026-07"},
            {"base_year": 2013, "first_month": "1994-01", "last_month": "2025-12"},
            {"base_year": 2004, "first_month": "1994-01", "last_month": "2025-12"},
            {"base_year": 1996, "first_month": "1994-01", "last_month": "2025-12"},
            {"base_year": 1988, "first_month": "1994-01", "last_month": "2025-12"},
        ]
    }


def test_a_further_base_year_is_accepted_everywhere_when_the_data_holds_it(app: Flask) -> None:
    hold(app, 2035, "2026-07", "80.12")
    client = app.test_client()
    assert get(client, {"base": "2035"})["value"] == 80.12
    assert get(client, {}, "/2035/2026-07")["value"] == 80.12
    assert get(client, {"base": "2035"}, "/series")["values"] == [
        {"month": "2026-07", "value": 80.12, "smoothed": None, "status": "published"}
    ]
    assert get(client, {}, "/base-years")["base_years"][0] == {
        "base_year": 2035,
        "first_month": "2026-07",
        "last_month": "2026-07",
    }


# What is refused


@pytest.mark.parametrize("path", ["", "/series"])
@pytest.mark.parametrize(
    "base",
    ["2020", "2035", "", "abc", "02013", "2013.0", "+2013", " 2013", "2013\n", "２０１３", "2013\0"],
    ids=ascii,
)
def test_what_is_no_base_year_is_refused(reader: FlaskClient, path: str, base: str) -> None:
    assert refusal(reader, path, {"base": base}) == (400, "WRONG_YEAR", {"base": WRONG_BASE})


@pytest.mark.parametrize("base", ["2020", "2013%0A", "%20", "２０１３", "series"], ids=ascii)
def test_what_is_no_base_year_is_refused_in_the_path(reader: FlaskClient, base: str) -> None:
    assert refusal(reader, f"/{base}/2020-01", {}) == (400, "WRONG_YEAR", {"base": WRONG_BASE})


@pytest.mark.parametrize("path", ["", "/series"])
def test_a_base_year_has_to_be_given(reader: FlaskClient, path: str) -> None:
    assert refusal(reader, path, {}) == (400, "WRONG_YEAR", {"base": NO_BASE})


@pytest.mark.parametrize("text", NO_MONTHS, ids=ascii)
def test_what_is_no_month_is_refused(reader: FlaskClient, text: str) -> None:
    for name in ("from", "to"):
        found = refusal(reader, "/series", {"base": "2013", name: text})
        assert found == (400, "MONTH_NOT_VALID", {name: WRONG_MONTH})


@pytest.mark.parametrize("name", ["from", "to"])
def test_an_empty_month_is_refused(reader: FlaskClient, name: str) -> None:
    found = refusal(reader, "/series", {"base": "2013", name: ""})
    assert found == (400, "MONTH_NOT_VALID", {name: WRONG_MONTH})


@pytest.mark.parametrize(
    "text", ["2020-13", "2020-1", "2020-01%0A", "%20", "latest", "2020-01%00", "20２0-01"], ids=ascii
)
def test_what_is_no_month_is_refused_in_the_path(reader: FlaskClient, text: str) -> None:
    assert refusal(reader, f"/2013/{text}", {}) == (400, "MONTH_NOT_VALID", {"month": WRONG_MONTH})


@pytest.mark.parametrize("text", ["", "html", "CSV", "xml", "csv\n"], ids=ascii)
def test_what_is_no_format_is_refused(reader: FlaskClient, text: str) -> None:
    found = refusal(reader, "/series", {"base": "2013", "format": text})
    assert found == (400, "NOT_VALID", {"format": WRONG_FORMAT})


@pytest.mark.parametrize("path", ["", "/series"])
def test_a_parameter_that_the_route_does_not_know_is_refused(reader: FlaskClient, path: str) -> None:
    found = refusal(reader, path, {"base": "2013", "form": "2025-01"})
    assert found == (400, "NOT_VALID", {"form": UNKNOWN})


@pytest.mark.parametrize(
    ("path", "query", "errors"),
    [
        ("", {"year": "2013"}, {"base": NO_BASE, "year": UNKNOWN}),
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
def test_where_several_are_wrong_each_is_told(
    reader: FlaskClient, path: str, query: Dict[str, str], errors: Dict[str, List[str]]
) -> None:
    assert refusal(reader, path, query) == (400, "NOT_VALID", errors)


# Nothing to answer


def assert_unavailable(client: FlaskClient, code: str) -> None:
    for path in ("?base=2013", "/2013/2020-01", "/series?base=2013", "/base-years"):
        response = client.get(f"{ROOT}{path}")
        assert response.json is not None
        assert (response.status_code, response.json["code"]) == (503, code), path
        assert response.content_type == "application/problem+json"
        assert int(response.headers["Retry-After"]) > 0
        assert response.headers["Cache-Control"] == "no-store"


def test_an_empty_table_is_unavailable(app: Flask) -> None:
    forget(app)
    assert_unavailable(app.test_client(), "INDEX_UNAVAILABLE")


def test_a_series_that_runs_backwards_is_refused(reader: FlaskClient) -> None:
    answer = reader.get("/api/v1/health-index/series?base=2013&from=2020-02&to=2020-01")
    assert (answer.status_code, (answer.json or {})["code"]) == (400, "NOT_VALID")
    assert (answer.json or {})["errors"] == {"to": ["Give a month that is not before the first one."]}


def test_a_series_may_be_of_one_month(reader: FlaskClient) -> None:
    answer = reader.get("/api/v1/health-index/series?base=2013&from=2020-01&to=2020-01")
    assert [entry["month"] for entry in (answer.json or {})["values"]] == ["2020-01"]
