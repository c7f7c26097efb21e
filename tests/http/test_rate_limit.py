"""How many requests a client may send: generous, per client, and never a health probe."""

import ipaddress
import random
import socket
import time
from typing import Callable, Dict, Iterator, List

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.databases import settings_for
from webapp.app import create_app
from webapp.config import Settings
from webapp.data.extensions import db
from webapp.http.rate_limit import client as who

MakeApp = Callable[[Settings], Flask]
Limited = Callable[..., FlaskClient]


@pytest.fixture
def limited(make_app: MakeApp, sqlite_url: str) -> Limited:
    """Makes a desk with the given settings, by default one that takes three requests a minute.

    Without the HTTP cache, which gives answers again that nobody counts.
    """

    def make(**variables: str) -> FlaskClient:
        return make_app(
            settings_for(sqlite_url, **{"RATE_LIMIT": "3", "HTTP_CACHE_MB": "0", **variables})
        ).test_client()

    return make


def statuses(client: FlaskClient, path: str, count: int, **headers: str) -> List[int]:
    answers = [client.get(path, headers=headers) for _ in range(count)]
    for answer in answers:
        answer.close()
    return [answer.status_code for answer in answers]


def test_requests_beyond_the_limit_are_refused(limited: Limited) -> None:
    client = limited()
    assert statuses(client, "/zipcode/9000", 5) == [200, 200, 200, 429, 429]


def test_all_addresses_count_together(limited: Limited) -> None:
    client = limited()
    paths = ["/zipcode/9000", "/index", "/api/v1/health-index?base=2013", "/zipcode/2000"]
    assert [client.get(path).status_code for path in paths] == [200, 200, 200, 429]


def test_the_refusal_says_when_to_try_again(limited: Limited) -> None:
    client = limited()
    statuses(client, "/index", 3)
    refused = client.get("/api/v1/zipcodes/9000")
    assert refused.content_type == "application/problem+json"
    assert (refused.json or {})["code"] == "RATE_LIMITED"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["Cache-Control"] == "no-store"
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    assert client.get("/zipcode/9000").json == {"detail": "RATE_LIMITED"}
    assert "<h1>Too many requests</h1>" in client.get("/", headers={"Accept": "text/html"}).text


def test_probes_and_static_files_are_never_refused(limited: Limited) -> None:
    client = limited()
    statuses(client, "/index", 4)
    for path in ("/healthz", "/readyz", "/static/style.css"):
        assert statuses(client, path, 5) == [200] * 5


def test_what_is_given_again_from_the_cache_does_not_count(limited: Limited) -> None:
    client = limited(HTTP_CACHE_MB="1")
    assert statuses(client, "/zipcode/9000", 9) == [200] * 9
    assert statuses(client, "/zipcode/1311", 3) == [404, 404, 429]


def test_probes_do_not_count(limited: Limited) -> None:
    client = limited()
    statuses(client, "/healthz", 9)
    assert statuses(client, "/index", 3) == [200] * 3


def test_many_zipcodes_at_once_count_as_a_second_of_requests(limited: Limited) -> None:
    client = limited(RATE_LIMIT="120")
    for _ in range(60):
        assert client.post("/api/v1/zipcodes/lookup", json={"zipcodes": []}).status_code == 200
    assert client.get("/index").status_code == 429


def test_a_list_on_the_page_counts_as_much_and_its_form_as_one(limited: Limited) -> None:
    client = limited(RATE_LIMIT="120")
    assert statuses(client, "/list", 40) == [200] * 40
    for _ in range(40):
        sent = client.post("/list", data={"zipcodes": "9000"}, content_type="multipart/form-data")
        assert sent.status_code == 200
    assert client.get("/list").status_code == 429


def test_asking_whether_one_may_ask_counts_as_one_request(limited: Limited) -> None:
    client = limited(RATE_LIMIT="120")
    for _ in range(100):
        assert client.options("/api/v1/zipcodes/lookup").status_code == 200
    assert client.get("/index").status_code == 200


def test_zero_means_no_limit(limited: Limited) -> None:
    assert set(statuses(limited(RATE_LIMIT="0"), "/zipcode/9000", 50)) == {200}


def test_without_trusted_proxies_a_client_cannot_pretend_to_be_another(limited: Limited) -> None:
    client = limited()
    answers = [
        client.get("/index", headers={"X-Forwarded-For": f"192.0.2.{number}"}).status_code
        for number in range(4)
    ]
    assert answers == [200, 200, 200, 429]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "same_client"),
    [
        ("1", ["192.0.2.1", "192.0.2.1"], True),
        ("1", ["192.0.2.1", "192.0.2.2"], False),
        (
            "1",
            ["203.0.113.1, 192.0.2.1", "203.0.113.2, 192.0.2.1"],
            True,
        ),  # the first is the client's own word
        ("2", ["192.0.2.1, 198.51.100.1", "192.0.2.2, 198.51.100.1"], False),
        ("2", ["203.0.113.1, 192.0.2.1, 198.51.100.1", "203.0.113.2, 192.0.2.1, 198.51.100.1"], True),
        ("1", ["2001:db8::1", "2001:db8::ffff"], True),  # one network of 64 bits
        ("1", ["2001:db8:0:1::1", "2001:db8:0:2::1"], False),
    ],
)
def test_behind_proxies_the_client_is_the_one_that_they_saw(
    limited: Limited, proxies: str, forwarded: List[str], same_client: bool
) -> None:
    client = limited(TRUSTED_PROXIES=proxies)
    statuses(client, "/index", 3, **{"X-Forwarded-For": forwarded[0]})
    expected = 429 if same_client else 200
    assert statuses(client, "/index", 1, **{"X-Forwarded-For": forwarded[1]}) == [expected]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("[2001:db8::1]", "2001:db8::/64"),
        ("[2001:db8::1]:4711", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("what a proxy made up", "unknown"),
    ],
)
def test_a_client_is_told_apart_by_its_address(limited: Limited, address: str, expected: str) -> None:
    app = limited().application
    environ: Dict[str, str] = {"REMOTE_ADDR": address}
    with app.test_request_context("/", environ_overrides=environ):
        assert who() == expected


def test_desks_that_share_redis_count_together(limited: Limited, redis_url: str) -> None:
    somebody = str(ipaddress.IPv4Address(random.getrandbits(32)))  # another at each run
    desks = [limited(REDIS_URL=redis_url, TRUSTED_PROXIES="1") for _ in range(2)]
    answers = [statuses(desk, "/index", 2, **{"X-Forwarded-For": somebody}) for desk in desks]
    assert answers == [[200, 200], [200, 429]]


@pytest.fixture(params=["refuses", "hangs"])
def silent_redis(request: pytest.FixtureRequest, closed_port: int) -> Iterator[str]:
    """The address of a Redis that is not there, or that says nothing."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(20)
        port = closed_port if request.param == "refuses" else server.getsockname()[1]
        yield f"redis://127.0.0.1:{port}/0"


def test_without_its_redis_a_desk_starts_and_counts_by_itself(
    sqlite_url: str, silent_redis: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(settings_for(sqlite_url, RATE_LIMIT="3", HTTP_CACHE_MB="0", REDIS_URL=silent_redis))
    started = time.monotonic()
    assert statuses(app.test_client(), "/zipcode/9000", 5) == [200, 200, 200, 429, 429]
    assert time.monotonic() - started < 2
    assert "falling back to in-memory storage" in caplog.text
    with app.app_context():
        db.engine.dispose()
