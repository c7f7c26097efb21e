"""What the tests share: Statbel on loopback."""

import socket
from typing import Iterator

import pytest

from tests.statbel import FakeStatbel


@pytest.fixture
def statbel() -> Iterator[FakeStatbel]:
    """Statbel's two sources, on loopback; they answer what the test tells them to."""
    with FakeStatbel() as fake:
        yield fake


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that refuses connections, and that nobody else can take meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
