"""Memoized view functions: in the process, per snapshot."""

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

# Seconds in which a result is reused. A new snapshot never sees the results of an older one.
MEMO_SECONDS = 60

PURGE_SECONDS = 60.0

cache = Cache()

Function = TypeVar("Function", bound=Callable[..., Any])


def memoize(function: Function) -> Function:
    """Memoize a function of the current snapshot by its arguments. Errors are not cached.

    The function also raises DatabaseUnavailable, before the first snapshot.
    """
    # Flask-Caching asks for the signature four times a call; to make it takes 40 microseconds each time.
    function.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    memoized = cache.memoize(timeout=MEMO_SECONDS, make_name=_per_snapshot)(function)

    @wraps(function)
    def read(*arguments: Any) -> Any:
        current.snapshot()  # here, because Flask-Caching logs what is raised while it makes a key
        return memoized(*arguments)

    return cast(Function, read)


def _per_snapshot(name: str) -> str:
    return f"{name} {current.snapshot().serial}"


class _NoSerializer(SimpleSerializer):
    """A serializer that keeps the objects: they are immutable, and pickling takes longer than making them."""

    def dumps(self, value: Any, *_options: Any) -> Any:
        return value

    def loads(self, bvalue: Any) -> Any:
        return bvalue


class ProcessCache(SimpleCache):
    """SimpleCache that is safe with threads and purges expired entries.

    Pruning iterates over the entries, which fails when another thread adds one, so writing takes a lock.
    SimpleCache itself drops expired entries only above its threshold, but those of an older snapshot are
    never asked for again.
    """

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
