"""A TCP relay to PostgreSQL that records statements.

The server's own counters are up to ten seconds late, and count transactions.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from typing import Iterator

import sqlalchemy as sa

# Statements that are not recorded.
TRANSACTION_STATEMENTS = (b"BEGIN", b"COMMIT", b"ROLLBACK")


class Relay(socketserver.ThreadingTCPServer):
    """Forwards both directions, and records `statements`."""

    daemon_threads = True

    def __init__(self, database: tuple[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.database = database
        self.statements: list[bytes] = []


class _Connection(socketserver.BaseRequestHandler):
    server: Relay

    def handle(self) -> None:
        with socket.create_connection(self.server.database) as database:
            threading.Thread(target=_forward, args=(database, self.request), daemon=True).start()
            while True:
                message = self.request.recv(65536)
                if not message:
                    return
                # psycopg2 sends simple queries: Q, four bytes of length, the text.
                if message[:1] == b"Q" and not message[5:].startswith(TRANSACTION_STATEMENTS):
                    self.server.statements.append(message[5:])
                database.sendall(message)


def _forward(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):  # either side may close first
        while True:
            chunk = source.recv(65536)
            if not chunk:
                return
            target.sendall(chunk)


@contextlib.contextmanager
def relayed(database_url: str) -> Iterator[tuple[str, list[bytes]]]:
    """Yield the URL of a relay to the database, and its list of statements."""
    url = sa.make_url(database_url)
    with Relay((url.host or "127.0.0.1", url.port or 5432)) as relay:
        threading.Thread(target=relay.serve_forever, daemon=True).start()
        relay_url = url.set(host="127.0.0.1", port=relay.server_address[1])
        try:
            yield relay_url.render_as_string(hide_password=False), relay.statements
        finally:
            relay.shutdown()
