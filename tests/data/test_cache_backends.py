"""The caches: what they save, what they never hold, and that neither can fail a request."""

import logging
import sys
import threading
import time
import uuid
from typing import Any, Callable, Iterator, List, Tuple

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient

from tests.databases import settings_for, statements_of
from tests.fake_statbel import FakeStatbel
from tests.redis_server import Gate
from webapp.config import Settings
from webapp.data import cache_backends
from webapp.data.cache_backends import ProcessCache, SharedCache
from webapp.data.extensions import cache

MakeApp = Callable[[Settings], Flask]

LOGGER = "webapp.data.cache_backends"


def backend(app: Flask) -> Any:
    return app.extensions["cache"][cache]


def entries(app: Flask) -> int:
    """How many keys the cache of this application holds."""
    held = backend(app)
    if isinstance(held, ProcessCache):
        return len(held._cache)
    return sum(1 for _ in held._read_client.scan_iter(f"{held.key_prefix}*"))


@pytest.fixture
def key_prefix() -> str:
    """Keys of the test's own; make_app deletes them, because a cache clears by its prefix."""
    return f"desk-test-{uuid.uuid4().hex}:"


@pytest.fixture(params=["process", "redis"])
def app(
    request: pytest.FixtureRequest,
    make_app: MakeApp,
    sqlite_url: str,
    statbel: FakeStatbel,
    key_prefix: str,
) -> Flask:
    """The application with each kind of cache."""
    address = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    app = make_app(settings_for(sqlite_url, HTTP_CACHE_MB="0", REDIS_URL=address, **statbel.addresses))
    assert isinstance(backend(app), SharedCache if address else ProcessCache)
    backend(app).key_prefix = key_prefix
    return app


# What is saved


@pytest.mark.parametrize("path", ["/zipcode/9000", "/index", "/index?year=2013"])
def test_a_warm_request_asks_neither_the_database_nor_statbel(
    app: Flask, client: FlaskClient, statbel: FakeStatbel, path: str
) -> None:
    cold = client.get(path)
    sent, asked = statements_of(app), len(statbel.asked)
    warm = client.get(path)
    assert (warm.status_code, warm.data, warm.headers["ETag"]) == (200, cold.data, cold.headers["ETag"])
    assert (sent, len(statbel.asked)) == ([], asked)


def test_a_page_is_made_from_what_a_script_left_in_the_cache(app: Flask, client: FlaskClient) -> None:
    client.get("/?format=html")  # every page with base years on it knows which ones are held
    client.get("/zipcode/9000")
    sent, before = statements_of(app), entries(app)
    page = client.get("/zipcode/9000", headers={"Accept": "text/html"})
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert (sent, entries(app)) == ([], before)


def test_the_page_of_the_index_asks_once_for_what_a_script_does_not_need(
    app: Flask, client: FlaskClient
) -> None:
    """Its months and the other base years, which the one number of a script leaves out."""
    client.get("/index")
    client.get("/index?format=html")
    sent, before = statements_of(app), entries(app)
    page = client.get("/index?period=1&format=html")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert (sent, entries(app)) == ([], before)


def test_a_script_is_answered_from_what_a_page_left_in_the_cache(app: Flask, client: FlaskClient) -> None:
    client.get("/zipcode/9000?format=html")
    sent = statements_of(app)
    assert client.get("/zipcode/9000").json == {"risk_factor": "B"}
    assert client.head("/zipcode/9000").status_code == 200
    assert sent == []


def test_junk_in_the_query_adds_no_entry_and_asks_nobody(app: Flask, client: FlaskClient) -> None:
    client.get("/zipcode/9000")
    client.get("/index?year=2013")
    sent, before = statements_of(app), entries(app)
    for number in range(50):
        assert client.get(f"/zipcode/9000?junk={number}").status_code == 200
        assert client.get(f"/index?junk={number}&year=2013").status_code == 200
    assert (sent, entries(app)) == ([], before)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/zipcode/1311", 404), ("/zipcode/abc", 400), ("/index?year=abc", 400), ("/index?year=12345", 400)],
)
def test_an_error_is_never_cached(app: Flask, client: FlaskClient, path: str, status: int) -> None:
    client.get("/zipcode/9000")  # so that what comes with the first entry is there
    assert client.get(path).status_code == status
    before = entries(app)
    for _ in range(3):
        assert client.get(path).status_code == status
    assert entries(app) == before


