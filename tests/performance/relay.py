"""A way to a PostgreSQL that sees each statement that is sent along it.

The server's own counters come up to ten seconds late, and count transactions.
"""

import contextlib
import socket
import socketserver
import threading
from typing import Iterator, List, Tuple

import sqlalchemy as sa

# What only puts brackets round the statements that ask for something.
BRACKETS = (b"BEGIN", b"COMMIT", b"ROLLBACK")


class Relay(socketserver.ThreadingTCPServer):
    """Passes on what comes and goes, and keeps the statements in `seen`."""

    daemon_threads = True

    def __init__(self, database: Tuple[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.database = database
        self.seen: List[bytes] = []


class _Connection(socketserver.BaseRequestHandler):
    server: Relay

    def handle(self) -> None:
        with socket.create_connection(self.server.database) as database:
            threading.Thread(target=_pass_on, args=(database, self.request), daemon=True).start()
            while True:
                message = self.request.recv(65536)
                if not message:
                    return
                # A simple query, as psycopg2 sends them: a Q, four bytes of length, the text.
                if message[:1] == b"Q" and not message[5:].startswith(BRACKETS):
                    self.server.seen.append(message[5:])
                database.sendall(message)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):  # either side may hang up first
        while True:
            part = source.recv(65536)
            if not part:
                return
            target.sendall(part)


@contextlib.contextmanager
def relayed(database_url: str) -> Iterator[Tuple[str, List[bytes]]]:
    """Give another address of a database, and the list of the statements that are sent there."""
    url = sa.make_url(database_url)
    with Relay((url.host or "127.0.0.1", url.port or 5432)) as relay:
        threading.Thread(target=relay.serve_forever, daemon=True).start()
        address = url.set(host="127.0.0.1", port=relay.server_address[1])
        try:
            yield address.render_as_string(hide_password=False), relay.seen
        finally:
            relay.shutdown()
