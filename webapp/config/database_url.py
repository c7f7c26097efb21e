"""The URL of the database."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from webapp.config.checks import is_port
from webapp.config.errors import ConfigurationError
from webapp.config.url_options import DECIMAL, YES_OR_NO, check_option

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


def parse_database_url(text: str, name: str = "DATABASE_URL") -> str:
    """Return a URL for SQLAlchemy. Raises ConfigurationError.

    Args:
        name: of the setting or option, for the error.
    """
    text = text.strip()
    # Empty in the image, so that a forgotten setting stops the start. A default would store the data in the
    # container and lose it.
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
    elif not is_port(url["port"]) or re.search(r"\s", hosts):
        raise _not_a_database_url(name)
    if scheme not in DRIVERS:
        raise ConfigurationError(f"{name} names {scheme}, but only postgresql and sqlite are supported.")
    if scheme == "sqlite" and database in (None, "", ":memory:"):
        raise ConfigurationError(
            f"{name} names a SQLite database in memory, which threads cannot share. Name a file."
        )
    if not database:  # PostgreSQL would use the one named like the user
        raise ConfigurationError(f"{name} names no database. It must end with /name.")
    _check_options(scheme, database, query or "", name)
    return f"{DRIVERS[scheme]}://{url['user']}{hosts}/{database}" + ("" if query is None else f"?{query}")


def _check_options(scheme: str, database: str, query: str, name: str) -> None:
    known = {**SQLITE_OPTIONS, **(SQLITE_URI_OPTIONS if database.startswith("file:") else {})}
    for option, value in parse_qsl(query, keep_blank_values=True):
        if scheme == "sqlite":
            check_option(name, option, value, known)
        elif option == "port":
            check_option(name, option, value, {option: POSTGRES_PORTS})


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
    if not all(is_port(host["port"]) for host in found):
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


def is_sqlite(database_url: str) -> bool:
    return database_url.startswith("sqlite:")