def test_years_that_are_no_base_year_share_one_entry(app: Flask, client: FlaskClient) -> None:
    client.get("/index?year=2020")
    sent, before = statements_of(app), entries(app)
    for year in range(1000, 1100):
        assert client.get(f"/index?year={year}").status_code == 400
    assert (sent, entries(app)) == ([], before)


def test_an_entry_lasts_a_minute(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    client.get("/zipcode/9000")
    held = backend(app)
    if isinstance(held, ProcessCache):
        later = time.time() + 61
        monkeypatch.setattr("cachelib.simple.time", lambda: later)
        sent = statements_of(app)
        client.get("/zipcode/9000")
        assert sent != []
    else:
        keys = list(held._read_client.scan_iter(f"{held.key_prefix}*"))
        assert {0 < held._read_client.ttl(key) <= 60 for key in keys} == {True}


def test_two_containers_share_what_one_of_them_learnt(
    make_app: MakeApp, sqlite_url: str, redis_url: str, key_prefix: str
) -> None:
    first, second = (
        make_app(settings_for(sqlite_url, HTTP_CACHE_MB="0", REDIS_URL=redis_url)) for _ in range(2)
    )
    for app in (first, second):
        backend(app).key_prefix = key_prefix
    first.test_client().get("/zipcode/9200")
    second.extensions["data_version"].current()
    sent = statements_of(second)
    answer = second.test_client().get("/zipcode/9200")
    assert (answer.json, answer.headers["Risk-Range"]) == ({"risk_factor": "A"}, "9170-9240")
    assert sent == []


# The cache in the process


def test_what_has_expired_goes_without_being_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    held = ProcessCache(threshold=1000)
    for number in range(100):
        held.set(f"version 1, {number}", "kept", timeout=60)
    later = time.time() + 61
    monkeypatch.setattr("cachelib.simple.time", lambda: later)
    monkeypatch.setattr("webapp.data.cache_backends.time.time", lambda: later)
    held.set("version 2", "kept", timeout=60)
    assert list(held._cache) == ["version 2"]


@pytest.fixture
def hasty_switching() -> Iterator[None]:
    """Let threads take turns so often that they do get in each other's way."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("threshold", [1, 10, 300])
def test_many_threads_may_fill_the_cache_over_its_threshold(hasty_switching: None, threshold: int) -> None:
    tiny = ProcessCache(threshold=threshold)
    failures: List[BaseException] = []

    def work(thread: int) -> None:
        try:
            for number in range(400):
                tiny.set(f"{thread}-{number}", number, timeout=60 if number % 3 else 1)
                tiny.set_many({f"{thread}-{number}-more": number}, timeout=60)
                assert tiny.get(f"{thread}-{number}") in (number, None)
                tiny.get_many(f"{thread}-{number - 1}", f"{thread + 1}-{number}")
        except Exception as error:  # noqa: BLE001  # a thread's failure would be lost otherwise
            failures.append(error)

    threads = [threading.Thread(target=work, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(tiny._cache) <= threshold + 1


def test_the_threshold_is_above_what_can_be_asked_for() -> None:
    assert Settings.of({}).for_flask()["CACHE_THRESHOLD"] > 9000 + 100


# The shared cache, when Redis is in trouble


@pytest.fixture
def gate(redis_url: str) -> Iterator[Gate]:
    """A way to Redis that the test can shut; open at first."""
    gate = Gate(redis_url)
    gate.open()
    yield gate
    gate.close()


@pytest.fixture
def shared(gate: Gate, make_app: MakeApp, sqlite_url: str, key_prefix: str) -> Iterator[Flask]:
    """An application whose Redis is behind the gate."""
    app = make_app(settings_for(sqlite_url, HTTP_CACHE_MB="0", REDIS_URL=gate.url))
    backend(app).key_prefix = key_prefix
    yield app
    gate.open()  # for the cache to be cleared


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A longer wait for Redis, so that a busy machine's slow request is not taken for one.

    Ask for it before `shared`, which makes its connections with it.
    """
    monkeypatch.setattr(cache_backends, "REDIS_SECONDS", 0.5)


def timed(client: FlaskClient, path: str) -> Tuple[int, bool]:
    """The status, and whether it took as long as one wait for Redis."""
    started = time.monotonic()
    status = client.get(path).status_code
    return status, time.monotonic() - started >= cache_backends.REDIS_SECONDS


PATHS = ["/zipcode/9000", "/index", "/zipcode/9200", "/zipcode/9000", "/index?year=2013", "/zipcode/1000"]


def test_a_redis_that_refuses_fails_no_request_and_slows_none(
    patience: None, shared: Flask, gate: Gate
) -> None:
    gate.refuse()
    client = shared.test_client()
    assert [timed(client, path) for path in PATHS] == [(200, False)] * len(PATHS)


def test_a_redis_that_hangs_fails_no_request_and_slows_one(patience: None, shared: Flask, gate: Gate) -> None:
    gate.hang()
    client = shared.test_client()
    answers = [timed(client, path) for path in PATHS]
    assert answers == [(200, True)] + [(200, False)] * (len(PATHS) - 1)


def test_a_redis_that_hangs_while_connections_are_open_slows_one_request(
    patience: None, shared: Flask, gate: Gate
) -> None:
    client = shared.test_client()
    assert client.get("/zipcode/9000").status_code == 200
    gate.hang()
    answers = [timed(client, path) for path in PATHS]
    assert answers == [(200, True)] + [(200, False)] * (len(PATHS) - 1)


def test_a_hanging_redis_slows_one_request_in_each_rest_period(
    patience: None, shared: Flask, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_backends, "REDIS_REST_SECONDS", 0.5)
    gate.hang()
    client = shared.test_client()
    slow = []
    for _ in range(2):
        slow += [timed(client, path)[1] for path in PATHS[:3]]
        time.sleep(0.55)
    assert slow == [True, False, False] * 2


def test_a_slow_redis_does_not_wait_longer_than_its_limit(shared: Flask, gate: Gate) -> None:
    gate.hang()
    started = time.monotonic()
    assert shared.test_client().get("/zipcode/9000").status_code == 200
    assert time.monotonic() - started < 2 * cache_backends.REDIS_SECONDS + 0.2


@pytest.mark.parametrize("trouble", ["refuse", "hang"])
def test_the_log_says_once_that_redis_is_away_and_once_that_it_is_back(
    shared: Flask,
    gate: Gate,
    trouble: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(cache_backends, "REDIS_REST_SECONDS", 0.05)
    caplog.set_level(logging.INFO, LOGGER)
    client = shared.test_client()
    client.get("/zipcode/9000")
    getattr(gate, trouble)()
    for path in PATHS[:3]:
        assert client.get(path).status_code == 200
        time.sleep(0.06)
    gate.open()
    for path in PATHS[:3]:
        assert client.get(path).status_code == 200
        time.sleep(0.06)
    said = [record.getMessage() for record in caplog.records if record.name == LOGGER]
    assert [text.split(",")[0] for text in said] == ["Redis is out of reach", "Redis answers again"]


@pytest.mark.parametrize("trouble", ["refuse", "hang"])
def test_when_redis_is_back_it_is_used_again(
    shared: Flask, gate: Gate, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_backends, "REDIS_REST_SECONDS", 0.05)
    client = shared.test_client()
    client.get("/zipcode/9000")
    getattr(gate, trouble)()
    assert client.get("/zipcode/9000").status_code == 200
    gate.open()
    time.sleep(0.06)
    client.get("/zipcode/9000")
    sent = statements_of(shared)
    assert client.get("/zipcode/9000").status_code == 200
    assert sent == []


def test_many_threads_at_a_hanging_redis_are_each_slowed_once_at_most(
    patience: None, shared: Flask, gate: Gate
) -> None:
    gate.hang()
    slow: List[bool] = []

    def ask() -> None:
        client = shared.test_client()
        for path in PATHS:
            status, was_slow = timed(client, path)
            assert status == 200
            slow.append(was_slow)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(slow) == 4 * len(PATHS)
    assert sum(slow) <= 4


def test_what_somebody_else_left_under_a_key_fails_no_request(shared: Flask, redis_url: str) -> None:
    client = shared.test_client()
    client.get("/zipcode/9000")
    held = backend(shared)
    with redis.Redis.from_url(redis_url) as other:
        for key in other.scan_iter(f"{held.key_prefix}*"):
            other.set(key, b"!not what we wrote", ex=60)
        assert client.get("/zipcode/9000").status_code == 200
        for key in other.scan_iter(f"{held.key_prefix}*"):
            other.delete(key)
            other.lpush(key, "a list")
            other.expire(key, 60)
    assert client.get("/zipcode/9000").status_code == 200
