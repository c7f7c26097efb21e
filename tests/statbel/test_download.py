"""Downloads over HTTP: deadlines, size limits, retries and redirects."""

from __future__ import annotations

import contextlib
import gzip
import socket
import time
import tracemalloc
from http.server import BaseHTTPRequestHandler
from typing import Iterator

import pytest

from tests.support.fake_statbel import FakeStatbel, Reply, bestat, in_turn, redirecting, responding
from webapp.statbel.deadline import TIMEOUT_MESSAGE
from webapp.statbel.download import MAX_BYTES, redirect_url
from webapp.statbel.parsing import Observation, UpstreamError
from webapp.statbel.sources import Statbel
from webapp.version import VERSION

VALUES = [(2013, "2022-04", 119.59)]
VALID = responding(bestat(VALUES))
FAILURE = responding(b"", status=500)

# The difference is for a busy machine, and for the pause between two attempts.
TIMEOUT = (0.1, 0.25)
MAX_SECONDS = 2.0


def read(fake: FakeStatbel, timeout: tuple[float, float] = (5, 5)) -> list[Observation]:
    urls = fake.addresses
    statbel = Statbel(urls["HEALTH_INDEX_URL"], urls["HEALTH_INDEX_FALLBACK_URL"], "", timeout)
    return statbel.read(statbel.sources[0], statbel.deadline()).observations


def failure(fake: FakeStatbel, timeout: tuple[float, float] = (5, 5)) -> str:
    with pytest.raises(UpstreamError) as raised:
        read(fake, timeout)
    return str(raised.value)


def timed_failure(fake: FakeStatbel) -> str:
    """Return the message of a failure, which may not outlast the timeout."""
    start = time.monotonic()
    message = failure(fake, TIMEOUT)
    assert time.monotonic() - start < MAX_SECONDS
    return message


def raw(response: bytes) -> Reply:
    """Send these bytes, and close the connection."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(response)

    return reply


def kept_alive(status: int, headers: bytes = b"") -> Reply:
    """Send an empty response, and keep the connection open."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 %d Wait\r\nContent-Length: 0\r\n%b\r\n" % (status, headers))
        handler.close_connection = False

    return reply


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        handler.wfile.write(b" " * 65536)


# Responses


def test_user_agent_names_the_product(statbel: FakeStatbel) -> None:
    statbel.bestat = VALID
    read(statbel)
    assert statbel.headers["User-Agent"] == f"BelgianIndexAndZipcodeRiskDesk/{VERSION}"


def test_compressed_response_is_read(statbel: FakeStatbel) -> None:
    body = gzip.compress(bestat(VALUES))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    statbel.bestat = raw(head + body)
    assert len(read(statbel)) == 1


def test_content_type_is_ignored(statbel: FakeStatbel) -> None:
    statbel.bestat = responding(bestat(VALUES), content_type="text/plain")
    assert len(read(statbel)) == 1


@pytest.mark.parametrize("status", [201, 204, 304, 404])
def test_other_status_fails_without_a_retry(statbel: FakeStatbel, status: int) -> None:
    statbel.bestat = responding(b"" if status in (204, 304) else bestat(VALUES), status=status)
    assert failure(statbel) == f"status {status}"
    assert statbel.requests == ["/bestat"]


def test_page_instead_of_data_fails(statbel: FakeStatbel) -> None:
    statbel.bestat = responding(b"<!DOCTYPE html><h1>Maintenance</h1>", content_type="text/html")
    assert failure(statbel) == "response is not JSON"


@pytest.mark.parametrize(
    "response",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000 + b"\r\n\r\n",
    ],
    ids=lambda response: ascii(response)[-30:],
)
def test_broken_http_fails(statbel: FakeStatbel, response: bytes) -> None:
    statbel.bestat = raw(response)
    assert failure(statbel)


# Retries


def test_server_errors_are_retried(statbel: FakeStatbel) -> None:
    statbel.bestat = in_turn(FAILURE, responding(b"", status=503), VALID)
    assert len(read(statbel)) == 1
    assert statbel.requests == ["/bestat"] * 3


def test_retries_are_limited_and_the_last_one_is_delayed(statbel: FakeStatbel) -> None:
    times = []

    def reply(handler: BaseHTTPRequestHandler) -> None:
        times.append(time.monotonic())
        FAILURE(handler)

    statbel.bestat = reply
    assert failure(statbel) == "status 500"
    assert len(times) == 3
    assert times[2] - times[1] > 0.3


