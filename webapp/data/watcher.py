"""The watcher keeps the snapshot of a process up to date.

In a server, a thread polls the data version to replace an outdated snapshot, updates the date at midnight in
Brussels, and starts a refresh when a month is due. Without a thread, `flask run` and tests poll before each
request (`PollFirst`), and commands call `load`.
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
from webapp.data.database import db, is_missing_table, reason
from webapp.data.schema import MISSING_TABLE, UnusableDatabase
from webapp.data.snapshot import Snapshot
from webapp.data.version_model import DataVersion
from webapp.logs import Outage

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0

# After this time, a poll is abandoned with its connection.
POLL_TIMEOUT_SECONDS = 10.0

# An abandoned poll may keep hanging, for example on an unresponsive file system. Polling pauses while so many
# hang.
MAX_ABANDONED = 3

# Interval of date checks while a poll waits for the database.
DATE_CHECK_SECONDS = 0.5

# A refresh that hangs for longer does not block the next one. The two deadlines of HEALTH_INDEX_TIMEOUT may
# add up to 120 seconds.
REFRESH_TIMEOUT_SECONDS = 180.0

# The wait after a refresh that the database refused, for example a read-only one.
REFRESH_RETRY_SECONDS = 900.0


class Watcher:
    """Keeps a snapshot up to date.

    Attributes:
        snapshot: None before the first one.
        failure: why the last poll failed; None if it succeeded.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        with app.app_context():
            self._engine = db.engine
        self.snapshot: Snapshot | None = None
        self.failure: str | None = None
        self._outage = Outage(log, "data version check")
        self._polled_at: float | None = None
        self._loaded_at: float | None = None
        self._next_poll = float("-inf")
        self._polling = threading.RLock()
        self._abandoned: list[Attempt[Snapshot | None]] = []
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._first_poll = threading.Event()
        self._stopped = threading.Event()
        self._refresh: threading.Thread | None = None
        self._next_refresh = float("-inf")
        self._refresh_outage = Outage(log, "refresh of the health index")

    @property
    def serial(self) -> int:
        """Serial of the snapshot; 0 before the first."""
        current = self.snapshot
        return current.serial if current else 0

    @property
    def age_seconds(self) -> float | None:
        """Return the seconds since the last successful poll."""
        return None if self._polled_at is None else monotonic() - self._polled_at

    @property
    def snapshot_age_seconds(self) -> float | None:
        """Return the seconds since the data was last loaded because of a change."""
        return None if self._loaded_at is None else monotonic() - self._loaded_at

    def start(self, wait_seconds: float = 0) -> None:
        """Start the thread, after the fork, and wait for the first poll."""
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)
        self._thread.start()
        self._first_poll.wait(wait_seconds)

    def stop(self) -> None:
        """Stop the threads, after a running poll or refresh."""
        self._stopped.set()
        self._wake.set()
        for thread in (self._thread, self._refresh):
            if thread:
                thread.join(POLL_TIMEOUT_SECONDS)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wake.clear()
            try:
                self.poll()
                self._first_poll.set()
                if self.snapshot:
                    self.snapshot.places.prepare_search()
            except Exception as error:  # noqa: BLE001  # the thread must survive: the next poll may succeed
                self._outage.failed(f"unexpected {type(error).__name__}", error)
            self._wake.wait(POLL_SECONDS)

    def poll_before_request(self) -> None:
        """Poll at most every POLL_SECONDS, if no thread does."""
        if self._thread is None and monotonic() >= self._next_poll:
            with self._polling:
                if monotonic() >= self._next_poll:  # another request may have polled meanwhile
                    self.poll()

    def poll(self) -> None:
        """Update the snapshot, and log a new failure."""
        with self._polling:
            self._next_poll = monotonic() + POLL_SECONDS
            self._update_day()
            self._load_if_changed()
            if self._is_refresh_due():
                self._start_refresh()

    def load(self) -> Snapshot:
        """Load a snapshot in this thread. Raises SQLAlchemyError or UnusableDatabase."""
        with self._engine.connect() as connection:
            self.snapshot = snapshot.load(connection, self.snapshot)
        self._polled_at = self._loaded_at = monotonic()
        return self.snapshot

    def _update_day(self) -> None:
        current, today = self.snapshot, clock.today()
        if current and current.day != today:
            self.snapshot = replace(current, serial=current.serial + 1, day=today)

    def _load_if_changed(self) -> None:
        self._abandoned = [attempt for attempt in self._abandoned if not attempt.wait(0)]
        if len(self._abandoned) >= MAX_ABANDONED:
            return
        attempt = Attempt(self._engine, self._changed_snapshot)
        deadline = monotonic() + POLL_TIMEOUT_SECONDS
        while not attempt.wait(DATE_CHECK_SECONDS):
            self._update_day()
            if monotonic() > deadline:
                attempt.abandon()
                self._abandoned.append(attempt)
                self._wake.set()  # poll again at once: another server may have taken over
                self._fail("the database does not respond (timeout)")
                return
        try:
            loaded = attempt.result()
        except UnusableDatabase as error:
            self._fail(str(error))
        # UnicodeError: an error message of the server in another encoding.
        except (SQLAlchemyError, UnicodeError) as error:
            if is_missing_table(error):
                self._fail(MISSING_TABLE, error)
            else:
                self._fail(f"the database does not respond ({type(error).__name__})", error)
        except Exception as error:  # noqa: BLE001  # the last snapshot stays
            self._fail(f"the data cannot be read ({type(error).__name__})", error, exc_info=error)
        else:
            self._succeed(loaded)

    def _changed_snapshot(self, connection: Connection) -> Snapshot | None:
        """Load a snapshot if the data version has changed."""
        current = self.snapshot
        # After a failure, another database may respond behind the same name, with any version.
        if current and current.version is not None and not self.failure:
            if connection.scalar(select(DataVersion.version)) == current.version:
                return None
            connection.rollback()
        return snapshot.load(connection, current)

    def _succeed(self, loaded: Snapshot | None) -> None:
        if loaded:
            # The date may have changed since it was loaded.
            self.snapshot = replace(loaded, serial=self.serial + 1, day=clock.today())
            self._loaded_at = monotonic()
        self._outage.ended()
        self._polled_at = monotonic()
        self.failure = None

    def _fail(self, failure: str, error: Exception | None = None, exc_info: Exception | None = None) -> None:
        detail = f": {reason(error)}" if error else ""
        self._outage.failed(f"{failure}{detail}", exc_info)
        self.failure = failure

    def _is_refresh_due(self) -> bool:
        current = self.snapshot
        if current is None or self.failure:
            return False
        running = self._refresh is not None and self._refresh.is_alive()
        if (running or self._refresh_outage.failures) and monotonic() < self._next_refresh:
            return False
        return refresh.is_due(current)

    def _start_refresh(self) -> None:
        # In another thread, so that polling continues.
        self._next_refresh = monotonic() + REFRESH_TIMEOUT_SECONDS
        self._refresh = threading.Thread(target=self._refresh_index, name="refresh", daemon=True)
        self._refresh.start()
        if self._thread is None:
            self._refresh.join()
            self._load_if_changed()

    def _refresh_index(self) -> None:
        try:
            with self._app.app_context():
                refreshed = refresh.refresh_if_due()
        except Exception as error:  # noqa: BLE001  # the process must go on serving
            self._next_refresh = monotonic() + REFRESH_RETRY_SECONDS
            unexpected = None if isinstance(error, DBAPIError) else error
            self._refresh_outage.failed(reason(error), unexpected)
        else:
            self._refresh_outage.ended()
            if refreshed:
                self._wake.set()


class PollFirst:
    """WSGI middleware that polls before each request."""

    def __init__(self, application: WSGIApplication, watcher: Watcher) -> None:
        self._application = application
        self._watcher = watcher

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self._watcher.poll_before_request()
        return self._application(environ, start_response)
