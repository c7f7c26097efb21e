"""The rate limit: counted requests, distinct clients, and failures of Redis."""

from __future__ import annotations

import contextlib
import ipaddress
import itertools
import logging
import os
import random
import re
import signal
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Callable, Iterator

import pytest
import redis
import requests
from flask import Flask
from flask.testing import FlaskClient

from tests.performance import resources
from tests.support import live, redis_server
from tests.support.databases import NOWHERE, settings_for
from tests.support.timing import cpu_seconds
from webapp.config import Settings
from webapp.errors import RateLimited
from webapp.http import rate_limit
from webapp.http.rate_limit import KEY_PREFIX, ProcessCounter, RedisCounter, client_address

MakeApp = Callable[[Settings], Flask]
Limited = Callable[..., FlaskClient]


@pytest.fixture
def limited(make_app: MakeApp, sqlite_url: str) -> Limited:
    """Make a client of an app that accepts three requests a minute, without the HTTP cache."""

    def make(**variables: str) -> FlaskClient:
        return make_app(
            settings_for(sqlite_url, **{"RATE_LIMIT": "3", "HTTP_CACHE_MB": "0", **variables})
        ).test_client()

    return make


def statuses(client: FlaskClient, path: str, count: int, **headers: str) -> list[int]:
    return [client.get(path, headers=headers, buffered=True).status_code for _ in range(count)]


def test_requests_to_all_urls_count_together(limited: Limited) -> None:
    client = limited()
    paths = ["/zipcode/9000", "/index", "/api/v1/health-index?base=2013", "/zipcode/2000"]
    assert [client.get(path).status_code for path in paths] == [200, 200, 200, 429]


def test_rejection_says_when_to_try_again(limited: Limited) -> None:
    client = limited()
    statuses(client, "/index", 3)
    rejected = client.get("/api/v1/zipcodes/9000")
    assert rejected.content_type == "application/problem+json"
    assert (rejected.json or {})["code"] == "RATE_LIMITED"
    assert 1 <= int(rejected.headers["Retry-After"]) <= 60
    assert rejected.headers["Cache-Control"] == "no-store"
    assert rejected.headers["Access-Control-Allow-Origin"] == "*"


def test_health_probes_neither_count_nor_are_rejected(limited: Limited) -> None:
    client = limited()
    assert statuses(client, "/healthz", 9) == [200] * 9
    assert statuses(client, "/index", 4) == [200, 200, 200, 429]
    assert statuses(client, "/readyz", 2) == [200] * 2


RESPONSES = [
    ("GET", "/no-such-page", 404),
    ("GET", "/static/style.css", 200),
    ("POST", "/index", 405),
    ("DELETE", "/healthz", 405),
    ("GET", "/api/v1", 308),
    ("GET", "/zipcode/abc", 400),
    ("OPTIONS", "/index", 200),
    ("HEAD", "/index", 200),
]


def test_every_response_counts(limited: Limited) -> None:
    client = limited(RATE_LIMIT=str(len(RESPONSES)))
    for method, path, status in RESPONSES:
        assert client.open(path, method=method, buffered=True).status_code == status, path
    assert client.get("/index").status_code == 429


def test_rejected_large_body_counts(limited: Limited) -> None:
    client = limited()
    responses = [client.post("/index", data=b"x" * 2_000_000) for _ in range(4)]
    assert [response.status_code for response in responses] == [413] * 3 + [429]


def test_cached_response_does_not_count(limited: Limited) -> None:
    client = limited(HTTP_CACHE_MB="1")
    assert statuses(client, "/zipcode/9000", 9) == [200] * 9
    assert statuses(client, "/zipcode/1311", 3) == [404, 404, 429]


@pytest.fixture
def bulk_client(monkeypatch: pytest.MonkeyPatch, limited: Limited) -> FlaskClient:
    """A client that may send six requests, or two with the largest body."""
    monkeypatch.setattr(rate_limit, "MAX_BULK_PER_WINDOW", 2)
    return limited(RATE_LIMIT="6")


LOOKUP = "/api/v1/zipcodes/lookup"
CSV = {"Content-Type": "text/csv"}


def remaining_requests(client: FlaskClient) -> int:
    """Return the number of further requests that are accepted."""
    return statuses(client, "/index", 7).count(200)


@pytest.mark.parametrize(
    ("size", "cost"),
    [(2, 1), (2047, 1), (2048, 2), (4096, 3), (200_000, 3)],
)
def test_bulk_lookup_counts_by_the_size_of_its_body(bulk_client: FlaskClient, size: int, cost: int) -> None:
    # Buffered, which closes the temporary file.
    response = bulk_client.post(LOOKUP, data=b"9000\n".ljust(size), headers=CSV, buffered=True)
    assert response.status_code == 200
    assert remaining_requests(bulk_client) == 6 - cost