def test_retry_after_is_ignored(statbel: FakeStatbel) -> None:
    statbel.bestat = kept_alive(503, b"Retry-After: 3\r\n")
    start = time.monotonic()
    assert failure(statbel) == "status 503"
    assert time.monotonic() - start < MAX_SECONDS


def test_refused_connection_fails(closed_port: int) -> None:
    url = f"http://127.0.0.1:{closed_port}/"
    statbel = Statbel(url, url, url, (5, 5))
    start = time.monotonic()
    with pytest.raises(UpstreamError, match="connection failed"):
        statbel.read(statbel.sources[0], statbel.deadline())
    assert time.monotonic() - start < MAX_SECONDS


# Deadlines


@pytest.fixture
def full_url() -> Iterator[str]:
    """URL of a server whose queue of connections is full."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        for client in waiting:
            client.close()


def test_connecting_ends_at_the_deadline(full_url: str) -> None:
    statbel = Statbel(full_url, full_url, full_url, TIMEOUT)
    start = time.monotonic()
    with pytest.raises(UpstreamError):
        statbel.read(statbel.sources[0], statbel.deadline())
    assert time.monotonic() - start < MAX_SECONDS


def test_server_that_hangs_times_out_without_a_retry(statbel: FakeStatbel) -> None:
    statbel.bestat = statbel.hanging
    assert timed_failure(statbel) == TIMEOUT_MESSAGE
    assert statbel.requests == ["/bestat"]


def after(start: bytes, then: Reply) -> Reply:
    """Send these bytes at once, and then another reply."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(start)
        then(handler)

    return reply


