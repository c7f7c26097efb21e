"""The two cache backends: in the process, or shared in Redis. Neither can fail a request."""

import logging
import threading
import time
from typing import Any, Callable, Dict, List, Mapping, Optional, TypeVar

from flask import Flask
from flask_caching.backends.rediscache import RedisCache
from flask_caching.backends.simplecache import SimpleCache

from webapp.http.rate_limit import redis_options

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

# Redis is near and answers in less than a millisecond; one that takes longer than this is in
# trouble, and asking the database instead is quicker. After a failure it is left alone for a
# while, so that a Redis that hangs costs one request this long and not every request.
REDIS_SECONDS = 0.25
REDIS_REST_SECONDS = 5.0


CLEANING_SECONDS = 60.0


class ProcessCache(SimpleCache):
    """SimpleCache for a process with threads.

    Pruning walks over the entries, which fails when another thread adds one meanwhile; so
    everything that adds waits for its turn. Reading needs no lock.

    What has expired is dropped once a minute. SimpleCache itself waits for its threshold, but the keys of
    one version of the data are never asked for again after the next.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._writing = threading.Lock()
        self._next_cleaning = 0.0

    def set(self, key: str, value: Any, timeout: Any = None) -> Optional[bool]:
        with self._writing:
            now = time.time()
            if now >= self._next_cleaning:
                self._remove_expired(now)
                self._next_cleaning = now + CLEANING_SECONDS
            return super().set(key, value, timeout)


class SharedCache(RedisCache):
    """RedisCache that counts as empty while Redis is out of reach, and says so once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rest_until = 0.0
        self._failing = False

    @classmethod
    def factory(
        cls, _app: Flask, config: Mapping[str, Any], _args: List[Any], _kwargs: Dict[str, Any]
    ) -> "SharedCache":
        """Make the backend for Flask-Caching, with deadlines on the connection."""
        import redis

        client = redis.Redis.from_url(config["CACHE_REDIS_URL"], **redis_options(REDIS_SECONDS))
        return cls(host=client, key_prefix=config["CACHE_KEY_PREFIX"])

    def get(self, key: str) -> Any:
        return self._guarded(lambda: super(SharedCache, self).get(key), None)

    def get_many(self, *keys: str) -> List[Any]:
        return self._guarded(lambda: super(SharedCache, self).get_many(*keys), [None] * len(keys))

    def set(self, key: str, value: Any, timeout: Any = None) -> Any:
        return self._guarded(lambda: super(SharedCache, self).set(key, value, timeout), False)

    def set_many(self, mapping: Dict[str, Any], timeout: Any = None) -> List[Any]:
        return self._guarded(lambda: super(SharedCache, self).set_many(mapping, timeout), [])

    def _guarded(self, ask: Callable[[], Answer], otherwise: Answer) -> Answer:
        from redis.exceptions import RedisError

        if time.monotonic() < self._rest_until:
            return otherwise
        try:
            answer = ask()
        except RedisError as error:
            self._rest_until = time.monotonic() + REDIS_REST_SECONDS
            if not self._failing:
                log.warning("Redis is out of reach, answering from the database: %s", error)
            self._failing = True
            return otherwise
        if self._failing:
            log.warning("Redis answers again")
            self._failing = False
        return answer