def test_bulk_lookup_of_unknown_size_counts_as_the_largest(bulk_client: FlaskClient) -> None:
    environ = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}
    response = bulk_client.post(LOOKUP, data=b"9000\n", headers=CSV, environ_overrides=environ, buffered=True)
    assert response.status_code == 200
    assert remaining_requests(bulk_client) == 3


def test_sent_list_counts_by_its_size_and_its_form_as_one(bulk_client: FlaskClient) -> None:
    assert statuses(bulk_client, "/list", 1) == [200]
    for zipcodes in ("9000", "9000\n" * 1000):
        sent = bulk_client.post("/list", data={"zipcodes": zipcodes}, content_type="multipart/form-data")
        assert sent.status_code == 200
    assert remaining_requests(bulk_client) == 6 - 1 - 1 - 3


def test_office_behind_one_address_may_send_a_short_list_each(limited: Limited) -> None:
    client = limited(RATE_LIMIT="6000")
    body = {"zipcodes": ["9000", "2000"]}
    assert {client.post(LOOKUP, json=body).status_code for _ in range(200)} == {200}


def test_preflight_of_the_bulk_lookup_counts_as_one_request(bulk_client: FlaskClient) -> None:
    client = bulk_client
    for _ in range(5):
        assert client.options("/api/v1/zipcodes/lookup").status_code == 200
    assert statuses(client, "/index", 2) == [200, 429]


def test_zero_means_no_limit(limited: Limited) -> None:
    assert set(statuses(limited(RATE_LIMIT="0"), "/zipcode/9000", 9)) == {200}


def test_forwarded_address_is_ignored_without_trusted_proxies(limited: Limited) -> None:
    client = limited()
    found = [
        client.get("/index", headers={"X-Forwarded-For": f"192.0.2.{number}"}).status_code
        for number in range(4)
    ]
    assert found == [200, 200, 200, 429]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "same_client"),
    [
        ("1", ["192.0.2.1", "192.0.2.1"], True),
        ("1", ["192.0.2.1", "192.0.2.2"], False),
        ("1", ["203.0.113.1, 192.0.2.1", "203.0.113.2, 192.0.2.1"], True),  # the first is from the client
        ("2", ["192.0.2.1, 198.51.100.1", "192.0.2.2, 198.51.100.1"], False),
        ("2", ["203.0.113.1, 192.0.2.1, 198.51.100.1", "203.0.113.2, 192.0.2.1, 198.51.100.1"], True),
    ],
)
def test_forwarded_address_is_used_behind_trusted_proxies(
    limited: Limited, proxies: str, forwarded: list[str], same_client: bool
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
        ("2001:db8:0:1::ffff", "2001:db8:0:1::/64"),
        ("[2001:db8::1]", "2001:db8::/64"),
        ("[2001:db8::1]:4711", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("not an address", "unknown"),
    ],
)
def test_client_is_an_ipv4_address_or_an_ipv6_network(limited: Limited, address: str, expected: str) -> None:
    app = limited().application
    environ: dict[str, str] = {"REMOTE_ADDR": address}
    with app.test_request_context("/", environ_overrides=environ):
        assert client_address() == expected


def test_apps_that_share_redis_count_together(limited: Limited, redis_url: str) -> None:
    address = str(ipaddress.IPv4Address(random.getrandbits(32)))  # a new one in each run
    clients = [limited(REDIS_URL=redis_url, TRUSTED_PROXIES="1") for _ in range(2)]
    found = [statuses(client, "/index", 2, **{"X-Forwarded-For": address}) for client in clients]
    assert found == [[200, 200], [200, 429]]