def drip(fake: FakeStatbel) -> Reply:
    """Send zeros one at a time, for much longer than the timeout."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        for _ in range(100):
            handler.wfile.write(b"0")
            if fake.released.wait(0.05):
                return

    return reply


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n500\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x08\0\0\0\0\0\0",
    ],
    ids=lambda start: ascii(start)[-30:],
)
def test_one_byte_at_a_time_times_out(statbel: FakeStatbel, start: bytes) -> None:
    statbel.bestat = after(start, drip(statbel))
    assert timed_failure(statbel) == TIMEOUT_MESSAGE


def test_headers_without_a_body_time_out(statbel: FakeStatbel) -> None:
    statbel.bestat = after(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", statbel.hanging)
    assert timed_failure(statbel) == TIMEOUT_MESSAGE


@pytest.mark.parametrize("status", [b"302 Found\r\nLocation: /", b"404 Not Found", b"500 Broken"])
def test_unread_body_does_not_outlast_the_deadline(statbel: FakeStatbel, status: bytes) -> None:
    statbel.bestat = after(b"HTTP/1.1 %b\r\n\r\n" % status, drip(statbel))
    assert timed_failure(statbel)


def test_deadline_includes_retries_on_one_connection(statbel: FakeStatbel) -> None:
    statbel.bestat = in_turn(kept_alive(500), drip(statbel))
    assert timed_failure(statbel) == TIMEOUT_MESSAGE


@pytest.mark.parametrize("redirect", [redirecting(b"/bestat"), kept_alive(302, b"Location: /bestat\r\n")])
def test_deadline_includes_redirects(statbel: FakeStatbel, redirect: Reply) -> None:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        statbel.released.wait(0.1)
        redirect(handler)

    statbel.bestat = reply
    assert timed_failure(statbel) == TIMEOUT_MESSAGE


def test_slow_response_within_the_deadline_is_read(statbel: FakeStatbel) -> None:
    statbel.bestat = statbel.trickling(bestat(VALUES), 0.001)
    assert len(read(statbel)) == 1


def test_deadline_during_retries_is_no_connection_failure(statbel: FakeStatbel) -> None:
    """The pause before the third attempt outlasts this deadline."""
    statbel.bestat = FAILURE
    assert failure(statbel, (0.1, 0.1)) != "connection failed"


# Redirects


def test_redirect_is_followed(statbel: FakeStatbel) -> None:
    statbel.bestat = in_turn(redirecting(b"/bestat"), VALID)
    assert len(read(statbel)) == 1


def test_circular_redirect_fails(statbel: FakeStatbel) -> None:
    statbel.bestat = redirecting(b"/bestat")
    assert failure(statbel) == "more than 3 redirects"
    assert statbel.requests == ["/bestat"] * 4


@pytest.mark.parametrize(
    "location",
    [
        b"http://127.0.0.1:99999/",
        b"http://127.0.0.1:port/",
        b"http://[",
        b"https://a..b/",
        "http://a\u2100b/".encode(),
    ],
    ids=ascii,
)
def test_redirect_to_an_invalid_url_fails(statbel: FakeStatbel, location: bytes) -> None:
    statbel.bestat = redirecting(location)
    assert failure(statbel)


@pytest.mark.parametrize(
    ("url", "location", "target"),
    [
        ("https://statbel.fgov.be/a", "/b", "https://statbel.fgov.be/b"),
        ("https://statbel.fgov.be/a", "//bestat.statbel.fgov.be/b", "https://bestat.statbel.fgov.be/b"),
        ("https://statbel.fgov.be/a", "HTTPS://example.org/", "https://example.org/"),
        ("http://statbel.fgov.be/a", "https://statbel.fgov.be/a", "https://statbel.fgov.be/a"),
        ("http://127.0.0.1:8000/a", "/b", "http://127.0.0.1:8000/b"),
        ("http://127.0.0.1:8000/a", "http://[::1]:9000/", "http://[::1]:9000/"),
        ("http://localhost/a", "http://127.0.0.2/", "http://127.0.0.2/"),
    ],
)
def test_redirect_to_https_or_within_loopback_is_followed(url: str, location: str, target: str) -> None:
    assert redirect_url(url, location) == target


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("https://statbel.fgov.be/a", "http://statbel.fgov.be/a"),
        ("https://127.0.0.1/a", "http://127.0.0.1/a"),
        ("http://statbel.fgov.be/a", "/b"),
        ("http://statbel.fgov.be/a", "http://127.0.0.1/"),
        ("http://127.0.0.1/a", "http://192.0.2.1/"),
        ("http://127.0.0.1/a", "http://localhost.example.org/"),
        ("http://127.0.0.1/a", "http://127.0.0.1@example.org/"),
        ("https://statbel.fgov.be/a", "file:///etc/passwd"),
    ],
)
def test_redirect_without_https_is_rejected(url: str, location: str) -> None:
    with pytest.raises(UpstreamError, match=r"redirect to .*, which is not https"):
        redirect_url(url, location)


# Size limit


def test_response_of_the_maximum_size_is_read(statbel: FakeStatbel) -> None:
    statbel.bestat = responding(bestat(VALUES).ljust(MAX_BYTES))
    assert len(read(statbel)) == 1


def test_larger_response_fails(statbel: FakeStatbel) -> None:
    statbel.bestat = responding(bestat(VALUES).ljust(MAX_BYTES + 1))
    assert failure(statbel) == f"response larger than {MAX_BYTES} bytes"


def test_endless_response_fails(statbel: FakeStatbel) -> None:
    statbel.bestat = endless
    assert failure(statbel) == f"response larger than {MAX_BYTES} bytes"


STATUSES_WITHOUT_BODY = [b"302 Found\r\nLocation: /bestat", b"404 Not Found", b"503 Wait"]


@pytest.mark.parametrize("status", STATUSES_WITHOUT_BODY, ids=lambda status: ascii(status[:3]))
def test_body_of_redirect_or_error_is_not_read(statbel: FakeStatbel, status: bytes) -> None:
    sent = []

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 %b\r\n\r\n" % status)
        for _ in range(2 * MAX_BYTES // 65536):
            handler.wfile.write(b" " * 65536)
            sent.append(65536)

    statbel.bestat = in_turn(reply, VALID)
    with contextlib.suppress(UpstreamError):
        read(statbel)
    assert sum(sent) < MAX_BYTES  # only what socket buffers take


@pytest.fixture(scope="module")
def bomb() -> bytes:
    return gzip.compress(bytes(32 * MAX_BYTES), 1)


@pytest.mark.parametrize("status", [*STATUSES_WITHOUT_BODY, b"200 OK"], ids=lambda status: ascii(status[:3]))
def test_compressed_bomb_takes_bounded_memory(statbel: FakeStatbel, bomb: bytes, status: bytes) -> None:
    head = b"HTTP/1.1 %b\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % (status, len(bomb))
    statbel.bestat = raw(head + bomb)
    tracemalloc.start()
    try:
        assert failure(statbel)
        assert tracemalloc.get_traced_memory()[1] < 8 * MAX_BYTES
    finally:
        tracemalloc.stop()


def test_response_compressed_twice_fails(statbel: FakeStatbel) -> None:
    body = gzip.compress(gzip.compress(bestat(VALUES)))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    statbel.bestat = raw(head + body)
    assert failure(statbel) == "unsupported content encoding"
