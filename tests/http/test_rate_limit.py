"""The rate limit: every request counts but health probes, and no failure of Redis fails or delays one."""

from __future__ import annotations

import contextlib
import ipaddress
import itertools
import logging
import os
import random
import signal
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Callable, Iterator, List

import pytest
import redis
import requests
from flask import Flask
from flask.testing import FlaskClient

from tests.performance import resources
from tests.support import live, redis_server
from tests.support.databases import NOWHERE, settings_for
from webapp.config import Settings
from webapp.errors import RateLimited
from webapp.http import rate_limit
from webapp.http.rate_limit import KEY_PREFIX, ProcessCounter, RedisCounter
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


def statuses(client: FlaskClient, path: str, count: int, **headers: str) -> list[int]:
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


def test_health_probes_are_never_refused(limited: Limited) -> None:
    client = limited()
    statuses(client, "/index", 4)
    for path in ("/healthz", "/readyz"):
        assert statuses(client, path, 5) == [200] * 5


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/no-such-page", 404),
        ("GET", "/api/v1/no-such-route", 404),
        ("GET", "/zipcode/1311", 404),
        ("GET", "/static/no-such-file.css", 404),
        ("GET", "/static/style.css", 200),
        ("POST", "/index", 405),
        ("DELETE", "/healthz", 405),
        ("GET", "/api/v1", 308),
        ("GET", "/zipcode/abc", 400),
        ("GET", "/index?year=2020", 400),
        ("OPTIONS", "/index", 200),
        ("HEAD", "/index", 200),
    ],
)
def test_every_response_counts(limited: Limited, method: str, path: str, status: int) -> None:
    client = limited()
    responses = [client.open(path, method=method, buffered=True) for _ in range(4)]
    assert [response.status_code for response in responses] == [status] * 3 + [429]


def test_request_that_is_refused_as_too_large_counts(limited: Limited) -> None:
    client = limited()
    responses = [client.post("/index", data=b"x" * 2_000_000) for _ in range(4)]
    assert [response.status_code for response in responses] == [413] * 3 + [429]


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
    environ: dict[str, str] = {"REMOTE_ADDR": address}
    with app.test_request_context("/", environ_overrides=environ):
        assert who() == expected


def test_desks_that_share_redis_count_together(limited: Limited, redis_url: str) -> None:
    somebody = str(ipaddress.IPv4Address(random.getrandbits(32)))  # another at each run
    desks = [limited(REDIS_URL=redis_url, TRUSTED_PROXIES="1") for _ in range(2)]
    answers = [statuses(desk, "/index", 2, **{"X-Forwarded-For": somebody}) for desk in desks]
    assert answers == [[200, 200], [200, 429]]


def test_window_ends_a_minute_after_its_first_request(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([1000.0, 1000.5, 1059.9, 1060.0, 1119.9])
    monkeypatch.setattr(rate_limit, "monotonic", lambda: next(clock))
    counter = ProcessCounter()
    windows = [counter.add("192.0.2.1", 2) for _ in range(5)]
    assert [window.requests for window in windows] == [2, 4, 6, 2, 4]
    assert [round(window.seconds_left, 1) for window in windows] == [60.0, 59.5, 0.1, 60.0, 0.1]


def test_memory_is_bounded_however_many_clients_come() -> None:
    counter = ProcessCounter()
    before = resources.kilobytes(os.getpid(), "VmRSS")
    for number in range(300_000):
        counter.add(f"client {number}", 1)
    assert resources.kilobytes(os.getpid(), "VmRSS") - before < 25 * 1024
    # Those that came last still count.
    assert counter.add("client 299999", 1).requests == 2


def test_windows_that_have_ended_are_dropped_bit_by_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(rate_limit, "monotonic", lambda: now)
    counter = ProcessCounter()
    for number in range(10):
        counter.add(f"client {number}", 1)
    now += 60
    sizes = []
    for number in range(12):
        counter.add(f"later {number}", 1)
        sizes.append(len(counter))
    assert sizes == [9, 8, 7, 6, 5, 6, 7, 8, 9, 10, 11, 12]


def test_counting_in_the_process_costs_less_than_a_tenth_of_a_millisecond(limited: Limited) -> None:
    counter = ProcessCounter()
    for number in range(rate_limit.MAX_CLIENTS):
        counter.add(f"client {number}", 1)
    with limited().application.test_request_context("/", environ_overrides={"REMOTE_ADDR": "2001:db8::1"}):
        started = time.process_time()
        for _ in range(1000):
            counter.add(who(), 1)
        assert time.process_time() - started < 0.1


@pytest.fixture
def many_switches() -> Iterator[None]:
    """Let threads interrupt each other as often as can be."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def add_from_threads(counter: ProcessCounter | RedisCounter, times: int) -> int:
    """Add to one client's window from eight threads, and return the requests in it."""
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: counter.add("192.0.2.1", 1), range(times)))
    return counter.add("192.0.2.1", 0).requests


def test_threads_lose_no_count_in_the_process(many_switches: None) -> None:
    assert add_from_threads(ProcessCounter(), 20_000) == 20_000


