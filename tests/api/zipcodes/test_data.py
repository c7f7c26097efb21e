"""Missing data, and Last-Modified after a change of the data."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete

from tests.api.zipcodes.client import GENT, PATH, SEED, get
from tests.conftest import SetClock
from tests.support.risk_tables import delete_risk_tables, load_table
from webapp.data import place_seed as places
from webapp.data.database import db
from webapp.data.zipcode_models import Place
from webapp.zipcodes.risk_table import Range


def delete_all(app: Flask, model: Any) -> None:
    with app.app_context():
        db.session.execute(delete(model))
        db.session.commit()


def test_without_a_risk_table_there_are_suggestions_and_no_risk_factors(
    app: Flask, client: FlaskClient
) -> None:
    delete_risk_tables(app)
    for url in ("/9000", "?risk_factor=A"):
        response = client.get(f"{PATH}{url}")
        assert response.json is not None
        assert (response.status_code, response.json["code"]) == (503, "RISK_TABLE_UNAVAILABLE")
        assert response.content_type == "application/problem+json"
        assert (response.headers["Retry-After"], response.headers["Cache-Control"]) == ("60", "no-store")
    assert get(client, q="gent", limit="1")["results"] == [{"zipcode": "9000", **GENT}]


def test_without_places_there_are_risk_factors_and_no_suggestions(app: Flask, client: FlaskClient) -> None:
    delete_all(app, Place)
    assert get(client, q="gent") == {"results": [], "matches": 0}
    assert get(client, risk_factor="A") == {"total": 0, "results": [], "next_cursor": None}
    found = get(client, "/9000")
    assert (found["risk_factor"], found["assigned"], found["places"]) == ("B", False, [])


URLS = ["/9000", "?risk_factor=C", "?q=gent"]


def last_modified(client: FlaskClient, url: str) -> str:
    response = client.get(f"{PATH}{url}")
    assert response.status_code == 200
    return response.headers["Last-Modified"]


@pytest.mark.parametrize(
    ("midnight", "since"),
    [
        (datetime(2026, 9, 30, 22, 0, tzinfo=timezone.utc), "Wed, 30 Sep 2026 22:00:00 GMT"),
        (datetime(2026, 12, 31, 23, 0, tzinfo=timezone.utc), "Thu, 31 Dec 2026 23:00:00 GMT"),
    ],
    ids=["summer", "winter"],
)
def test_planned_risk_table_changes_last_modified_at_midnight_in_belgium(
    app: Flask,
    client: FlaskClient,
    set_clock: SetClock,
    midnight: datetime,
    since: str,
) -> None:
    imported = "Mon, 14 Sep 2026 12:00:00 GMT"
    load_table(app, [Range(9000, 9000, "C")], midnight.date() + timedelta(days=1))
    set_clock(midnight - timedelta(seconds=1))
    assert [last_modified(client, url) for url in URLS] == [imported] * 3
    assert get(client, "/9000")["risk_factor"] == "B"
    set_clock(midnight)
    assert [last_modified(client, url) for url in URLS] == [since, since, imported]
    assert get(client, "/9000")["risk_factor"] == "C"
    for url in URLS[:2]:
        again = client.get(f"{PATH}{url}", headers={"If-Modified-Since": imported})
        assert again.status_code == 200


def test_risk_table_in_force_at_once_changes_last_modified_at_its_import(
    app: Flask, client: FlaskClient, set_clock: SetClock
) -> None:
    set_clock(datetime(2026, 9, 20, 9, 30, tzinfo=timezone.utc))
    load_table(app, [Range(9000, 9000, "C")], date(2026, 9, 20))
    assert (
        last_modified(client, "/9000")
        == last_modified(client, "?risk_factor=C")
        == "Sun, 20 Sep 2026 09:30:00 GMT"
    )


def test_reloaded_places_change_last_modified(app: Flask, client: FlaskClient, set_clock: SetClock) -> None:
    before = [client.get(f"{PATH}{url}") for url in URLS]
    set_clock(datetime(2026, 9, 20, 9, 30, tzinfo=timezone.utc))
    with app.app_context():
        rows = [row for row in places.read(SEED) if row["zipcode"] != 1020]
        assert places.load(db.session(), rows) is True
        db.session.commit()
    for url, seen in zip(URLS, before):
        since = {"If-Modified-Since": seen.headers["Last-Modified"]}
        again = client.get(f"{PATH}{url}", headers=since)
        assert again.status_code == 200
        assert again.headers["Last-Modified"] == "Sun, 20 Sep 2026 09:30:00 GMT"
    assert get(client, risk_factor="C")["total"] == 113
