"""Counters in the process and in Redis."""

from __future__ import annotations

import ipaddress
import os
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Iterator

import pytest
import redis

from tests.http.rate_limit.clients import Limited, statuses
from tests.performance import resources
from tests.support.timing import cpu_seconds
from webapp.http import rate_limit
from webapp.http.rate_limit import KEY_PREFIX, ProcessCounter, RedisCounter, client_address


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