def test_threads_lose_no_count_in_redis(own_redis: str) -> None:
    assert add_from_threads(RedisCounter(own_redis), 500) == 500


def test_redis_key_without_an_expiry_gets_one(own_redis: str) -> None:
    with redis.Redis.from_url(own_redis) as server:
        server.set(f"{KEY_PREFIX}192.0.2.1", 10)
        window = RedisCounter(own_redis).add("192.0.2.1", 1)
        assert (window.requests, window.seconds_left) == (11, 60.0)
        assert 0 < server.ttl(f"{KEY_PREFIX}192.0.2.1") <= 60


@pytest.fixture
def own_redis() -> Iterator[str]:
    """A Redis of the test's own, to be broken."""
    with redis_server.own_server() as url:
        yield url


@contextlib.contextmanager
def frozen(url: str) -> Iterator[None]:
    """A Redis that the kernel acknowledges everything for, and that never answers."""
    with redis.Redis.from_url(url) as server:
        process: int = server.info("server")["process_id"]
    os.kill(process, signal.SIGSTOP)
    yield
    os.kill(process, signal.SIGCONT)


@contextlib.contextmanager
def full(url: str) -> Iterator[None]:
    with redis.Redis.from_url(url) as server:
        server.config_set("maxmemory", 1)  # with the policy noeviction, which is the default
        yield
        server.config_set("maxmemory", 0)


@contextlib.contextmanager
def wants_password(url: str) -> Iterator[None]:
    with redis.Redis.from_url(url) as server:
        server.config_set("requirepass", "secret")
        server.client_kill_filter(_type="normal", skipme=True)
        yield
        server.config_set("requirepass", "")


@contextlib.contextmanager
def read_only(url: str) -> Iterator[None]:
    """A Redis that has become a replica."""
    with redis.Redis.from_url(url) as server:
        server.replicaof("127.0.0.1", 9)
        yield
        server.replicaof("NO", "ONE")


@contextlib.contextmanager
def wrong_type(url: str) -> Iterator[None]:
    """Somebody else uses the key of the client for a list."""
    key = f"{KEY_PREFIX}127.0.0.1"
    with redis.Redis.from_url(url) as server:
        server.delete(key)
        server.rpush(key, "x")
        yield
        server.delete(key)


@contextlib.contextmanager
def no_more_connections(url: str) -> Iterator[None]:
    with redis.Redis.from_url(url) as server:
        server.client_kill_filter(_type="normal", skipme=True)
        server.config_set("maxclients", 1)
        yield
        server.config_set("maxclients", 100)


TROUBLES = (frozen, full, wants_password, read_only, wrong_type, no_more_connections)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[], List[str]]:
    """Return the log lines of the rate limit so far, up to their comma."""
    caplog.set_level(logging.INFO, rate_limit.__name__)
    return lambda: [
        record.getMessage().partition(",")[0]
        for record in caplog.records
        if record.name == rate_limit.__name__
    ]


def small(redis_url: str, limit: int) -> Flask:
    """An application with nothing but one route and the rate limit: nothing else uses its Redis."""
    app = Flask("small")
    app.add_url_rule("/", view_func=lambda: "welcome")
    app.register_error_handler(RateLimited, lambda error: (str(error), error.status))
    rate_limit.protect(app, Settings.of({"RATE_LIMIT": str(limit), "REDIS_URL": redis_url}), exempt=())
    return app


# Far more than the timeout of Redis, for a busy machine; far less than a wait without it.
MAX_DELAY_SECONDS = 2.0
COUNTS_IN_PROCESS = "rate limit counts in the process"
COUNTS_IN_REDIS = "rate limit counts in Redis again"


def at_once(app: Flask, count: int) -> tuple[list[int], list[float]]:
    """Send so many requests at the same time; return their statuses and their durations, both sorted."""
    barrier = threading.Barrier(count)

    def send(_number: int) -> tuple[int, float]:
        client = app.test_client()
        barrier.wait()
        started = time.monotonic()
        status = client.get("/").status_code
        return status, time.monotonic() - started

    with ThreadPoolExecutor(count) as threads:
        responses = list(threads.map(send, range(count)))
    return sorted(status for status, _ in responses), sorted(seconds for _, seconds in responses)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_redis_that_fails_neither_fails_nor_delays_requests(
    own_redis: str,
    trouble: Callable[[str], contextlib.AbstractContextManager[None]],
) -> None:
    app = small(own_redis, 20)
    assert at_once(app, 4)[0] == [200] * 4  # connections are open
    with trouble(own_redis):
        statuses_at_first, durations = at_once(app, 16)
        assert statuses_at_first == [200] * 16
        assert durations[-1] < MAX_DELAY_SECONDS
        # All others do not wait at all, and count in the process. A busy machine may delay some.
        statuses_then, durations = at_once(app, 16)
        assert statuses_then == [200] * 4 + [429] * 12
        assert median(durations) < rate_limit.REDIS_TIMEOUT_SECONDS


