"""The URL of Redis, with its options."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from webapp.config.checks import is_url
from webapp.config.errors import ConfigurationError
from webapp.config.url_options import DECIMAL, TEXT, WHOLE, YES_OR_NO, check_option

# Options of redis-py in a URL, with the pattern of their values. It accepts any name, and then fails with
# each connection.
COMMON_OPTIONS = {
    "db": WHOLE,
    "username": TEXT,
    "password": TEXT,
    "client_name": r"\S+",
    "protocol": "[23]",
    "health_check_interval": WHOLE,
    "max_connections": "[1-9][0-9]{0,6}",
    "socket_timeout": DECIMAL,
}
TCP_OPTIONS = {
    "socket_connect_timeout": DECIMAL,
    "socket_keepalive": YES_OR_NO,
}
TLS_OPTIONS = {
    "ssl_ca_certs": TEXT,
    "ssl_cert_reqs": "none|optional|required",
    "ssl_certfile": TEXT,
    "ssl_check_hostname": YES_OR_NO,
    "ssl_keyfile": TEXT,
}

OPTIONS = {
    "redis": {**COMMON_OPTIONS, **TCP_OPTIONS},
    "rediss": {**COMMON_OPTIONS, **TCP_OPTIONS, **TLS_OPTIONS},
    "unix": COMMON_OPTIONS,
}


def parse_redis_url(text: str) -> str | None:
    text = text.strip()
    if not text:
        return None
    if not is_url(text, "redis", "rediss", "unix"):
        raise ConfigurationError("REDIS_URL must be a URL such as redis://host:6379/0.")
    url = urlsplit(text)
    if url.scheme != "unix" and not re.fullmatch("/?[0-9]{0,4}/?", url.path):
        raise ConfigurationError("REDIS_URL must end with the number of a database, such as /0.")
    for name, value in parse_qsl(url.query, keep_blank_values=True):
        check_option("REDIS_URL", name, value, OPTIONS[url.scheme])
    return text
