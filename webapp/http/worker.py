"""A gunicorn worker that no slow client can hold up.

gunicorn's own threaded worker gives a connection to a thread while its request still arrives, so that a few
clients that send slowly, or nothing, hold all threads; and it ends when it runs out of file descriptors. This
one receives requests and sends responses in one loop that never waits for a client. Only a request with a
large body has a thread that receives it. Parsing and answering stay gunicorn's.

For gunicorn 23, the last for Python 3.8, and 27.
"""

from __future__ import annotations

import io
import os
import re
import resource
import socket
import struct
import sys
from collections import deque
from contextlib import suppress
from errno import EPIPE
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE
from time import monotonic, sleep
from typing import Any

from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import LimitRequestHeaders
from gunicorn.workers.gthread import TConn, ThreadWorker

# A request is received in full before a thread or the application sees it, unless its body is larger. The
# application counts only larger ones as uploads (MAX_CONTENT_LENGTH), so a smaller one must hold no thread,
# whatever the size of its head.
MAX_HEAD_BYTES = MAX_BODY_BYTES = 64 * 1024
REQUEST_TIMEOUT_SECONDS = 10

# The rest of a response that a client has not taken yet: of one that has a thread, of how many, and of all
# together, because the response to a small request may be large.
MAX_UNSENT_BYTES = 1024 * 1024
MAX_UNSENT_RESPONSES = 256
MAX_ALL_UNSENT_BYTES = 64 * 1024 * 1024
RESPONSE_TIMEOUT_SECONDS = 30

# A client that is still sending may not see a response before the end of its request.
LINGER_TIMEOUT_SECONDS = 30

# The same, and for another request on the connection, once the worker stops.
STOP_TIMEOUT_SECONDS = 2

# A thread waits so long for a client, at a time. And the client may fall behind this rate by so many seconds.
WAIT_TIMEOUT_SECONDS = 5
MIN_BYTES_PER_SECOND = 16 * 1024
MAX_LAG_SECONDS = 10

# The size of a chunk with its extensions, and the trailers after the last. gunicorn 23 has no limit.
MAX_CHUNK_LINE_BYTES = 8 * 1024

# File descriptors for all but clients: listeners, logs, temporary files, connections to other servers.
RESERVED_FILES = 64

MAX_ACCEPTED_AT_ONCE = 64
PAUSE_SECONDS = 0.01

CONTENT_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*\r\n")


