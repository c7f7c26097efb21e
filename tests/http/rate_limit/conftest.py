"""Fixtures of tests of the rate limit."""

from __future__ import annotations

from typing import Iterator

import pytest
from flask.testing import FlaskClient

from tests.http.rate_limit.clients import Limited, MakeApp
from tests.support import redis_server
from tests.support.databases import settings_for


@pytest.fixture
def limited(make_app: MakeApp, sqlite_url: str) -> Limited:
    """Make a client of an app that accepts three requests a minute, without the HTTP cache."""

    def make(**variables: str) -> FlaskClient:
        return make_app(
            settings_for(sqlite_url, **{"RATE_LIMIT": "3", "HTTP_CACHE_MB": "0", **variables})
        ).test_client()

    return make


@pytest.fixture
def own_redis() -> Iterator[str]:
    """A Redis that tests may break."""
    with redis_server.own_server() as url:
        yield url
