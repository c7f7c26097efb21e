"""Store of the HTTP cache: bounded, with the responses of each URL by the headers that they vary on."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Iterable, NamedTuple, Optional, Tuple

from webapp.http.facts import Facts

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


# Twice the number of zipcodes.
MAX_RESPONSES = 20_000

# Of one URL, so that it does not evict all others.
MAX_VARIANTS = 64

# Memory of an entry besides its body and key, measured over thousands of entries.
OVERHEAD_BYTES = 1600

# Scheme, host, prefix, path and query.
Key = Tuple[str, ...]
# The values of the request headers that Vary names.
Variant = Tuple[Optional[str], ...]


class CachedResponse(NamedTuple):
    """A cache entry. Times are of time.monotonic(), the size is in bytes."""

    status: str
    headers: list[tuple[str, str]]
    body: list[bytes]
    stored_at: float
    fresh_until: float
    usable_until: float
    size: int
    facts: Facts


class ResponseStore:
    """Thread-safe store. Evicts the least recently used URL, and of one URL the oldest variant."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._version = -1
        self._clear()

    def _clear(self) -> None:
        # For each URL: the WSGI names of the headers in Vary, and the responses.
        self._entries: OrderedDict[Key, tuple[tuple[str, ...], dict[Variant, CachedResponse]]] = OrderedDict()
        self.count = self.bytes = 0

    def find(self, key: Key, environ: WSGIEnvironment, version: int) -> tuple[Variant, CachedResponse | None]:
        """Return the variant that the request selects, and its entry or None.

        A newer version empties the store. A request with an older version gets newer entries.
        """
        with self._lock:
            if version > self._version:
                self._clear()
                self._version = version
            entry = self._entries.get(key)
            if entry is None:
                return (), None
            self._entries.move_to_end(key)
            names, responses = entry
            variant = tuple([environ.get(name) for name in names])
            return variant, responses.get(variant)

    def add(
        self,
        key: Key,
        environ: WSGIEnvironment,
        vary: Iterable[str],
        response: CachedResponse,
        version: int,
    ) -> bool:
        """Store a response and return True, unless it is too large or the data has changed."""
        with self._lock:
            if version < self._version or response.size > self._max_bytes:
                return False
            known, responses = self._entries.pop(key, ((), {}))
            names = tuple(sorted({*known, *vary}))
            if names != known:  # the others are keyed by fewer headers
                self._discard(responses.values())
                responses = {}
            variant = tuple([environ.get(name) for name in names])
            key_size = sum(len(part) for part in (*key, *variant) if part)
            response = response._replace(size=response.size + key_size)
            if variant in responses:
                self._discard([responses.pop(variant)])
            elif len(responses) == MAX_VARIANTS:
                self._discard([responses.pop(next(iter(responses)))])
            responses[variant] = response
            self._entries[key] = names, responses
            self.count += 1
            self.bytes += response.size
            while self.count > MAX_RESPONSES or self.bytes > self._max_bytes:
                _key, (_names, oldest) = self._entries.popitem(last=False)
                self._discard(oldest.values())
            return True

    def _discard(self, responses: Iterable[CachedResponse]) -> None:
        for response in responses:
            self.count -= 1
            self.bytes -= response.size
