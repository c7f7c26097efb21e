"""One month, on one and on every base year."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, update

from tests.api.health_index.client import ROOT, at, get
from tests.health_index.stored_values import month
from webapp.data.database import db
from webapp.data.index_models import IndexValue


def test_value_converted_with_the_derived_coefficient_says_so(reader: FlaskClient) -> None:
    found = get(reader, {}, "/2013/2026-07")
    assert (found["value"], found["status"]) == (139.96, "converted")
    assert (found["coefficient"], found["coefficient_source"]) == (1.3557, "derived")
    query = {"base": "2013", "from": "2026-07", "format": "csv"}
    assert reader.get(f"{ROOT}/series", query_string=query).text.splitlines()[1:] == [
        "2013,2026-07,139.96,136.61,converted,1.3557,derived",
        "2013,2026-08,140.30,136.85,published,,",
    ]


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


def test_month_on_every_base_year(reader: FlaskClient) -> None:
    found = get(reader, {}, "/2020-01")
    assert (found["month"], found["previous"], found["next"]) == ("2020-01", "2019-12", "2020-02")
    assert [entry["base_year"] for entry in found["values"]] == [2025, 2013, 2004, 1996, 1988]
    assert found["values"][1] == {
        "base_year": 2013,
        "value": 109.72,
        "smoothed": 107.04,
        "month_change": 0.0049,
        "year_change": 0.0112,
        "status": "published",
        "coefficient": None,
        "coefficient_source": None,
        "source": "seed",
        "fetched_at": "2026-09-14T12:00:00Z",
    }


def test_first_and_last_month_have_one_neighbour(reader: FlaskClient) -> None:
    assert get(reader, {}, "/1994-01")["previous"] is None
    assert get(reader, {}, "/2026-08")["next"] is None


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [("1993-12", 404, "MONTH_NOT_FOUND"), ("2020", 400, "MONTH_NOT_VALID"), ("x", 400, "MONTH_NOT_VALID")],
)
def test_month_that_is_invalid_or_missing_is_an_error(
    reader: FlaskClient, text: str, status: int, code: str
) -> None:
    response = reader.get(f"{ROOT}/{text}")
    assert (response.status_code, (response.json or {})["code"]) == (status, code)
