"""What all routes of `/api/v1` share: how answers are kept, who may ask, how problems look."""

import re
from datetime import datetime, timedelta, timezone
from typing import List

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.http import http_date, parse_date
from werkzeug.test import TestResponse

from tests.conftest import ORDINARY_DAY, SetClock
from webapp import api
from webapp.data.database import db
from webapp.data.index_models import IndexValue

ELSEWHERE = {"Origin": "https://elsewhere.example"}
FIREFOX = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def shown() -> List[str]:
    """A request for each route that reads, as the OpenAPI document shows it."""
    app = Flask(__name__)
    api.register(app)
    reading = [
        methods["get"]
        for methods in app.extensions["openapi"]["document"]["paths"].values()
        if "get" in methods
    ]
    return [sample["path"] for operation in reading for sample in operation["x-codeSamples"]]


EXAMPLES = shown()
OF_THE_INDEX = [path for path in EXAMPLES if path.startswith(("/api/v1/health-index", "/api/v1/indexation"))]

every_route = pytest.mark.parametrize("path", EXAMPLES)


def test_the_document_shows_requests() -> None:
    assert "/api/v1/health-index?base=2013" in EXAMPLES
    assert len(OF_THE_INDEX) >= 5


# How answers are kept


@every_route
def test_an_answer_tells_how_it_may_be_kept(reader: FlaskClient, path: str) -> None:
    response = reader.get(path)
    assert response.status_code == 200
    assert re.fullmatch('"[0-9a-f]{40}"', response.headers["ETag"])
    assert response.headers["Cache-Control"] == "public, max-age=60, stale-while-revalidate=60"
    assert response.headers["Vary"] == "Accept"
    changed = parse_date(response.headers["Last-Modified"])
    assert changed is not None
    assert changed <= ORDINARY_DAY


@every_route
def test_an_answer_with_the_same_tag_is_not_sent_again(reader: FlaskClient, path: str) -> None:
    tag = reader.get(path).headers["ETag"]
    again = reader.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert again.headers["Cache-Control"] == "public, max-age=60, stale-while-revalidate=60"
    assert reader.get(path, headers={"If-None-Match": '"something else"'}).status_code == 200


@every_route
def test_an_answer_that_has_not_changed_since_is_not_sent_again(reader: FlaskClient, path: str) -> None:
    modified = reader.get(path).headers["Last-Modified"]
    again = reader.get(path, headers={"If-Modified-Since": modified})
    assert (again.status_code, again.data) == (304, b"")
    before = http_date(datetime.strptime(modified, "%a, %d %b %Y %H:%M:%S %Z") - timedelta(seconds=1))
    assert reader.get(path, headers={"If-Modified-Since": before}).status_code == 200


@every_route
def test_another_tag_counts_more_than_the_date(reader: FlaskClient, path: str) -> None:
    modified = reader.get(path).headers["Last-Modified"]
    asked = {"If-None-Match": '"something else"', "If-Modified-Since": modified}
    assert reader.get(path, headers=asked).status_code == 200


@pytest.mark.parametrize("path", OF_THE_INDEX)
def test_a_revised_value_is_a_change(app: Flask, path: str) -> None:
    client = app.test_client()
    since = {"If-Modified-Since": client.get(path).headers["Last-Modified"]}
    assert client.get(path, headers=since).status_code == 304
    with app.app_context():
        db.session.execute(update(IndexValue).values(fetched_at=ORDINARY_DAY + timedelta(hours=1)))
        db.session.commit()
    again = client.get(path, headers=since)
    assert again.status_code == 200
    assert again.headers["Last-Modified"] == "Fri, 14 Aug 2026 13:00:00 GMT"


def test_that_a_publication_day_has_come_is_a_change(app: Flask, set_clock: SetClock) -> None:
    client, path = app.test_client(), "/api/v1/health-index?base=2025"
    since = {"If-Modified-Since": client.get(path).headers["Last-Modified"]}

    def ask_at(instant: datetime) -> TestResponse:
        set_clock(instant)
        return client.get(path, headers=since)

    assert ask_at(datetime(2026, 8, 27, 21, 59, 59, tzinfo=timezone.utc)).status_code == 304
    again = ask_at(datetime(2026, 8, 28, 12, 0, tzinfo=timezone.utc))
    assert again.status_code == 200
    assert again.headers["Last-Modified"] == "Thu, 27 Aug 2026 22:00:00 GMT"  # midnight in Belgium


