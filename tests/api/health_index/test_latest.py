"""The latest index, and the base years."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.api.health_index.client import ROOT, at, get, published
from tests.conftest import SetClock
from tests.health_index.stored_values import add_value, delete_values
from tests.support.fake_statbel import FakeStatbel, bestat, responding

SEPTEMBER = responding(bestat([(2025, "2026-09", 103.75), (2004, "2026-09", 169.01000000000002)]))


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


def test_new_month_on_an_alternative_changes_last_modified(app: Flask) -> None:
    client = app.test_client()
    since = {"If-Modified-Since": client.get(f"{ROOT}?base=2004").headers["Last-Modified"]}
    assert client.get(f"{ROOT}?base=2004", headers=since).status_code == 304
    add_value(app, 2013, "1993-12", "69.70", fetched_at=at("2026-09-14", "12:01:00"))
    assert client.get(f"{ROOT}?base=2004", headers=since).status_code == 200


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
