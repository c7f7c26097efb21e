"""The watcher: keeps the snapshot of a process up to date, beside its requests.

A server process calls `start`, after the fork. One thread looks at the database every LOOK_SECONDS: one
statement tells whether anything has changed, and then a new snapshot is loaded and swapped in by one
assignment. It also turns the day at midnight in Brussels, and has Statbel asked, in another thread,
when a month is due.

Where no thread runs, the same step is called at the right moment: before each request (`flask run` and
tests, see `LookFirst`), and before a command reads (`load`).
"""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Iterable

from flask import Flask
from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from webapp import clock
from webapp.data import refresh, snapshot
from webapp.data.attempt import Attempt
from webapp.data.database import db
from webapp.data.schema import OldSchema
from webapp.data.snapshot import Snapshot
from webapp.data.version_model import DataVersion

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0

# After these a look is given up, with its connection.
LOOK_TIMEOUT_SECONDS = 10.0

# Given up looks whose threads still hang, as on a file system that does not answer: then there are no more
# looks until one of them ends.
MAX_GIVEN_UP = 3

# Within a look, the day may turn.
DAY_SECONDS = 0.5

# A refresh that hangs for longer does not keep the next one from starting. Both deadlines of
# HEALTH_INDEX_TIMEOUT together may be 120 seconds.
REFRESH_TIMEOUT_SECONDS = 180.0

# After a refresh that the database refused, such as one that is read-only.
REFRESH_RETRY_SECONDS = 900.0


