"""Settings from the environment."""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass
from difflib import get_close_matches
from io import StringIO
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Tuple
from urllib.parse import parse_qsl, urljoin, urlsplit

from click import ClickException
from dotenv import dotenv_values
from dotenv.parser import parse_stream

from webapp.i18n.locales import LANGUAGES

# Settings.notes has the lines of which python-dotenv would warn in a format of its own.
logging.getLogger("dotenv.main").setLevel(logging.ERROR)

ROOT = Path(__file__).resolve().parent.parent

BESTAT_URL = (
    "https://bestat.statbel.fgov.be/bestat/api/views/48744f07-252a-4a42-bca3-a2d7cb31c2fd/result/JSON"
)
OPEN_DATA_URL = (
    "https://statbel.fgov.be/sites/default/files/files/opendata/"
    "Consumptieprijsindex%20en%20gezondheidsindex/CPI%20All%20base%20years.zip"
)

WORKBOOK_NAME = "CPI%20All%20base%20years.xlsx"

# Limit of a name or contact that the pages show.
MAX_OPERATOR_CHARACTERS = 100

# Any address that a mail program accepts unquoted; % would be decoded in a mailto URL.
EMAIL_ADDRESS = re.compile(r"[A-Za-z0-9.!#$'*+/=^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
PHONE_NUMBER = re.compile(r"\+?[0-9(][0-9 ()./-]*[0-9]")
MIN_PHONE_DIGITS = 8

# Limit of a file that holds a setting; a device would have no end.
MAX_SECRET_BYTES = 64 * 1024

LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
LOG_FORMATS = ("text", "json")

# PostgreSQL's timeouts, since gunicorn's does not interrupt a thread.
CONNECT_SECONDS = 3
STATEMENT_MILLISECONDS = 3000

# The worker receives a body up to this size before it calls the app. A larger body is an upload: a thread
# receives it.
MAX_BUFFERED_BODY_BYTES = 64 * 1024

MAX_PORT = 65_535

# Concurrent uploads: of all clients, and of one.
MAX_UPLOADS = 8
MAX_UPLOADS_PER_CLIENT = 4

DEFAULTS = {
    "DATABASE_URL": "sqlite:///desk.sqlite3",  # relative to instance/
    "DATABASE_URL_FILE": "",
    "REDIS_URL": "",
    "REDIS_URL_FILE": "",
    "HEALTH_INDEX_URL": BESTAT_URL,
    "HEALTH_INDEX_FALLBACK_URL": OPEN_DATA_URL,
    "HEALTH_INDEX_WORKBOOK_URL": "",
    "HEALTH_INDEX_TIMEOUT": "3.05,5",
    "WEB_THREADS": "4",
    "PIN_WORKER": "1",
    "HTTP_CACHE_MB": "8",
    "RATE_LIMIT": "6000",
    "TRUSTED_PROXIES": "0",
    "LOG_LEVEL": "info",
    "LOG_FORMAT": "text",
    "OPERATOR_NAME": "",
    "OPERATOR_CONTACT": "",
    "METRICS_BIND": "",
    "MAX_INDEX_LAG_DAYS": "3",
    "PORT": "5000",
    "RISK_FACTOR_NOTE": "",
    "RISK_FACTOR_NOTE_NL": "",
    "RISK_FACTOR_NOTE_FR": "",
    "RISK_FACTOR_NOTE_DE": "",
    "RISK_FACTOR_NOTE_EN": "",
}

MAX_NOTE_CHARACTERS = 300

# Variables of other programs that read the file: Flask, gunicorn, Python, Pipenv, Docker Compose, PostgreSQL.
FOREIGN_VARIABLES = re.compile(
    "(FLASK|GUNICORN|PYTHON|PIPENV|PIP|COMPOSE|DOCKER|POSTGRES|PG|MALLOC)_?[A-Z0-9_]*"
    "|WEB_CONCURRENCY|TZ|LANG|LC_[A-Z]+|PATH|HOME"
    "|DESK_PORT|[A-Z]+_IMAGE|BACKUP_[A-Z]+"  # compose.yaml
)

# Options of redis-py in a URL, with the pattern of their values. It accepts any name, and then fails with
# each connection.
WHOLE, DECIMAL, YES_OR_NO, TEXT = (
    "[0-9]{1,9}",
    r"[0-9]{1,9}(\.[0-9]{1,9})?",
    "(?i:true|false|yes|no|1|0)",
    ".+",
)
REDIS_OPTIONS = {
    "db": WHOLE,
    "username": TEXT,
    "password": TEXT,
    "client_name": r"\S+",
    "protocol": "[23]",
    "health_check_interval": WHOLE,
    "max_connections": "[1-9][0-9]{0,6}",
    "socket_timeout": DECIMAL,
    "socket_connect_timeout": DECIMAL,
    "socket_keepalive": YES_OR_NO,
}
# Only for some schemes.
REDIS_TLS_OPTIONS = {
    "ssl_ca_certs": TEXT,
    "ssl_cert_reqs": "none|optional|required",
    "ssl_certfile": TEXT,
    "ssl_check_hostname": YES_OR_NO,
    "ssl_keyfile": TEXT,
}
REDIS_TCP_OPTIONS = ("socket_connect_timeout", "socket_keepalive")

# Of SQLite in a URL, the others only where the file itself is a URI (sqlite:///file:…).
SQLITE_OPTIONS = {"timeout": DECIMAL}
SQLITE_URI_OPTIONS = {
    "uri": YES_OR_NO,
    "mode": "ro|rw|rwc",
    "cache": "shared|private",
    "immutable": YES_OR_NO,
}
# libpq checks the others when it connects.
POSTGRES_PORTS = "[0-9]{1,5}(,[0-9]{1,5})*"


class ConfigurationError(ClickException):
    """Invalid setting. A ClickException, so that `flask` prints it as one line."""


class Operator(NamedTuple):
    """Publisher of the pages.

    Attributes:
        name: empty if unknown, as is contact.
        contact: an email address, a phone number or a URL.
        href: link to `contact`.
    """

    name: str
    contact: str
    href: str


class Address(NamedTuple):
    """A TCP address to listen on."""

    host: str
    port: int


@dataclass(frozen=True)
class Settings:
    """Validated settings of an application.

    Attributes:
        redis_url: for rate limits shared by containers; None for limits per process.
        health_index_url: a be.STAT view.
        health_index_fallback_url: Statbel's open-data zip.
        health_index_workbook_url: the same as an Excel workbook, by default in the folder of the zip.
        health_index_timeout: seconds to connect, and for the response.
        web_threads: threads of a gunicorn worker, without those for MAX_UPLOADS.
        pin_worker: keep a worker's threads on one core.
        http_cache_mb: size of the HTTP cache; 0 for none.
        rate_limit: requests per client and minute; 0 for no limit.
        trusted_proxies: number of proxies that set X-Forwarded-For and X-Forwarded-Proto.
        log_format: "text" or "json".
        operator: publisher of the pages, and contact for questions.
        metrics_bind: address of `/metrics`; None for no metrics.
        max_index_lag_days: working days by which the index may be late before `/readyz?strict=1` fails.
        port: of the default bind.
        risk_factor_notes: the risk manager's sentence about risk factors, by language.
        notes: mistakes in `.env` that do not stop the start.
    """

    database_url: str
    redis_url: Optional[str]
    health_index_url: str
    health_index_fallback_url: str
    health_index_workbook_url: str
    health_index_timeout: Tuple[float, float]
    web_threads: int
    pin_worker: bool
    http_cache_mb: int
    rate_limit: int
    trusted_proxies: int
    log_level: str
    log_format: str
    operator: Operator
    metrics_bind: Optional[Address]
    max_index_lag_days: int
    port: int
    risk_factor_notes: Mapping[str, str]
    notes: Tuple[str, ...] = ()

    @classmethod
    def load(cls) -> Settings:
        """Read `.env` and the environment, which takes precedence. Raises ConfigurationError."""
        try:
            text = (ROOT / ".env").read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            text = ""
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"The file .env cannot be read: {error}") from None
        file = dotenv_values(stream=StringIO(text))
        variables = {name: value for name, value in file.items() if value is not None}
        notes = (*_unreadable_lines(text), *_unknown_names(variables))
        return cls.of({**variables, **os.environ}, notes)

    @classmethod
    def of(cls, variables: Mapping[str, str], notes: Tuple[str, ...] = ()) -> Settings:
        """Validate variables, with DEFAULTS for missing ones. Raises ConfigurationError."""
        values = {**DEFAULTS, **variables}
        for name in ("DATABASE_URL", "REDIS_URL"):
            if values[f"{name}_FILE"].strip():
                if variables.get(name, "").strip():
                    raise ConfigurationError(f"{name}_FILE and {name} are both set. Remove one of them.")
                values[name] = _secret(f"{name}_FILE", values[f"{name}_FILE"].strip())
        return cls(
            database_url=parse_database_url(values["DATABASE_URL"]),
            redis_url=_redis_url(values["REDIS_URL"]),
            health_index_url=_http_url(values, "HEALTH_INDEX_URL"),
            health_index_fallback_url=_http_url(values, "HEALTH_INDEX_FALLBACK_URL"),
            health_index_workbook_url=_workbook_url(values),
            health_index_timeout=_deadlines(values["HEALTH_INDEX_TIMEOUT"]),
            web_threads=_whole_number(values, "WEB_THREADS", 1, 64),
            pin_worker=bool(_whole_number(values, "PIN_WORKER", 0, 1)),
            http_cache_mb=_whole_number(values, "HTTP_CACHE_MB", 0, 1024),
            rate_limit=_whole_number(values, "RATE_LIMIT", 0, 1_000_000),
            trusted_proxies=_whole_number(values, "TRUSTED_PROXIES", 0, 9),
            log_level=_choice(values, "LOG_LEVEL", LOG_LEVELS),
            log_format=_choice(values, "LOG_FORMAT", LOG_FORMATS),
            operator=_operator(values["OPERATOR_NAME"], values["OPERATOR_CONTACT"]),
            metrics_bind=_address(values["METRICS_BIND"]),
            max_index_lag_days=_whole_number(values, "MAX_INDEX_LAG_DAYS", 0, 1000),
            port=_whole_number(values, "PORT", 1, MAX_PORT),
            risk_factor_notes=_risk_factor_notes(values),
            notes=notes,
        )

    @property
    def is_embedded(self) -> bool:
        """True for SQLite, False for PostgreSQL."""
        return is_sqlite(self.database_url)

    def for_flask(self) -> Dict[str, Any]:
        """Return the settings of Flask and its extensions."""
        return {
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            "SQLALCHEMY_ENGINE_OPTIONS": engine_options(self.database_url),
            "CACHE_TYPE": "webapp.data.memo.ProcessCache",
            # More than all keys of two snapshots: 9,000 zipcodes and a few base years.
            "CACHE_THRESHOLD": 20_000,
            # Except security.BULK_ENDPOINTS.
            "MAX_CONTENT_LENGTH": 64 * 1024,
            "MAX_INDEX_LAG_DAYS": self.max_index_lag_days,
            "RISK_FACTOR_NOTES": self.risk_factor_notes,
        }


