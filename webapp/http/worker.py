"""A gunicorn worker that slow clients cannot block.

gunicorn's threaded worker receives requests in threads, so that a few slow clients block it, and exits when
file descriptors run out. Here one loop, which never blocks, receives requests and sends responses; only large
bodies are received in threads. gunicorn still parses requests and calls the app.

Supports gunicorn 23, the last for Python 3.8, and 27.
"""

from __future__ import annotations

import io
import os
import resource
import socket
import sys
from collections import deque
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE
from time import monotonic, sleep
from typing import Any

from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import LimitRequestHeaders
from gunicorn.workers.gthread import TConn, ThreadWorker

from webapp.config import MAX_BUFFERED_BODY_BYTES
from webapp.http.client_socket import WAIT_TIMEOUT_SECONDS, ClientSocket, set_socket_timeouts
from webapp.http.request_head import MAX_HEAD_BYTES, request_size
from webapp.logs import request_id

REQUEST_TIMEOUT_SECONDS = 10

# Of all responses in the loop: small requests may have large responses.
MAX_UNSENT_RESPONSES = 256
MAX_ALL_UNSENT_BYTES = 64 * 1024 * 1024
RESPONSE_TIMEOUT_SECONDS = 30

# Many clients read the response only after they have sent everything.
LINGER_TIMEOUT_SECONDS = 30

# Replaces the timeouts for lingering and for keep-alive when the worker stops.
STOP_TIMEOUT_SECONDS = 2

# A chunk's size with its extensions, or the trailers. gunicorn 23 has no limit.
MAX_CHUNK_LINE_BYTES = 8 * 1024

# File descriptors for listeners, logs, temporary files and connections to other servers.
RESERVED_FILES = 64

MAX_ACCEPTED_AT_ONCE = 64
PAUSE_SECONDS = 0.01


class BoundedChunkedReader(ChunkedReader):  # type: ignore[misc]  # no types
    """Limits the length of chunk-size lines and trailers."""

    def get_data(self, unreader: Any, buf: Any) -> None:
        if buf.tell() > MAX_CHUNK_LINE_BYTES:
            raise LimitRequestHeaders("limit chunk size line or trailers")
        super().get_data(unreader, buf)


class Connection(TConn):  # type: ignore[misc]  # no types
    """A connection, with input that no request has consumed yet.

    Attributes:
        deadline: when the loop stops waiting for the client.
        is_last: True if no request can follow: the body may be unread, or the input has ended.
        app_responded: False if the parser rejected the request.
        lingers: True once the last response is sent; further input is discarded.
    """

    def __init__(self, cfg: Any, sock: ClientSocket, client: Any, server: Any) -> None:
        super().__init__(cfg, sock, client, server)
        self.init()
        self.received = b""
        self.deadline = monotonic() + REQUEST_TIMEOUT_SECONDS
        self.is_last = self.app_responded = self.keep_alive = self.lingers = False

    def give_to_parser(self) -> None:
        self.parser.unreader.unread(self.received)
        self.received = b""
        self.app_responded = False

    def take_from_parser(self) -> None:
        while self.parser.mesg.body.read(MAX_BUFFERED_BODY_BYTES):
            pass  # left unread by the app
        unreader = self.parser.unreader
        self.received, unreader.buf = unreader.buf.getvalue(), io.BytesIO()


