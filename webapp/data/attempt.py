"""A call to the database that is given up after some time, with its connection.

`connect_timeout`, `statement_timeout` and `tcp_user_timeout` all stay silent when a server is frozen on an
open connection while its kernel still acknowledges.
"""

from __future__ import annotations

import os
import socket
import threading
import traceback
from contextlib import suppress
from typing import Any, Callable, Generic, TypeVar

from sqlalchemy import Connection
from sqlalchemy.engine import Engine

Result = TypeVar("Result")


class Attempt(Generic[Result]):
    """Runs `work` on a connection of its own, in a thread of its own.

    Args:
        work: may raise; `result` raises the same.
    """

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
            with self._engine.connect() as connection:
                self._connection = connection.connection.dbapi_connection
                self._results.append(self._work(connection))
        except BaseException as error:  # noqa: BLE001  # raised again where the result is asked for
            traceback.clear_frames(error.__traceback__)  # an open cursor in them would lock SQLite
            self._error = error

    def wait(self, seconds: float) -> bool:
        """Return True as soon as the work has ended, False after `seconds`."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def result(self) -> Result:
        """Return the result of work that has ended, or raise its error."""
        if self._error:
            raise self._error
        return self._results[0]

    def give_up(self) -> None:
        """Leave the thread to its fate: it ends as soon as its connection does, and its result is lost."""
        self._engine.dispose(close=False)  # the next attempt gets a connection of its own
        with suppress(Exception):
            # A shut socket wakes the thread. SQLite has none, and a connection may not be open yet.
            sock = socket.socket(fileno=os.dup(self._connection.fileno()))
            with sock:
                sock.shutdown(socket.SHUT_RDWR)