class ClientSocket(socket.socket):
    """An accepted connection that does not wait; in a thread, only for a client that keeps up.

    Attributes:
        may_wait: True in a thread that was made to wait for this client.
        unsent: the rest of a response that the client has not taken yet.
        unsent_bytes: its size.
    """

    def __init__(self, accepted: socket.socket) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, accepted.detach())
        super().setblocking(True)
        self.may_wait = False
        self.unsent: deque[memoryview] = deque()
        self.unsent_bytes = 0
        self._spare_seconds: float = MAX_LAG_SECONDS

    def setblocking(self, flag: bool) -> None:
        """Do nothing: each call decides itself if it waits, whatever gunicorn sets."""

    def settimeout(self, value: float | None) -> None:
        """Do nothing, as `setblocking`."""

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Receive up to `size` bytes. Raises OSError when there are none, or the client is too slow."""
        if not self.may_wait:
            return super().recv(size, flags | socket.MSG_DONTWAIT)
        start = monotonic()
        data = super().recv(size, flags)
        self._check_rate(len(data), monotonic() - start)
        return data

    def sendall(self, data: Any, _flags: int = 0) -> None:
        """Send as much as the client takes now, the rest later.

        Raises OSError when the client is gone, or too slow.
        """
        self.unsent.append(memoryview(data))
        self.unsent_bytes += len(data)
        self.send_rest()
        try:
            while self.may_wait and self.unsent_bytes > MAX_UNSENT_BYTES:
                start = monotonic()
                self._check_rate(self._send_first(flags=0), monotonic() - start)
        except (BlockingIOError, TimeoutError) as error:
            # As if it was gone: gunicorn logs other errors with a traceback.
            raise BrokenPipeError(EPIPE, "the client is too slow") from error

    def send_rest(self) -> None:
        """Send as much of `unsent` as the client takes now."""
        with suppress(BlockingIOError):
            while self.unsent:
                self._send_first(socket.MSG_DONTWAIT)

    def _send_first(self, flags: int) -> int:
        data = self.unsent[0]
        sent = self.send(data, flags)
        self.unsent_bytes -= sent
        if sent < len(data):
            self.unsent[0] = data[sent:]
        else:
            self.unsent.popleft()
        return sent

    def _check_rate(self, size: int, seconds: float) -> None:
        spare = self._spare_seconds - seconds + size / MIN_BYTES_PER_SECOND
        self._spare_seconds = min(spare, MAX_LAG_SECONDS)
        if spare < 0:
            raise TimeoutError("the client is too slow")


class BoundedChunkedReader(ChunkedReader):  # type: ignore[misc]  # no types
    """A chunked body whose chunk sizes and trailers are limited."""

    def get_data(self, unreader: Any, buf: Any) -> None:
        """Read on in the size of a chunk, or in the trailers."""
        if buf.tell() > MAX_CHUNK_LINE_BYTES:
            raise LimitRequestHeaders("limit chunk size line or trailers")
        super().get_data(unreader, buf)


class Connection(TConn):  # type: ignore[misc]  # no types
    """A connection and its next request, as far as that was received.

    Attributes:
        received: bytes of requests that are not answered yet.
        deadline: when the connection is closed, unless the client does its part.
        is_large: True if the body is not, or not completely, received in advance.
        is_answered: True if the application responded, and not the parser.
        is_kept: True if another request may follow.
        lingers: True if everything is sent, and more input is discarded.
    """

    def __init__(self, cfg: Any, sock: ClientSocket, client: Any, server: Any) -> None:
        super().__init__(cfg, sock, client, server)
        self.init()
        self.received = b""
        self.deadline = monotonic() + REQUEST_TIMEOUT_SECONDS
        self.is_large = self.is_answered = self.is_kept = self.lingers = False

    def give_to_parser(self) -> None:
        """Let the parser read what was received."""
        self.parser.unreader.unread(self.received)
        self.received = b""
        self.is_answered = False

    def take_from_parser(self) -> None:
        """Take back what follows the request."""
        while self.parser.mesg.body.read(MAX_BODY_BYTES):
            pass  # the application did not read it
        unreader = self.parser.unreader
        self.received, unreader.buf = unreader.buf.getvalue(), io.BytesIO()


class Worker(ThreadWorker):  # type: ignore[misc]  # no types
    """One loop for all clients, and threads for large bodies.

    The loop watches each connection in one of two ways: for input, be it the next request or what is
    discarded, or until the rest of a response is sent. A connection that a thread has is not watched.
    """

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Refuse what this worker cannot do."""
        super().check_config(cfg, log)
        if cfg.is_ssl:
            sys.exit("Error: gunicorn does not serve TLS here. Put a proxy in front.")

    def run(self) -> None:
        """Serve until the arbiter says stop, then end what has begun."""
        # Both in the order in which the connections began to wait.
        self._waiting: dict[Connection, None] = {}
        self._sending: dict[Connection, None] = {}
        self._in_threads = 0
        self._from_threads: deque[tuple[Connection, Any]] = deque()
        # Connections that have received their next request along with the last.
        self._ready: dict[Connection, None] = {}
        self._next_check = 0.0
        self._max_connections = min(self.worker_connections, max_client_files())
        self.poller.register(self.PIPE[0], EVENT_READ, self._on_wakeup)
        for listener in self.sockets:
            listener.setblocking(False)
            limit_waiting(listener, WAIT_TIMEOUT_SECONDS)  # connections inherit it
            self.poller.register(listener, EVENT_READ, partial(self._accept, listener))
        while self.alive and self.is_parent_alive():
            self._step()
        for listener in self.sockets:
            self.poller.unregister(listener)
        for conn in [conn for conn in self._waiting if not conn.received and not conn.lingers]:
            self._close(conn)
        for conn in self._waiting:
            if conn.lingers:
                conn.deadline = self._deadline(LINGER_TIMEOUT_SECONDS)
        deadline = monotonic() + self.cfg.graceful_timeout
        while self._connections() and monotonic() < deadline:
            self._step()
        self.tpool.shutdown(wait=False)

    def handle_request(self, req: Any, conn: Connection) -> bool:
        """Answer a request, and return True if the connection is kept."""
        if conn.is_large:
            req.force_close()  # the application may leave a part of the body unread
        if isinstance(req.body.reader, ChunkedReader):
            req.body.reader = BoundedChunkedReader(req, req.unreader)
        is_kept: bool = super().handle_request(req, conn)
        conn.is_answered = True
        return is_kept

    def _connections(self) -> int:
        return len(self._waiting) + len(self._sending) + self._in_threads

    def _step(self) -> None:
        """Do what there is to do, or wait a second for it."""
        self.notify()
        for key, _events in self.poller.select(0 if self._ready else 1):
            key.data()
        ready, self._ready = self._ready, {}
        for conn in ready:
            if conn in self._waiting:
                self._serve(conn)
        now = monotonic()
        if now >= self._next_check:
            self._next_check = now + 1
            for conn in (*self._waiting, *self._sending):
                if conn.deadline < now:
                    self._end_input(conn)

    def _accept(self, listener: Any) -> None:
        """Accept many at a time, because connected clients may keep the loop busy until the next."""
        for _ in range(MAX_ACCEPTED_AT_ONCE):
            if self._connections() >= self._max_connections and not self._make_room():
                return
            try:
                accepted, client = listener.accept()
            except (BlockingIOError, ConnectionError):  # no more, or the client has left
                return
            except OSError as error:  # mostly EMFILE
                self.log.debug("accept failed: %s", error)
                if not self._make_room():
                    return
            else:
                sock = ClientSocket(accepted)
                self._watch(Connection(self.cfg, sock, client, listener.getsockname()))

    def _make_room(self) -> bool:
        """Close the connection that has waited longest. False if there is none, after a pause."""
        conn = next(iter(self._waiting or self._sending), None)
        if conn is None:
            sleep(PAUSE_SECONDS)
            return False
        self._close(conn)
        return True

    def _watch(self, conn: Connection) -> None:
        self._waiting[conn] = None
        self.poller.register(conn.sock, EVENT_READ, partial(self._on_readable, conn))

    def _unwatch(self, conn: Connection) -> None:
        self._waiting.pop(conn, None)
        self._sending.pop(conn, None)
        self.poller.unregister(conn.sock)

    def _close(self, conn: Connection) -> None:
        if conn in self._waiting or conn in self._sending:  # not closed yet
            self._unwatch(conn)
            conn.close()

    def _on_readable(self, conn: Connection) -> None:
        # An earlier event of this step may have closed it. And a client that has said its last word gets all
        # its responses.
        if conn not in self._waiting or conn in self._ready:
            return
        try:
            data = conn.sock.recv(MAX_HEAD_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data and not conn.lingers:
            if not conn.received:
                conn.deadline = monotonic() + REQUEST_TIMEOUT_SECONDS
            conn.received += data
            self._serve(conn)
        elif not data:
            self._end_input(conn)

    def _end_input(self, conn: Connection) -> None:
        """Close a connection that receives no more; the application refuses a body that is cut short."""
        conn.is_large = True  # nothing that may arrive is another request
        if request_size(conn.received):
            self._serve(conn, is_cut_short=True)
        else:
            self._close(conn)

    def _serve(self, conn: Connection, is_cut_short: bool = False) -> None:
        """Serve the next request of a connection if enough of it was received."""
        size = request_size(conn.received)
        if size == sys.maxsize:
            conn.is_large = conn.sock.may_wait = True
            self._serve_in_thread(conn)
        elif 0 < size <= len(conn.received) or is_cut_short:
            self._serve_in_thread(conn)
        elif not size and len(conn.received) > MAX_HEAD_BYTES:
            conn.is_answered = False
            self.handle_error(None, conn.sock, conn.client, LimitRequestHeaders("limit request headers size"))
            self._end(conn, False)

    def _serve_in_thread(self, conn: Connection) -> None:
        self._unwatch(conn)
        self._in_threads += 1
        conn.give_to_parser()
        self.tpool.submit(self.handle, conn).add_done_callback(partial(self._leave_thread, conn))

    def _leave_thread(self, conn: Connection, future: Any) -> None:
        self._from_threads.append((conn, not future.exception() and future.result()))
        with suppress(BlockingIOError):  # full, so that the loop wakes anyway
            os.write(self.PIPE[1], b".")

    def _on_wakeup(self) -> None:
        os.read(self.PIPE[0], 4096)
        while self._from_threads:
            conn, result = self._from_threads.popleft()
            self._in_threads -= 1
            if conn.sock.fileno() >= 0:  # gunicorn closes it when the application fails in mid-response
                conn.sock.may_wait = False
                self._watch(conn)
                self._end(conn, result)

    def _end(self, conn: Connection, result: Any) -> None:
        """Go on after gunicorn's `handle`, which returns if the connection is kept."""
        conn.is_kept = result[0] if isinstance(result, tuple) else result  # 23 adds the connection
        if not conn.sock.unsent:
            self._end_response(conn)
            return
        while self._sending and self._has_too_much_to_send(conn):
            self._close(next(iter(self._sending)))
        del self._waiting[conn]
        self._sending[conn] = None
        conn.deadline = monotonic() + RESPONSE_TIMEOUT_SECONDS
        self.poller.modify(conn.sock, EVENT_WRITE, partial(self._on_writable, conn))

    def _has_too_much_to_send(self, conn: Connection) -> bool:
        """Return True if the rest of one more response is too much."""
        unsent_bytes = sum(other.sock.unsent_bytes for other in (*self._sending, conn))
        return len(self._sending) >= MAX_UNSENT_RESPONSES or unsent_bytes > MAX_ALL_UNSENT_BYTES

    def _on_writable(self, conn: Connection) -> None:
        if conn not in self._sending:
            return
        try:
            conn.sock.send_rest()
        except OSError:
            self._close(conn)
            return
        if not conn.sock.unsent:
            del self._sending[conn]
            self._waiting[conn] = None
            self.poller.modify(conn.sock, EVENT_READ, partial(self._on_readable, conn))
            self._end_response(conn)

    def _end_response(self, conn: Connection) -> None:
        """Go on when the response is sent: with the next request, or to the end of the connection."""
        if conn.is_kept:
            self._waiting[conn] = self._waiting.pop(conn)  # behind all others
            conn.deadline = self._deadline(self.cfg.keepalive)
            conn.take_from_parser()
            if conn.received:
                self._ready[conn] = None
        elif conn.is_answered and not conn.is_large:
            self._close(conn)
        else:
            self._linger(conn)

    def _deadline(self, seconds: float) -> float:
        """Return the end of a wait for a client that has its response; a short one while the worker stops."""
        return monotonic() + (seconds if self.alive else min(seconds, STOP_TIMEOUT_SECONDS))

    def _linger(self, conn: Connection) -> None:
        """Close the connection when the client does, because a reset could reach it before the response."""
        conn.lingers = True
        conn.deadline = self._deadline(LINGER_TIMEOUT_SECONDS)
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(conn)


def limit_waiting(sock: Any, seconds: int) -> None:
    """Let the kernel end each call that waits; timeouts of Python's sockets would cost calls of their own."""
    for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", seconds, 0))


def max_client_files() -> int:
    """Return how many file descriptors clients may take."""
    limit, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return sys.maxsize
    return limit - min(RESERVED_FILES, limit // 2)


def request_size(received: bytes) -> int:
    """Return how many bytes the first request takes: 0 if that is not known yet.

    It is sys.maxsize for a body that is large or has no known end, and if the client waits for a sign to send
    it.
    """
    end = received.find(b"\r\n\r\n", 0, MAX_HEAD_BYTES)
    if end < 0:
        return 0
    size = end + 4
    head = received[:size].lower()
    if b"\r\ntransfer-encoding:" in head or b"\r\nexpect:" in head:
        return sys.maxsize
    field = head.find(b"\r\ncontent-length:")
    if field < 0:
        return size
    match = CONTENT_LENGTH.match(head, field)
    length = int(match[1]) if match else sys.maxsize
    return size + length if length <= MAX_BODY_BYTES else sys.maxsize
