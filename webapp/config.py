"""Settings: the one place that reads the environment, and checks what it finds there."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Tuple
from urllib.parse import urlsplit

from click import ClickException
from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent.parent

BESTAT_URL = (
    "https://bestat.statbel.fgov.be/bestat/api/views/48744f07-252a-4a42-bca3-a2d7cb31c2fd/result/JSON"
)
OPEN_DATA_URL = (
    "https://statbel.fgov.be/sites/default/files/files/opendata/"
    "Consumptieprijsindex%20en%20gezondheidsindex/CPI%20All%20base%20years.zip"
)

LOG_LEVELS = ("debug", "info", "warning", "error", "critical")

# Every connection to PostgreSQL gives up after these, so that a database in trouble costs a
# request seconds and not minutes: gunicorn's own timeout does not interrupt a thread.
CONNECT_SECONDS = 3
STATEMENT_MILLISECONDS = 3000

# The worker receives a request with a body up to this size before a thread or the app sees it. One with a
# larger body is an upload: a thread receives it.
MAX_BUFFERED_BODY_BYTES = 64 * 1024

# Concurrent uploads: of all clients, and of one.
MAX_UPLOADS = 8
MAX_UPLOADS_PER_CLIENT = 4

DEFAULTS = {
    "DATABASE_URL": "sqlite:///desk.sqlite3",  # relative: inside the folder instance/
    "REDIS_URL": "",
    "HEALTH_INDEX_URL": BESTAT_URL,
    "HEALTH_INDEX_FALLBACK_URL": OPEN_DATA_URL,
    "HEALTH_INDEX_TIMEOUT": "3.05,5",
    "WEB_THREADS": "4",
    "PIN_WORKER": "1",
    "HTTP_CACHE_MB": "8",
    "RATE_LIMIT": "6000",
    "TRUSTED_PROXIES": "0",
    "LOG_LEVEL": "info",
}


class ConfigurationError(ClickException):
    """A setting cannot be used. A ClickException, so that `flask` prints it as one line."""


@dataclass(frozen=True)
class Settings:
    """The settings of one application, checked.

    Attributes:
        database_url: where risk tables and index values are kept: an address for SQLAlchemy.
        redis_url: the cache and the counts of requests that several containers share; None to keep
            both in the process.
        health_index_url: the be.STAT view that is read first.
        health_index_fallback_url: Statbel's open-data zip, read when the first fails.
        health_index_timeout: deadlines in seconds, to connect and then to read.
        web_threads: threads of a gunicorn worker beside those for MAX_UPLOADS, and database connections.
        pin_worker: whether the threads of a worker stay on one core, where there are several.
        http_cache_mb: megabytes of finished answers that are kept in the process; 0 for none.
        rate_limit: requests that one client may send in a minute; 0 for any number.
        trusted_proxies: how many proxies stand in front, whose X-Forwarded-For and X-Forwarded-Proto are
            to be believed.
        log_level: a name from LOG_LEVELS.
    """

    database_url: str
    redis_url: Optional[str]
    health_index_url: str
    health_index_fallback_url: str
    health_index_timeout: Tuple[float, float]
    web_threads: int
    pin_worker: bool
    http_cache_mb: int
    rate_limit: int
    trusted_proxies: int
    log_level: str

    @classmethod
    def load(cls) -> Settings:
        """Read `.env` beside this project and the real environment; the latter wins.

        Raises ConfigurationError, naming the variable, when a value cannot be used.
        """
        try:
            file = dotenv_values(ROOT / ".env", encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"The file .env cannot be read: {error}") from None
        given = {name: value for name, value in file.items() if value is not None}
        return cls.of({**given, **os.environ})

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> Settings:
        """Check the given variables; those that are missing get the documented default.

        Raises ConfigurationError, naming the variable, when a value cannot be used.
        """
        values = {**DEFAULTS, **variables}
        return cls(
            database_url=_database_url(values["DATABASE_URL"]),
            redis_url=_redis_url(values["REDIS_URL"]),
            health_index_url=_http_url(values, "HEALTH_INDEX_URL"),
            health_index_fallback_url=_http_url(values, "HEALTH_INDEX_FALLBACK_URL"),
            health_index_timeout=_deadlines(values["HEALTH_INDEX_TIMEOUT"]),
            web_threads=_whole_number(values, "WEB_THREADS", 1, 64),
            pin_worker=bool(_whole_number(values, "PIN_WORKER", 0, 1)),
            http_cache_mb=_whole_number(values, "HTTP_CACHE_MB", 0, 1024),
            rate_limit=_whole_number(values, "RATE_LIMIT", 0, 1_000_000),
            trusted_proxies=_whole_number(values, "TRUSTED_PROXIES", 0, 9),
            log_level=_log_level(values["LOG_LEVEL"]),
        )

    @property
    def is_embedded(self) -> bool:
        """Whether the database is a SQLite file, and not PostgreSQL."""
        return self.database_url.startswith("sqlite:")

    def for_flask(self) -> Dict[str, Any]:
        """The same settings under the names that Flask and its extensions read."""
        return {
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            "SQLALCHEMY_ENGINE_OPTIONS": self._engine_options(),
            "CACHE_TYPE": "webapp.data.memo.ProcessCache",
            # Above the number of keys in use: 9,000 zipcodes and a few base years, for two snapshots.
            "CACHE_THRESHOLD": 20_000,
            # For all routes but security.BULK_ENDPOINTS.
            "MAX_CONTENT_LENGTH": 64 * 1024,
        }

    def _engine_options(self) -> Dict[str, Any]:
        if self.is_embedded:
            # Imported here, because gunicorn's first process reads the settings too, without SQLAlchemy.
            from sqlalchemy.pool import NullPool

            # To open the file costs little, and a file that was put in its place is noticed.
            return {"poolclass": NullPool, "connect_args": {"timeout": CONNECT_SECONDS}}
        return {
            "pool_pre_ping": True,
            # The watcher has one connection for its looks and one for a refresh; requests have none.
            "pool_size": 2,
            "max_overflow": 0,
            "pool_timeout": CONNECT_SECONDS,
            "connect_args": {
                "connect_timeout": CONNECT_SECONDS,
                "options": f"-c statement_timeout={STATEMENT_MILLISECONDS}",
                "application_name": "belgian-desk",
                "client_encoding": "utf8",
                # A server that vanished without a word is noticed within seconds as well.
                "tcp_user_timeout": 2 * STATEMENT_MILLISECONDS,
            },
        }


# How SQLAlchemy takes an address apart. It is not asked itself, because importing it takes gunicorn's
# first process 15 MB.
DATABASE_URL = re.compile(
    r"(?P<kind>\w+)(?:\+\w+)?://"
    r"(?P<rest>(?:[^:/]*(?::[^@]*)?@)?(?:\[[^/?]+\]|[^/:?]+)?(?::(?P<port>[^/?]*))?"
    r"(?:/(?P<name>[^?]*))?(?:\?.*)?)"
)
# By the name that an address begins with. The driver is ours to choose: which one a plain
# postgresql:// means differs between versions of SQLAlchemy.
DRIVERS = {"postgresql": "postgresql+psycopg2", "postgres": "postgresql+psycopg2", "sqlite": "sqlite"}


def _database_url(text: str) -> str:
    # Set but empty is not the same as unset: the image sets it so, and there a forgotten
    # database must stop the start and not end in an embedded one that goes with the container.
    text = text.strip()
    if not text:
        raise ConfigurationError(
            "DATABASE_URL is empty. Give the database, for example "
            "DATABASE_URL=postgresql://user:password@host:5432/name"
        )
    address = DATABASE_URL.match(text)
    if address is None or address.end() < len(text) or not _is_port(address["port"]):
        raise ConfigurationError(
            "DATABASE_URL cannot be read as an address. It looks like "
            "postgresql://user:password@host:5432/name or sqlite:////folder/file.sqlite3"
        )
    kind, name = address["kind"], address["name"]
    if kind not in DRIVERS:
        raise ConfigurationError(f"DATABASE_URL names {kind}, but only postgresql and sqlite are supported.")
    if kind == "sqlite" and name in (None, "", ":memory:"):
        raise ConfigurationError(
            "DATABASE_URL names a SQLite database in memory, which threads cannot share. Name a file."
        )
    if not name:  # else PostgreSQL takes the one that has the name of the user
        raise ConfigurationError("DATABASE_URL names no database. It ends with /name.")
    return f"{DRIVERS[kind]}://{address['rest']}"


def _is_port(text: Optional[str]) -> bool:
    """Whether this is a port, or none. An empty one is a variable that somebody forgot."""
    return text is None or re.fullmatch("[0-9]+", text) is not None


def _redis_url(text: str) -> Optional[str]:
    text = text.strip()
    if text and not _is_address(text, "redis", "rediss", "unix"):
        raise ConfigurationError("REDIS_URL must be an address such as redis://host:6379/0.")
    return text or None


def _http_url(values: Mapping[str, str], name: str) -> str:
    text = values[name].strip()
    if not _is_address(text, "http", "https"):
        raise ConfigurationError(f"{name} must be an address that begins with http:// or https://.")
    return text


def _is_address(text: str, *schemes: str) -> bool:
    try:
        address = urlsplit(text)
        address.port  # noqa: B018  # reading it is what checks it
    except ValueError:
        return False
    return address.scheme in schemes and bool(address.netloc or address.scheme == "unix")


def _deadlines(text: str) -> Tuple[float, float]:
    try:
        connect, read = (float(part) for part in text.split(","))
    except ValueError:
        connect = read = 0.0
    if not (0 < connect <= 60 and 0 < read <= 60):
        raise ConfigurationError(
            f"HEALTH_INDEX_TIMEOUT is {text!r}, but must be two numbers of seconds up to 60, "
            "to connect and to read, for example 3.05,5"
        )
    return connect, read


def _whole_number(values: Mapping[str, str], name: str, least: int, most: int) -> int:
    text = values[name].strip()
    if not re.fullmatch("[0-9]{1,7}", text) or not least <= int(text) <= most:
        raise ConfigurationError(
            f"{name} is {text[:20]!r}, but must be a whole number from {least} to {most}."
        )
    return int(text)


def _log_level(text: str) -> str:
    if text.lower() not in LOG_LEVELS:
        raise ConfigurationError(f"LOG_LEVEL is {text!r}, but must be one of {', '.join(LOG_LEVELS)}.")
    return text.lower()
