"""Fixtures of the tests of deploy/."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator, Sequence

import pytest

from tests.support.live import Server
from tests.support.nginx import NoNginx, Proxy

ADDRESSES = ("127.0.1.1", "127.0.1.2", "127.0.1.3")


@pytest.fixture
def addresses() -> Sequence[str]:
    """The addresses that the proxy knows: one, unless a test says otherwise."""
    return ADDRESSES[:1]


@pytest.fixture
def proxy(tmp_path: Path, addresses: Sequence[str]) -> Proxy:
    """A proxy that is not running yet."""
    return Proxy(tmp_path, addresses)


@pytest.fixture
def nginx(proxy: Proxy) -> Iterator[Server]:
    """The running proxy."""
    try:
        with proxy.running() as server:
            yield server
    except NoNginx as error:
        pytest.fail(f"The tests of the proxy need nginx: {error}")
