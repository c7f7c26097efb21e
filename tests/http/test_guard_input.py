"""The guard normalizes input that Werkzeug fails to parse."""

from __future__ import annotations

import contextlib
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import create_environ, run_wsgi_app

from tests.http.raw_requests import send
from tests.support.databases import NOWHERE, SQLiteDatabases, settings_for
from tests.support.live import Server, running
from webapp.config import Settings
from webapp.http.guard import is_valid_host, normalize
from webapp.http.security import HEADERS

if TYPE_CHECKING:
    pass


MakeApp = Callable[[Settings], Flask]

PAGE = {"Accept": "text/html"}


@contextlib.contextmanager
def run_service(sqlite: SQLiteDatabases, folder: Path, **variables: str) -> Iterator[Server]:
    url = sqlite.seeded()
    with running(folder, DATABASE_URL=url, RATE_LIMIT="0", **NOWHERE, **variables) as service:
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
