"""Statbel over HTTP: deadlines, the size cap, retries, redirections, and all that is no answer."""

import contextlib
import gzip
import socket
import time
import tracemalloc
from http.server import BaseHTTPRequestHandler
from itertools import count
from typing import Iterator, List, Tuple

import pytest

from tests.support.fake_statbel import Answer, FakeStatbel, answering, bestat, in_turn, open_data, redirecting
from webapp.statbel.download import MAX_BYTES, redirect_url
from webapp.statbel.parsing import Observation, UpstreamError
from webapp.statbel.sources import Statbel

VALUES = [(2013, "2022-04", 119.59)]
GOOD = answering(bestat(VALUES))
SILENT = answering(b"", status=500)

# Together a third of a second: that is how long an answer may take. What the tests grant on top is for
# a busy machine, and for the pause between two tries.
DEADLINES = (0.1, 0.25)
PATIENCE = 2.0


def reader(fake: FakeStatbel, deadlines: Tuple[float, float] = (5, 5)) -> Statbel:
    addresses = fake.addresses
    return Statbel(addresses["HEALTH_INDEX_URL"], addresses["HEALTH_INDEX_FALLBACK_URL"], deadlines)


def read(fake: FakeStatbel, deadlines: Tuple[float, float] = (5, 5), source: int = 0) -> List[Observation]:
    statbel = reader(fake, deadlines)
    return statbel.read(statbel.sources[source], statbel.deadline()).observations


def refusal(fake: FakeStatbel, deadlines: Tuple[float, float] = (5, 5)) -> str:
    with pytest.raises(UpstreamError) as caught:
        read(fake, deadlines)
    return str(caught.value)


def raw(content: bytes) -> Answer:
    """These bytes, and the end of the connection."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(content)

    return answer


def kept_alive(status: int, headers: bytes = b"") -> Answer:
    """An empty answer on a connection that stays open for the next request."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 %d Wait\r\nContent-Length: 0\r\n%b\r\n" % (status, headers))
        handler.close_connection = False

    return answer


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        handler.wfile.write(b" " * 65536)


# Answers


def test_the_first_source_is_bestat(statbel: FakeStatbel) -> None:
    statbel.bestat = GOOD
    assert [one.base_year for one in read(statbel)] == [2013]
    assert statbel.asked == ["/bestat"]


def test_the_second_source_is_the_open_data_zip(statbel: FakeStatbel) -> None:
    statbel.open_data = answering(open_data(VALUES), content_type="application/zip")
    statbel.bestat = GOOD
    assert read(statbel, source=1) == read(statbel, source=0)
    assert statbel.asked == ["/open-data", "/bestat"]


def test_the_user_agent_names_the_product(statbel: FakeStatbel) -> None:
    statbel.bestat = GOOD
    read(statbel)
    assert statbel.headers["User-Agent"] == "BelgianIndexAndZipcodeRiskDesk/1.0"


def test_a_compressed_answer_is_understood(statbel: FakeStatbel) -> None:
    body = gzip.compress(bestat(VALUES))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    statbel.bestat = raw(head + body)
    assert len(read(statbel)) == 1


def test_the_content_type_does_not_matter(statbel: FakeStatbel) -> None:
    statbel.bestat = answering(bestat(VALUES), content_type="text/plain")
    assert len(read(statbel)) == 1


@pytest.mark.parametrize("status", [201, 204, 304, 400, 403, 404, 410, 429])
def test_another_status_is_no_answer_and_is_not_tried_again(statbel: FakeStatbel, status: int) -> None:
    statbel.bestat = answering(b"" if status in (204, 304) else bestat(VALUES), status=status)
    assert refusal(statbel) == f"it answered with status {status}"
    assert statbel.asked == ["/bestat"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the answer is empty"),
        (b"<!DOCTYPE html><h1>Maintenance</h1>", "the answer is not JSON"),
        (b'{"facts": []}', "the answer has no list of facts"),
    ],
)
def test_a_body_that_is_no_answer_is_refused(statbel: FakeStatbel, body: bytes, reason: str) -> None:
    statbel.bestat = answering(body, content_type="text/html")
    assert refusal(statbel) == reason


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\0\0\0",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000 + b"\r\n\r\n",
    ],
    ids=lambda content: ascii(content)[-30:],
)
def test_broken_http_is_refused(statbel: FakeStatbel, content: bytes) -> None:
    statbel.bestat = raw(content)
    assert refusal(statbel)


# Retries


def test_a_passing_failure_is_tried_again(statbel: FakeStatbel) -> None:
    statbel.bestat = in_turn(SILENT, answering(b"", status=503), GOOD)
    assert len(read(statbel)) == 1
    assert statbel.asked == ["/bestat"] * 3


@pytest.mark.parametrize("status", [500, 503])
def test_the_tries_are_bounded(statbel: FakeStatbel, status: int) -> None:
    statbel.bestat = answering(b"", status=status)
    assert refusal(statbel) == f"it answered with status {status}"
    assert statbel.asked == ["/bestat"] * 3