def is_sqlite(database_url: str) -> bool:
    return database_url.startswith("sqlite:")


def engine_options(database_url: str) -> Dict[str, Any]:
    """Return SQLAlchemy's options for a valid URL. Its own parameters take precedence over ours."""
    # Not at the top: gunicorn's first process needs settings, but not SQLAlchemy.
    from sqlalchemy.engine import make_url
    from sqlalchemy.pool import NullPool

    query = make_url(database_url).query
    if is_sqlite(database_url):
        # Opening the file for each connection is cheap, and notices a replaced file.
        return {"poolclass": NullPool, "connect_args": _merged({"timeout": CONNECT_SECONDS}, query)}
    ours = {
        "connect_timeout": CONNECT_SECONDS,
        "application_name": "belgian-desk",
        "client_encoding": "utf8",
        # Notices a server that vanished without closing its connections.
        "tcp_user_timeout": 2 * STATEMENT_MILLISECONDS,
    }
    # One connection for the watcher, one for a refresh; requests use none.
    pool = {"pool_size": 2, "max_overflow": 0, "pool_timeout": CONNECT_SECONDS}
    return {**pool, "connect_args": _merged(ours, query)}


def _merged(ours: Dict[str, Any], query: Mapping[str, Any]) -> Dict[str, Any]:
    """Return arguments for the driver, which override the query of the URL."""
    merged = {name: value for name, value in ours.items() if name not in query}
    for name, value in query.items():
        # Of a repeated parameter, libpq takes the last; only SQLAlchemy repeats `host`.
        if not isinstance(value, str) and name != "host":
            merged[name] = " ".join(value) if name == "options" else value[-1]
    return merged