class Worker(ThreadWorker):  # type: ignore[misc]  # no types
    """One loop for all connections that are not in a thread, and threads that call the app."""

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        super().check_config(cfg, log)
        if cfg.is_ssl:
            sys.exit("Error: gunicorn does not serve TLS here. Put a proxy in front.")

    def run(self) -> None:
        self._watch_listeners()
        while self.alive and self.is_parent_alive():
            self._step()
        self._drain()

    def _watch_listeners(self) -> None:
        # Both ordered by the time at which waiting began.
        self._waiting: dict[Connection, None] = {}
        self._sending: dict[Connection, None] = {}
        self._in_threads = 0
        self._from_threads: deque[tuple[Connection, Any]] = deque()
        # Connections whose next request has been received already.
        self._ready: dict[Connection, None] = {}
        self._next_check = 0.0
        self._max_connections = min(self.worker_connections, max_client_files())
        self.poller.register(self.PIPE[0], EVENT_READ, self._on_wakeup)
        for listener in self.sockets:
            listener.setblocking(False)
            set_socket_timeouts(listener, WAIT_TIMEOUT_SECONDS)  # inherited by connections
            self.poller.register(listener, EVENT_READ, partial(self._accept, listener))

    def _drain(self) -> None:
        """Accept no more connections, and finish the requests that have begun."""
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
        if conn.is_last:
            req.force_close()
        if isinstance(req.body.reader, ChunkedReader):
            req.body.reader = BoundedChunkedReader(req, req.unreader)
        keep_alive: bool = super().handle_request(req, conn)
        conn.app_responded = True
        return keep_alive

    def _connections(self) -> int:
        return len(self._waiting) + len(self._sending) + self._in_threads

    def _step(self) -> None:
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
        """Accept many at a time, because connected clients may delay the next step."""
        for _ in range(MAX_ACCEPTED_AT_ONCE):
            if self._connections() >= self._max_connections and not self._close_oldest():
                return
            try:
                accepted, client = listener.accept()
            except (BlockingIOError, ConnectionError):  # no more, or the client has gone
                return
            except OSError as error:  # mostly EMFILE
                self.log.debug("accept failed: %s", error)
                if not self._close_oldest():
                    return
            else:
                sock = ClientSocket(accepted)
                self._watch(Connection(self.cfg, sock, client, listener.getsockname()))

    def _close_oldest(self) -> bool:
        """Close the longest-waiting connection; without one, pause and return False."""
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
        # Closed by an earlier event, or about to serve a request.
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
        """Close the connection, or let the app reject an incomplete body."""
        conn.is_last = True
        if request_size(conn.received):
            self._serve(conn, is_cut_short=True)
        else:
            self._close(conn)

    def _serve(self, conn: Connection, is_cut_short: bool = False) -> None:
        size = request_size(conn.received)
        if size == sys.maxsize:
            conn.is_last = conn.sock.may_wait = True
            self._serve_in_thread(conn)
        elif 0 < size <= len(conn.received) or is_cut_short:
            self._serve_in_thread(conn)
        elif not size and len(conn.received) > MAX_HEAD_BYTES:
            conn.app_responded = False
            self.handle_error(None, conn.sock, conn.client, LimitRequestHeaders("limit request headers size"))
            self._on_handled(conn, False)

    def _serve_in_thread(self, conn: Connection) -> None:
        self._unwatch(conn)
        self._in_threads += 1
        conn.give_to_parser()
        self.tpool.submit(self._handle, conn).add_done_callback(partial(self._return_to_loop, conn))

    def _handle(self, conn: Connection) -> Any:
        request_id.set("-")  # of the thread's last request; a request that cannot be parsed gets none
        return self.handle(conn)

    def _return_to_loop(self, conn: Connection, future: Any) -> None:
        self._from_threads.append((conn, not future.exception() and future.result()))
        with suppress(BlockingIOError):  # the pipe is full, so the loop wakes anyway
            os.write(self.PIPE[1], b".")

    def _on_wakeup(self) -> None:
        os.read(self.PIPE[0], 4096)
        while self._from_threads:
            conn, result = self._from_threads.popleft()
            self._in_threads -= 1
            if conn.sock.fileno() >= 0:  # gunicorn closes it if the app fails during the response
                conn.sock.may_wait = False
                self._watch(conn)
                self._on_handled(conn, result)

    def _on_handled(self, conn: Connection, result: Any) -> None:
        conn.keep_alive = result[0] if isinstance(result, tuple) else result  # gunicorn 23 returns a tuple
        if not conn.sock.unsent:
            self._on_response_sent(conn)
            return
        while self._sending and self._exceeds_unsent_limits(conn):
            self._close(next(iter(self._sending)))
        del self._waiting[conn]
        self._sending[conn] = None
        conn.deadline = monotonic() + RESPONSE_TIMEOUT_SECONDS
        self.poller.modify(conn.sock, EVENT_WRITE, partial(self._on_writable, conn))

    def _exceeds_unsent_limits(self, conn: Connection) -> bool:
        unsent_bytes = sum(other.sock.unsent_bytes for other in (*self._sending, conn))
        return len(self._sending) >= MAX_UNSENT_RESPONSES or unsent_bytes > MAX_ALL_UNSENT_BYTES

    def _on_writable(self, conn: Connection) -> None:
        if conn not in self._sending:
            return
        try:
            conn.sock.send_unsent()
        except OSError:
            self._close(conn)
            return
        if not conn.sock.unsent:
            del self._sending[conn]
            self._waiting[conn] = None
            self.poller.modify(conn.sock, EVENT_READ, partial(self._on_readable, conn))
            self._on_response_sent(conn)

    def _on_response_sent(self, conn: Connection) -> None:
        if conn.keep_alive:
            self._waiting[conn] = self._waiting.pop(conn)  # behind all others
            conn.deadline = self._deadline(self.cfg.keepalive)
            conn.take_from_parser()
            if conn.received:
                self._ready[conn] = None
        elif conn.app_responded and not conn.is_last:
            self._close(conn)
        else:
            self._linger(conn)

    def _deadline(self, seconds: float) -> float:
        """Return the deadline in `seconds`, or sooner if the worker is stopping."""
        return monotonic() + (seconds if self.alive else min(seconds, STOP_TIMEOUT_SECONDS))

    def _linger(self, conn: Connection) -> None:
        """Let the client close first, because a reset could overtake the response."""
        conn.lingers = True
        conn.deadline = self._deadline(LINGER_TIMEOUT_SECONDS)
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(conn)


def max_client_files() -> int:
    limit, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return sys.maxsize
    return limit - min(RESERVED_FILES, limit // 2)