@pytest.mark.parametrize("trouble", TROUBLES)
def test_probes_of_a_failing_redis_delay_no_request(
    own_redis: str,
    trouble: Callable[[str], contextlib.AbstractContextManager[None]],
    logged: Callable[[], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rate_limit, "REDIS_BACK_OFF_SECONDS", 0.0)
    app = small(own_redis, 1000)
    with trouble(own_redis):
        at_once(app, 1)
        longest = []
        for _ in range(10):
            found, durations = at_once(app, 4)
            assert found == [200] * 4
            longest.append(durations[-1])
            time.sleep(0.05)
        # A busy machine may delay a request, a probe would delay one in every round.
        assert median(longest) < rate_limit.REDIS_TIMEOUT_SECONDS
        assert logged() == [COUNTS_IN_PROCESS]
    eventually(app, lambda: len(logged()) > 1)
    assert logged() == [COUNTS_IN_PROCESS, COUNTS_IN_REDIS]


def eventually(app: Flask, is_so: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < give_up
        app.test_client().get("/")
        time.sleep(0.05)


def test_redis_that_is_back_counts_for_all_again(
    own_redis: str, logged: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "REDIS_BACK_OFF_SECONDS", 0.1)
    apps = [small(own_redis, 100) for _ in range(2)]
    with frozen(own_redis):
        assert [at_once(app, 1)[0] for app in apps] == [[200]] * 2
    for app, lines in zip(apps, (3, 4)):
        eventually(app, lambda lines=lines: len(logged()) == lines)  # type: ignore[misc]
    with redis.Redis.from_url(own_redis) as server:
        server.flushall()
    clients = [app.test_client() for app in apps]
    assert statuses(clients[0], "/", 60) == [200] * 60
    assert statuses(clients[1], "/", 41) == [200] * 40 + [429]


def test_failing_redis_is_left_alone_for_some_seconds(own_redis: str) -> None:
    client = small(own_redis, 1000).test_client()
    with redis.Redis.from_url(own_redis) as server, full(own_redis):
        statuses(client, "/", 1)
        server.config_resetstat()
        statuses(client, "/", 50)
        assert "cmdstat_eval" not in server.info("commandstats")


@pytest.fixture(params=["refuses", "hangs", "drips"])
def silent_redis(request: pytest.FixtureRequest, closed_port: int) -> Iterator[str]:
    """The URL of a Redis that is not there, that says nothing, or that answers a byte at a time."""
    with socket.create_server(("127.0.0.1", 0), backlog=20) as server:
        port = server.getsockname()[1]
        if request.param == "drips":
            threading.Thread(target=drip, args=(server,)).start()
        yield f"redis://127.0.0.1:{closed_port if request.param == 'refuses' else port}/0"
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)


def drip(server: socket.socket) -> None:
    """Answer all connections, each byte just in time for a timeout of the socket."""
    connections: list[socket.socket] = []
    server.settimeout(0.1)
    for number in itertools.count():
        try:
            connections.append(server.accept()[0])
        except socket.timeout:
            pass
        except OSError:
            break
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.send(b"$1000\r\n" if number == 0 else b"x")
    for connection in connections:
        connection.close()


def test_without_its_redis_a_desk_starts_and_counts_by_itself(
    silent_redis: str, logged: Callable[[], list[str]]
) -> None:
    client = small(silent_redis, 3).test_client()
    started = time.monotonic()
    assert statuses(client, "/", 5) == [200, 200, 200, 429, 429]
    assert time.monotonic() - started < 4 * rate_limit.REDIS_TIMEOUT_SECONDS  # one of five waits
    assert logged() == [COUNTS_IN_PROCESS]


def test_name_that_is_not_resolved_delays_no_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given_up = threading.Event()

    def resolve(*_arguments: object, **_options: object) -> list[object]:
        given_up.wait(5)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    app = small("redis://redis.invalid:6379/0", 20)
    found, durations = at_once(app, 16)
    given_up.set()
    assert found == [200] * 16
    assert durations[-1] < MAX_DELAY_SECONDS


def test_workers_of_gunicorn_count_together_and_outlive_their_redis(
    tmp_path: Path, sqlite_url: str, own_redis: str
) -> None:
    variables = {"DATABASE_URL": sqlite_url, "RATE_LIMIT": "40", "HTTP_CACHE_MB": "0", **NOWHERE}
    with live.running(tmp_path, REDIS_URL=own_redis, GUNICORN_CMD_ARGS="--workers=2", **variables) as desk:

        def send(count: int) -> tuple[list[int], float]:
            with ThreadPoolExecutor(8) as threads:
                responses = list(
                    threads.map(lambda _: requests.get(f"{desk.url}/no-such-page", timeout=5), range(count))
                )
            statuses = sorted(response.status_code for response in responses)
            return statuses, max(response.elapsed.total_seconds() for response in responses)

        assert send(48)[0] == [404] * 40 + [429] * 8
        with frozen(own_redis):
            found, longest = send(32)
        assert found == [404] * 32  # in a count that begins anew
        assert longest < MAX_DELAY_SECONDS