def _secret(name: str, path: str) -> str:
    """Read a setting from a file, which a newline may end. Raises ConfigurationError."""
    try:
        with (ROOT / path).open("rb") as file:
            text = file.read(MAX_SECRET_BYTES).decode("utf-8-sig").strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise ConfigurationError(f"{name} names {path!r}, which cannot be read: {reason}.") from None
    if not text:
        raise ConfigurationError(f"{name} names {path!r}, which is empty. Write the URL into it.")
    return text


# Parses URLs as SQLAlchemy does, whose import costs gunicorn's first process 15 MB.
DATABASE_URL = re.compile(
    r"(?P<scheme>\w+)(?:\+\w+)?://"
    r"(?P<user>(?:[^:/]*(?::[^@]*)?@)?)(?P<hosts>(?:\[[^/?]+\]|[^/:?]+)?(?::(?P<port>[^/?]*))?)"
    r"(?:/(?P<name>[^?]*))?(?:\?(?P<query>.*))?"
)
# One of several hosts, which libpq separates by commas.
HOST = re.compile(r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9_.-]+))(?::(?P<port>[0-9]+))?")
# By URL scheme. The default driver of postgresql:// depends on SQLAlchemy's version.
DRIVERS = {"postgresql": "postgresql+psycopg2", "postgres": "postgresql+psycopg2", "sqlite": "sqlite"}


