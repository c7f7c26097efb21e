"""`/index`: the base year, the JSON and its headers."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import SetClock
from tests.health_index.stored_values import add_value, delete_values
from tests.support.fake_statbel import FakeStatbel, bestat, responding

PUBLICATION = datetime(2026, 9, 29, 12, 0, tzinfo=timezone.utc)


def headers(client: FlaskClient, path: str) -> dict[str, str | None]:
    response = client.get(path)
    assert response.status_code == 200
    found: dict[str, str | None] = {"Index-Checked": None}
    found.update({name: value for name, value in response.headers.items() if name.startswith("Index-")})
    return found


# The headers


def test_published_value_has_headers(reader: FlaskClient) -> None:
    assert headers(reader, "/index?year=2025") == {
        "Index-Month": "2026-08",
        "Index-Status": "published",
        "Index-Stale": "false",
        "Index-Checked": None,
    }


def test_converted_value_has_headers(reader: FlaskClient) -> None:
    assert headers(reader, "/index") == {
        "Index-Month": "2025-12",
        "Index-Status": "converted",
        "Index-Coefficient": "1.2077",
        "Index-Coefficient-Source": "statbel",
        "Index-Stale": "true",
        "Index-Checked": None,
    }


def test_value_converted_with_the_derived_coefficient_has_headers(app: Flask) -> None:
    add_value(app, 2025, "2026-09", "103.77")
    assert headers(app.test_client(), "/index?year=2013") == {
        "Index-Month": "2026-09",
        "Index-Status": "converted",
        "Index-Coefficient": "1.3557",
        "Index-Coefficient-Source": "derived",
        "Index-Stale": "false",
        "Index-Checked": None,
    }


def test_headers_have_the_time_of_the_last_response_of_statbel(
    client: FlaskClient, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    set_clock(PUBLICATION)
    statbel.bestat = responding(bestat([(2025, "2026-09", 103.75), (2004, "2026-09", 169.01000000000002)]))
    assert headers(client, "/index") == {
        "Index-Month": "2026-09",
        "Index-Status": "published",
        "Index-Stale": "false",
        "Index-Checked": "2026-09-29T12:00:00Z",
    }


def test_headers_say_stale_after_a_failure_of_statbel(
    client: FlaskClient, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    set_clock(PUBLICATION)
    statbel.bestat = statbel.open_data = responding(b"", status=404)
    assert headers(client, "/index?year=2025") == {
        "Index-Month": "2026-08",
        "Index-Status": "published",
        "Index-Stale": "true",
        "Index-Checked": None,
    }


def test_page_has_the_headers_of_the_json(reader: FlaskClient) -> None:
    assert headers(reader, "/index?format=html") == headers(reader, "/index?format=json")


# The base year


def test_base_year_is_2004_without_the_parameter(reader: FlaskClient) -> None:
    assert reader.get("/index").json == reader.get("/index?year=2004").json
    assert reader.get("/index").json != reader.get("/index?year=2013").json


def test_further_base_year_of_the_data_is_accepted(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/index?year=2034").status_code == 400
    add_value(app, 2034, "2026-08", "80.12")
    assert client.get("/index?year=2034").json == {"index": 80.12}


@pytest.mark.parametrize("text", ["2020", "", "２００４", " 2004"], ids=ascii)
def test_invalid_base_year_is_rejected(reader: FlaskClient, text: str) -> None:
    response = reader.get("/index", query_string={"year": text})
    assert (response.status_code, response.json) == (400, {"detail": "WRONG_YEAR"})
    assert response.headers["Cache-Control"] == "no-store"


# Without values


def test_index_is_unavailable_until_there_is_a_value(app: Flask) -> None:
    delete_values(app)
    client = app.test_client()
    response = client.get("/index")
    assert (response.status_code, response.json) == (503, {"detail": "INDEX_UNAVAILABLE"})
    assert int(response.headers["Retry-After"]) > 0
    assert response.headers["Cache-Control"] == "no-store"
    add_value(app, 2004, "2026-08", "168.50")
    assert client.get("/index").json == {"index": 168.5}