def test_window_ends_a_minute_after_its_first_request(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([1000.0, 1000.5, 1059.9, 1060.0, 1119.9])
    monkeypatch.setattr(rate_limit, "monotonic", lambda: next(clock))
    counter = ProcessCounter()
    windows = [counter.add("192.0.2.1", 2) for _ in range(5)]
    assert [window.requests for window in windows] == [2, 4, 6, 2, 4]
    assert [round(window.seconds_left, 1) for window in windows] == [60.0, 59.5, 0.1, 60.0, 0.1]


@pytest.mark.serial
def test_many_clients_take_bounded_memory() -> None:
    counter = ProcessCounter()
    before = resources.kilobytes(os.getpid(), "VmRSS")
    for number in range(300_000):
        counter.add(f"client {number}", 1)
    assert resources.kilobytes(os.getpid(), "VmRSS") - before < 25 * 1024
    assert counter.add("client 299999", 1).requests == 2


def test_expired_windows_are_dropped_two_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
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


@pytest.mark.serial
def test_counting_in_the_process_takes_less_than_a_tenth_of_a_millisecond(limited: Limited) -> None:
    counter = ProcessCounter()
    for number in range(rate_limit.MAX_CLIENTS):
        counter.add(f"client {number}", 1)

    def add_thousand() -> None:
        for _ in range(1000):
            counter.add(client_address(), 1)

    with limited().application.test_request_context("/", environ_overrides={"REMOTE_ADDR": "2001:db8::1"}):
        assert cpu_seconds(add_thousand, times=3) < 0.1


@pytest.fixture
def many_switches() -> Iterator[None]:
    """Let threads interrupt each other as often as possible."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def add_from_threads(counter: ProcessCounter | RedisCounter, times: int) -> int:
    """Add to the window of one client from eight threads, and return its requests."""
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: counter.add("192.0.2.1", 1), range(times)))
    return counter.add("192.0.2.1", 0).requests


@pytest.mark.slow
def test_process_counter_is_thread_safe(many_switches: None) -> None:
    assert add_from_threads(ProcessCounter(), 20_000) == 20_000


def test_redis_counter_is_thread_safe(own_redis: str) -> None:
    assert add_from_threads(RedisCounter(own_redis), 500) == 500


def test_redis_key_without_an_expiry_gets_one(own_redis: str) -> None:
    with redis.Redis.from_url(own_redis) as server:
        server.set(f"{KEY_PREFIX}192.0.2.1", 10)
        window = RedisCounter(own_redis).add("192.0.2.1", 1)
        assert (window.requests, window.seconds_left) == (11, 60.0)
        assert 0 < server.ttl(f"{KEY_PREFIX}192.0.2.1") <= 60


@pytest.fixture
def own_redis() -> Iterator[str]:
    """A Redis that tests may break."""
    with redis_server.own_server() as url:
        yield url


@contextlib.contextmanager
def frozen(url: str) -> Iterator[None]:
    """Stop Redis, so that the kernel accepts connections and nothing responds."""
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
    """Make Redis a replica."""
    with redis.Redis.from_url(url) as server:
        server.replicaof("127.0.0.1", 9)
        yield
        server.replicaof("NO", "ONE")


@contextlib.contextmanager
def wrong_type(url: str) -> Iterator[None]:
    """Store a list under the key of the client."""
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


FAILURES = (frozen, full, wants_password, read_only, wrong_type, no_more_connections)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Return the log messages of the rate limit, without reason and numbers."""
    caplog.set_level(logging.INFO, rate_limit.__name__)
    return lambda: [
        re.split(":| after", record.getMessage())[0]
        for record in caplog.records
        if record.name == rate_limit.__name__
    ]


def small(redis_url: str, limit: int) -> Flask:
    """Return an app with one route and the rate limit, so that nothing else uses its Redis."""
    app = Flask("small")
    app.add_url_rule("/", view_func=lambda: "welcome")
    app.register_error_handler(RateLimited, lambda error: (str(error), error.status))
    rate_limit.protect(app, Settings.of({"RATE_LIMIT": str(limit), "REDIS_URL": redis_url}), exempt=())
    return app


# Far more than the timeout of Redis, for a busy machine, and far less than a wait without it.
MAX_DELAY_SECONDS = 2.0
COUNTS_IN_PROCESS = "counting requests in Redis failed"
COUNTS_IN_REDIS = "counting requests in Redis works again"


def send_together(app: Flask, count: int) -> tuple[list[int], list[float]]:
    """Send requests at the same time. Return the statuses and the durations, both sorted."""
    barrier = threading.Barrier(count)

    def send(_number: int) -> tuple[int, float]:
        client = app.test_client()
        barrier.wait()
        start = time.monotonic()
        status = client.get("/").status_code
        return status, time.monotonic() - start

    with ThreadPoolExecutor(count) as threads:
        responses = list(threads.map(send, range(count)))
    return sorted(status for status, _ in responses), sorted(seconds for _, seconds in responses)


@pytest.mark.serial
@pytest.mark.parametrize("failure", FAILURES)
def test_failing_redis_neither_fails_nor_delays_requests(
    own_redis: str,
    failure: Callable[[str], contextlib.AbstractContextManager[None]],
) -> None:
    app = small(own_redis, 20)
    assert send_together(app, 4)[0] == [200] * 4  # opens connections
    with failure(own_redis):
        statuses_at_first, durations = send_together(app, 16)
        assert statuses_at_first == [200] * 16
        assert durations[-1] < MAX_DELAY_SECONDS
        # Later requests do not wait for Redis. A busy machine may delay some.
        statuses_then, durations = send_together(app, 16)
        assert statuses_then == [200] * 4 + [429] * 12
        assert median(durations) < rate_limit.REDIS_TIMEOUT_SECONDS


@pytest.mark.slow
@pytest.mark.serial
@pytest.mark.parametrize("failure", FAILURES)
def test_probes_of_a_failing_redis_delay_no_request(
    own_redis: str,
    failure: Callable[[str], contextlib.AbstractContextManager[None]],
    logged: Callable[[], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rate_limit, "REDIS_BACK_OFF_SECONDS", 0.0)
    app = small(own_redis, 1000)
    with failure(own_redis):
        send_together(app, 1)
        longest = []
        for _ in range(10):
            found, durations = send_together(app, 4)
            assert found == [200] * 4
            longest.append(durations[-1])
            time.sleep(0.05)
        # A busy machine may delay some requests, but a probe would delay one in every round.
        assert median(longest) < rate_limit.REDIS_TIMEOUT_SECONDS
        assert logged() == [COUNTS_IN_PROCESS]
    send_until(app, lambda: len(logged()) > 1)
    assert logged() == [COUNTS_IN_PROCESS, COUNTS_IN_REDIS]


def send_until(app: Flask, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        app.test_client().get("/")
        time.sleep(0.05)


@pytest.mark.serial
def test_redis_counts_for_all_again_after_an_outage(
    own_redis: str, logged: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "REDIS_BACK_OFF_SECONDS", 0.1)
    apps = [small(own_redis, 100) for _ in range(2)]
    with frozen(own_redis):
        assert [send_together(app, 1)[0] for app in apps] == [[200]] * 2
    for app, lines in zip(apps, (3, 4)):
        send_until(app, lambda lines=lines: len(logged()) == lines)  # type: ignore[misc]  # mypy cannot infer defaults
    with redis.Redis.from_url(own_redis) as server:
        server.flushall()
    clients = [app.test_client() for app in apps]
    assert statuses(clients[0], "/", 60) == [200] * 60
    assert statuses(clients[1], "/", 41) == [200] * 40 + [429]


def test_failing_redis_gets_no_command_during_back_off(own_redis: str) -> None:
    client = small(own_redis, 1000).test_client()
    with redis.Redis.from_url(own_redis) as server, full(own_redis):
        statuses(client, "/", 1)
        server.config_resetstat()
        statuses(client, "/", 50)
        assert "cmdstat_eval" not in server.info("commandstats")


@pytest.fixture(params=["refuses", "hangs", "drips"])
def silent_redis(request: pytest.FixtureRequest, closed_port: int) -> Iterator[str]:
    """The URL of a Redis that refuses connections, never responds, or sends a byte at a time."""
    with socket.create_server(("127.0.0.1", 0), backlog=20) as server:
        port = server.getsockname()[1]
        if request.param == "drips":
            threading.Thread(target=drip, args=(server,)).start()
        yield f"redis://127.0.0.1:{closed_port if request.param == 'refuses' else port}/0"
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)


def drip(server: socket.socket) -> None:
    """Send to all connections, a byte at a time before the socket times out."""
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


@pytest.mark.serial
def test_app_starts_and_counts_without_its_redis(silent_redis: str, logged: Callable[[], list[str]]) -> None:
    client = small(silent_redis, 3).test_client()
    start = time.monotonic()
    assert statuses(client, "/", 5) == [200, 200, 200, 429, 429]
    assert time.monotonic() - start < 4 * rate_limit.REDIS_TIMEOUT_SECONDS  # one of five waits
    assert logged() == [COUNTS_IN_PROCESS]


@pytest.mark.serial
def test_slow_name_resolution_delays_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    finished = threading.Event()

    def resolve(*_arguments: object, **_options: object) -> list[object]:
        finished.wait(5)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    app = small("redis://redis.invalid:6379/0", 20)
    found, durations = send_together(app, 16)
    finished.set()
    assert found == [200] * 16
    assert durations[-1] < MAX_DELAY_SECONDS


@pytest.mark.slow
def test_workers_count_together_and_survive_an_outage_of_redis(
    tmp_path: Path, sqlite_url: str, own_redis: str
) -> None:
    variables = {"DATABASE_URL": sqlite_url, "RATE_LIMIT": "40", "HTTP_CACHE_MB": "0", **NOWHERE}
    with live.running(tmp_path, REDIS_URL=own_redis, GUNICORN_CMD_ARGS="--workers=2", **variables) as service:

        def send(count: int) -> tuple[list[int], float]:
            with ThreadPoolExecutor(8) as threads:
                responses = list(
                    threads.map(
                        lambda _: requests.get(f"{service.url}/no-such-page", timeout=5), range(count)
                    )
                )
            statuses = sorted(response.status_code for response in responses)
            return statuses, max(response.elapsed.total_seconds() for response in responses)

        assert send(48)[0] == [404] * 40 + [429] * 8
        with frozen(own_redis):
            found, longest = send(32)
        assert found == [404] * 32  # in new windows
        assert longest < MAX_DELAY_SECONDS