def parse_database_url(text: str, name: str = "DATABASE_URL") -> str:
    """Return a URL for SQLAlchemy. Raises ConfigurationError.

    Args:
        name: of the setting or option, for the error.
    """
    # Empty in the image, so that a forgotten setting stops the start. A default would store the data in the
    # container and lose it.
    text = text.strip()
    if not text:
        raise ConfigurationError(
            f"{name} is empty. Set it to a database, for example "
            f"{name}=postgresql://user:password@host:5432/name"
        )
    url = DATABASE_URL.match(text)
    if url is None or url.end() < len(text):
        raise _not_a_database_url(name)
    scheme, database, hosts, query = url["scheme"], url["name"], url["hosts"], url["query"]
    if scheme.startswith("postgres") and "," in hosts:
        query = "&".join(filter(None, [query, _several_hosts(hosts, query or "", name)]))
        hosts = ""
    elif not _is_port(url["port"]) or re.search(r"\s", hosts):
        raise _not_a_database_url(name)
    if scheme not in DRIVERS:
        raise ConfigurationError(f"{name} names {scheme}, but only postgresql and sqlite are supported.")
    if scheme == "sqlite" and database in (None, "", ":memory:"):
        raise ConfigurationError(
            f"{name} names a SQLite database in memory, which threads cannot share. Name a file."
        )
    if not database:  # PostgreSQL would use the one named like the user
        raise ConfigurationError(f"{name} names no database. It must end with /name.")
    _check_database_options(scheme, database, query or "", name)
    return f"{DRIVERS[scheme]}://{url['user']}{hosts}/{database}" + ("" if query is None else f"?{query}")


def _check_database_options(scheme: str, database: str, query: str, name: str) -> None:
    known = {**SQLITE_OPTIONS, **(SQLITE_URI_OPTIONS if database.startswith("file:") else {})}
    for option, value in parse_qsl(query, keep_blank_values=True):
        if scheme == "sqlite":
            _check_option(name, option, value, known)
        elif option == "port":
            _check_option(name, option, value, {option: POSTGRES_PORTS})


