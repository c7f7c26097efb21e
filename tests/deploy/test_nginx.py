"""The proxy's own configuration, run by nginx, in front of the application or of a server that repeats."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Iterator

import pytest
import requests

from tests.deploy.conftest import ADDRESSES
from tests.performance.resources import tree
from tests.support.databases import NOWHERE
from tests.support.live import Server, session_from
from tests.support.nginx import Proxy
from webapp.zipcodes import bulk

# Each test starts nginx.
pytestmark = pytest.mark.slow

MEGABYTE = 1024 * 1024
LOOKUP = "/api/v1/zipcodes/lookup"
CSV = {"Content-Type": "text/csv"}

three_instances = pytest.mark.parametrize("addresses", [ADDRESSES])

# Limits by time, so that tests of them take no minutes: the configuration has 10 s and 5 s.
MAX_SECONDS = 8


class Repeater(ThreadingHTTPServer):
    """Responds with the headers of the request, or for /large with 8 MB.

    Attributes:
        requests: method and path of each request whose body is complete.
        sent: the time at which each response was sent.
    """

    def __init__(self, address: str, port: int, status: int = 200) -> None:
        repeater = self
        self.requests: list[str] = []
        self.sent: list[float] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.do_POST()

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                repeater.requests.append(f"{self.command} {self.path}")
                headers = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
                body = bytes(8 * MEGABYTE) if self.path == "/large" else headers
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("X-Request-ID", "of-the-program")
                self.end_headers()
                self.wfile.write(body)
                repeater.sent.append(time.monotonic())

            def log_message(self, format: str, *args: Any) -> None:
                """Log nothing."""

        super().__init__((address, port), Handler)


@contextlib.contextmanager
def repeating(proxy: Proxy, address: str = ADDRESSES[0], status: int = 200) -> Iterator[Repeater]:
    with Repeater(address, proxy.port, status) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def repeater(proxy: Proxy) -> Iterator[Repeater]:
    with repeating(proxy) as server:
        yield server


@pytest.fixture
def desk(proxy: Proxy, sqlite_url: str) -> Iterator[Server]:
    """One instance of the application."""
    with proxy.instance(ADDRESSES[0], DATABASE_URL=sqlite_url, RATE_LIMIT="0", **NOWHERE) as server:
        yield server


@pytest.fixture
def desks(proxy: Proxy, sqlite_url: str) -> Iterator[list[Server]]:
    """Three instances on one database."""
    variables = {"DATABASE_URL": sqlite_url, "RATE_LIMIT": "0", **NOWHERE}
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(proxy.instance(address, **variables)) for address in ADDRESSES]


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(server.url.rsplit(":", 1)[1])), timeout=30)


def test_responses_are_those_of_the_program(nginx: Server, desk: Server) -> None:
    for path in (
        "/zipcode/9000",
        "/index?year=2013",
        "/zipcode/999",
        "/zipcode/1311",
        "/healthz",
        "/nowhere",
    ):
        direct = requests.get(f"{desk.url}{path}", timeout=5)
        proxied = requests.get(f"{nginx.url}{path}", timeout=5)
        assert (proxied.status_code, proxied.content) == (direct.status_code, direct.content), path
        for name in ("Content-Security-Policy", "Cache-Control", "Content-Type", "Vary"):
            assert set(direct.headers.get(name, "").split(", ")) <= set(
                proxied.headers.get(name, "").split(", ")
            )


@pytest.mark.parametrize("letter", ["x", ","])  # the second is encoded
def test_redirect_with_a_long_query_is_passed_on(nginx: Server, desk: Server, letter: str) -> None:
    url = f"{nginx.url}/zipcode/9000/?x={letter * 4000}"
    response = requests.get(url, allow_redirects=False, timeout=5)
    assert response.status_code == 301
    assert response.headers["Location"].startswith("/zipcode/9000?x=")


def test_compressed_page_is_that_of_the_program(nginx: Server, desk: Server) -> None:
    headers = {"Accept": "text/html", "Accept-Encoding": "gzip"}
    direct = requests.get(f"{desk.url}/?zipcode=9000", headers={**headers, "Host": "x"}, timeout=5)
    proxied = requests.get(f"{nginx.url}/?zipcode=9000", headers={**headers, "Host": "x"}, timeout=5)
    for response in (direct, proxied):
        assert response.headers["Content-Encoding"] == "gzip"
    assert proxied.headers["ETag"] == direct.headers["ETag"]
    headers["If-None-Match"] = proxied.headers["ETag"]
    headers["Host"] = "x"
    assert requests.get(f"{nginx.url}/?zipcode=9000", headers=headers, timeout=5).status_code == 304


def test_program_logs_the_client_and_not_what_it_claims(nginx: Server, desk: Server) -> None:
    session = session_from("127.0.0.5")
    session.get(f"{nginx.url}/index", headers={"X-Forwarded-For": "203.0.113.9"}, timeout=5)
    give_up = time.monotonic() + 5
    while "GET /index" not in desk.log.read_text():  # written after the response was sent
        assert time.monotonic() < give_up
        time.sleep(0.05)
    [line] = [line for line in desk.log.read_text().splitlines() if "GET /index" in line]
    assert "127.0.0.5" in line
    assert "203.0.113.9" not in line


def test_each_proxy_adds_its_client_and_its_scheme(nginx: Server, repeater: Repeater) -> None:
    sent = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "Forwarded": "for=203.0.113.9"}
    seen = requests.get(f"{nginx.url}/", headers={**sent, "X-Forwarded-Host": "x"}, timeout=5).json()
    assert seen["x-forwarded-for"] == "203.0.113.9, 127.0.0.1"
    assert seen["x-forwarded-proto"] == "https, http"
    assert seen["host"] == nginx.url[len("http://") :]
    assert not {"forwarded", "x-forwarded-host"} & set(seen)
    assert requests.get(f"{nginx.url}/", timeout=5).json()["x-forwarded-proto"] == "http"


@pytest.mark.parametrize("reference", ["a", "3f1c-77.b_2", "x" * 128])
def test_sane_request_id_is_passed_on_and_returned(nginx: Server, repeater: Repeater, reference: str) -> None:
    response = requests.get(f"{nginx.url}/", headers={"X-Request-ID": reference}, timeout=5)
    assert response.json()["x-request-id"] == response.headers["X-Request-ID"] == reference


@pytest.mark.parametrize("reference", [None, "", "x" * 129, "a b", 'a"b', "é", "a;b"])
def test_other_request_id_is_replaced(nginx: Server, repeater: Repeater, reference: str | None) -> None:
    headers = {} if reference is None else {"X-Request-ID": reference.encode()}
    response = requests.get(f"{nginx.url}/", headers=headers, timeout=5)
    made = response.headers["X-Request-ID"]
    assert len(made) == 32
    assert int(made, 16)
    assert response.json()["x-request-id"] == made


def test_metrics_are_never_served(nginx: Server, repeater: Repeater) -> None:
    for path in ("/metrics", "/metrics?x", "/%6detrics"):
        assert requests.get(f"{nginx.url}{path}", timeout=5).status_code == 404
    assert repeater.requests == []


def test_large_list_is_looked_up(nginx: Server, desk: Server) -> None:
    rows = 500_000
    body = b"zipcode;client\n" + b"9000;a client with a long name\n" * rows
    response = requests.post(f"{nginx.url}{LOOKUP}", data=body, headers=CSV, timeout=60)
    assert response.status_code == 200
    assert response.content.count(b"\n") == rows + 1
    assert len(body) > 10 * MEGABYTE


def test_large_body_elsewhere_is_rejected_by_the_program(nginx: Server, desk: Server) -> None:
    response = requests.post(f"{nginx.url}/index", data=bytes(MEGABYTE // 2), timeout=10)
    assert response.status_code in (405, 413)
    assert response.headers["Content-Type"] == "application/json"


def test_limit_on_lists_leaves_the_message_to_the_program(nginx: Server, repeater: Repeater) -> None:
    assert status_of_head(nginx, LOOKUP, bulk.MAX_BYTES + MEGABYTE) == 100
    head = head_of_response(nginx, LOOKUP, bulk.MAX_BYTES + 16 * MEGABYTE)
    assert head.startswith("HTTP/1.1 413 ")
    assert "application/problem+json" in head
    assert '"code":"TOO_LARGE"' in head
    assert status_of_head(nginx, "/index", 2 * MEGABYTE) == 413
    assert repeater.requests == []


def status_of_head(server: Server, path: str, size: int) -> int:
    return int(head_of_response(server, path, size).split(" ")[1])


def head_of_response(server: Server, path: str, size: int) -> str:
    """Send the head of a request, and return what comes back before its body."""
    with connect(server) as client:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nExpect: 100-continue\r\n"
        client.sendall(f"{head}Content-Length: {size}\r\n\r\n".encode())
        return client.recv(65536).decode()


def test_slow_request_does_not_reach_the_program_before_it_is_complete(
    nginx: Server, repeater: Repeater
) -> None:
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(nginx)) for _ in range(100)]
        for client in clients:
            client.sendall(f"POST {LOOKUP} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nzip".encode())
        assert requests.get(f"{nginx.url}/", timeout=5).status_code == 200
        assert repeater.requests == ["GET /"]
        clients[0].sendall(b"code\r\n")
        assert clients[0].recv(1024).startswith(b"HTTP/1.1 200 ")
        assert repeater.requests[-1] == f"POST {LOOKUP}"


def test_slow_reader_does_not_occupy_the_program(nginx: Server, repeater: Repeater) -> None:
    with connect(nginx) as client:
        client.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        give_up = time.monotonic() + MAX_SECONDS
        while not repeater.sent:
            assert time.monotonic() < give_up
            time.sleep(0.01)
        received = len(client.recv(1024))
        while received < 8 * MEGABYTE:
            received += len(client.recv(65536))


def test_head_that_takes_too_long_is_given_up(nginx: Server, repeater: Repeater) -> None:
    with connect(nginx) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        began = time.monotonic()
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(1024) == b""
        assert 5 < time.monotonic() - began < 20


def test_connections_of_one_address_are_limited(nginx: Server, repeater: Repeater) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(512):
            client = stack.enter_context(connect(nginx))
            client.sendall(b"POST /list HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nzip")
        give_up = time.monotonic() + MAX_SECONDS
        while requests.get(f"{nginx.url}/", timeout=5).status_code != 429:
            assert time.monotonic() < give_up
        assert session_from("127.0.0.5").get(f"{nginx.url}/", timeout=5).status_code == 200


def of_client(number: int) -> dict[str, str]:
    """Return the header of a client behind another proxy."""
    return {"X-Forwarded-For": f"198.51.100.{number}"}


@three_instances
def test_unavailable_instance_is_passed_over(proxy: Proxy, nginx: Server) -> None:
    with repeating(proxy, ADDRESSES[0], status=503) as unavailable, repeating(proxy, ADDRESSES[1]) as healthy:
        for number in range(20):
            response = requests.post(f"{nginx.url}/list", b"9000", headers=of_client(number), timeout=5)
            assert response.status_code == 200
        assert len(healthy.requests) == 20
        assert unavailable.requests  # and nothing listens at the third address


@three_instances
def test_unavailable_response_is_passed_on_when_all_are(proxy: Proxy, nginx: Server) -> None:
    with contextlib.ExitStack() as stack:
        for address in ADDRESSES:
            stack.enter_context(repeating(proxy, address, status=503))
        for _ in range(5):
            response = requests.get(f"{nginx.url}/", timeout=5)
            assert response.status_code == 503
            assert "x-forwarded-for" in response.json()


@three_instances
def test_client_stays_at_one_instance(proxy: Proxy, nginx: Server) -> None:
    with contextlib.ExitStack() as stack:
        repeaters = [stack.enter_context(repeating(proxy, address)) for address in ADDRESSES]
        for _ in range(9):
            session_from("127.0.0.5").get(f"{nginx.url}/", timeout=5)
        assert sorted(len(one.requests) for one in repeaters) == [0, 0, 9]


def can_bind_files() -> bool:
    program = shutil.which("unshare")
    return bool(program) and subprocess.run([str(program), "--mount", "true"], check=False).returncode == 0


@pytest.mark.skipif(not can_bind_files(), reason="only root can give several addresses one name")
def test_client_stays_at_one_of_the_instances_that_share_a_name(tmp_path: Path) -> None:
    """As in compose.yaml, where all have the name of the service."""
    proxy = Proxy(tmp_path, ADDRESSES, name="web")
    clients = range(11, 42)  # in turn, each would get another instance the second time
    with contextlib.ExitStack() as stack:
        repeaters = [stack.enter_context(repeating(proxy, address)) for address in ADDRESSES]
        nginx = stack.enter_context(proxy.running())
        for client in [*clients, *clients]:
            session_from(f"127.0.0.{client}").get(f"{nginx.url}/{client}", timeout=5)
    seen = [set(repeater.requests) for repeater in repeaters]
    assert all(seen)
    assert sum(map(len, seen)) == len(clients)


@three_instances
def test_instances_share_the_clients_and_a_killed_one_costs_none(nginx: Server, desks: list[Server]) -> None:
    for number in range(60):
        if number == 30:
            for process in tree(desks[0].process.pid):
                os.kill(process, signal.SIGKILL)
        response = requests.get(f"{nginx.url}/zipcode/9000", headers=of_client(number), timeout=5)
        assert response.json() == {"risk_factor": "B"}
    assert all("/zipcode/9000" in desk.log.read_text() for desk in desks)


@three_instances
def test_frozen_instance_is_passed_over(nginx: Server, desks: list[Server]) -> None:
    frozen = tree(desks[0].process.pid)
    for process in frozen:
        os.kill(process, signal.SIGSTOP)
    seconds: list[float] = []

    def ask(number: int) -> None:
        began = time.monotonic()
        response = requests.get(f"{nginx.url}/zipcode/9000", headers=of_client(number), timeout=20)
        assert response.json() == {"risk_factor": "B"}
        seconds.append(time.monotonic() - began)

    try:
        threads = [threading.Thread(target=ask, args=[number]) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        for process in frozen:
            os.kill(process, signal.SIGCONT)
    assert len(seconds) == len(threads)
    assert max(seconds) < MAX_SECONDS


@pytest.mark.parametrize("path", ["/", "/list", LOOKUP])
def test_request_is_tried_twice_when_no_instance_responds(proxy: Proxy, nginx: Server, path: str) -> None:
    """The first connection is closed without a response, as by an instance that is killed."""
    with socket.create_server((ADDRESSES[0], proxy.port)) as listener:
        statuses: list[int] = []
        request = threading.Thread(
            target=lambda: statuses.append(
                requests.post(f"{nginx.url}{path}", b"9000", timeout=9).status_code
            )
        )
        request.start()
        listener.accept()[0].close()
        with listener.accept()[0] as second:
            while not second.recv(65536).endswith(b"9000"):
                pass
            second.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            request.join()
    assert statuses == [200]