class Watcher:
    """Keeps a snapshot up to date.

    Attributes:
        snapshot: the current one; None before the first.
        failure: why the last look failed; None when it did not.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        with app.app_context():
            self._engine = db.engine
        self.snapshot: Snapshot | None = None
        self.failure: str | None = None
        self._looked_at: float | None = None
        self._next_look = float("-inf")
        self._looking = threading.RLock()
        self._given_up: list[Attempt[Snapshot | None]] = []
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._first_look = threading.Event()
        self._stopped = threading.Event()
        self._refresh: threading.Thread | None = None
        self._next_refresh = float("-inf")
        self._refresh_failed = False

    @property
    def serial(self) -> int:
        """The serial of the current snapshot; 0 before the first."""
        current = self.snapshot
        return current.serial if current else 0

    @property
    def age_seconds(self) -> float | None:
        """Seconds since the database last answered a look; None if it never did."""
        return None if self._looked_at is None else monotonic() - self._looked_at

    def start(self, wait_seconds: float = 0) -> None:
        """Start the threads, and wait up to `wait_seconds` for the first look to end."""
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)
        self._thread.start()
        self._first_look.wait(wait_seconds)

    def stop(self) -> None:
        """Stop, after the look and the refresh that are going on."""
        self._stopped.set()
        self._wake.set()
        for thread in (self._thread, self._refresh):
            if thread:
                thread.join(LOOK_TIMEOUT_SECONDS)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wake.clear()
            try:
                self.look()
                self._first_look.set()
                if self.snapshot:
                    self.snapshot.places.prepare_search()
            except Exception:  # whatever it is, the next look may succeed
                log.exception("look at the database failed")
            self._wake.wait(LOOK_SECONDS)

    def look_before_request(self) -> None:
        """Without threads, look before a request, at most every LOOK_SECONDS."""
        if self._thread is None and monotonic() >= self._next_look:
            with self._looking:
                if monotonic() >= self._next_look:  # else another request has looked meanwhile
                    self.look()

    def look(self) -> None:
        """Do one step. A database that does not answer is recorded, and logged once."""
        with self._looking:
            self._next_look = monotonic() + LOOK_SECONDS
            self._turn_day()
            self._load_if_changed()
            if self._is_refresh_due():
                self._start_refresh()

    def load(self) -> Snapshot:
        """Load a snapshot in this thread. Raises SQLAlchemyError or OldSchema."""
        with self._engine.connect() as connection:
            self.snapshot = snapshot.load(connection, self.snapshot)
        return self.snapshot

    def _turn_day(self) -> None:
        current, today = self.snapshot, clock.today()
        if current and current.day != today:
            self.snapshot = replace(current, serial=current.serial + 1, day=today)

    def _load_if_changed(self) -> None:
        self._given_up = [attempt for attempt in self._given_up if not attempt.wait(0)]
        if len(self._given_up) >= MAX_GIVEN_UP:
            return
        attempt = Attempt(self._engine, self._changed_snapshot)
        give_up_at = monotonic() + LOOK_TIMEOUT_SECONDS
        while not attempt.wait(DAY_SECONDS):
            self._turn_day()
            if monotonic() > give_up_at:
                attempt.give_up()
                self._given_up.append(attempt)
                self._wake.set()  # look again at once: another server may answer by now
                self._fail("the database does not answer (timeout)")
                return
        try:
            loaded = attempt.result()
        except OldSchema as error:
            self._fail(str(error))
        # UnicodeError is that of a server whose messages are in another encoding.
        except (SQLAlchemyError, UnicodeError) as error:
            self._fail(f"the database does not answer ({type(error).__name__})", error)
        except Exception as error:  # noqa: BLE001  # such as a date that PostgreSQL has and Python has not
            self._fail(f"the data cannot be read ({type(error).__name__})", error, exc_info=error)
        else:
            self._succeed(loaded)

    def _changed_snapshot(self, connection: Connection) -> Snapshot | None:
        """Load a snapshot if the data has changed. After a failure it always counts as changed.

        Another database may answer then, behind the same name.
        """
        current = self.snapshot
        if current and current.version is not None and not self.failure:
            if connection.scalar(select(DataVersion.version)) == current.version:
                return None
            connection.rollback()
        return snapshot.load(connection, current)

    def _succeed(self, loaded: Snapshot | None) -> None:
        if loaded:
            # The day may have turned since it was loaded.
            self.snapshot = replace(loaded, serial=self.serial + 1, day=clock.today())
        if self.failure:
            log.warning("data version check works again")
        self._looked_at = monotonic()
        self.failure = None

    def _fail(self, failure: str, error: Exception | None = None, exc_info: Exception | None = None) -> None:
        if self.failure is None:
            detail = f": {_reason(error)}" if error else ""
            log.warning("data version check failed: %s%s", failure, detail, exc_info=exc_info)
        self.failure = failure

    def _is_refresh_due(self) -> bool:
        current = self.snapshot
        if current is None or self.failure:
            return False
        running = self._refresh is not None and self._refresh.is_alive()
        if (running or self._refresh_failed) and monotonic() < self._next_refresh:
            return False
        return refresh.is_due(current)

    def _start_refresh(self) -> None:
        """Ask Statbel, in a thread of its own, so that looks go on. Without threads, wait for its end."""
        self._next_refresh = monotonic() + REFRESH_TIMEOUT_SECONDS
        self._refresh = threading.Thread(target=self._ask_statbel, name="refresh", daemon=True)
        self._refresh.start()
        if self._thread is None:
            self._refresh.join()
            self._load_if_changed()

    def _ask_statbel(self) -> None:
        try:
            with self._app.app_context():
                is_asked = refresh.refresh_if_due()
        except Exception as error:  # whatever it is, the process serves on
            self._next_refresh = monotonic() + REFRESH_RETRY_SECONDS
            if not self._refresh_failed:
                unexpected = None if isinstance(error, DBAPIError) else error
                log.warning("refresh of the health index failed: %s", _reason(error), exc_info=unexpected)
            self._refresh_failed = True
        else:
            self._refresh_failed = False
            if is_asked:
                self._wake.set()


def _reason(error: Exception) -> str:
    """Return the text of a database's error in one line, without the statement."""
    return " ".join(str(getattr(error, "orig", error)).split())


class LookFirst:
    """WSGI middleware: without threads, look at the database before each request."""

    def __init__(self, application: WSGIApplication, watcher: Watcher) -> None:
        self._application = application
        self._watcher = watcher

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self._watcher.look_before_request()
        return self._application(environ, start_response)
