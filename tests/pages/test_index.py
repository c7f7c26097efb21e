"""`/index`: which base years it takes, what it answers, and what its headers tell."""

from datetime import datetime, timezone
from typing import Callable, Dict, Optional

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import SetClock
from tests.fake_statbel import FakeStatbel, answering, bestat
from tests.health_index.held import forget, hold, on_sqlite
from webapp.config import Settings
from webapp.errors import WrongYear
from webapp.pages.index import parse_base_year

PUBLICATION = datetime(2026, 8, 28, 12, 0, tzinfo=timezone.utc)
AUGUST = answering(bestat([(2025, "2026-08", 103.5), (2004, "2026-08", 169.01000000000002)]))
GONE = answering(b"", status=404)

NAMES = ("Index-Month", "Index-Status", "Index-Stale", "Index-Checked")


def headers(client: FlaskClient, path: str) -> Dict[str, Optional[str]]:
    response = client.get(path)
    assert response.status_code == 200
    return {name: response.headers.get(name) for name in NAMES}


# The value


def test_the_example_of_the_contract(app: Flask, set_clock: SetClock) -> None:
    forget(app, after="2021-09")
    set_clock(datetime(2021, 10, 1, 12, 0, tzinfo=timezone.utc))
    response = app.test_client().get("/index")
    assert response.status_code == 200
    assert response.json == {"index": 135.61}
    assert response.headers["Index-Month"] == "2021-09"


def test_the_base_year_is_2004_when_none_is_given(shared_app: Flask) -> None:
    client = shared_app.test_client()
    assert client.get("/index").json == client.get("/index?year=2004").json
    assert client.get("/index").json != client.get("/index?year=2013").json


@on_sqlite
def test_a_new_month_is_answered_without_the_noise_of_floats(
    client: FlaskClient, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    set_clock(PUBLICATION)
    statbel.bestat = AUGUST
    assert client.get("/index").get_data(as_text=True).strip() == '{"index":169.01}'


@on_sqlite
def test_the_greatest_month_is_answered_whatever_came_last(app: Flask) -> None:
    hold(app, 2034, "2026-07", "80.00")
    hold(app, 2034, "2026-06", "79.00")
    assert app.test_client().get("/index?year=2034").json == {"index": 80.0}


# The headers


def test_the_headers_of_a_published_value(shared_app: Flask) -> None:
    client = shared_app.test_client()
    assert headers(client, "/index?year=2025") == {
        "Index-Month": "2026-07",
        "Index-Status": "published",
        "Index-Stale": "false",
        "Index-Checked": None,
    }


def test_the_headers_of_a_converted_value(shared_app: Flask) -> None:
    client = shared_app.test_client()
    assert headers(client, "/index") == {
        "Index-Month": "2025-12",
        "Index-Status": "converted",
        "Index-Stale": "true",
        "Index-Checked": None,
    }


@on_sqlite
def test_the_headers_after_statbel_answered(
    client: FlaskClient, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    set_clock(PUBLICATION)
    statbel.bestat = AUGUST
    assert headers(client, "/index") == {
        "Index-Month": "2026-08",
        "Index-Status": "published",
        "Index-Stale": "false",
        "Index-Checked": "2026-08-28T12:00:00Z",
    }


@on_sqlite
def test_the_headers_when_statbel_cannot_be_read(
    client: FlaskClient, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    set_clock(PUBLICATION)
    statbel.bestat = statbel.open_data = GONE
    assert headers(client, "/index?year=2025") == {
        "Index-Month": "2026-07",
        "Index-Status": "published",
        "Index-Stale": "true",
        "Index-Checked": None,
    }


def test_a_page_has_the_same_headers(shared_app: Flask) -> None:
    client = shared_app.test_client()
    assert headers(client, "/index?format=html") == headers(client, "/index?format=json")


# The base year


def test_a_further_base_year_is_accepted_when_the_data_holds_it(app: Flask) -> None:
    hold(app, 2034, "2026-07", "80.12")
    assert app.test_client().get("/index?year=2034").json == {"index": 80.12}


@on_sqlite
def test_a_further_base_year_is_accepted_once_statbel_publishes_on_it(
    make_app: Callable[[Settings], Flask], settings: Settings, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    set_clock(PUBLICATION)
    statbel.bestat = answering(bestat([(2034, "2026-08", 80.12)]))
    assert make_app(settings).test_client().get("/index").status_code == 200
    assert make_app(settings).test_client().get("/index?year=2034").json == {"index": 80.12}


@pytest.mark.parametrize(
    "text", ["2034", "2020", "", "abc", "２００４", " 2004", "+2004", "2004\0"], ids=ascii
)
def test_what_is_no_base_year_is_refused(shared_app: Flask, text: str) -> None:
    response = shared_app.test_client().get("/index", query_string={"year": text})
    assert (response.status_code, response.json) == (400, {"detail": "WRONG_YEAR"})
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "text",
    [
        *("204", "02004", "20040", "2004.0", "2004,", "20 04", "2_004", "2e3", "0x7d4", "-2004", "2004 "),
        *("2004\n", "\u200b2004", "٢٠٠٤", "²⁰⁰⁴", "२००४", "2004;DROP", "latest", "2013 = 100", "9" * 5000),
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_what_is_not_four_digits_is_refused_without_a_database(text: str) -> None:
    with pytest.raises(WrongYear):
        parse_base_year(text)


@on_sqlite
def test_a_refused_base_year_asks_statbel_nothing(
    client: FlaskClient, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    set_clock(PUBLICATION)
    assert client.get("/index?year=2020").status_code == 400
    assert statbel.asked == []


# Nothing to answer


@on_sqlite
def test_an_empty_table_is_filled_by_the_first_request(app: Flask, statbel: FakeStatbel) -> None:
    forget(app)
    statbel.bestat = answering(bestat([(2004, "2026-07", 168.5), (2013, "2026-07", 139.0)]))
    assert app.test_client().get("/index").json == {"index": 168.5}


@pytest.mark.parametrize("path", ["/index", "/index?year=2025"])
def test_an_empty_table_and_no_statbel_is_unavailable(app: Flask, statbel: FakeStatbel, path: str) -> None:
    forget(app)
    statbel.bestat = statbel.open_data = GONE
    response = app.test_client().get(path)
    assert (response.status_code, response.json) == (503, {"detail": "INDEX_UNAVAILABLE"})
    assert int(response.headers["Retry-After"]) > 0
    assert response.headers["Cache-Control"] == "no-store"


@on_sqlite
def test_a_base_year_without_values_is_unavailable_while_others_are_held(app: Flask) -> None:
    forget(app)
    hold(app, 2013, "2026-07", "139.00")
    client = app.test_client()
    assert client.get("/index?year=2013").status_code == 200
    assert client.get("/index?year=2004").json == {"detail": "INDEX_UNAVAILABLE"}


@on_sqlite
def test_that_nothing_was_known_is_not_remembered(app: Flask, statbel: FakeStatbel) -> None:
    forget(app)
    statbel.bestat = statbel.open_data = GONE
    client = app.test_client()
    assert client.get("/index").status_code == 503
    hold(app, 2004, "2026-07", "168.50")
    assert client.get("/index").json == {"index": 168.5}


def test_a_database_without_a_schema_is_unavailable(shared_empty_app: Flask) -> None:
    response = shared_empty_app.test_client().get("/index")
    assert (response.status_code, response.json) == (503, {"detail": "DATABASE_UNAVAILABLE"})
    assert int(response.headers["Retry-After"]) > 0
