"""The guard: requests that Werkzeug fails to parse, and exceptions that Flask never sees."""

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
from tests.support.live import Desk, running, started, wait
from tests.support.processes import free_port
from webapp.config import Settings
from webapp.http.guard import is_valid_host
from webapp.http.security import HEADERS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MakeApp = Callable[[Settings], Flask]

NO_UPSTREAM = {"HEALTH_INDEX_URL": "http://127.0.0.1:9/", "HEALTH_INDEX_FALLBACK_URL": "http://127.0.0.1:9/"}
PAGE = {"Accept": "text/html"}


class Reply(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def is_from_gunicorn(self) -> bool:
        """True for a request that gunicorn rejects itself: it offers no hook to add headers."""
        return 400 <= self.status < 500 and "Date" not in self.headers


def send(
    desk: Desk, target: bytes, *headers: bytes, method: bytes = b"GET", version: bytes = b"1.1"
) -> Reply:
    """Send exactly these bytes as a request, and return the response."""
    host, _colon, port = desk.url.partition("//")[2].partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as client:
        client.sendall(b"%s %s HTTP/%s\r\n" % (method, target, version))
        client.sendall(b"".join(line + b"\r\n" for line in (*headers, b"Connection: close", b"")))
        response = http.client.HTTPResponse(client, method=method.decode())
        response.begin()
        return Reply(response.status, response.headers, response.read().decode(errors="replace"))


@contextlib.contextmanager
def a_desk(sqlite: SQLiteDatabases, folder: Path, **variables: str) -> Iterator[Desk]:
    url = sqlite.seeded()
    with running(folder, DATABASE_URL=url, RATE_LIMIT="0", **NO_UPSTREAM, **variables) as desk:
        yield desk
        assert "Traceback" not in desk.log.read_text()
    sqlite.drop(url)


@pytest.fixture(scope="module")
def desk(sqlite: SQLiteDatabases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_desk(sqlite, tmp_path_factory.mktemp("desk")) as desk:
        yield desk


@pytest.fixture(scope="module")
def uncached_desk(sqlite: SQLiteDatabases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("uncached")
    with a_desk(sqlite, folder, HTTP_CACHE_MB="0", TRUSTED_PROXIES="1") as desk:
        yield desk


@pytest.fixture(params=["desk", "uncached_desk"])
def each_desk(request: pytest.FixtureRequest) -> Desk:
    """With the HTTP cache, and behind a proxy without it."""
    chosen: Desk = request.getfixturevalue(request.param)
    return chosen


# Hosts

HOSTS = [
    *("localhost", "LOCALHOST", "localhost:5000", "localhost:0", "localhost:65535", "localhost:", "a.be."),
    *("my_app", "my_app:5000", "_dmarc.example.com", "a" * 63, f"{'a' * 63}:5000", "1.2.3.4", "1.2.3.4:80"),
    *("[::1]", "[::1]:5000", "[::ffff:1.2.3.4]", "xn--caf-dma.be", "xn--strae-oqa.de", "XN--CAF-DMA.BE"),
]
NO_HOSTS = [
    *("xn--", "XN--", "xn--a", "a.xn--a.be", "xn--zzzzzz", "a..b", ".", "..", ".a", "a..", "a" * 64),
    *(f"{'a' * 64}.be", f"be.{'a' * 64}", "[", "]", "[]", "[:]", "[::g]", "[::1", "::1", "[1.2.3.4]"),
    *(
        "[::1%25eth0]",
        "[::1]x",
        "a:b:c",
        "localhost:99999",
        "localhost:65536",
        "localhost:-1",
        "localhost:+1",
    ),
    *("localhost:x", "localhost:0000000080", ":80", "-a", "a-", "a b", "a,b", "user@a", "a/b", "a?b", "a#b"),
    *("a\\b", "%41", "caf\xe9.be", "caf\xc3\xa9.be", "localhost:\xb2", '"><script>', "a\n", "\x00"),
]


@pytest.mark.parametrize("host", HOSTS)
def test_host_that_can_be_reached_is_valid(host: str) -> None:
    assert is_valid_host(host)


@pytest.mark.parametrize("host", NO_HOSTS)
def test_host_that_cannot_be_reached_is_invalid(host: str) -> None:
    assert not is_valid_host(host)


@pytest.mark.parametrize("host", HOSTS)
def test_links_and_redirections_lead_to_a_valid_host(desk: Desk, host: str) -> None:
    expected = re.sub(":(0|80)?$", "", re.escape(host.lower())) + "(:0?)?"
    header = b"Host: " + host.encode()
    page = send(desk, b"/", header)
    assert page.status == 200
    assert re.search(rf'hreflang="fr" href="http://{expected}/\?lang=fr"', page.text)
    samples = send(desk, b"/api/v1/", header, b"Accept: text/html").text
    assert re.search(rf"curl -s &#39;http://{expected}/api/v1/", samples)
    redirection = send(desk, b"/api/v1", header)
    assert redirection.status == 308
    assert re.fullmatch(rf"http://{expected}/api/v1/", redirection.headers["Location"])


@pytest.mark.parametrize("path", ["/", "/zipcode/9000", "/static/style.css", "/nowhere", "/healthz"])
def test_invalid_host_is_rejected_on_every_route(each_desk: Desk, path: str) -> None:
    for host in NO_HOSTS:
        reply = send(each_desk, path.encode(), b"Host: " + host.encode("latin-1"))
        assert reply.status == 400, host
        if not reply.is_from_gunicorn:
            assert '"BAD_REQUEST"' in reply.text
            assert HEADERS.items() <= dict(reply.headers).items()


def test_invalid_host_is_a_page_for_browsers_and_a_problem_in_the_api(desk: Desk) -> None:
    page = send(desk, b"/", b"Host: xn--", b"Accept: text/html")
    assert (page.status, page.headers.get_content_type()) == (400, "text/html")
    assert "The request cannot be read" in page.text
    problem = send(desk, b"/api/v1/zipcodes/9000", b"Host: xn--", b"Accept: text/html")
    assert (problem.status, problem.headers.get_content_type()) == (400, "application/problem+json")
    assert '"code":"BAD_REQUEST"' in problem.text


@pytest.mark.parametrize("headers", [[], [b"Host:"]])
def test_request_without_a_host_is_answered(desk: Desk, headers: list[bytes]) -> None:
    for version in (b"1.0", b"1.1"):
        reply = send(desk, b"/zipcode/9000", *headers, version=version)
        assert (reply.status, reply.text) == (200, '{"risk_factor":"B"}\n')
    assert f'href="{desk.url}/?lang=fr"' in send(desk, b"/", *headers, version=b"1.0").text


@pytest.mark.parametrize(("name", "port"), [("xn--", "80"), ("a", "b"), ("", "")])
def test_invalid_host_is_rejected_on_a_unix_socket(shared_app: Flask, name: str, port: str) -> None:
    """There gunicorn derives SERVER_NAME and SERVER_PORT from it."""
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


@pytest.mark.parametrize("scheme", ["javascript", "[", "ftp", "http, javascript", ""])
def test_forwarded_scheme_other_than_http_is_ignored(make_app: MakeApp, sqlite_url: str, scheme: str) -> None:
    client = make_app(settings_for(sqlite_url, TRUSTED_PROXIES="1")).test_client()
    assert 'href="http://localhost/?lang=nl"' in client.get("/", headers={"X-Forwarded-Proto": scheme}).text


# Dates

UNPARSABLE_DATES = [
    b"Sat, 29 Oct 99999 19:43:31 GMT",
    b"Sat, 29 Oct 10000 19:43:31 GMT",
    b"Sat, 29 Oct 0000 19:43:31 GMT",
    b"Sat, 29 Oct 2147483648 19:43:31 GMT",
    b"Sat, 29 Oct 99999999999999999999 19:43:31 GMT",
    b"Sat, 99999999999 Oct 2020 19:43:31 GMT",
    b"Sat, 29 Oct 2020 99999999999:43:31 GMT",
    b"Sat, 29 Oct 2020 19:43:31 +9999",
    b"Sat, 29 Oct 2020 19:43:31 -99999999999999999999",
    b"Jan Sat 12:(\x85 ,",  # an IndexError in the standard library of Python 3.8
    b"Sat, 29 Oct " + b"9" * 5000 + b" 19:43:31 GMT",
]
DATED_PATHS = [
    b"/zipcode/9000",
    b"/static/style.css",
    b"/api/v1/zipcodes/9000",
    b"/",
    b"/nowhere",
    b"/healthz",
]


@pytest.mark.parametrize("path", DATED_PATHS)
@pytest.mark.parametrize("name", [b"If-Modified-Since", b"If-Unmodified-Since"])
def test_condition_with_an_impossible_date_is_ignored(each_desk: Desk, path: bytes, name: bytes) -> None:
    plain = send(each_desk, path, b"Host: localhost")
    for date in UNPARSABLE_DATES:
        for _ in range(2):
            reply = send(each_desk, path, b"Host: localhost", name + b": " + date)
            assert (reply.status, reply.text) == (plain.status, plain.text), date
            assert HEADERS.items() <= dict(reply.headers).items()


@pytest.mark.parametrize("date", [*UNPARSABLE_DATES, b"yesterday"])
def test_range_under_an_impossible_date_gets_everything(each_desk: Desk, date: bytes) -> None:
    plain = send(each_desk, b"/static/style.css", b"Host: localhost")
    reply = send(
        each_desk, b"/static/style.css", b"Host: localhost", b"Range: bytes=0-3", b"If-Range: " + date
    )
    assert (reply.status, reply.text) == (200, plain.text)


def test_range_under_its_own_date_gets_that_part(each_desk: Desk) -> None:
    plain = send(each_desk, b"/static/style.css", b"Host: localhost")
    condition = b"If-Range: " + plain.headers["Last-Modified"].encode()
    reply = send(each_desk, b"/static/style.css", b"Host: localhost", b"Range: bytes=0-3", condition)
    assert (reply.status, reply.text) == (206, plain.text[:4])


# Bytes that are no ASCII


@pytest.mark.parametrize("accept", [b"*/*", b"text/html"])
@pytest.mark.parametrize(
    "target",
    [
        b"/?zipcode=Li\xe8ge",
        b"/?lang=\xe8",
        b"/?lang=fr&lang=\xff",
        b"/?format=\xe8",
        b"/index?year=\xe8",
        b"/list?\xe8",
        b"/nowhere?\xe8",
        b"/healthz?\xe8",
        b"/static/style.css?\xe8",
        b"/api/v1/zipcodes?q=Li\xe8ge",
    ],
)
def test_raw_bytes_in_a_query_are_as_good_as_percent_encoded_ones(
    each_desk: Desk, target: bytes, accept: bytes
) -> None:
    encoded = b"".join(b"%%%02X" % byte if byte > 127 else b"%c" % byte for byte in target)
    plain = send(each_desk, encoded, b"Host: localhost", b"Accept: " + accept)
    reply = send(each_desk, target, b"Host: localhost", b"Accept: " + accept)
    assert reply.is_from_gunicorn or (reply.status, reply.text) == (
        plain.status,
        plain.text,
    )  # newest gunicorn


@pytest.mark.parametrize(
    ("target", "status"), [(b"/zipcode/\xe8", 400), (b"/\xe8", 404), (b"/api/v1/\xe8?\xe8", 404)]
)
def test_raw_bytes_in_a_path_are_not_found(each_desk: Desk, target: bytes, status: int) -> None:
    reply = send(each_desk, target, b"Host: localhost")
    assert reply.is_from_gunicorn or reply.status == status


def test_raw_utf8_in_a_query_is_understood(reader: FlaskClient) -> None:
    environ = {"QUERY_STRING": "q=Li\xc3\xa8ge"}
    reply = reader.get("/api/v1/zipcodes", environ_overrides=environ)
    assert reply.json is not None
    assert {"4000"} <= {place["zipcode"] for place in reply.json["results"]}


@pytest.mark.parametrize("cookie", [b"\xe8", b"lang=\xe8", b'lang="\\777"', b"lang=%ff"])
def test_raw_bytes_in_a_cookie_are_ignored(each_desk: Desk, cookie: bytes) -> None:
    assert send(each_desk, b"/", b"Host: localhost", b"Cookie: " + cookie).status == 200


# Errors outside Flask


def failing(*_arguments: object) -> Iterable[bytes]:
    raise ZeroDivisionError("the secret is 42")


BREAK = {
    "cache": "webapp.http.cache.HttpCache.__call__",
    "proxy": "werkzeug.middleware.proxy_fix.ProxyFix.__call__",
    "guard": "webapp.http.guard.normalize",
    "request": "webapp.http.guard.App.create_url_adapter",
}


@pytest.fixture
def broken(make_app: MakeApp, sqlite_url: str) -> Iterator[Callable[[str], Client]]:
    """Makes a client of a desk with one part that fails."""
    patch = pytest.MonkeyPatch()

    def make(part: str) -> Client:
        app = make_app(settings_for(sqlite_url, TRUSTED_PROXIES="1", HTTP_CACHE_MB="1"))
        patch.setattr(BREAK[part], failing)
        return Client(app)

    yield make
    patch.undo()


@pytest.mark.parametrize("part", ["cache", "proxy", "guard"])
@pytest.mark.parametrize(
    ("path", "headers", "content_type"),
    [
        ("/zipcode/9000", {}, "application/json"),
        ("/zipcode/9000", PAGE, "text/html"),
        ("/healthz", {}, "application/json"),
        ("/nowhere", PAGE, "text/html"),
        ("/api/v1/zipcodes/9000", PAGE, "application/problem+json"),
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
    reply = broken(part).get(path, headers=headers)
    assert (reply.status_code, reply.mimetype) == (500, content_type)
    assert "secret" not in reply.text
    assert HEADERS.items() <= dict(reply.headers).items()
    assert reply.headers["Cache-Control"] == "no-store"
    assert len(caplog.records) == 1
    logged = re.search(rf"reference ([0-9a-f]{{8}}): GET {path} failed", caplog.text)
    assert logged
    assert logged[1] in reply.text
    assert caplog.text.count("ZeroDivisionError: the secret is 42") == 1
    if content_type != "text/html":
        assert reply.json is not None
        assert "INTERNAL_ERROR" in (reply.json["detail"], reply.json.get("code"))
        assert reply.json["reference"] == logged[1]


def test_error_response_is_bare_when_the_app_cannot_make_it(
    broken: Callable[[str], Client], caplog: pytest.LogCaptureFixture
) -> None:
    reply = broken("request").get("/zipcode/9000", headers=PAGE)
    assert reply.status_code == 500
    assert reply.json is not None
    assert reply.json["detail"] == "INTERNAL_ERROR"
    assert HEADERS.items() <= dict(reply.headers).items()
    assert f"reference {reply.json['reference']}: GET /zipcode/9000 failed" in caplog.text
    assert len(caplog.records) == 1


def test_error_after_a_view_has_a_reference_too(
    make_app: MakeApp, sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(settings_for(sqlite_url))
    failures = iter([ZeroDivisionError("the secret is 42")])

    @app.after_request
    def fail_once(response: Response) -> Response:
        for error in failures:
            raise error
        return response

    reply = app.test_client().get("/zipcode/9000")
    assert reply.status_code == 500
    assert reply.json is not None
    assert f"reference {reply.json['reference']}: GET /zipcode/9000 failed" in caplog.text
    assert len(caplog.records) == 1


def test_body_is_closed_when_the_server_refuses_the_headers(make_app: MakeApp, sqlite_url: str) -> None:
    closed = []

    class Body(List[bytes]):
        def close(self) -> None:
            closed.append(True)

    def respond(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return Body([b"x"])

    def refuse(*_arguments: object) -> NoReturn:
        raise ZeroDivisionError

    app = make_app(settings_for(sqlite_url))
    app.wsgi_app._wsgi_app = respond  # type: ignore[attr-defined]  # of the guard
    with pytest.raises(ZeroDivisionError):
        app(create_environ(), refuse)
    assert closed == [True]


def test_failed_start_up_of_a_response_is_replaced(make_app: MakeApp, sqlite_url: str) -> None:
    """The status was said, but no chunk was sent yet."""
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
    reply = Client(app).get("/zipcode/9000")
    assert (reply.status_code, closed) == (500, [True])
    assert reply.headers.getlist("Content-Length") == [str(len(reply.data))]


def test_response_that_breaks_off_is_not_taken_for_a_whole_one(make_app: MakeApp, sqlite_url: str) -> None:
    def begin(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"beginning"
        raise ZeroDivisionError

    app = make_app(settings_for(sqlite_url))
    app.wsgi_app._wsgi_app = begin  # type: ignore[attr-defined]
    reply = Client(app).get("/zipcode/9000")
    with pytest.raises(ZeroDivisionError):
        reply.get_data()


def test_error_outside_flask_is_no_page_of_gunicorns(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(
        "from webapp.app import create_app\n"
        "from webapp.http.cache import HttpCache\n"
        "HttpCache.__call__ = lambda *_: 1 / 0\n"
        "app = create_app()\n"
    )
    port = free_port()
    command = ["gunicorn", "broken:app", "--pythonpath", str(tmp_path), "--bind", f"127.0.0.1:{port}"]
    with started(command, port, tmp_path, DATABASE_URL=sqlite_url, **NO_UPSTREAM) as desk:
        wait(desk)
        before = desk.log.read_text().count("Traceback")
        reply = send(desk, b"/zipcode/9000", b"Host: localhost")
        log = desk.log.read_text()
    assert reply.status == 500
    assert HEADERS.items() <= dict(reply.headers).items()
    assert re.search(r'"reference":"([0-9a-f]{8})"', reply.text)
    assert log.count("Traceback") == before + 1
    assert "ZeroDivisionError" in log


# Anything

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
def test_odd_headers_never_make_the_desk_fail(each_desk: Desk, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    for _ in range(50):
        headers = [chance.choice(NAMES) + b": " + chance.choice(VALUES) for _ in range(chance.randrange(5))]
        method, target = chance.choice(METHODS), chance.choice(TARGETS)
        reply = send(each_desk, target, b"Host: localhost", *headers, method=method)
        sent = (method, target, headers)
        assert reply.status < 500, sent
        assert reply.is_from_gunicorn or HEADERS.items() <= dict(reply.headers).items(), sent
