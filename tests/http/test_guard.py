"""The guard: input that Werkzeug fails to parse, and exceptions outside Flask."""

from __future__ import annotations

import contextlib
import http.client
import random
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Iterable, Iterator, List, NamedTuple, NoReturn

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from werkzeug.test import Client, create_environ, run_wsgi_app

from tests.support.databases import SQLiteDatabases, settings_for
from tests.support.live import Server, running, started, wait
from tests.support.processes import free_port
from webapp.config import Settings
from webapp.http.guard import is_valid_host, normalize
from webapp.http.security import HEADERS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MakeApp = Callable[[Settings], Flask]

NO_UPSTREAM = {"HEALTH_INDEX_URL": "http://127.0.0.1:9/", "HEALTH_INDEX_FALLBACK_URL": "http://127.0.0.1:9/"}
PAGE = {"Accept": "text/html"}


class Received(NamedTuple):
    """A response as received."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def is_from_gunicorn(self) -> bool:
        """True if gunicorn rejected the request itself: it has no hook to add headers."""
        return 400 <= self.status < 500 and "Date" not in self.headers


def send(
    service: Server, target: bytes, *headers: bytes, method: bytes = b"GET", version: bytes = b"1.1"
) -> Received:
    """Send these bytes as a request."""
    host, _colon, port = service.url.partition("//")[2].partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as client:
        client.sendall(b"%s %s HTTP/%s\r\n" % (method, target, version))
        client.sendall(b"".join(line + b"\r\n" for line in (*headers, b"Connection: close", b"")))
        response = http.client.HTTPResponse(client, method=method.decode())
        response.begin()
        return Received(response.status, response.headers, response.read().decode(errors="replace"))


@contextlib.contextmanager
def run_service(sqlite: SQLiteDatabases, folder: Path, **variables: str) -> Iterator[Server]:
    url = sqlite.seeded()
    with running(folder, DATABASE_URL=url, RATE_LIMIT="0", **NO_UPSTREAM, **variables) as service:
        yield service
        assert "Traceback" not in service.log.read_text()
    sqlite.drop(url)


@pytest.fixture(scope="module")
def service(sqlite: SQLiteDatabases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with run_service(sqlite, tmp_path_factory.mktemp("service")) as service:
        yield service


@pytest.fixture(scope="module")
def uncached_service(sqlite: SQLiteDatabases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("uncached")
    with run_service(sqlite, folder, HTTP_CACHE_MB="0", TRUSTED_PROXIES="1") as service:
        yield service


@pytest.fixture(params=["service", "uncached_service"])
def each_service(request: pytest.FixtureRequest) -> Server:
    """A service with the HTTP cache, and one without it that trusts a proxy."""
    chosen: Server = request.getfixturevalue(request.param)
    return chosen


# Hosts

HOSTS = [
    *("localhost", "LOCALHOST", "localhost:5000", "localhost:0", "localhost:65535", "localhost:", "a.be."),
    *("my_app:5000", "a" * 63, "1.2.3.4", "[::1]:5000", "[::ffff:1.2.3.4]"),
    *("xn--caf-dma.be", "xn--strae-oqa.de", "XN--CAF-DMA.BE"),
]
INVALID_HOSTS = [
    *("xn--", "xn--a", "xn--zzzzzz", "a.xn--a.be", "a..b", ".a", "a..", "a" * 64, f"be.{'a' * 64}"),
    *("[", "[]", "[:]", "[::g]", "[::1", "::1", "[1.2.3.4]", "[::1%25eth0]", "[::1]x", "a:b:c"),
    *("localhost:65536", "localhost:+1", "localhost:x", "localhost:0000000080", "localhost:\xb2", ":80"),
    *("-a", "a-", "a b", "a,b", "user@a", "a/b", "%41", "caf\xe9.be", '"><script>', "a\n", "\x00"),
]


@pytest.mark.parametrize("host", HOSTS)
def test_valid_host_is_accepted(host: str) -> None:
    assert is_valid_host(host)


@pytest.mark.parametrize("host", INVALID_HOSTS)
def test_invalid_host_is_rejected(host: str) -> None:
    assert not is_valid_host(host)


@pytest.mark.parametrize(
    "host", ["LOCALHOST:5000", "localhost:", "a.be.", "my_app:5000", "[::1]:5000", "xn--strae-oqa.de"]
)
def test_links_and_redirects_lead_to_the_host_of_the_request(service: Server, host: str) -> None:
    expected = re.sub(":(0|80)?$", "", re.escape(host.lower())) + "(:0?)?"
    header = b"Host: " + host.encode()
    page = send(service, b"/", header)
    assert page.status == 200
    assert re.search(rf'hreflang="fr" href="http://{expected}/\?lang=fr"', page.text)
    samples = send(service, b"/api/v1/", header, b"Accept: text/html").text
    assert re.search(rf"curl -s &#39;http://{expected}/api/v1/", samples)
    redirect = send(service, b"/api/v1", header)
    assert redirect.status == 308
    assert re.fullmatch(rf"http://{expected}/api/v1/", redirect.headers["Location"])


def test_invalid_host_is_rejected_on_every_route(each_service: Server) -> None:
    for path in (b"/zipcode/9000", b"/static/style.css", b"/nowhere", b"/healthz"):
        for host in ("xn--", "a..b", "[::1", "localhost:x", "a b", "caf\xe9.be"):
            response = send(each_service, path, b"Host: " + host.encode("latin-1"))
            assert response.status == 400, host
            if not response.is_from_gunicorn:
                assert '"BAD_REQUEST"' in response.text
                assert HEADERS.items() <= dict(response.headers).items()


def test_invalid_host_is_a_page_for_browsers_and_a_problem_in_the_api(service: Server) -> None:
    page = send(service, b"/", b"Host: xn--", b"Accept: text/html")
    assert (page.status, page.headers.get_content_type()) == (400, "text/html")
    problem = send(service, b"/api/v1/zipcodes/9000", b"Host: xn--", b"Accept: text/html")
    assert (problem.status, problem.headers.get_content_type()) == (400, "application/problem+json")
    assert '"code":"BAD_REQUEST"' in problem.text


@pytest.mark.parametrize("headers", [[], [b"Host:"]])
def test_request_without_a_host_is_accepted(service: Server, headers: list[bytes]) -> None:
    for version in (b"1.0", b"1.1"):
        response = send(service, b"/zipcode/9000", *headers, version=version)
        assert (response.status, response.text) == (200, '{"risk_factor":"B"}\n')
    assert f'href="{service.url}/?lang=fr"' in send(service, b"/", *headers, version=b"1.0").text


@pytest.mark.parametrize(("name", "port"), [("xn--", "80"), ("a", "b")])
def test_invalid_host_is_rejected_on_a_unix_socket(shared_app: Flask, name: str, port: str) -> None:
    """gunicorn derives SERVER_NAME and SERVER_PORT from the host there."""
    environ = {
        **create_environ("/zipcode/9000"),
        "HTTP_HOST": f"{name}:{port}:",
        "SERVER_NAME": name,
        "SERVER_PORT": port,
    }
    body, status, _headers = run_wsgi_app(shared_app, environ)
    assert (status, b"".join(body)) == ("400 BAD REQUEST", b'{"detail":"BAD_REQUEST"}\n')


@pytest.mark.parametrize(
    "headers", [{}, {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}]
)
def test_forwarded_host_is_not_trusted(make_app: MakeApp, sqlite_url: str, headers: dict[str, str]) -> None:
    client = make_app(settings_for(sqlite_url, TRUSTED_PROXIES="1")).test_client()
    assert 'href="http://localhost/?lang=nl"' in client.get("/", headers={**PAGE, **headers}).text


@pytest.mark.parametrize("scheme", ["javascript", "http, javascript", ""])
def test_forwarded_scheme_other_than_http_is_ignored(make_app: MakeApp, sqlite_url: str, scheme: str) -> None:
    client = make_app(settings_for(sqlite_url, TRUSTED_PROXIES="1")).test_client()
    assert 'href="http://localhost/?lang=nl"' in client.get("/", headers={"X-Forwarded-Proto": scheme}).text


# Dates

UNPARSABLE_DATES = [
    b"Sat, 29 Oct 10000 19:43:31 GMT",
    b"Sat, 29 Oct 0000 19:43:31 GMT",
    b"Sat, 29 Oct 2147483648 19:43:31 GMT",
    b"Sat, 29 Oct 99999999999999999999 19:43:31 GMT",
    b"Sat, 99999999999 Oct 2020 19:43:31 GMT",
    b"Sat, 29 Oct 2020 19:43:31 +9999",
    b"Sat, 29 Oct 2020 19:43:31 -99999999999999999999",
    b"Jan Sat 12:(\x85 ,",  # an IndexError in the standard library of Python 3.8
    b"Sat, 29 Oct " + b"9" * 5000 + b" 19:43:31 GMT",
]


@pytest.mark.parametrize("name", [b"If-Modified-Since", b"If-Unmodified-Since"])
def test_condition_with_an_invalid_date_is_ignored(each_service: Server, name: bytes) -> None:
    for path in (b"/zipcode/9000", b"/static/style.css", b"/nowhere"):
        plain = send(each_service, path, b"Host: localhost")
        for date in UNPARSABLE_DATES:
            response = send(each_service, path, b"Host: localhost", name + b": " + date)
            assert (response.status, response.text) == (plain.status, plain.text), date
            assert HEADERS.items() <= dict(response.headers).items()


def test_range_with_an_invalid_date_gets_the_whole_file(each_service: Server) -> None:
    plain = send(each_service, b"/static/style.css", b"Host: localhost")
    for date in (*UNPARSABLE_DATES, b"yesterday"):
        condition = b"If-Range: " + date
        response = send(
            each_service, b"/static/style.css", b"Host: localhost", b"Range: bytes=0-3", condition
        )
        assert (response.status, response.text) == (200, plain.text), date


def test_range_with_the_date_of_the_file_gets_that_range(service: Server) -> None:
    plain = send(service, b"/static/style.css", b"Host: localhost")
    condition = b"If-Range: " + plain.headers["Last-Modified"].encode()
    response = send(service, b"/static/style.css", b"Host: localhost", b"Range: bytes=0-3", condition)
    assert (response.status, response.text) == (206, plain.text[:4])


# Bytes beyond ASCII


def test_raw_bytes_in_a_query_are_percent_encoded() -> None:
    environ = {"QUERY_STRING": "q=Li\xe8ge"}
    normalize(environ)
    assert environ["QUERY_STRING"] == "q=Li%E8ge"


@pytest.mark.parametrize(
    "target",
    [
        b"/?zipcode=Li\xe8ge",
        b"/?lang=fr&lang=\xff",
        b"/index?year=\xe8",
        b"/nowhere?\xe8",
        b"/static/style.css?\xe8",
        b"/api/v1/zipcodes?q=Li\xe8ge",
    ],
)
def test_raw_bytes_in_a_query_are_read_like_percent_encoded_ones(each_service: Server, target: bytes) -> None:
    encoded = b"".join(b"%%%02X" % byte if byte > 127 else b"%c" % byte for byte in target)
    for accept in (b"Accept: */*", b"Accept: text/html"):
        plain = send(each_service, encoded, b"Host: localhost", accept)
        response = send(each_service, target, b"Host: localhost", accept)
        # The newest gunicorn rejects them.
        assert response.is_from_gunicorn or (response.status, response.text) == (plain.status, plain.text)


@pytest.mark.parametrize(
    ("target", "status"), [(b"/zipcode/\xe8", 400), (b"/\xe8", 404), (b"/api/v1/\xe8?\xe8", 404)]
)
def test_raw_bytes_in_a_path_are_not_found(service: Server, target: bytes, status: int) -> None:
    response = send(service, target, b"Host: localhost")
    assert response.is_from_gunicorn or response.status == status


def test_raw_utf8_in_a_query_is_understood(reader: FlaskClient) -> None:
    environ = {"QUERY_STRING": "q=Li\xc3\xa8ge"}
    response = reader.get("/api/v1/zipcodes", environ_overrides=environ)
    assert response.json is not None
    assert {"4000"} <= {place["zipcode"] for place in response.json["results"]}


def test_raw_bytes_in_a_cookie_are_ignored(each_service: Server) -> None:
    for cookie in (b"\xe8", b"lang=\xe8", b'lang="\\777"', b"lang=%ff"):
        assert send(each_service, b"/", b"Host: localhost", b"Cookie: " + cookie).status == 200, cookie


# Errors outside Flask


def fail(*_arguments: object) -> Iterable[bytes]:
    raise ZeroDivisionError("the secret is 42")


TARGETS_BY_PART = {
    "cache": "webapp.http.cache.HttpCache.__call__",
    "proxy": "werkzeug.middleware.proxy_fix.ProxyFix.__call__",
    "guard": "webapp.http.guard.normalize",
    "request": "webapp.http.guard.App.create_url_adapter",
}


@pytest.fixture
def broken(make_app: MakeApp, sqlite_url: str) -> Iterator[Callable[[str], Client]]:
    """Make a client of an app with one part that fails."""
    patch = pytest.MonkeyPatch()

    def make(part: str) -> Client:
        app = make_app(settings_for(sqlite_url, TRUSTED_PROXIES="1", HTTP_CACHE_MB="1"))
        patch.setattr(TARGETS_BY_PART[part], fail)
        return Client(app)

    yield make
    patch.undo()


@pytest.mark.parametrize(
    ("part", "path", "headers", "content_type"),
    [
        ("cache", "/zipcode/9000", {}, "application/json"),
        ("cache", "/nowhere", PAGE, "text/html"),
        ("cache", "/api/v1/zipcodes/9000", PAGE, "application/problem+json"),
        ("proxy", "/healthz", {}, "application/json"),
        ("guard", "/zipcode/9000", {}, "application/json"),
    ],
)
def test_error_outside_flask_has_a_reference_and_one_log_entry(
    broken: Callable[[str], Client],
    caplog: pytest.LogCaptureFixture,
    part: str,
    path: str,
    *,
    headers: dict[str, str],
    content_type: str,
) -> None:
    response = broken(part).get(path, headers=headers)
    assert (response.status_code, response.mimetype) == (500, content_type)
    assert "secret" not in response.text
    assert HEADERS.items() <= dict(response.headers).items()
    assert response.headers["Cache-Control"] == "no-store"
    assert len(caplog.records) == 1
    logged = re.search(rf"reference ([0-9a-f]{{16}}): GET {path} failed", caplog.text)
    assert logged
    assert logged[1] in response.text
    assert caplog.text.count("ZeroDivisionError: the secret is 42") == 1
    if content_type != "text/html":
        assert response.json is not None
        assert "INTERNAL_ERROR" in (response.json["detail"], response.json.get("code"))
        assert response.json["reference"] == logged[1]


def test_error_response_is_minimal_when_error_handlers_fail(
    broken: Callable[[str], Client], caplog: pytest.LogCaptureFixture
) -> None:
    response = broken("request").get("/zipcode/9000", headers=PAGE)
    assert response.status_code == 500
    assert response.json is not None
    assert response.json["detail"] == "INTERNAL_ERROR"
    assert HEADERS.items() <= dict(response.headers).items()
    assert f"reference {response.json['reference']}: GET /zipcode/9000 failed" in caplog.text
    assert len(caplog.records) == 1


def test_error_after_a_view_has_a_reference(
    make_app: MakeApp, sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(settings_for(sqlite_url))
    failures = iter([ZeroDivisionError("the secret is 42")])

    @app.after_request
    def fail_once(response: Response) -> Response:
        for error in failures:
            raise error
        return response

    response = app.test_client().get("/zipcode/9000")
    assert response.status_code == 500
    assert response.json is not None
    assert f"reference {response.json['reference']}: GET /zipcode/9000 failed" in caplog.text
    assert len(caplog.records) == 1


def test_body_is_closed_when_the_server_rejects_the_headers(make_app: MakeApp, sqlite_url: str) -> None:
    closed = []

    class Body(List[bytes]):
        def close(self) -> None:
            closed.append(True)

    def respond(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return Body([b"x"])

    def reject(*_arguments: object) -> NoReturn:
        raise ZeroDivisionError

    app = make_app(settings_for(sqlite_url))
    app.wsgi_app._wsgi_app = respond  # type: ignore[attr-defined]  # of the guard
    with pytest.raises(ZeroDivisionError):
        app(create_environ(), reject)
    assert closed == [True]


def test_app_may_replace_the_status_before_the_first_chunk(make_app: MakeApp, sqlite_url: str) -> None:
    def respond(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        start_response("404 NOT FOUND", [])
        return [b"x"]

    app = make_app(settings_for(sqlite_url))
    app.wsgi_app._wsgi_app = respond  # type: ignore[attr-defined]  # of the guard
    assert Client(app).get("/").status_code == 404


def test_response_that_fails_before_its_first_chunk_is_replaced(make_app: MakeApp, sqlite_url: str) -> None:
    closed = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            yield b""
            raise ZeroDivisionError

        def close(self) -> None:
            closed.append(True)

    def begin(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", "1")])
        return Body()

    app = make_app(settings_for(sqlite_url))
    app.wsgi_app._wsgi_app = begin  # type: ignore[attr-defined]
    response = Client(app).get("/zipcode/9000")
    assert (response.status_code, closed) == (500, [True])
    assert response.headers.getlist("Content-Length") == [str(len(response.data))]


def test_error_after_the_first_chunk_breaks_the_response(make_app: MakeApp, sqlite_url: str) -> None:
    def begin(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"beginning"
        raise ZeroDivisionError

    app = make_app(settings_for(sqlite_url))
    app.wsgi_app._wsgi_app = begin  # type: ignore[attr-defined]
    response = Client(app).get("/zipcode/9000")
    with pytest.raises(ZeroDivisionError):
        response.get_data()


@pytest.mark.slow
def test_error_outside_flask_is_not_left_to_gunicorn(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(
        "from webapp.app import create_app\n"
        "from webapp.http.cache import HttpCache\n"
        "HttpCache.__call__ = lambda *_: 1 / 0\n"
        "app = create_app()\n"
    )
    port = free_port()
    command = ["gunicorn", "broken:app", "--pythonpath", str(tmp_path), "--bind", f"127.0.0.1:{port}"]
    with started(command, port, tmp_path, DATABASE_URL=sqlite_url, **NO_UPSTREAM) as service:
        wait(service)
        before = service.log.read_text().count("Traceback")
        response = send(service, b"/zipcode/9000", b"Host: localhost")
        log = service.log.read_text()
    assert response.status == 500
    assert HEADERS.items() <= dict(response.headers).items()
    assert re.search(r'"reference":"([0-9a-f]{16})"', response.text)
    assert log.count("Traceback") == before + 1
    assert "ZeroDivisionError" in log


# Random requests

NAMES = [
    *(
        b"Accept",
        b"Accept-Language",
        b"Accept-Encoding",
        b"Cookie",
        b"If-None-Match",
        b"If-Match",
        b"If-Range",
    ),
    *(b"Range", b"If-Modified-Since", b"If-Unmodified-Since", b"Origin", b"Access-Control-Request-Method"),
    *(b"Content-Type", b"Content-Encoding", b"Connection", b"Upgrade", b"Authorization", b"Cache-Control"),
    *(b"X-Forwarded-For", b"X-Forwarded-Proto", b"X-Forwarded-Host", b"X-Forwarded-Prefix", b"Forwarded"),
    *(
        b"SCRIPT_NAME",
        b"PATH_INFO",
        b"User-Agent",
        b"Referer",
        b"Content-Range",
        b"Date",
        b"Trailer",
        b"Host",
    ),
]
VALUES = [
    *(
        b"",
        b"*",
        b",",
        b";",
        b"=",
        b'"',
        b"\\",
        b"\xe8",
        b"\xff\xfe",
        b"a" * 2000,
        b"1" * 5000,
        b"-1",
        b"nan",
    ),
    *(b"%", b"%ff", b"[", b"(", b"a,b;q=0.5", b"a;q=x", b"a;q=1e400", b"a;q=nan", b"text/html;q=-1", b"\xb2"),
    *(b"text/html", b"application/json", b"text/csv; charset=x", b"bytes=0-", b"bytes=-1", b"bytes=5-1"),
    *(b"bytes=0-99999999999999999999", b"bytes=" + b"9" * 5000 + b"-", b"bytes=0-1,2-3", b"items=0-1"),
    *(b"lang=fr", b'lang="\\777"', b"nl-BE", b"fr;q=\xb2", b'W/"', b'"a", W/"b', b"close", b"upgrade"),
    *(
        b"websocket",
        b"https",
        b"xn--",
        b"[::1]:5",
        b"null",
        b"multipart/form-data",
        b"Basic \xe8",
        b"max-age=x",
    ),
    *UNPARSABLE_DATES,
]
TARGETS = [
    *(b"/", b"/?zipcode=9000&year=2013", b"/index", b"/index.csv?year=2025", b"/zipcode/9000", b"/nowhere"),
    *(b"/list", b"/indexation?amount=100", b"/healthz", b"/readyz", b"/static/style.css", b"/static/", b"*"),
    *(
        b"/api/v1/",
        b"/api/v1",
        b"/api/v1/openapi.json",
        b"/api/v1/zipcodes?q=gen",
        b"/api/v1/zipcodes/lookup",
    ),
    *(b"/api/v1/health-index/series?base=2013&format=csv", b"http://a.be/", b"//a.be/", b"/?\xe8", b"/%00"),
]
METHODS = [b"GET", b"GET", b"GET", b"HEAD", b"OPTIONS", b"POST", b"TRACE", b"ODD"]


@pytest.mark.parametrize("seed", range(4))
def test_random_headers_never_cause_an_error(each_service: Server, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # no secret
    for _ in range(50):
        headers = [chance.choice(NAMES) + b": " + chance.choice(VALUES) for _ in range(chance.randrange(5))]
        method, target = chance.choice(METHODS), chance.choice(TARGETS)
        response = send(each_service, target, b"Host: localhost", *headers, method=method)
        sent = (method, target, headers)
        assert response.status < 500, sent
        assert response.is_from_gunicorn or HEADERS.items() <= dict(response.headers).items(), sent
