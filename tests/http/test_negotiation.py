"""Negotiation: the representation of a response, and its caching headers."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
INTERNET_EXPLORER = "text/html, application/xhtml+xml, */*"

# Defaults of HttpURLConnection, before and since Java 19.
JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"
NEWER_JAVA = "text/html, image/gif, image/jpeg, */*; q=0.2"

NEGOTIATIONS = [
    ({}, "", "application/json"),
    ({"Accept": "*/*"}, "", "application/json"),
    ({"Accept": "application/json"}, "", "application/json"),
    ({"Accept": "text/html"}, "", "text/html; charset=utf-8"),
    ({"Accept": FIREFOX}, "", "text/html; charset=utf-8"),
    ({"Accept": CHROME}, "", "text/html; charset=utf-8"),
    ({"Accept": INTERNET_EXPLORER}, "", "text/html; charset=utf-8"),
    ({"Accept": "text/html;q=0.5, application/json"}, "", "application/json"),
    ({"Accept": "image/png"}, "", "application/json"),
    ({"Accept": ";;nonsense"}, "", "application/json"),
    ({"Accept": JAVA}, "", "application/json"),
    ({"Accept": NEWER_JAVA}, "", "application/json"),
    ({"Accept": JAVA}, "format=html", "text/html; charset=utf-8"),
    ({"Accept": FIREFOX}, "format=json", "application/json"),
    ({"Accept": "application/json"}, "format=html", "text/html; charset=utf-8"),
    ({}, "format=html", "text/html; charset=utf-8"),
    ({"Accept": "text/plain"}, "", "text/plain; charset=utf-8"),
    ({"Accept": "text/plain, */*;q=0.1"}, "", "text/plain; charset=utf-8"),
    ({"Accept": "text/plain, */*"}, "", "application/json"),
    ({"Accept": "application/json, text/plain, */*"}, "", "application/json"),
    ({"Accept": FIREFOX}, "format=text", "text/plain; charset=utf-8"),
    ({"Accept": "text/plain"}, "format=json", "application/json"),
]


@pytest.mark.parametrize(("headers", "query", "content_type"), NEGOTIATIONS)
def test_accept_and_format_choose_the_representation(
    reader: FlaskClient, headers: dict[str, str], query: str, content_type: str
) -> None:
    response = reader.get(f"/zipcode/9000?{query}", headers=headers)
    assert response.content_type == content_type
    assert "Accept" in response.headers["Vary"]


@pytest.mark.parametrize(
    "path", ["/zipcode/1311", "/nowhere", "/api/v1/"], ids=["domain error", "router error", "API document"]
)
def test_all_kinds_of_responses_are_negotiated(reader: FlaskClient, path: str) -> None:
    expected = {"*/*": "application/json", FIREFOX: "text/html"}
    if path != "/api/v1/":
        expected["text/plain"] = "text/plain"
    for accept, media_type in expected.items():
        response = reader.get(path, headers={"Accept": accept})
        assert response.mimetype == media_type
        assert "Accept" in response.headers["Vary"]


@pytest.mark.parametrize("accept", ["*/*", FIREFOX])
@pytest.mark.parametrize(
    "query", ["format=pdf", "format=csv", "format=HTML", "format=", "format=pdf&format=html"]
)
def test_unknown_format_is_ignored(reader: FlaskClient, accept: str, query: str) -> None:
    response = reader.get(f"/zipcode/9000?{query}", headers={"Accept": accept})
    expected = reader.get("/zipcode/9000", headers={"Accept": accept})
    assert (response.status_code, response.content_type) == (expected.status_code, expected.content_type)


def test_unknown_format_of_a_series_is_rejected(reader: FlaskClient) -> None:
    response = reader.get("/api/v1/health-index/series?base=2013&format=html", headers={"Accept": FIREFOX})
    assert (response.status_code, response.content_type) == (400, "application/problem+json")


@pytest.mark.parametrize("path", ["/zipcode/9000", "/zipcode/9000?format=html", "/zipcode/9000?format=text"])
def test_response_may_be_cached_for_a_minute_and_revalidated(reader: FlaskClient, path: str) -> None:
    first = reader.get(path)
    assert first.headers["Cache-Control"] == "public, max-age=60, stale-while-revalidate=60"
    again = reader.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    other = reader.get(path, headers={"If-None-Match": '"something else"'})
    assert other.status_code == 200


def test_each_representation_has_its_own_tag(reader: FlaskClient) -> None:
    tags = {reader.get(f"/zipcode/9000?format={name}").headers["ETag"] for name in ("json", "html", "text")}
    assert len(tags) == 3


@pytest.mark.parametrize("path", ["/zipcode/9000", "/zipcode/9000?format=html"])
def test_head_is_get_without_a_body(reader: FlaskClient, path: str) -> None:
    got, headed = reader.get(path), reader.head(path)
    assert headed.data == b""
    assert headed.headers["Content-Length"] == str(len(got.data))
    assert headed.headers["ETag"] == got.headers["ETag"]
