"""Fixtures of tests of the HTTP cache."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Callable

import pytest

from tests.http.cache.site import Site
from webapp.http import cache as http_cache

if TYPE_CHECKING:
    pass


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def advance(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Stop the clock of the cache. Call this to advance it by some seconds."""
    now = [time.monotonic()]
    monkeypatch.setattr(http_cache, "monotonic", lambda: now[0])

    def advance_by(seconds: float) -> None:
        now[0] += seconds

    return advance_by
