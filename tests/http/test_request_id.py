"""X-Request-ID: the client's if it is sane, else a new one, on every response."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from tests.support import live
from tests.support.databases import NOWHERE, settings_for
from webapp.app import create_app

MADE = re.compile("[0-9a-f]{16}")
ID = "X-Request-ID"


@pytest.mark.parametrize("sent", ["a", "0b8e5f0c-7b1e-4c33-9c55-2f1ff7f9a3ad", "A.b_c-9", "x" * 128])
def test_sane_id_is_taken(reader: FlaskClient, sent: str) -> None:
    assert reader.get("/zipcode/9000", headers={ID: sent}).headers.getlist(ID) == [sent]


@pytest.mark.parametrize("sent", ["", " ", "a b", "x" * 129, "a,b", 'a"b', "<script>", "é", "a;b", "a/b"])
def test_other_id_is_replaced(reader: FlaskClient, sent: str) -> None:
    environ = {"HTTP_X_REQUEST_ID": sent}
    found = reader.get("/zipcode/9000", environ_overrides=environ).headers.getlist(ID)
    assert len(found) == 1
    assert MADE.fullmatch(found[0])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/zipcode/9000", 200),
        ("/?zipcode=9000", 200),
        ("/static/style.css", 200),
        ("/nowhere", 404),
        ("/zipcode/abc", 400),
        ("/api/v1/zipcodes/1", 400),
        ("/healthz", 200),
        ("/readyz", 200),
    ],
)
def test_every_response_has_its_own_id(reader: FlaskClient, path: str, status: int) -> None:
    found = []
    for _ in range(3):
        with reader.get(path) as response:
            assert response.status_code == status
            found += response.headers.getlist(ID)
    assert len(set(found)) == 3


def test_cached_response_has_the_id_of_its_request(sqlite_app: Flask) -> None:
    app = create_app(settings_for(sqlite_app.config["SQLALCHEMY_DATABASE_URI"], HTTP_CACHE_MB="1"))
    client = app.test_client()
    first = client.get("/zipcode/9000", headers={ID: "first"})
    second = client.get("/zipcode/9000", headers={ID: "second"})
    etag = {"If-None-Match": first.headers["ETag"]}
    third = client.get("/zipcode/9000", headers={ID: "third", **etag})
    assert "hit" in second.headers["Cache-Status"]
    assert third.status_code == 304
    assert [response.headers.getlist(ID) for response in (first, second, third)] == [
        ["first"],
        ["second"],
        ["third"],
    ]


def test_id_is_the_reference_of_an_error(sqlite_app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(settings_for(sqlite_app.config["SQLALCHEMY_DATABASE_URI"]))

    @app.get("/broken")
    @app.get("/api/v1/broken")
    def broken() -> str:
        raise ZeroDivisionError

    client = app.test_client()
    for path, accept in (("/broken", "*/*"), ("/broken", "text/html"), ("/api/v1/broken", "*/*")):
        response = client.get(path, headers={ID: "from-the-proxy", "Accept": accept})
        assert (response.status_code, response.headers[ID]) == (500, "from-the-proxy")
        assert "from-the-proxy" in response.text
    assert caplog.text.count("reference from-the-proxy: GET ") == 3


def test_other_sites_may_read_the_id(reader: FlaskClient) -> None:
    response = reader.get("/api/v1/zipcodes/9000", headers={"Origin": "https://example.be"})
    assert ID in response.headers["Access-Control-Expose-Headers"]


TEXT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [A-Z]+ \S+ [\w.]+: .+")


@pytest.mark.slow
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_all_logs_of_a_server_have_one_format(sqlite_url: str, tmp_path: Path, log_format: str) -> None:
    variables = {"DATABASE_URL": sqlite_url, "LOG_FORMAT": log_format, **NOWHERE}
    with live.running(tmp_path, REDIS_URL="redis://:topsecret@127.0.0.1:9/0", **variables) as server:
        for path in ("/zipcode/9000", "/zipcode/9000", "/nowhere"):
            requests.get(server.url + path, headers={ID: "known-id"}, timeout=5)
        requests.get(server.url + "/\x1b[31m", headers={ID: "esc", "Host": "a b"}, timeout=5)
        log = server.log
    lines = log.read_text(encoding="utf-8").splitlines()
    loggers = set()
    ids = []
    for line in lines:
        if log_format == "json":
            entry = json.loads(line)
            assert {"time", "level", "request_id", "logger", "message"} <= entry.keys()
            loggers.add(entry["logger"])
            ids.append((entry["logger"], entry["request_id"]))
        else:
            assert TEXT.fullmatch(line), line
            _time, _level, request_id, name = line.split()[:4]
            loggers.add(name.rstrip(":"))
            ids.append((name.rstrip(":"), request_id))
    assert {"gunicorn.error", "gunicorn.access", "webapp.http.rate_limit"} <= loggers
    assert ids.count(("gunicorn.access", "known-id")) == 3
    assert "topsecret" not in log.read_text(encoding="utf-8")
