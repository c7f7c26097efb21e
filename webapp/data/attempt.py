"""Database work with a timeout that also covers a frozen server."""

from __future__ import annotations

import os
import socket
import threading
import traceback
from contextlib import suppress
from typing import Any, Callable, Generic, TypeVar

from sqlalchemy import Connection
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

# connect_timeout, statement_timeout and tcp_user_timeout do not fire when a server freezes on an open
# connection while its kernel still acknowledges packets.

Result = TypeVar("Result")


class Attempt(Generic[Result]):
    """Runs `work` in a new thread with its own connection."""

    def __init__(self, engine: Engine, work: Callable[[Connection], Result]) -> None:
        self._engine = engine
        self._work = work
        self._connection: Any = None
        self._results: list[Result] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="database", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._results.append(self._run_connected())
        except BaseException as error:  # noqa: BLE001  # result() raises it again
            self._error = error
            cause: BaseException | None = error
            while cause:
                traceback.clear_frames(cause.__traceback__)  # a cursor open in a frame would lock SQLite
                cause = cause.__context__

    def _run_connected(self, is_retry: bool = False) -> Result:
        try:
            with self._engine.connect() as connection:
                self._connection = connection.connection.dbapi_connection
                return self._work(connection)
        except DBAPIError as error:
            # The server closed the pooled connection, when it restarted for example. A ping by the pool would
            # hang on a frozen server before abandon() knows the connection.
            if is_retry or not error.connection_invalidated:
                raise
        return self._run_connected(is_retry=True)

    def wait(self, seconds: float) -> bool:
        """Return True if the work ends within `seconds`."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def result(self) -> Result:
        """Return the result, or raise the error, of work that has ended."""
        if self._error:
            raise self._error
        return self._results[0]

    def abandon(self) -> None:
        """Discard the result, and shut the connection so that the thread ends."""
        self._engine.dispose(close=False)  # the next attempt gets a connection of its own
        with suppress(Exception):
            # This wakes the thread. SQLite has no socket, and the connection may not be open yet.
            sock = socket.socket(fileno=os.dup(self._connection.fileno()))
            with sock:
                sock.shutdown(socket.SHUT_RDWR)
