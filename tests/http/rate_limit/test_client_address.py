"""Clients, told apart by their address."""

from __future__ import annotations

import pytest

from tests.http.rate_limit.clients import Limited, statuses
from webapp.http.rate_limit import client_address


def test_forwarded_address_is_ignored_without_trusted_proxies(limited: Limited) -> None:
    client = limited()
    found = [
        client.get("/index", headers={"X-Forwarded-For": f"192.0.2.{number}"}).status_code
        for number in range(4)
    ]
    assert found == [200, 200, 200, 429]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "same_client"),
    [
        ("1", ["192.0.2.1", "192.0.2.1"], True),
        ("1", ["192.0.2.1", "192.0.2.2"], False),
        ("1", ["203.0.113.1, 192.0.2.1", "203.0.113.2, 192.0.2.1"], True),  # the first is from the client
        ("2", ["192.0.2.1, 198.51.100.1", "192.0.2.2, 198.51.100.1"], False),
        ("2", ["203.0.113.1, 192.0.2.1, 198.51.100.1", "203.0.113.2, 192.0.2.1, 198.51.100.1"], True),
    ],
)
def test_forwarded_address_is_used_behind_trusted_proxies(
    limited: Limited, proxies: str, forwarded: list[str], same_client: bool
) -> None:
    client = limited(TRUSTED_PROXIES=proxies)
    statuses(client, "/index", 3, **{"X-Forwarded-For": forwarded[0]})
    expected = 429 if same_client else 200
    assert statuses(client, "/index", 1, **{"X-Forwarded-For": forwarded[1]}) == [expected]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8:0:1::ffff", "2001:db8:0:1::/64"),
        ("[2001:db8::1]", "2001:db8::/64"),
        ("[2001:db8::1]:4711", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("not an address", "unknown"),
    ],
)
def test_client_is_an_ipv4_address_or_an_ipv6_network(limited: Limited, address: str, expected: str) -> None:
    app = limited().application
    environ: dict[str, str] = {"REMOTE_ADDR": address}
    with app.test_request_context("/", environ_overrides=environ):
        assert client_address() == expected