def _not_a_database_url(name: str) -> ConfigurationError:
    return ConfigurationError(
        f"{name} is not a URL such as postgresql://user:password@host:5432/name "
        "or sqlite:////folder/file.sqlite3"
    )


def _several_hosts(text: str, query: str, name: str) -> str:
    """Return a query for several hosts, which SQLAlchemy reads from there only."""
    hosts = [HOST.fullmatch(host) for host in text.split(",")]
    if None in hosts or re.search("(^|&)(host|port)=", query):
        raise _not_a_database_url(name)
    found = [host for host in hosts if host]
    if not all(_is_port(host["port"]) for host in found):
        raise _not_a_database_url(name)
    names = ",".join(host["ipv6"] or host["name"] for host in found)
    return f"host={names}&port={','.join(host['port'] or '5432' for host in found)}"


def database_place(database_url: str) -> str:
    """Return a valid URL for people: without user, password and options."""
    url = DATABASE_URL.match(database_url)
    if url is None or is_sqlite(database_url):
        return database_url
    hosts = url["hosts"] or ",".join(re.findall("(?:^|&)host=([^&]*)", url["query"] or ""))
    return f"postgresql://{hosts}/{url['name']}"


def _is_port(text: Optional[str]) -> bool:
    """True for a port or None. An empty one comes from an unset variable."""
    return text is None or (re.fullmatch("[0-9]{1,5}", text) is not None and 1 <= int(text) <= MAX_PORT)


def _redis_url(text: str) -> Optional[str]:
    text = text.strip()
    if not text:
        return None
    if not _is_url(text, "redis", "rediss", "unix"):
        raise ConfigurationError("REDIS_URL must be a URL such as redis://host:6379/0.")
    url = urlsplit(text)
    known = dict(REDIS_OPTIONS)
    if url.scheme == "rediss":
        known.update(REDIS_TLS_OPTIONS)
    elif url.scheme == "unix":
        known = {name: pattern for name, pattern in known.items() if name not in REDIS_TCP_OPTIONS}
    elif not re.fullmatch("/?[0-9]{0,4}/?", url.path):
        raise ConfigurationError("REDIS_URL must end with the number of a database, such as /0.")
    for name, value in parse_qsl(url.query, keep_blank_values=True):
        _check_option("REDIS_URL", name, value, known)
    return text


def _check_option(setting: str, name: str, value: str, known: Mapping[str, str]) -> None:
    if name not in known:
        hint = _close_match(name, known) or f"Known are {', '.join(sorted(known))}."
        raise ConfigurationError(f"{setting} has the unknown option {name[:40]!r}. {hint}")
    if not re.fullmatch(known[name], value):  # without the value, which may be a password
        raise ConfigurationError(f"{setting} has an invalid value for the option {name}.")


def _http_url(values: Mapping[str, str], name: str) -> str:
    text = values[name].strip()
    if not _is_url(text, "http", "https"):
        raise ConfigurationError(f"{name} must be a URL that begins with http:// or https://.")
    return text


def _workbook_url(values: Mapping[str, str]) -> str:
    if values["HEALTH_INDEX_WORKBOOK_URL"].strip():
        return _http_url(values, "HEALTH_INDEX_WORKBOOK_URL")
    return urljoin(_http_url(values, "HEALTH_INDEX_FALLBACK_URL"), WORKBOOK_NAME)


def _is_url(text: str, *schemes: str) -> bool:
    try:
        url = urlsplit(text)
        url.port  # noqa: B018  # raises ValueError if invalid
    except ValueError:
        return False
    if url.scheme not in schemes or re.search(r"[\s\x00-\x1f]", text):
        return False
    return bool(url.path if url.scheme == "unix" else url.hostname)


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


def _whole_number(values: Mapping[str, str], name: str, minimum: int, maximum: int) -> int:
    text = values[name].strip()
    if not re.fullmatch("[0-9]{1,7}", text) or not minimum <= int(text) <= maximum:
        raise ConfigurationError(
            f"{name} is {text[:20]!r}, but must be a whole number from {minimum} to {maximum}."
        )
    return int(text)