def test_there_is_a_pause_before_the_last_try(statbel: FakeStatbel) -> None:
    moments = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        moments.append(time.monotonic())
        SILENT(handler)

    statbel.bestat = answer
    refusal(statbel)
    assert moments[2] - moments[1] > 0.3


def test_the_upstream_does_not_choose_how_long_to_wait(statbel: FakeStatbel) -> None:
    statbel.bestat = kept_alive(503, b"Retry-After: 3600\r\n")
    begin = time.monotonic()
    assert refusal(statbel) == "it answered with status 503"
    assert time.monotonic() - begin < PATIENCE


def test_a_refused_connection_is_out_of_reach(closed_port: int) -> None:
    url = f"http://127.0.0.1:{closed_port}/"
    statbel = Statbel(url, url, (5, 5))
    begin = time.monotonic()
    with pytest.raises(UpstreamError, match="it cannot be reached"):
        statbel.read(statbel.sources[0], statbel.deadline())
    assert time.monotonic() - begin < PATIENCE


# Deadlines


@pytest.fixture
def deaf_url() -> Iterator[str]:
    """An address that lets nobody in: its queue of connections is full."""
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


def test_connecting_ends_at_the_deadline(deaf_url: str) -> None:
    statbel = Statbel(deaf_url, deaf_url, DEADLINES)
    begin = time.monotonic()
    with pytest.raises(UpstreamError):
        statbel.read(statbel.sources[0], statbel.deadline())
    assert time.monotonic() - begin < PATIENCE


def test_a_server_that_hangs_is_left_at_the_deadline_and_not_tried_again(statbel: FakeStatbel) -> None:
    statbel.bestat = statbel.hanging
    begin = time.monotonic()
    assert refusal(statbel, DEADLINES) == "no whole answer within the deadline"
    assert time.monotonic() - begin < PATIENCE
    assert statbel.asked == ["/bestat"]


def after(beginning: bytes, then: Answer) -> Answer:
    """These bytes at once, and then another answer."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(beginning)
        then(handler)

    return answer


def drip(fake: FakeStatbel, seconds: float = 0.05) -> Answer:
    """Zeros, one at a time, without end."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        for _ in count():
            handler.wfile.write(b"0")
            if fake.released.wait(seconds):
                return

    return answer


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n500\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x08\0\0\0\0\0\0",
    ],
    ids=lambda beginning: ascii(beginning)[-30:],
)
def test_one_byte_at_a_time_does_not_hold_a_thread_beyond_the_deadline(
    statbel: FakeStatbel, beginning: bytes
) -> None:
    statbel.bestat = after(beginning, drip(statbel))
    begin = time.monotonic()
    assert refusal(statbel, DEADLINES) == "no whole answer within the deadline"
    assert time.monotonic() - begin < PATIENCE


@pytest.mark.parametrize("seconds", [0.01, 0.2])
def test_a_whole_answer_that_trickles_is_left_at_the_deadline(statbel: FakeStatbel, seconds: float) -> None:
    statbel.bestat = statbel.trickling(bestat(VALUES), seconds)
    begin = time.monotonic()
    assert refusal(statbel, DEADLINES) == "no whole answer within the deadline"
    assert time.monotonic() - begin < PATIENCE


