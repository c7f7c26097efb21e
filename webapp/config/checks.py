"""Checks of single values: numbers, words, URLs and addresses."""

from __future__ import annotations

import re
from difflib import get_close_matches
from ipaddress import ip_address
from typing import Iterable, Mapping, NamedTuple
from urllib.parse import urlsplit

from webapp.config.errors import ConfigurationError

MAX_PORT = 65_535


class Address(NamedTuple):
    """A TCP address to listen on."""

    host: str
    port: int


def parse_whole_number(values: Mapping[str, str], name: str, minimum: int, maximum: int) -> int:
    text = values[name].strip()
    if not re.fullmatch("[0-9]{1,7}", text) or not minimum <= int(text) <= maximum:
        raise ConfigurationError(
            f"{name} is {text[:20]!r}, but must be a whole number from {minimum} to {maximum}."
        )
    return int(text)


def parse_choice(values: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    text = values[name].strip().lower()
    if text not in choices:
        raise ConfigurationError(f"{name} is {values[name][:20]!r}, but must be one of {', '.join(choices)}.")
    return text


def parse_timeouts(text: str) -> tuple[float, float]:
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


def parse_http_url(values: Mapping[str, str], name: str) -> str:
    text = values[name].strip()
    if not is_url(text, "http", "https"):
        raise ConfigurationError(f"{name} must be a URL that begins with http:// or https://.")
    return text


def is_url(text: str, *schemes: str) -> bool:
    try:
        url = urlsplit(text)
        url.port  # noqa: B018  # raises ValueError if invalid
    except ValueError:
        return False
    if url.scheme not in schemes or re.search(r"[\s\x00-\x1f]", text):
        return False
    return bool(url.path if url.scheme == "unix" else url.hostname)


def is_port(text: str | None) -> bool:
    """True for a port or None. An empty one comes from an unset variable."""
    return text is None or (re.fullmatch("[0-9]{1,5}", text) is not None and 1 <= int(text) <= MAX_PORT)


def parse_address(text: str) -> Address | None:
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


def close_match(name: str, known: Iterable[str]) -> str:
    by_folded = {known_name.casefold(): known_name for known_name in known}
    close = get_close_matches(name.casefold(), by_folded, 1)
    return f"Did you mean {by_folded[close[0]]}?" if close else ""
