"""Logging to standard error: one line for each record, as text or as JSON.

gunicorn, its access log and the application share the format. Passwords in URLs are masked.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from contextvars import ContextVar
from time import gmtime, monotonic, strftime
from typing import Any

# The id of the request that this thread serves.
request_id: ContextVar[str] = ContextVar("request_id", default="-")

# Up to the last @, since a password may contain one. Bounded, because clients choose what is logged.
URL_PASSWORD = re.compile(r"(://[^\s:/@]{0,200}:)\S{1,200}@")
# Options of URLs, and key words of libpq.
NAMED_PASSWORD = re.compile(r"(?i)((?:password|passwd)[\"']?\s?[=:]\s?)[^\s&,;]+")
MAYBE_PASSWORD = re.compile(r"(?i)://|passw")

# Names of the fields of an access log, by gunicorn's letters.
FIELDS = {
    "h": "client",
    "r": "request",
    "s": "status",
    "B": "bytes",
    "a": "user_agent",
    "M": "milliseconds",
}

MASK = r"\1***"

# Outages within this time after another are part of it.
QUIET_SECONDS = 60.0


def configure(level: str, log_format: str = "text") -> None:
    """Set the format of all logs, and the level of the application; libraries only log warnings."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(log_format))
    logging.basicConfig(handlers=[handler])
    logging.getLogger("webapp").setLevel(level.upper())
    # urllib3 warns of each retry; the refresh logs the outcome once.
    logging.getLogger("urllib3").setLevel(logging.ERROR)


def formatter(log_format: str) -> logging.Formatter:
    return JsonFormatter() if log_format == "json" else TextFormatter()


def mask(text: str) -> str:
    """Replace passwords."""
    if not MAYBE_PASSWORD.search(text):
        return text
    return NAMED_PASSWORD.sub(MASK, URL_PASSWORD.sub(rf"{MASK}@", text))


class TextFormatter(logging.Formatter):
    """Time in UTC, level, request id, logger, and message with escaped control characters."""

    def __init__(self) -> None:
        super().__init__()
        # The last second and its text: many records share it.
        self._second = (0, "")

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        if record.exc_info or record.stack_info:
            text = "\n".join([text, *self._details(record)])
        if not text.isprintable():
            text = "".join(letter if letter.isprintable() else _escaped(letter) for letter in text)
        return f"{self.time(record)} {record.levelname} {request_id.get()} {record.name}: {mask(text)}"

    def time(self, record: logging.LogRecord) -> str:
        second = int(record.created)
        known, text = self._second
        if known != second:
            text = strftime("%Y-%m-%dT%H:%M:%S", gmtime(second))
            self._second = second, text
        return f"{text}.{int(record.msecs):03d}Z"

    def _details(self, record: logging.LogRecord) -> list[str]:
        """Return the traceback and the stack, if any."""
        details = [self.formatException(record.exc_info)] if record.exc_info else []
        return [*details, self.formatStack(record.stack_info)] if record.stack_info else details


class JsonFormatter(TextFormatter):
    """The same as a JSON object, with a member for each field of an access log."""

    def format(self, record: logging.LogRecord) -> str:
        members: dict[str, Any] = {
            "time": self.time(record),
            "level": record.levelname.lower(),
            "request_id": request_id.get(),
            "logger": record.name,
            "message": mask(record.getMessage()),
        }
        if isinstance(record.args, dict):
            # gunicorn's, whose own access to an item escapes quotes for the text.
            for name, value in dict.items(record.args):
                members[FIELDS.get(name, name)] = mask(value) if isinstance(value, str) else value
        details = self._details(record)
        if details:
            members["traceback"] = mask("\n".join(details))
        return json.dumps(members, default=str)


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode()


class Outage:
    """Log the beginning of an outage, and its end with the number of failures. Thread-safe.

    One that begins soon after another is logged only if it lasts, and ends only after as long without a
    failure: what fails every few seconds does not fill the log.

    Args:
        subject: what fails, as the logs name it.
        level: of both lines.
    """

    def __init__(self, log: logging.Logger, subject: str, level: int = logging.WARNING) -> None:
        self._log = log
        self._subject = subject
        self._level = level
        self._lock = threading.Lock()
        self._started_at = self._failed_at = 0.0
        self._ended_at = float("-inf")
        self._is_repeated = self._is_logged = False
        self._first = self._last = ""
        self.failures = 0

    def failed(self, reason: str, exc_info: BaseException | None = None) -> None:
        """Count a failure, and log the first."""
        with self._lock:
            now = self._failed_at = monotonic()
            if not self.failures:
                self._started_at, self._first = now, reason
                self._is_repeated, self._is_logged = now - self._ended_at < QUIET_SECONDS, False
            self.failures += 1
            self._last = reason
            lasts = not self._is_repeated or now - self._started_at >= QUIET_SECONDS
            is_due = lasts and not self._is_logged
            self._is_logged |= is_due
        if is_due:
            self._log.log(self._level, "%s failed: %s", self._subject, reason, exc_info=exc_info)

    def ended(self) -> None:
        """Log the end, if there was an outage."""
        if not self.failures:  # without the lock, because every success calls it
            return
        with self._lock:
            now = monotonic()
            if self._is_repeated and now - self._failed_at < QUIET_SECONDS:
                return
            failures, self.failures = self.failures, 0
            self._ended_at = now
            seconds = self._failed_at - self._started_at if self._is_repeated else now - self._started_at
            last = f", the last: {self._last}" if self._last != self._first else ""
        if failures:
            plural = "" if failures == 1 else "s"
            text = "%s works again after %d failure%s in %.0f s%s"
            self._log.log(self._level, text, self._subject, failures, plural, seconds, last)
