"""Ways in which a Redis fails."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import Iterator

import redis

from webapp.http.rate_limit import KEY_PREFIX


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
