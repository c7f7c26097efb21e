"""Rate limit per client and minute, counted in Redis or in the process."""

from __future__ import annotations

import logging
import re
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv6Address, IPv6Network, ip_address
from math import ceil, inf
from time import monotonic
from typing import Any, Container, NamedTuple

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp.config import Settings
from webapp.errors import RateLimited
from webapp.http.security import is_bulk
from webapp.i18n.messages import N_
from webapp.logs import Outage

log = logging.getLogger(__name__)

WINDOW_SECONDS = 60

# A body counts as one more request for each, which takes about as long as that many bytes of zipcodes.
BYTES_PER_REQUEST = 2048

# A body costs at most this share of the limit, so that each minute allows as many, of any size: one file per
# second, since a million rows keep a thread busy for seconds.
MAX_BULK_PER_WINDOW = 60

# They take about 15 MB. Beyond this, the oldest windows are dropped.
MAX_CLIENTS = 50_000

# A healthy Redis nearby responds in less than a millisecond.
REDIS_TIMEOUT_SECONDS = 0.25
REDIS_BACK_OFF_SECONDS = 5.0

# So that requests to a Redis some milliseconds away do not queue.
REDIS_THREADS = 8

KEY_PREFIX = "belgian-desk:requests:"

# Atomic, so that no key is left without an expiry.
ADD_SCRIPT = """
local count = redis.call('INCRBY', KEYS[1], ARGV[1])
local milliseconds = redis.call('PTTL', KEYS[1])
if milliseconds < 0 then
  milliseconds = tonumber(ARGV[2])
  redis.call('PEXPIRE', KEYS[1], milliseconds)
end
return {count, milliseconds}
"""


class Window(NamedTuple):
    """A client's requests in its current minute, and the seconds left of it."""

    requests: int
    seconds_left: float


class ProcessCounter:
    """Thread-safe counter in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Count and end of each window, ordered by end.
        self._windows: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def add(self, client: str, cost: int) -> Window:
        now = monotonic()
        with self._lock:
            count, end = self._windows.get(client, (0, 0.0))
            if end <= now:
                self._windows.pop(client, None)
                self._drop_oldest(now)
                count, end = 0, now + WINDOW_SECONDS
            count += cost
            self._windows[client] = count, end
        return Window(count, end - now)

    def __len__(self) -> int:
        return len(self._windows)

    def _drop_oldest(self, now: float) -> None:
        """Drop ended and excess windows, at most two per call."""
        for _ in range(2):
            oldest = next(iter(self._windows), None)
            if oldest is None or (self._windows[oldest][1] > now and len(self) < MAX_CLIENTS):
                return
            del self._windows[oldest]


class RedisCounter:
    """Thread-safe counter in Redis for all processes; in this process while Redis fails.

    Calls Redis in threads, because socket timeouts cover single round trips only, and not DNS.
    """

    def __init__(self, url: str) -> None:
        # Imported here because the package is optional without REDIS_URL.
        from redis import Redis

        self._redis = Redis.from_url(url, **redis_options(REDIS_TIMEOUT_SECONDS))
        self._threads = ThreadPoolExecutor(REDIS_THREADS, "rate-limit")
        self._process = ProcessCounter()
        self._lock = threading.Lock()
        # During an outage, the client whose request failed: a probe for another might succeed.
        self._failed_client: str | None = None
        self._probe_at = inf
        self._outage = Outage(log, "counting requests in Redis")

    def add(self, client: str, cost: int) -> Window:
        try:
            if self._failed_client is None:
                window = self._wait_for_redis(client, cost)
                self._outage.ended()
                return window
            self._probe_when_due(self._failed_client)
        except Exception as error:  # noqa: BLE001  # an outage must not fail requests
            self._back_off(client, error)
        return self._process.add(client, cost)

    def _wait_for_redis(self, client: str, cost: int) -> Window:
        future = self._threads.submit(self._add_in_redis, client, cost)
        try:
            return future.result(REDIS_TIMEOUT_SECONDS)
        finally:
            future.cancel()

    def _add_in_redis(self, client: str, cost: int) -> Window:
        response: Any = self._redis.eval(ADD_SCRIPT, 1, KEY_PREFIX + client, cost, WINDOW_SECONDS * 1000)
        count, milliseconds = response
        return Window(count, milliseconds / 1000)

    def _back_off(self, client: str, error: Exception) -> None:
        with self._lock:
            self._failed_client = client
            self._probe_at = monotonic() + REDIS_BACK_OFF_SECONDS
        self._outage.failed(f"{type(error).__name__}: {error}".rstrip(": "))

    def _probe_when_due(self, client: str) -> None:
        with self._lock:
            if monotonic() < self._probe_at:
                return
            self._probe_at = inf  # one probe at a time
        self._threads.submit(self._probe, client)

    def _probe(self, client: str) -> None:
        """Repeat the failed command at cost 0; a PING would succeed on a full or read-only Redis."""
        try:
            self._add_in_redis(client, 0)
        except Exception as error:  # noqa: BLE001  # as above
            self._back_off(client, error)
            return
        self._failed_client = None
        self._outage.ended()


def redis_options(timeout_seconds: float) -> dict[str, Any]:
    """Return options for a client that tries once, with a timeout per round trip."""
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return {
        "socket_timeout": timeout_seconds,
        "socket_connect_timeout": timeout_seconds,
        "retry": Retry(NoBackoff(), 0),
    }


def trust_proxies(app: Flask, settings: Settings) -> None:
    if settings.trusted_proxies:
        proxies = settings.trusted_proxies
        # Flask documents this assignment.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]


def protect(app: Flask, settings: Settings, exempt: Container[str | None]) -> None:
    """Reject requests beyond the limit, except to exempt endpoints.

    Call it before other functions that reject requests, so that those count too.
    """
    if not settings.rate_limit:
        return
    limit = settings.rate_limit
    counter = RedisCounter(settings.redis_url) if settings.redis_url else ProcessCounter()

    @app.before_request
    def count_request() -> None:
        if request.endpoint in exempt:
            return
        window = counter.add(client_address(), bulk_cost(limit) if is_bulk() else 1)
        if window.requests > limit:
            error = RateLimited(N_("You can send at most %(most)s requests per minute."), most=limit)
            error.retry_after = max(1, ceil(window.seconds_left))
            raise error


def bulk_cost(limit: int) -> int:
    """Return how many requests the current one counts for, by the size of its body.

    A body of unknown size counts as the largest.
    """
    max_cost = max(1, limit // MAX_BULK_PER_WINDOW)
    if "Transfer-Encoding" in request.headers:
        return max_cost
    return min(1 + (request.content_length or 0) // BYTES_PER_REQUEST, max_cost)


def client_address() -> str:
    """Return the client's IPv4 address or /64 IPv6 network, or "unknown"."""
    match = re.fullmatch(r"\[(.+)\](:\d+)?|([\d.]+):\d+|(.*)", request.remote_addr or "")
    text = next((group for group in match.group(1, 3, 4) if group), "") if match else ""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Network((address, 64), strict=False))
    return str(address)
