"""Fixtures of the tests of deploy/."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

from tests.support.live import Server
from tests.support.nginx import Dns, NoNginx, Proxy


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    """A proxy that is not running yet, and looks for one instance at 127.0.1.1."""
    with Dns("127.0.1.1") as dns:
        yield Proxy(tmp_path, dns)


@pytest.fixture
def nginx(proxy: Proxy) -> Iterator[Server]:
    """The running proxy."""
    try:
        with proxy.running() as server:
            yield server
    except NoNginx as error:
        pytest.fail(f"The tests of the proxy need nginx: {error}")