# Other methods


@every_route
def test_head_has_the_headers_of_get_and_no_body(reader: FlaskClient, path: str) -> None:
    got, headed = reader.get(path), reader.head(path)
    assert (headed.status_code, headed.data) == (200, b"")
    assert headed.headers["Content-Length"] == str(len(got.data))
    names = {*got.headers.keys(), *headed.headers.keys()} - {"Date", "Age", "Cache-Status"}
    assert {name: headed.headers.get(name) for name in names} == {name: got.headers[name] for name in names}


@every_route
def test_options_names_the_methods(reader: FlaskClient, path: str) -> None:
    response = reader.options(path)
    assert (response.status_code, response.data) == (200, b"")
    assert {"GET", "HEAD", "OPTIONS"} <= set(response.headers["Allow"].split(", "))


@every_route
def test_a_wrong_method_is_told_the_right_ones(reader: FlaskClient, path: str) -> None:
    response = reader.delete(path)
    assert (response.status_code, (response.json or {})["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert response.headers["Allow"] == reader.options(path).headers["Allow"]


# Pages elsewhere


@every_route
def test_a_page_elsewhere_may_read_an_answer_and_its_headers(reader: FlaskClient, path: str) -> None:
    response = reader.get(path, headers=ELSEWHERE)
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert set(response.headers["Access-Control-Expose-Headers"].split(", ")) == {"ETag", "Retry-After"}
    assert "Access-Control-Allow-Credentials" not in response.headers


@every_route
def test_a_page_elsewhere_may_ask_with_headers_of_its_own(reader: FlaskClient, path: str) -> None:
    wanted = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "If-None-Match"}
    response = reader.options(path, headers={**ELSEWHERE, **wanted})
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert {"GET", "HEAD"} <= set(response.headers["Access-Control-Allow-Methods"].split(", "))
    assert response.headers["Access-Control-Allow-Headers"] == "If-None-Match"
    assert response.headers["Access-Control-Max-Age"] == "86400"


@pytest.mark.parametrize("path", EXAMPLES)
def test_a_parameter_that_a_route_does_not_know_is_refused(reader: FlaskClient, path: str) -> None:
    answer = reader.get(f"{path}{'&' if '?' in path else '?'}bogus=1")
    assert (answer.status_code, (answer.json or {})["code"]) == (400, "NOT_VALID")
    assert (answer.json or {})["errors"] == {"bogus": ["This route does not know this parameter."]}


@pytest.mark.parametrize("path", [path for path in EXAMPLES if "?" in path])
def test_a_parameter_that_is_given_twice_is_refused(reader: FlaskClient, path: str) -> None:
    name, value = path.split("?")[1].split("&", maxsplit=1)[0].split("=")
    answer = reader.get(f"{path}&{name}={value}")
    assert answer.status_code == 400
    assert (answer.json or {})["errors"] == {name: ["Give this parameter once."]}


@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/v1/nowhere", 404), ("/api/v1/health-index", 400), ("/api/v1/health-index/2013/1993-12", 404)],
)
def test_a_page_elsewhere_may_read_what_is_wrong(reader: FlaskClient, path: str, status: int) -> None:
    response = reader.get(path, headers=ELSEWHERE)
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (status, "*")


def test_a_page_elsewhere_may_read_when_to_try_again(shared_empty_app: Flask) -> None:
    response = shared_empty_app.test_client().get("/api/v1/health-index?base=2013", headers=ELSEWHERE)
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (503, "*")
    assert "Retry-After" in response.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("path", ["/index", "/zipcode/9000", "/", "/readyz"])
def test_what_is_not_below_the_api_is_not_for_pages_elsewhere(reader: FlaskClient, path: str) -> None:
    preflight = {**ELSEWHERE, "Access-Control-Request-Method": "GET"}
    for response in (reader.get(path, headers=ELSEWHERE), reader.options(path, headers=preflight)):
        assert response.status_code == 200
        assert [name for name, _value in response.headers if name.startswith("Access-Control")] == []
