"""The behaviour that all routes of `/api/v1` share: caching, methods, CORS and unknown parameters."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.http import http_date, parse_date
from werkzeug.test import TestResponse

from tests.conftest import ORDINARY_DAY, SetClock
from webapp import api
from webapp.config import Settings
from webapp.data.database import db
from webapp.data.index_models import IndexValue

LATEST = "/api/v1/health-index?base=2013"
CROSS_ORIGIN = {"Origin": "https://elsewhere.example"}


def documented_paths() -> list[str]:
    """Return the example requests of each GET route in the OpenAPI document."""
    app = Flask(__name__)
    app.extensions["operator"] = Settings.of({}).operator
    api.register(app)
    routes = app.extensions["openapi"]["document"]["paths"].values()
    operations = [methods["get"] for methods in routes if "get" in methods]
    return [sample["path"] for operation in operations for sample in operation["x-codeSamples"]]


PATHS = documented_paths()
INDEX_PATHS = [path for path in PATHS if path.startswith(("/api/v1/health-index", "/api/v1/indexation"))]

every_route = pytest.mark.parametrize("path", PATHS)


def test_document_has_example_requests() -> None:
    assert LATEST in PATHS
    assert len(INDEX_PATHS) >= 5


# Caching


@every_route
def test_response_has_caching_headers(reader: FlaskClient, path: str) -> None:
    response = reader.get(path)
    assert response.status_code == 200
    assert re.fullmatch('"[0-9a-f]{40}"', response.headers["ETag"])
    assert response.headers["Cache-Control"] == "public, max-age=60, stale-while-revalidate=60"
    assert response.headers["Vary"] in ("Accept", "Accept, Accept-Encoding")  # by its size
    changed_at = parse_date(response.headers["Last-Modified"])
    assert changed_at is not None
    assert changed_at <= ORDINARY_DAY


@every_route
def test_unchanged_response_is_304(reader: FlaskClient, path: str) -> None:
    headers = reader.get(path).headers
    for condition in (
        {"If-None-Match": headers["ETag"]},
        {"If-Modified-Since": headers["Last-Modified"]},
    ):
        again = reader.get(path, headers=condition)
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", headers["ETag"])
        assert again.headers["Cache-Control"] == headers["Cache-Control"]


@every_route
def test_changed_response_is_sent_again(reader: FlaskClient, path: str) -> None:
    modified = reader.get(path).headers["Last-Modified"]
    earlier = http_date(datetime.strptime(modified, "%a, %d %b %Y %H:%M:%S %Z") - timedelta(seconds=1))
    for condition in (
        {"If-None-Match": '"other"'},
        {"If-Modified-Since": earlier},
        {"If-None-Match": '"other"', "If-Modified-Since": modified},  # the ETag takes precedence
    ):
        assert reader.get(path, headers=condition).status_code == 200


@pytest.mark.parametrize("path", INDEX_PATHS)
def test_revised_value_changes_last_modified(app: Flask, path: str) -> None:
    client = app.test_client()
    since = {"If-Modified-Since": client.get(path).headers["Last-Modified"]}
    assert client.get(path, headers=since).status_code == 304
    with app.app_context():
        db.session.execute(update(IndexValue).values(fetched_at=ORDINARY_DAY + timedelta(hours=1)))
        db.session.commit()
    again = client.get(path, headers=since)
    assert again.status_code == 200
    assert again.headers["Last-Modified"] == "Mon, 14 Sep 2026 13:00:00 GMT"


def test_publication_day_changes_last_modified(app: Flask, set_clock: SetClock) -> None:
    client, path = app.test_client(), "/api/v1/health-index?base=2025"
    since = {"If-Modified-Since": client.get(path).headers["Last-Modified"]}

    def get_at(instant: datetime) -> TestResponse:
        set_clock(instant)
        return client.get(path, headers=since)

    assert get_at(datetime(2026, 9, 28, 21, 59, 59, tzinfo=timezone.utc)).status_code == 304
    again = get_at(datetime(2026, 9, 29, 12, 0, tzinfo=timezone.utc))
    assert again.status_code == 200
    assert again.headers["Last-Modified"] == "Mon, 28 Sep 2026 22:00:00 GMT"  # midnight in Belgium


# Methods


def test_head_has_the_headers_of_get_and_no_body(reader: FlaskClient) -> None:
    get, head = reader.get(LATEST), reader.head(LATEST)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == str(len(get.data))
    names = {*get.headers.keys(), *head.headers.keys()} - {"Date", "Age", "Cache-Status", "X-Request-ID"}
    assert {name: head.headers.get(name) for name in names} == {name: get.headers[name] for name in names}


@every_route
def test_other_method_is_rejected_with_the_allowed_ones(reader: FlaskClient, path: str) -> None:
    response = reader.delete(path)
    assert (response.status_code, (response.json or {})["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert {"GET", "HEAD", "OPTIONS"} <= set(response.headers["Allow"].split(", "))
    options = reader.options(path)
    assert (options.status_code, options.headers["Allow"]) == (200, response.headers["Allow"])


# CORS


@pytest.mark.parametrize(
    ("path", "status"),
    [(LATEST, 200), ("/api/v1/zipcodes/9000", 200), ("/api/v1/health-index", 400), ("/api/v1/nowhere", 404)],
)
def test_response_may_be_read_from_any_origin(reader: FlaskClient, path: str, status: int) -> None:
    response = reader.get(path, headers=CROSS_ORIGIN)
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (status, "*")
    assert set(response.headers["Access-Control-Expose-Headers"].split(", ")) == {
        "ETag",
        "Retry-After",
        "X-Request-ID",
        "Zipcode-Column",
    }
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_unavailable_response_may_be_read_from_any_origin(shared_empty_app: Flask) -> None:
    response = shared_empty_app.test_client().get(LATEST, headers=CROSS_ORIGIN)
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (503, "*")
    assert "Retry-After" in response.headers["Access-Control-Expose-Headers"]


def test_preflight_allows_any_origin_and_header(reader: FlaskClient) -> None:
    request = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "If-None-Match"}
    response = reader.options(LATEST, headers={**CROSS_ORIGIN, **request})
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert {"GET", "HEAD"} <= set(response.headers["Access-Control-Allow-Methods"].split(", "))
    assert response.headers["Access-Control-Allow-Headers"] == "If-None-Match"
    assert response.headers["Access-Control-Max-Age"] == "86400"


@pytest.mark.parametrize("path", ["/index", "/readyz"])
def test_response_outside_the_api_may_not_be_read_from_other_origins(reader: FlaskClient, path: str) -> None:
    preflight = {**CROSS_ORIGIN, "Access-Control-Request-Method": "GET"}
    for response in (reader.get(path, headers=CROSS_ORIGIN), reader.options(path, headers=preflight)):
        assert response.status_code == 200
        assert [name for name, _value in response.headers if name.startswith("Access-Control")] == []


# Parameters


@every_route
def test_unknown_parameter_is_rejected(reader: FlaskClient, path: str) -> None:
    response = reader.get(f"{path}{'&' if '?' in path else '?'}bogus=1")
    assert (response.status_code, (response.json or {})["code"]) == (400, "NOT_VALID")
    assert (response.json or {})["errors"] == {"bogus": ["Unknown parameter."]}


def test_repeated_parameter_is_rejected(reader: FlaskClient) -> None:
    response = reader.get(f"{LATEST}&base=2013")
    assert response.status_code == 400
    assert (response.json or {})["errors"] == {"base": ["Specify this parameter only once."]}


@pytest.mark.parametrize("path", PATHS)
def test_cache_buster_is_ignored(reader: FlaskClient, path: str) -> None:
    buster = f"{'&' if '?' in path else '?'}_=123&_=124"
    response = reader.get(path + buster)
    assert (response.status_code, response.data) == (200, reader.get(path).data)


def test_cache_buster_of_a_post_is_ignored(reader: FlaskClient) -> None:
    response = reader.post("/api/v1/zipcodes/lookup?_=123", json={"zipcodes": ["9000"]})
    assert response.status_code == 200
