"""The HTTP cache: stored responses, variants, freshness, concurrency and limits."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client, TestResponse
from werkzeug.wrappers import Request, Response

from webapp.http import cache as http_cache
from webapp.http.cache import OVERHEAD_BYTES, CachedResponse, HttpCache, ResponseStore

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PUBLIC = "public, max-age=60, stale-while-revalidate=60"

MEGABYTE = 1024 * 1024


class Site:
    """A cached app that records its calls and numbers its responses.

    Attributes:
        view: returns the response to a request.
        version: the version of the data.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.version = 1
        self.view: Callable[[Request], Response] = lambda _request: self.numbered()
        self.cache = HttpCache(self, lambda: self.version, MEGABYTE)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        self.calls.append(request.full_path)
        return self.view(request)(environ, start_response)

    def numbered(self, status: int = 200, **headers: str) -> Response:
        """Return the next response, publicly cacheable unless its headers say otherwise."""
        response = Response(f"response {len(self.calls)}", status, mimetype="text/plain")
        response.headers["Cache-Control"] = PUBLIC
        for name, value in headers.items():
            response.headers[name.replace("_", "-")] = value
        return response

    def get(self, path: str = "/", **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Client(self.cache, use_cookies=False).get(path, headers=named)


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def advance(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Stop the clock of the cache. Call this to advance it by some seconds."""
    now = [time.monotonic()]
    monkeypatch.setattr(http_cache, "monotonic", lambda: now[0])

    def advance_by(seconds: float) -> None:
        now[0] += seconds

    return advance_by


def send_together(*requests: Callable[[], TestResponse | None]) -> list[TestResponse]:
    """Send requests from threads at the same time, and return the responses."""
    responses: list[TestResponse | None] = [None] * len(requests)
    start = threading.Barrier(len(requests))

    def send(number: int) -> None:
        start.wait()
        responses[number] = requests[number]()

    threads = [threading.Thread(target=send, args=(number,)) for number in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [response for response in responses if response is not None]


# Responses that are stored


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


# Vary


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


# Conditional requests, HEAD, and requests that bypass the cache


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


# Freshness


def test_expired_response_is_replaced(site: Site, advance: Callable[[float], None]) -> None:
    site.get()
    advance(59)
    assert site.get().text == "response 1"
    advance(62)
    assert site.get().text == "response 2"


def test_stale_response_is_served_while_one_request_revalidates(
    site: Site, advance: Callable[[float], None]
) -> None:
    site.get()
    advance(61)
    started, finish = threading.Event(), threading.Event()

    def slow(_request: Request) -> Response:
        started.set()
        finish.wait(10)
        return site.numbered()

    site.view = slow
    revalidated: list[str] = []
    thread = threading.Thread(target=lambda: revalidated.append(site.get().text))
    thread.start()
    started.wait(10)
    others = [site.get() for _ in range(5)]
    assert {(response.text, response.headers["Age"]) for response in others} == {("response 1", "61")}
    assert others[0].headers["Cache-Status"] == "desk; hit; ttl=-1"
    finish.set()
    thread.join()
    assert (revalidated, site.get().text, len(site.calls)) == (["response 2"], "response 2", 2)


@pytest.mark.parametrize(
    "control", ["public, max-age=60", f"{PUBLIC}, must-revalidate", f"{PUBLIC}, proxy-revalidate"]
)
def test_stale_response_is_not_served_unless_allowed(
    site: Site, advance: Callable[[float], None], control: str
) -> None:
    site.view = lambda _request: site.numbered(Cache_Control=control)
    site.get()
    advance(61)
    respond_slowly(site, 0.1)
    responses = send_together(*[site.get] * 4)
    assert {response.text for response in responses} == {"response 2"}


def test_failed_revalidation_leaves_the_stale_response(site: Site, advance: Callable[[float], None]) -> None:
    site.get()
    advance(61)
    site.view = lambda _request: site.numbered(503)
    failed = site.get()
    assert (failed.status_code, failed.headers["Cache-Status"]) == (503, "desk; fwd=stale")
    site.view = lambda _request: site.numbered()
    assert site.get().text == "response 3"


# Versions of the data


def test_new_version_empties_the_cache(site: Site) -> None:
    site.get("/a")
    site.get("/b")
    site.version = 2
    assert [site.get("/a").text, site.get("/b").text] == ["response 3", "response 4"]
    assert site.get("/a").text == "response 3"


def test_response_overtaken_by_a_change_is_not_stored(site: Site) -> None:
    def change(_request: Request) -> Response:
        site.version += 1
        if len(site.calls) == 1:
            site.get("/other")  # so that the cache sees the change
        return site.numbered()

    site.view = change
    site.get("/a")
    site.view = lambda _request: site.numbered()
    before = len(site.calls)
    site.get("/a")
    assert len(site.calls) == before + 1


def test_request_overtaken_by_a_change_leaves_newer_responses_stored(site: Site) -> None:
    site.version = 2
    site.get("/a")
    site.version = 1  # as in a thread that read it before the change
    assert site.get("/a").text == "response 1"
    assert "stored" not in site.get("/b").headers["Cache-Status"]
    site.version = 2
    assert site.get("/a").text == "response 1"
    assert site.get("/b").headers["Cache-Status"] == "desk; fwd=miss; stored"


def test_request_after_a_change_does_not_wait_for_an_older_response(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_cache, "WAIT_TIMEOUT_SECONDS", 60)
    started, finish = threading.Event(), threading.Event()

    def first_call_hangs(_request: Request) -> Response:
        if len(site.calls) == 1:
            started.set()
            finish.wait(30)
            return site.numbered(X_Version="1")
        time.sleep(0.1)
        return site.numbered(X_Version="2")

    site.view = first_call_hangs
    hanging = threading.Thread(target=site.get)
    hanging.start()
    started.wait(10)
    site.version = 2
    after = send_together(*[site.get] * 5)
    assert [response.headers["X-Version"] for response in after] == ["2"] * 5
    assert (len(site.calls), hanging.is_alive()) == (2, True)
    finish.set()
    hanging.join()
    assert site.get().headers["X-Version"] == "2"


def test_no_older_response_follows_a_newer_one(site: Site) -> None:
    """Each request notes the newest version received so far, while the data changes."""
    site.view = lambda _request: Response(str(site.version), headers={"Cache-Control": PUBLIC})
    newest, backwards = [0], []

    def read() -> None:
        while site.version < 200:
            before = newest[-1]
            got = int(site.get().text)
            newest.append(max(got, newest[-1]))
            if got < before:
                backwards.append((before, got))

    def change() -> None:
        while site.version < 200:
            time.sleep(0.002)
            site.version += 1

    send_together(change, *[read] * 4)
    assert not backwards
    assert len(set(newest)) > 1
    assert site.get().text == "200"


# Concurrent requests


def respond_slowly(site: Site, seconds: float, status: int = 200) -> None:
    def view(_request: Request) -> Response:
        number = len(site.calls)
        time.sleep(seconds)
        response = site.numbered(status)
        response.set_data(f"response {number}")
        return response

    site.view = view


def test_concurrent_requests_for_one_response_call_the_app_once(site: Site) -> None:
    respond_slowly(site, 0.1)
    responses = send_together(*[site.get] * 20)
    assert [response.text for response in responses] == ["response 1"] * 20
    assert len(site.calls) == 1


def test_requests_for_different_responses_do_not_wait_for_each_other(site: Site) -> None:
    respond_slowly(site, 0.2)
    start = time.monotonic()
    send_together(*[lambda number=number: site.get(f"/{number}") for number in range(10)])
    assert time.monotonic() - start < 1.5
    assert len(site.calls) == 10


def test_requests_for_uncacheable_responses_do_not_queue(site: Site) -> None:
    respond_slowly(site, 0.2, 404)
    start = time.monotonic()
    responses = send_together(*[site.get] * 10)
    assert time.monotonic() - start < 1.5
    assert {response.status_code for response in responses} == {404}


def test_wait_for_a_hanging_call_times_out(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_cache, "WAIT_TIMEOUT_SECONDS", 0.1)
    finish = threading.Event()

    def first_call_hangs(_request: Request) -> Response:
        if len(site.calls) == 1:
            finish.wait(10)
        return site.numbered()

    site.view = first_call_hangs
    hanging = threading.Thread(target=site.get)
    hanging.start()
    while not site.calls:
        time.sleep(0.01)
    start = time.monotonic()
    assert site.get().text == "response 2"
    assert time.monotonic() - start < 5
    finish.set()
    hanging.join()


def test_error_is_raised_for_one_request_and_the_others_try_again(site: Site) -> None:
    def first_call_fails(_request: Request) -> Response:
        number = len(site.calls)
        time.sleep(0.1)
        if number == 1:
            raise LookupError("broken")
        return site.numbered()

    site.view = first_call_fails
    errors: list[Exception] = []

    def get() -> TestResponse | None:
        try:
            return site.get()
        except LookupError as error:
            errors.append(error)
            return None

    responses = send_together(*[get] * 5)
    assert (len(errors), [response.status_code for response in responses]) == (1, [200] * 4)
    assert site.get().status_code == 200


def test_cache_is_thread_safe(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty URLs in a cache for five responses, and a version that changes constantly."""
    monkeypatch.setattr(http_cache, "MAX_RESPONSES", 5)
    site.view = lambda request: Response(
        f"{request.path} {request.accept_mimetypes}", headers={"Cache-Control": PUBLIC, "Vary": "Accept"}
    )

    def get_all() -> TestResponse:
        for round_ in range(20):
            for number in range(20):
                media_type = f"text/{round_ % 3}"
                assert site.get(f"/{number}", Accept=media_type).text == f"/{number} {media_type}"
            site.version += 1
        return site.get("/0")

    assert len(send_together(*[get_all] * 4)) == 4
    assert 0 < site.cache.store.count <= 5


def test_body_that_fails_is_closed() -> None:
    closed: list[bool] = []

    class Failing:
        def __iter__(self) -> Iterator[bytes]:
            yield b"the beginning "
            raise LookupError("and no end")

        def close(self) -> None:
            closed.append(True)

    def fail(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Cache-Control", PUBLIC), ("Content-Length", "20")])
        return Failing()

    with pytest.raises(LookupError):
        Client(HttpCache(fail, lambda: 1, MEGABYTE)).get("/")
    assert closed == [True]


# Limits


def test_least_recently_used_url_is_evicted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_cache, "MAX_RESPONSES", 3)
    for path in ("/a", "/b", "/c", "/a", "/d"):
        site.get(path)
    site.calls.clear()
    for path in ("/a", "/c", "/d", "/b"):
        site.get(path)
    assert site.calls == ["/b?"]


def test_url_with_many_variants_does_not_evict_others(site: Site) -> None:
    site.view = lambda _request: site.numbered(Vary="Accept")
    site.get("/other", Accept="*/*")
    for number in range(3 * http_cache.MAX_VARIANTS):
        site.get("/", Accept=f"text/{number}")
    assert site.cache.store.count == 1 + http_cache.MAX_VARIANTS
    assert site.get("/other", Accept="*/*").text == "response 1"


def entry(size: int) -> CachedResponse:
    return CachedResponse("200 OK", [], [b"x" * size], 0, 1, 1, size + OVERHEAD_BYTES, {})


def test_many_urls_fill_the_store_up_to_its_limit() -> None:
    store = ResponseStore(MEGABYTE)
    store.find((), {}, 1)
    for number in range(2000):
        store.add(("", f"{number:06}"), {}, (), entry(94), 1)
    assert MEGABYTE - 100 - OVERHEAD_BYTES < store.bytes <= MEGABYTE
    assert store.count == store.bytes // (100 + OVERHEAD_BYTES)


def test_response_larger_than_the_store_evicts_no_other() -> None:
    store = ResponseStore(2 * OVERHEAD_BYTES)
    store.find((), {}, 1)
    assert store.add(("small",), {}, (), entry(100), 1)
    assert not store.add(("large",), {}, (), entry(2 * OVERHEAD_BYTES), 1)
    assert store.count == 1


def test_keys_count_as_memory(site: Site) -> None:
    site.view = lambda _request: site.numbered(Vary="Accept")
    for number in range(300):
        site.get(f"/?{number}{'x' * 4000}", Accept="y" * 8000)
    assert site.cache.store.count < MEGABYTE / 12_000


STEPS = st.lists(
    st.tuples(
        st.sampled_from("abcdef"),
        st.sampled_from(["text/html", "application/json", "*/*"]),
        st.sampled_from([(), ("HTTP_ACCEPT",), ("HTTP_ACCEPT", "HTTP_COOKIE")]),
        st.integers(0, 5000),
        st.integers(1, 3),
    ),
    max_size=60,
)


@given(STEPS)
def test_totals_of_the_store_are_those_of_its_entries(
    steps: list[tuple[str, str, tuple[str, ...], int, int]],
) -> None:
    store, newest = ResponseStore(20_000), 0
    for path, accept, vary, size, version in steps:
        newest = max(newest, version)
        environ = {"HTTP_ACCEPT": accept, "HTTP_COOKIE": str(size % 2)}
        store.find((path,), environ, version)
        assert store.add((path,), environ, vary, entry(size), version) == (version == newest)
        entries = [
            response for _names, responses in store._entries.values() for response in responses.values()
        ]
        assert store.count == len(entries)
        assert store.bytes == sum(response.size for response in entries) <= 20_000
