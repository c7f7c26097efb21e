"""Responses that are stored, by URL and by the headers in Vary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from tests.http.cache.site import PUBLIC, Site
from webapp.http import cache as http_cache

if TYPE_CHECKING:
    pass


def test_stored_response_is_served_with_its_age(site: Site, advance: Callable[[float], None]) -> None:
    first = site.get("/zipcode/9000")
    advance(7.5)
    again = site.get("/zipcode/9000")
    assert (first.text, again.text, site.calls) == ("response 1", "response 1", ["/zipcode/9000?"])
    assert first.headers["Cache-Status"] == "desk; fwd=miss; stored"
    assert "Age" not in first.headers
    assert (again.headers["Age"], again.headers["Cache-Status"]) == ("7", "desk; hit; ttl=52")


@pytest.mark.parametrize(
    "headers",
    [
        {"Cache-Control": ""},
        {"Cache-Control": "max-age=60"},
        {"Cache-Control": "public, private, max-age=60"},
        {"Cache-Control": "public"},
        {"Cache-Control": "public, max-age=0"},
        {"Cache-Control": "public, max-age=soon"},
        {"Cache-Control": "public, max-age=60, s-maxage=0"},
        {"Cache-Control": "public, max-age=60, no-store"},
        {"Cache-Control": "public, max-age=60, no-cache"},
        {"Set-Cookie": "lang=nl"},
        {"Vary": "*"},
    ],
    ids=str,
)
def test_response_that_is_not_publicly_cacheable_is_not_stored(site: Site, headers: dict[str, str]) -> None:
    site.view = lambda _request: site.numbered(200, **headers)
    assert [site.get().text, site.get().text] == ["response 1", "response 2"]
    assert site.get().headers["Cache-Status"] == "desk; fwd=miss"
    assert site.cache.store.count == 0


def test_cache_control_may_have_several_lines(site: Site) -> None:
    def in_lines(_request: Request) -> Response:
        response = site.numbered()
        response.headers.setlist("Cache-Control", ["public, max-age=60", "private"])
        return response

    site.view = in_lines
    assert [site.get().text, site.get().text] == ["response 1", "response 2"]


@pytest.mark.parametrize("status", [203, 404, 503])
def test_response_other_than_200_is_not_stored(site: Site, status: int) -> None:
    site.view = lambda _request: site.numbered(status)
    assert [site.get().text, site.get().text] == ["response 1", "response 2"]
    assert site.get().status_code == status


def test_streamed_response_is_not_stored(site: Site) -> None:
    site.view = lambda _request: Response(iter([b"one ", b"two"]), headers={"Cache-Control": PUBLIC})
    assert [site.get().text, site.get().text] == ["one two", "one two"]
    assert (len(site.calls), site.cache.store.count) == (2, 0)


def test_response_with_a_large_body_is_not_stored(site: Site) -> None:
    body = b"x" * (http_cache.MAX_BODY_BYTES + 1)
    site.view = lambda _request: Response(body, headers={"Cache-Control": PUBLIC})
    assert site.get().data == body
    assert site.cache.store.count == 0


def test_limit_for_shared_caches_takes_precedence(site: Site, advance: Callable[[float], None]) -> None:
    site.view = lambda _request: site.numbered(Cache_Control="public, max-age=1, s-maxage=100")
    site.get()
    advance(99)
    assert site.get().text == "response 1"
    advance(2)
    assert site.get().text == "response 2"


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/other"},
        {"query_string": "year=2013"},
        {"base_url": "http://elsewhere.example/"},
        {"base_url": "https://localhost/"},
        {"base_url": "http://localhost/under/"},
    ],
    ids=["path", "query", "host", "scheme", "prefix"],
)
def test_each_url_has_its_own_response(site: Site, other: dict[str, Any]) -> None:
    client = Client(site.cache)
    assert client.get("/").text == "response 1"
    assert client.open(**{"path": "/", **other}).text == "response 2"
    assert client.open(**{"path": "/", **other}).text == "response 2"
    assert client.get("/").text == "response 1"


def test_response_depends_on_the_headers_in_vary_only(site: Site) -> None:
    site.view = lambda _request: site.numbered(Vary="Accept, Accept-Language")
    assert site.get(Accept="text/html").text == "response 1"
    assert site.get(Accept="application/json").text == "response 2"
    assert site.get(Accept="text/html", Accept_Language="nl").text == "response 3"
    assert site.get(Accept="text/html", User_Agent="another").text == "response 1"
    assert site.get(Accept="application/json").text == "response 2"
    assert site.get(Accept="text/html", Accept_Language="nl").text == "response 3"


def test_vary_may_have_several_lines(site: Site) -> None:
    def in_lines(_request: Request) -> Response:
        response = site.numbered()
        response.headers.setlist("Vary", ["Accept", "Origin"])
        return response

    site.view = in_lines
    assert site.get(Origin="http://one.example").text == "response 1"
    assert site.get(Origin="http://other.example").text == "response 2"
    assert site.get(Origin="http://one.example").text == "response 1"


def test_responses_of_one_url_may_differ_in_vary(site: Site) -> None:
    def json_or_page(request: Request) -> Response:
        page = "html" in request.headers.get("Accept", "")
        return site.numbered(Vary="Accept, Cookie" if page else "Accept")

    site.view = json_or_page
    assert site.get(Accept="application/json").text == "response 1"
    assert site.get(Accept="text/html", Cookie="lang=nl").text == "response 2"
    assert site.get(Accept="text/html", Cookie="lang=fr").text == "response 3"
    assert site.get(Accept="application/json").text == "response 4"  # now keyed by the cookie too
    assert site.get(Accept="application/json").text == "response 4"
    assert site.get(Accept="text/html", Cookie="lang=nl").text == "response 2"
