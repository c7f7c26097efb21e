"""Outages of Redis neither fail nor delay requests."""

from __future__ import annotations

import contextlib
import itertools
import logging
import re
import socket
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

from tests.http.rate_limit.clients import statuses
from tests.http.rate_limit.redis_failures import FAILURES, frozen, full
from tests.support import live
from tests.support.databases import NOWHERE
from webapp.config import Settings
from webapp.errors import RateLimited
from webapp.http import rate_limit


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
    send_until(apps[0], lambda: len(logged()) == 3)
    send_until(apps[1], lambda: len(logged()) == 4)
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
