"""Memoization per process and snapshot."""

from __future__ import annotations

import inspect
import threading
import time
from functools import wraps
from typing import Any, Callable, TypeVar, cast

from cachelib.serializers import SimpleSerializer
from flask_caching import Cache
from flask_caching.backends.simplecache import SimpleCache

from webapp.data import current

# Keys contain the snapshot's serial, so a new snapshot reuses no older results.
MEMO_SECONDS = 60

PURGE_SECONDS = 60.0

cache = Cache()

Function = TypeVar("Function", bound=Callable[..., Any])


def memoize(function: Function) -> Function:
    """Memoize a function of the current snapshot, but not its errors. Calls may raise DatabaseUnavailable."""
    # Flask-Caching reads the signature four times per call; computing it takes 40 microseconds each time.
    function.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    memoized = cache.memoize(timeout=MEMO_SECONDS, make_name=_per_snapshot)(function)

    @wraps(function)
    def read(*arguments: Any) -> Any:
        current.snapshot()  # raise here: Flask-Caching logs errors raised in make_name
        return memoized(*arguments)

    return cast(Function, read)


def _per_snapshot(name: str) -> str:
    return f"{name} {current.snapshot().serial}"


class _NoSerializer(SimpleSerializer):
    # The results are immutable, and pickling is slower than computing them.

    def dumps(self, value: Any, *_options: Any) -> Any:
        return value

    def loads(self, bvalue: Any) -> Any:
        return bvalue


class ProcessCache(SimpleCache):
    """A thread-safe SimpleCache that purges expired entries."""

    # SimpleCache drops expired entries only when it reads them or exceeds its threshold; those of older
    # snapshots are never read again. Its pruning fails if another thread adds an entry meanwhile.

    serializer = _NoSerializer()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._writing = threading.Lock()
        self._next_purge = 0.0

    def set(self, key: str, value: Any, timeout: Any = None) -> bool | None:
        with self._writing:
            now = time.time()
            if now >= self._next_purge:
                self._remove_expired(now)
                self._next_purge = now + PURGE_SECONDS
            return super().set(key, value, timeout)