def test_headers_at_once_and_then_nothing_ends_at_the_deadline(statbel: FakeStatbel) -> None:
    statbel.bestat = after(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", statbel.hanging)
    begin = time.monotonic()
    assert refusal(statbel, DEADLINES) == "no whole answer within the deadline"
    assert time.monotonic() - begin < PATIENCE


@pytest.mark.parametrize("status", [b"302 Found\r\nLocation: /", b"404 Not Found", b"500 Broken"])
def test_a_body_that_nobody_reads_does_not_outlast_the_deadline(statbel: FakeStatbel, status: bytes) -> None:
    statbel.bestat = after(b"HTTP/1.1 %b\r\n\r\n" % status, drip(statbel))
    begin = time.monotonic()
    assert refusal(statbel, DEADLINES)
    assert time.monotonic() - begin < PATIENCE


def test_the_deadline_covers_the_tries_on_one_connection_together(statbel: FakeStatbel) -> None:
    statbel.bestat = in_turn(kept_alive(500), drip(statbel))
    begin = time.monotonic()
    assert refusal(statbel, DEADLINES) == "no whole answer within the deadline"
    assert time.monotonic() - begin < PATIENCE


@pytest.mark.parametrize("again", [redirecting(b"/bestat"), kept_alive(302, b"Location: /bestat\r\n")])
def test_the_deadline_covers_all_redirections_together(statbel: FakeStatbel, again: Answer) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        statbel.released.wait(0.1)
        again(handler)

    statbel.bestat = answer
    begin = time.monotonic()
    assert refusal(statbel, DEADLINES)
    assert time.monotonic() - begin < PATIENCE
    assert len(statbel.asked) < 8


def test_a_slow_answer_within_the_deadline_is_read(statbel: FakeStatbel) -> None:
    statbel.bestat = statbel.trickling(bestat(VALUES), 0.001)
    assert len(read(statbel)) == 1


def test_a_server_that_answers_with_errors_is_not_said_to_be_out_of_reach(statbel: FakeStatbel) -> None:
    """Two tries follow each other at once; the pause before the third outlasts this deadline."""
    statbel.bestat = SILENT
    assert refusal(statbel, (0.1, 0.1)) != "it cannot be reached"


# Redirections


def test_a_redirection_is_followed(statbel: FakeStatbel) -> None:
    statbel.bestat = in_turn(redirecting(b"/bestat"), GOOD)
    assert len(read(statbel)) == 1


def test_a_redirection_in_a_circle_ends(statbel: FakeStatbel) -> None:
    statbel.bestat = redirecting(b"/bestat")
    assert refusal(statbel) == "it redirects more than 3 times"
    assert statbel.asked == ["/bestat"] * 4


@pytest.mark.parametrize(
    "location",
    [
        b"ftp://127.0.0.1/",
        b"file:///etc/hostname",
        b"http://127.0.0.1:99999/",
        b"http://127.0.0.1:port/",
        b"http://",
        b"http://[",
        b"http://a..b/",
        b"http://" + b"a" * 64 + b"/",
        "http://a\u2100b/".encode(),
    ],
    ids=ascii,
)
def test_a_redirection_to_nowhere_is_refused(statbel: FakeStatbel, location: bytes) -> None:
    statbel.bestat = redirecting(location)
    assert refusal(statbel)


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
        ("https://statbel.fgov.be/a", "ftp://statbel.fgov.be/"),
    ],
)
def test_redirect_without_https_is_refused(url: str, location: str) -> None:
    with pytest.raises(UpstreamError, match=r"it redirects to .*, which is not https"):
        redirect_url(url, location)


# The size cap


def test_an_answer_of_the_greatest_size_is_read(statbel: FakeStatbel) -> None:
    statbel.bestat = answering(bestat(VALUES).ljust(MAX_BYTES))
    assert len(read(statbel)) == 1


def test_a_larger_answer_is_refused(statbel: FakeStatbel) -> None:
    statbel.bestat = answering(bestat(VALUES).ljust(MAX_BYTES + 1))
    assert refusal(statbel) == f"the answer is larger than {MAX_BYTES} bytes"


def test_an_answer_without_end_is_refused(statbel: FakeStatbel) -> None:
    statbel.bestat = endless
    assert refusal(statbel) == f"the answer is larger than {MAX_BYTES} bytes"


def test_a_small_answer_that_unpacks_to_a_large_one_is_refused(statbel: FakeStatbel) -> None:
    body = gzip.compress(b" " * (4 * MAX_BYTES))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    statbel.bestat = raw(head + body)
    assert refusal(statbel) == f"the answer is larger than {MAX_BYTES} bytes"


STATUSES_WITHOUT_BODY = [
    b"302 Found\r\nLocation: /bestat",
    b"307 Temporary Redirect\r\nLocation: /bestat",
    b"404 Not Found",
    b"500 Broken",
    b"503 Wait",
]


@pytest.mark.parametrize("status", STATUSES_WITHOUT_BODY, ids=lambda status: ascii(status[:3]))
def test_body_of_redirect_or_error_is_not_read(statbel: FakeStatbel, status: bytes) -> None:
    sent = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 %b\r\n\r\n" % status)
        for _ in range(2 * MAX_BYTES // 65536):
            handler.wfile.write(b" " * 65536)
            sent.append(65536)

    statbel.bestat = in_turn(answer, GOOD)
    with contextlib.suppress(UpstreamError):
        read(statbel)
    assert sum(sent) < MAX_BYTES  # no more than the buffers of the sockets take


@pytest.mark.parametrize("status", [*STATUSES_WITHOUT_BODY, b"200 OK"], ids=lambda status: ascii(status[:3]))
def test_packed_body_does_not_fill_the_memory(statbel: FakeStatbel, status: bytes) -> None:
    body = gzip.compress(b" " * (32 * MAX_BYTES))
    head = b"HTTP/1.1 %b\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
    statbel.bestat = raw(head + body)
    tracemalloc.start()
    try:
        assert refusal(statbel)
        assert tracemalloc.get_traced_memory()[1] < 8 * MAX_BYTES
    finally:
        tracemalloc.stop()


def test_an_answer_that_is_packed_twice_is_refused(statbel: FakeStatbel) -> None:
    body = gzip.compress(gzip.compress(bestat(VALUES)))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    statbel.bestat = raw(head + body)
    assert refusal(statbel) == "the answer is packed in a way that was not asked for"
