"""Conditional requests, HEAD, and requests that bypass the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from tests.http.cache.site import MEGABYTE, PUBLIC, Site
from webapp.http.cache import HttpCache

if TYPE_CHECKING:
    pass


def tagged(site: Site) -> Callable[[Request], Response]:
    return lambda _request: site.numbered(ETag='"one"', Last_Modified="Fri, 14 Aug 2026 12:00:00 GMT")


@pytest.mark.parametrize(
    "condition",
    [
        {"If-None-Match": '"one"'},
        {"If-None-Match": 'W/"one"'},
        {"If-None-Match": '"other", "one"'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": "Fri, 14 Aug 2026 12:00:00 GMT"},
    ],
    ids=str,
)
def test_condition_that_matches_gets_304_on_a_miss_and_a_hit(site: Site, condition: dict[str, str]) -> None:
    site.view = tagged(site)
    for _ in range(2):
        response = Client(site.cache).get("/", headers=condition)
        assert (response.status_code, response.data) == (304, b"")
        assert (response.headers["ETag"], response.headers["Cache-Control"]) == ('"one"', PUBLIC)
        assert "Content-Length" not in response.headers
    assert (site.get().text, len(site.calls)) == ("response 1", 1)


@pytest.mark.parametrize(
    "condition",
    [{"If-None-Match": '"other"'}, {"If-Modified-Since": "Thu, 13 Aug 2026 12:00:00 GMT"}],
    ids=str,
)
def test_condition_that_fails_gets_the_response(site: Site, condition: dict[str, str]) -> None:
    site.view = tagged(site)
    responses = [Client(site.cache).get("/", headers=condition) for _ in range(2)]
    assert [(response.status_code, response.text) for response in responses] == [(200, "response 1")] * 2


def test_response_that_is_not_stored_can_be_a_304(site: Site) -> None:
    site.view = lambda _request: site.numbered(ETag='"one"', Cache_Control="private, max-age=60")
    response = Client(site.cache).get("/", headers={"If-None-Match": '"one"'})
    assert (response.status_code, response.data) == (304, b"")


def test_error_is_never_a_304(site: Site) -> None:
    site.view = lambda _request: site.numbered(404, ETag='"one"')
    assert Client(site.cache).get("/", headers={"If-None-Match": '"one"'}).status_code == 404


def test_head_has_headers_alone_and_fills_the_cache_for_get(site: Site) -> None:
    site.view = tagged(site)
    for _ in range(2):
        head = Client(site.cache).head("/")
        assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", "10")
    got = site.get()
    assert (got.text, len(site.calls)) == ("response 1", 1)
    assert set(got.headers) - set(head.headers) == set()


@pytest.mark.parametrize(
    "request_",
    [
        {"method": "POST"},
        {"data": b"body"},
        {"headers": {"Range": "bytes=0-1"}},
        {"headers": {"If-Match": '"one"'}},
        {"headers": {"If-Unmodified-Since": "Fri, 14 Aug 2026 12:00:00 GMT"}},
        {"headers": {"Transfer-Encoding": "chunked"}},
        {"headers": {"If-None-Match": f'"{"x" * 2000}"'}},
    ],
    ids=lambda request_: str(request_)[:60],
)
def test_unusual_request_bypasses_the_cache(site: Site, request_: dict[str, Any]) -> None:
    site.get()
    response = Client(site.cache).open("/", **request_)
    assert (response.text, "Cache-Status" in response.headers) == ("response 2", False)
    assert site.get().text == "response 1"


def test_bypassed_path_does_not_need_the_version(site: Site) -> None:
    def fail() -> int:
        raise AssertionError("the version is not needed")

    cache = HttpCache(site, fail, MEGABYTE, bypass=["/healthz"])
    assert [Client(cache).get("/healthz").text for _ in range(2)] == ["response 1", "response 2"]
