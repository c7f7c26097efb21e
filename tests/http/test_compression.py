"""Compression: gzip for clients that accept it, stored once per encoding."""

from __future__ import annotations

import gzip

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

GZIP = {"Accept-Encoding": "gzip, deflate, br"}

PAGE = "/index?format=html"


def get(reader: FlaskClient, path: str, headers: dict[str, str], method: str = "GET") -> TestResponse:
    return reader.open(path, method=method, headers=headers, buffered=True)


@pytest.mark.parametrize(
    "path",
    [
        PAGE,
        "/static/style.css",
        "/index.csv",
        "/index.atom",
        "/api/v1/openapi.json",
        "/zipcode/999?format=html",
    ],
)
def test_text_is_compressed_without_loss(reader: FlaskClient, path: str) -> None:
    plain, compressed = get(reader, path, {}), get(reader, path, GZIP)
    assert compressed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(compressed.data) == plain.data
    assert len(compressed.data) < len(plain.data) / 2
    assert int(compressed.headers["Content-Length"]) == len(compressed.data)
    assert "Content-Encoding" not in plain.headers
    for response in (plain, compressed):
        assert "Accept-Encoding" in response.headers["Vary"]


@pytest.mark.parametrize("header", ["", "identity", "br", "gzip;q=0", "*;q=0", "gzip;q=0.1, identity"])
def test_client_that_prefers_plain_text_gets_it(reader: FlaskClient, header: str) -> None:
    response = get(reader, PAGE, {"Accept-Encoding": header})
    assert "Content-Encoding" not in response.headers
    assert "<!doctype html>" in response.text


@pytest.mark.parametrize("path", ["/zipcode/9000", "/index", "/zipcode/9000?format=text"])
def test_short_response_is_not_compressed(reader: FlaskClient, path: str) -> None:
    response = get(reader, path, GZIP)
    assert "Content-Encoding" not in response.headers
    assert "Accept-Encoding" not in response.headers["Vary"]


def test_each_encoding_has_a_tag_of_its_own_that_is_revalidated(reader: FlaskClient) -> None:
    tags = {name: get(reader, PAGE, headers).headers["ETag"] for name, headers in (("", {}), ("gzip", GZIP))}
    assert tags[""] != tags["gzip"]
    again = get(reader, PAGE, {**GZIP, "If-None-Match": tags["gzip"]})
    assert (again.status_code, again.data) == (304, b"")
    assert get(reader, PAGE, {**GZIP, "If-None-Match": tags[""]}).status_code == 200


def test_head_has_the_headers_of_get(reader: FlaskClient) -> None:
    found, head = get(reader, PAGE, GZIP), get(reader, PAGE, GZIP, "HEAD")
    names = ("Content-Encoding", "Content-Length", "ETag", "Vary")
    assert [head.headers[name] for name in names] == [found.headers[name] for name in names]
    assert head.data == b""


def test_compressed_response_is_stored_once_for_all_browsers(reader: FlaskClient) -> None:
    path = f"{PAGE}&period=all"
    get(reader, path, {"Accept-Encoding": "gzip, deflate, br, zstd"})
    response = get(reader, path, {"Accept-Encoding": "gzip;q=1.0, *;q=0.5"})
    assert "hit" in response.headers.get("Cache-Status", "hit")  # no header without a cache
    assert gzip.decompress(response.data).startswith(b"<!doctype html>")