def _choice(values: Mapping[str, str], name: str, choices: Tuple[str, ...]) -> str:
    text = values[name].strip().lower()
    if text not in choices:
        raise ConfigurationError(f"{name} is {values[name][:20]!r}, but must be one of {', '.join(choices)}.")
    return text


def _address(text: str) -> Optional[Address]:
    """Parse the address of METRICS_BIND."""
    text = text.strip()
    if not text:
        return None
    match = re.fullmatch(
        r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<ipv4>[0-9.]+)|localhost):(?P<port>[0-9]{1,5})", text
    )
    if match and 1 <= int(match["port"]) <= MAX_PORT:
        try:
            return Address(str(ip_address(match["ipv6"] or match["ipv4"] or "127.0.0.1")), int(match["port"]))
        except ValueError:
            pass
    raise ConfigurationError(
        f"METRICS_BIND is {text[:60]!r}, but must be an IP address and a port, for example 127.0.0.1:9100 "
        "or [::1]:9100."
    )


def _unreadable_lines(text: str) -> Iterator[str]:
    """Yield a line for each one of `.env` that is no NAME=value."""
    for line in parse_stream(StringIO(text)):
        if line.error or (line.key and line.value is None):
            start, string = line.original.line, line.original.string  # from the blank lines before it
            number = start + string[: len(string) - len(string.lstrip())].count("\n")
            yield f".env: line {number} is not NAME=value, and is ignored."


def _unknown_names(names: Iterable[str]) -> List[str]:
    """Return a line for each name that is neither a setting nor known to belong to another program."""
    return [
        f".env: {name[:60]!r} is no setting, and is ignored. {_close_match(name, DEFAULTS)}".rstrip()
        for name in names
        if name not in DEFAULTS and not FOREIGN_VARIABLES.fullmatch(name)
    ]


def _close_match(name: str, known: Iterable[str]) -> str:
    by_folded = {known_name.casefold(): known_name for known_name in known}
    close = get_close_matches(name.casefold(), by_folded, 1)
    return f"Did you mean {by_folded[close[0]]}?" if close else ""


def _operator(name: str, contact: str) -> Operator:
    name, contact = name.strip(), contact.strip()
    if len(name) > MAX_OPERATOR_CHARACTERS or not name.isprintable():
        raise ConfigurationError(
            f"OPERATOR_NAME must be one line of up to {MAX_OPERATOR_CHARACTERS} characters."
        )
    return Operator(name, contact, _contact_url(contact) if contact else "")


def _contact_url(contact: str) -> str:
    """Return a URL for an email address, a phone number or a URL."""
    if len(contact) <= MAX_OPERATOR_CHARACTERS and contact.isprintable():
        if EMAIL_ADDRESS.fullmatch(contact):
            return f"mailto:{contact}"
        if PHONE_NUMBER.fullmatch(contact) and len(re.findall("[0-9]", contact)) >= MIN_PHONE_DIGITS:
            return "tel:" + re.sub("[^+0-9]", "", contact.replace("(0)", ""))
        if _is_url(contact, "http", "https"):
            return contact
    raise ConfigurationError(
        "OPERATOR_CONTACT must be an email address (desk@example.be), a phone number (+32 2 555 01 23) "
        "or a URL that begins with http:// or https://."
    )


def _risk_factor_notes(values: Mapping[str, str]) -> Dict[str, str]:
    """Return the notes by language. One without a language stands for the languages without their own."""
    notes = {}
    for language in LANGUAGES:
        name = f"RISK_FACTOR_NOTE_{language.upper()}"
        name = name if values[name].strip() else "RISK_FACTOR_NOTE"
        note = " ".join(values[name].split())
        if len(note) > MAX_NOTE_CHARACTERS or not note.isprintable():
            raise ConfigurationError(f"{name} must have up to {MAX_NOTE_CHARACTERS} printable characters.")
        if note:
            notes[language] = note
    return notes
