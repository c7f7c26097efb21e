"""A database that stops responding during a poll."""

from __future__ import annotations

import socket
import threading
import time
from typing import Iterator

import pytest

from tests.data.watcher.changes import MakeApp, wait_until, watcher_of
from tests.support.databases import settings_for
from webapp.data import watcher as watcher_module
from webapp.data.watcher import Watcher


class Mute:
    """A proxy in front of PostgreSQL that forwards nothing while it is mute."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.is_mute = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _client_address = self._socket.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._forward, args=(source, target), daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        while True:
            try:
                data = source.recv(65536)
                while self.is_mute and data:
                    time.sleep(0.05)
                target.sendall(data)
            except OSError:
                data = b""
            if not data:
                target.close()
                return

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def mute(postgresql_url: str) -> Iterator[tuple[Mute, str]]:
    """The proxy, and the URL of a seeded database behind it."""
    from sqlalchemy import make_url

    url = make_url(postgresql_url)
    proxy = Mute(url.host or "127.0.0.1", url.port or 5432)
    behind = url.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
    yield proxy, behind
    proxy.is_mute = False
    proxy.close()


def poll_impatiently(watcher: Watcher, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(watcher_module, "POLL_TIMEOUT_SECONDS", 0.2)
        patch.setattr(watcher_module, "DATE_CHECK_SECONDS", 0.1)
        watcher.poll()


@pytest.mark.slow
def test_hanging_poll_is_abandoned_and_the_next_one_uses_a_new_connection(
    make_app: MakeApp,
    mute: tuple[Mute, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No statement timeout can fire while the proxy is mute: the server does not see the statement."""
    proxy, url = mute
    app = make_app(settings_for(url))
    watcher = watcher_of(app)
    watcher.poll()
    assert watcher.failure is None
    before = watcher.snapshot
    proxy.is_mute = True
    for _ in range(2):
        began = time.monotonic()
        poll_impatiently(watcher, monkeypatch)
        assert time.monotonic() - began < 5
        assert watcher.failure
        assert watcher.snapshot is before
    wait_until(lambda: all(thread.name != "database" for thread in threading.enumerate()))
    proxy.is_mute = False
    watcher.poll()
    assert watcher.failure is None
    logged = [record.getMessage() for record in caplog.records if "version check" in record.getMessage()]
    messages = [message.partition(" in ")[0] for message in logged]
    assert messages == [
        "data version check failed: the database does not respond (timeout)",
        "data version check works again after 2 failures",
    ]


def test_abandoned_poll_does_not_replace_a_newer_snapshot(
    make_app: MakeApp, mute: tuple[Mute, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, url = mute
    watcher = watcher_of(make_app(settings_for(url)))
    proxy.is_mute = True
    poll_impatiently(watcher, monkeypatch)
    assert watcher.snapshot is None
    proxy.is_mute = False
    watcher.poll()
    newer = watcher.snapshot
    assert newer is not None
    time.sleep(0.3)  # in which the abandoned poll would end, if it could
    assert watcher.snapshot is newer
