"""The socket of a client never blocks the loop, and ends slow bodies."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Callable, Iterator

import pytest

from webapp.http import client_socket
from webapp.http.client_socket import ClientSocket

if TYPE_CHECKING:
    pass


@pytest.fixture
def sockets() -> Iterator[tuple[ClientSocket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ClientSocket(ours) as server, theirs:
        yield server, theirs


def test_socket_never_blocks_whatever_timeout_is_set(
    sockets: tuple[ClientSocket, socket.socket],
) -> None:
    server, client = sockets
    server.setblocking(True)
    server.settimeout(9)
    with pytest.raises(BlockingIOError):
        server.recv(1)
    server.sendall(b"x" * 10_000_000)
    assert server.unsent
    received = 0
    while received < 10_000_000:
        received += len(client.recv(1_000_000))
        server.send_unsent()
    assert not server.unsent


@pytest.mark.parametrize(
    "use",
    [lambda server: server.recv(1), lambda server: server.sendall(b"x" * 9_000_000)],
    ids=["recv", "send"],
)
def test_thread_gives_up_on_a_slow_client(
    sockets: tuple[ClientSocket, socket.socket],
    use: Callable[[ClientSocket], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client_socket, "MAX_LAG_SECONDS", 0.5)
    server, client = sockets
    server.may_wait = True
    client_socket.set_socket_timeouts(server, 1)
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(0.05):
            with suppress(OSError):
                client.send(b"x", socket.MSG_DONTWAIT)
                client.recv(100, socket.MSG_DONTWAIT)

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        with pytest.raises((TimeoutError, BlockingIOError, BrokenPipeError)):
            for _ in range(1000):
                use(server)
    finally:
        stop.set()
        thread.join()
