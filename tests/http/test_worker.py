"""The worker serves others while clients are slow, silent or many."""

from __future__ import annotations

import select
import socket
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Iterator
from urllib.parse import urlsplit

import pytest
import requests

from tests.performance import resources
from tests.support.databases import NOWHERE
from tests.support.live import Server, running, started, wait
from tests.support.processes import free_port
from webapp.http import worker
from webapp.http.client_socket import WAIT_TIMEOUT_SECONDS

# Each test starts a server.
pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.databases import SQLiteDatabases

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"POST /api/v1/zipcodes/lookup HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\n"
CHUNKED += b"Transfer-Encoding: chunked\r\n\r\n"
LARGE = b"POST /api/v1/zipcodes/lookup HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\n"
LARGE += b"Content-Length: 1000000\r\n\r\n"


@pytest.fixture(scope="module")
def service(sqlite: SQLiteDatabases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service for all tests of this file."""
    url = sqlite.seeded()
    with running(tmp_path_factory.mktemp("service"), DATABASE_URL=url, RATE_LIMIT="0", **NOWHERE) as service:
        yield service
    sqlite.drop(url)


def connect(service: Server, receive_buffer: int = 0) -> socket.socket:
    """Connect; a small receive buffer leaves most of a response at the server."""
    parts = urlsplit(service.url)
    client = socket.socket()
    if receive_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.settimeout(20)
    client.connect((parts.hostname, parts.port))
    return client


def receive_all(client: socket.socket) -> bytes:
    """Receive until the server closes the connection."""
    data = b""
    with suppress(ConnectionError):
        while part := client.recv(65536):
            data += part
    return data


def receive_until_quiet(client: socket.socket) -> int:
    """Receive until the server pauses for 2 seconds or closes. Return the number of bytes."""
    size = 0
    client.settimeout(2)
    with suppress(ConnectionError, socket.timeout):
        while part := client.recv(1_000_000):
            size += len(part)
    return size


def assert_others_are_served(service: Server) -> None:
    """Take the best of three on a busy machine: a blocked thread takes 5 s and more."""
    durations = []
    for _ in range(3):
        start = time.monotonic()
        assert requests.get(f"{service.url}/healthz", timeout=20).status_code == 200
        assert requests.get(f"{service.url}/zipcode/9000", timeout=20).json() == {"risk_factor": "B"}
        durations.append(time.monotonic() - start)
    assert min(durations) < 1, durations


@contextmanager
def dripping(clients: list[socket.socket]) -> Iterator[None]:
    """Send a byte on each connection every 0.1 s."""
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(0.1):
            for client in clients:
                with suppress(OSError):
                    client.send(b"x")

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize(
    "sent",
    [b"", b"\r\n", b"GET", GET[:-2], GET.replace(b"GET", b"POST")[:-2] + b"Content-Length: 1000\r\n\r\nx"],
    ids=["silent", "blank", "method", "half a head", "half a body"],
)
@pytest.mark.parametrize("drips", [False, True], ids=["stopped", "dripping"])
def test_incomplete_requests_block_no_thread(service: Server, sent: bytes, drips: bool) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(connect(service)) for _ in range(80)]
        for client in clients:
            client.sendall(sent)
        if drips and sent:
            stack.enter_context(dripping(clients))
        assert_others_are_served(service)


def test_dripping_bodies_just_below_the_limit_block_no_thread(service: Server) -> None:
    """With its head, such a request is larger than the limit."""
    start = LARGE.replace(b"1000000", b"65500")
    with ExitStack() as stack:
        clients = [stack.enter_context(connect(service)) for _ in range(40)]
        for client in clients:
            client.sendall(start)
        stack.enter_context(dripping(clients))
        assert_others_are_served(service)


@pytest.mark.parametrize("start", [LARGE, CHUNKED, LARGE.replace(b"1000000", b"9\r\nExpect: 100-continue")])
def test_dripping_large_bodies_leave_threads_for_others(service: Server, start: bytes) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(connect(service)) for _ in range(3)]
        for client in clients:
            client.sendall(start)
        stack.enter_context(dripping(clients))
        assert_others_are_served(service)


def test_clients_that_do_not_read_block_no_thread(service: Server) -> None:
    request = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(connect(service, receive_buffer=4096)).sendall(request * 100)
        assert_others_are_served(service)


def test_slow_reader_gets_the_whole_response(service: Server) -> None:
    expected = requests.get(f"{service.url}/api/v1/openapi.json", timeout=20)
    request = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\n"
    with connect(service, receive_buffer=4096) as client:
        client.sendall((request + b"\r\n") * 20 + request + b"Connection: close\r\n\r\n")
        time.sleep(1)
        assert receive_all(client).count(expected.content) == 21


@pytest.mark.parametrize("sent", [b"", GET, GET[:-2]], ids=["silent", "served", "half a head"])
@pytest.mark.serial
def test_worker_survives_more_connections_than_file_descriptors(
    sqlite_url: str, tmp_path: Path, sent: bytes
) -> None:
    with running(tmp_path, "200", DATABASE_URL=sqlite_url, **NOWHERE) as service, ExitStack() as stack:
        processes = resources.tree(service.process.pid)
        for number in range(500):
            client = stack.enter_context(connect(service))
            client.sendall(sent)
            if sent == GET:
                assert client.recv(12) == b"HTTP/1.1 200", number
        assert_others_are_served(service)
        assert resources.tree(service.process.pid) == processes
        # All but the reserve is for clients, up to the hard limit, which is twice the soft one.
        open_files = len(list((tmp_path / f"/proc/{processes[1]}/fd").iterdir()))
        assert 136 <= open_files <= 200


@pytest.mark.serial
def test_worker_survives_when_file_descriptors_run_out(sqlite_url: str, tmp_path: Path) -> None:
    with running(tmp_path, "20", DATABASE_URL=sqlite_url, **NOWHERE) as service, ExitStack() as stack:
        processes = resources.tree(service.process.pid)
        for _ in range(60):
            stack.enter_context(connect(service))
        assert requests.get(f"{service.url}/healthz", timeout=20).status_code == 200
        assert resources.tree(service.process.pid) == processes


@pytest.mark.parametrize(
    ("start", "rest"),
    [
        (CHUNKED, b"0" * 1000),
        (CHUNKED, b"1;" + b"x" * 1000),
        (CHUNKED + b"1\r\n9\r\n", b"0" * 1000),
        (CHUNKED + b"4\r\n9000\r\n0\r\n", b"X: y\r\n" * 100),
        (CHUNKED + b"4\r\n9000\r\n0\r\nX: ", b"y" * 1000),
        (b"GET / HTTP/1.1\r\nX: ", b"y" * 1000),
        (b"GET / HTTP/1.1\r\n", b"X: y\r\n" * 100),
        (b"GET /", b"y" * 1000),
    ],
    ids=["size", "extension", "second size", "trailers", "trailer", "header", "headers", "request line"],
)
def test_endless_framing_is_rejected(service: Server, start: bytes, rest: bytes) -> None:
    with connect(service) as client:
        client.sendall(start)
        # Slowly, so that the kernel does not buffer megabytes before the server reads them.
        status = b""
        for _ in range(5_000):
            client.sendall(rest)
            if select.select([client], [], [], 0.001)[0]:
                status = client.recv(12)
                break
        assert status in (b"HTTP/1.1 400", b"HTTP/1.1 414", b"HTTP/1.1 431")


@pytest.mark.parametrize("body", [b"", b"9000"], ids=["without body", "with body"])
def test_pipelined_requests_are_served_in_order_after_a_half_close(service: Server, body: bytes) -> None:
    requests_sent = b""
    for zipcode in (9000, 999, 1311):
        requests_sent += b"GET /zipcode/%d HTTP/1.1\r\nHost: x\r\n" % zipcode
        requests_sent += b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    with connect(service) as client:
        client.sendall(requests_sent)
        client.shutdown(socket.SHUT_WR)
        response = receive_all(client)
    statuses = [part[:4] for part in response.split(b"HTTP/1.1")[1:]]
    assert statuses == [b" 200", b" 400", b" 404"]


@pytest.mark.parametrize("body", [b'{"zipcodes": ["9000"]}', b'{"zipcodes": ["9000"]}' + b" " * 100_000])
def test_client_that_expects_100_continue_gets_it(service: Server, body: bytes) -> None:
    with connect(service) as client:
        client.sendall(
            b"POST /api/v1/zipcodes/lookup HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        assert client.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(body)
        response = receive_all(client)
    assert response.startswith(b"HTTP/1.1 200 OK\r\n")
    assert response.endswith(b'"zipcode":"9000"}]}\n') or b'"risk_factor":"B"' in response


def test_client_gets_the_response_to_an_unread_body(service: Server) -> None:
    response = requests.post(f"{service.url}/zipcode/9000", data=b"x" * 20_000_000, timeout=30)
    assert response.status_code in (405, 413)


def test_connection_is_closed_after_a_large_body(service: Server) -> None:
    with connect(service) as client:
        client.sendall(LARGE.replace(b"1000000", b"100000") + b"9000\n" * 20_000 + GET)
        response = receive_all(client)
    assert response.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nConnection: close\r\n" in response
    assert response.count(b"HTTP/1.1") == 1


def test_request_sent_byte_by_byte_is_served_on_a_kept_connection(service: Server) -> None:
    with connect(service) as client:
        for _ in range(2):
            for byte in GET:
                client.sendall(bytes([byte]))
            response = b""
            while not response.endswith(b'{"status":"ok"}\n'):
                response += client.recv(65536)
            assert response.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.slow
def test_large_responses_to_small_requests_take_bounded_memory(tmp_path: Path) -> None:
    """Of four responses of 27 MB, the oldest is dropped. The app itself limits its responses to less."""
    (tmp_path / "large.py").write_text(
        "def app(environ, start_response):\n"
        "    body = b'x' * (27_000_000 if environ['PATH_INFO'] == '/large' else 2)\n"
        "    start_response('200 OK', [('Content-Length', str(len(body)))])\n"
        "    return [body]\n"
    )
    port = free_port()
    command = ["gunicorn", "large:app", "--pythonpath", str(tmp_path), "--bind", f"127.0.0.1:{port}"]
    with ExitStack() as stack:
        service = stack.enter_context(started(command, port, tmp_path))
        wait(service)
        clients = [stack.enter_context(connect(service)) for _ in range(4)]
        for client in clients:
            client.sendall(GET.replace(b"/healthz", b"/large"))
            assert select.select([client], [], [], 20)[0]
        time.sleep(1)  # until the last response has left its thread
        assert receive_until_quiet(clients[-1]) > 27_000_000
        assert receive_until_quiet(clients[0]) < 27_000_000


@pytest.mark.slow
def test_client_that_stops_reading_leaves_no_traceback(service: Server) -> None:
    body = b"zipcode\n" + b"9000;some more text\n" * 200_000
    with connect(service, receive_buffer=4096) as client:
        client.sendall(LARGE.replace(b"1000000", b"%d" % len(body)) + body)
        time.sleep(WAIT_TIMEOUT_SECONDS + 3)
    assert "Traceback" not in service.log.read_text()


@pytest.mark.slow
def test_incomplete_request_is_closed_in_time(service: Server) -> None:
    with connect(service) as client:
        client.sendall(GET[:-2])
        start = time.monotonic()
        assert receive_all(client) == b""
        assert time.monotonic() - start < worker.REQUEST_TIMEOUT_SECONDS + 5
