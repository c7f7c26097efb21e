"""The URL of Redis, with its options."""

from __future__ import annotations

import pytest
from redis import Redis

from webapp.config import ConfigurationError, Settings, redis_url, url_options
from webapp.http.rate_limit import redis_options


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" redis://:secret@h:6379/1 ", "redis://:secret@h:6379/1"),
        ("rediss://h", "rediss://h"),
        ("unix:///run/redis", "unix:///run/redis"),
        (" ", None),
        ("redis://h:6379?db=2", "redis://h:6379?db=2"),
        (
            "redis://h/0?socket_timeout=0.1&client_name=desk",
            "redis://h/0?socket_timeout=0.1&client_name=desk",
        ),
        ("rediss://h/0?ssl_cert_reqs=required", "rediss://h/0?ssl_cert_reqs=required"),
        ("unix:///run/redis?db=1", "unix:///run/redis?db=1"),
    ],
)
def test_redis_url_is_accepted(text: str, expected: str | None) -> None:
    assert Settings.of({"REDIS_URL": text}).redis_url == expected


@pytest.mark.parametrize("option", ["foot=1", "dbs=2", "Client_Name=desk", "password"])
def test_error_of_a_redis_option_does_not_show_the_password(option: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        Settings.of({"REDIS_URL": f"redis://:secret@h/0?{option}&password=secret"})
    assert "secret" not in error.value.message


REDIS_VALUES = {url_options.WHOLE: "1", url_options.DECIMAL: "0.5", url_options.YES_OR_NO: "yes"}

SPECIAL_VALUES = {"protocol": "3", "ssl_cert_reqs": "none", "max_connections": "5"}


@pytest.mark.parametrize("scheme", ["redis://h/0", "rediss://h/0", "unix:///run/redis"])
def test_accepted_options_of_redis_are_known_to_its_client(scheme: str) -> None:
    names = redis_url.OPTIONS["rediss"]
    accepted = 0
    for name, pattern in names.items():
        url = f"{scheme}?{name}={SPECIAL_VALUES.get(name) or REDIS_VALUES.get(pattern, 'x')}"
        try:
            Settings.of({"REDIS_URL": url})
        except ConfigurationError:
            continue
        accepted += 1
        Redis.from_url(url, **redis_options(1)).connection_pool.make_connection()
    assert accepted >= 8
