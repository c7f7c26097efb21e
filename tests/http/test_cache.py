"""The HTTP cache: what it gives again, to whom and for how long, and what it never keeps."""

import threading
import time
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, Iterator, List, Optional, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client, TestResponse
from werkzeug.wrappers import Request, Response

from webapp.http import cache as http_cache
from webapp.http.cache import (
    OVERHEAD_BYTES,
    CachedResponse,
    HttpCache,
    ResponseStore,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PUBLIC = "public, max-age=60, stale-while-revalidate=60"

MEGABYTE = 1024 * 1024


class Site:
    """An application that counts its answers and numbers them; `answer` is how it makes them."""

    def __init__(self) -> None:
        self.asked: List[str] = []
        self.version = 1
        self.answer: Callable[[Request], Response] = lambda _request: self.numbered()
        self.cache = HttpCache(self, lambda: self.version, MEGABYTE)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Request(environ)
        self.asked.append(request.full_path)
        return self.answer(request)(environ, start_response)

    def numbered(self, status: int = 200, **headers: str) -> Response:
        """The next answer, which anybody may keep unless its headers say otherwise."""
        response = Response(f"answer {len(self.asked)}", status, mimetype="text/plain")
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
def go_on(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets so many seconds pass for the cache, whose clock stands still else."""
    passed = [time.monotonic()]
    monkeypatch.setattr(http_cache, "monotonic", lambda: passed[0])

    def let_pass(seconds: float) -> None:
        passed[0] += seconds

    return let_pass


def at_once(*requests: Callable[[], Optional[TestResponse]]) -> List[TestResponse]:
    """Send all of these at the same time, and wait for the answers: of those that have one."""
    answers: List[Optional[TestResponse]] = [None] * len(requests)
    start = threading.Barrier(len(requests))

    def send(number: int) -> None:
        start.wait()
        answers[number] = requests[number]()

    threads = [threading.Thread(target=send, args=(number,)) for number in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answer for answer in answers if answer is not None]


# What is given again


def test_an_answer_is_given_again_with_its_age(site: Site, go_on: Callable[[float], None]) -> None:
    first = site.get("/zipcode/9000")
    go_on(7.5)
    again = site.get("/zipcode/9000")
    assert (first.text, again.text, site.asked) == ("answer 1", "answer 1", ["/zipcode/9000?"])
    assert first.headers["Cache-Status"] == "desk; fwd=miss; stored"
    assert "Age" not in first.headers
    assert (again.headers["Age"], again.headers["Cache-Status"]) == ("7", "desk; hit; ttl=52")


@pytest.mark.parametrize(
    "headers",
    [
        {"Cache-Control": ""},
        {"Cache-Control": "max-age=60"},
        {"Cache-Control": "private, max-age=60"},
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
)
def test_what_is_not_for_everybody_is_not_kept(site: Site, headers: Dict[str, Any]) -> None:
    site.answer = lambda _request: site.numbered(**headers)
    assert [site.get().text, site.get().text] == ["answer 1", "answer 2"]
    assert site.get().headers["Cache-Status"] == "desk; fwd=miss"
    assert site.cache.store.count == 0


@pytest.mark.parametrize("lines", [["public, max-age=60", "private"], ["public", "no-store, max-age=60"]])
def test_what_several_lines_say_counts_together(site: Site, lines: List[str]) -> None:
    def in_lines(_request: Request) -> Response:
        response = site.numbered()
        response.headers.setlist("Cache-Control", lines)
        return response

    site.answer = in_lines
    assert [site.get().text, site.get().text] == ["answer 1", "answer 2"]


@pytest.mark.parametrize("status", [203, 301, 400, 404, 429, 500, 503])
def test_what_is_no_success_is_not_kept(site: Site, status: int) -> None:
    site.answer = lambda _request: site.numbered(status)
    assert [site.get().text, site.get().text] == ["answer 1", "answer 2"]
    assert site.get().status_code == status


def test_an_answer_of_unknown_or_great_length_is_not_kept_and_goes_through_in_parts(site: Site) -> None:
    def in_parts(_request: Request) -> Response:
        return Response((part for part in (b"one ", b"two")), headers={"Cache-Control": PUBLIC})

    site.answer = in_parts
    assert [site.get().text, site.get().text] == ["one two", "one two"]
    site.answer = lambda _request: Response(
        b"x" * (http_cache.MAX_BODY_BYTES + 1), headers={"Cache-Control": PUBLIC}
    )
    assert len(site.get().data) == http_cache.MAX_BODY_BYTES + 1
    assert (len(site.asked), site.cache.store.count) == (3, 0)


def test_what_shared_caches_are_told_counts_more(site: Site, go_on: Callable[[float], None]) -> None:
    site.answer = lambda _request: site.numbered(Cache_Control="public, max-age=1, s-maxage=100")
    site.get()
    go_on(99)
    assert site.get().text == "answer 1"
    go_on(2)
    assert site.get().text == "answer 2"


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
def test_another_address_has_another_answer(site: Site, other: Dict[str, Any]) -> None:
    client = Client(site.cache)
    assert client.get("/").text == "answer 1"
    assert client.open(**{"path": "/", **other}).text == "answer 2"
    assert client.open(**{"path": "/", **other}).text == "answer 2"
    assert client.get("/").text == "answer 1"


# Whom it is for


def test_an_answer_is_for_those_who_ask_as_it_says(site: Site) -> None:
    site.answer = lambda _request: site.numbered(Vary="Accept, Accept-Language")
    assert site.get(Accept="text/html").text == "answer 1"
    assert site.get(Accept="application/json").text == "answer 2"
    assert site.get(Accept="text/html", Accept_Language="nl").text == "answer 3"
    assert site.get(Accept="text/html", User_Agent="another").text == "answer 1"
    assert site.get(Accept="application/json").text == "answer 2"
    assert site.get(Accept="text/html", Accept_Language="nl").text == "answer 3"


def test_what_it_depends_on_may_be_said_in_several_lines(site: Site) -> None:
    def in_lines(_request: Request) -> Response:
        response = site.numbered()
        response.headers.setlist("Vary", ["Accept", "Origin"])
        return response

    site.answer = in_lines
    assert site.get(Origin="http://one.example").text == "answer 1"
    assert site.get(Origin="http://other.example").text == "answer 2"
    assert site.get(Origin="http://one.example").text == "answer 1"


def test_one_address_may_have_answers_that_depend_on_more_than_others(site: Site) -> None:
    def json_or_page(request: Request) -> Response:
        page = "html" in request.headers.get("Accept", "")
        return site.numbered(Vary="Accept, Cookie" if page else "Accept")

    site.answer = json_or_page
    assert site.get(Accept="application/json").text == "answer 1"
    assert site.get(Accept="text/html", Cookie="lang=nl").text == "answer 2"
    assert site.get(Accept="text/html", Cookie="lang=fr").text == "answer 3"
    assert site.get(Accept="application/json").text == "answer 4"  # told apart by the cookie now as well
    assert site.get(Accept="application/json").text == "answer 4"
    assert site.get(Accept="text/html", Cookie="lang=nl").text == "answer 2"


# 304, HEAD, and what is not for the cache


def tagged(site: Site) -> Callable[[Request], Response]:
    return lambda _request: site.numbered(ETag='"one"', Last_Modified="Fri, 14 Aug 2026 12:00:00 GMT")


CONDITIONS = [
    {"If-None-Match": '"one"'},
    {"If-None-Match": 'W/"one"'},
    {"If-None-Match": '"other", "one"'},
    {"If-None-Match": "*"},
    {"If-Modified-Since": "Fri, 14 Aug 2026 12:00:00 GMT"},
]


@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
@pytest.mark.parametrize("warm", [False, True])
def test_who_has_the_answer_is_told_so(site: Site, condition: Dict[str, str], warm: bool) -> None:
    site.answer = tagged(site)
    if warm:
        site.get()
    answers = [Client(site.cache).get("/", headers=condition) for _ in range(2)]
    for answer in answers:
        assert (answer.status_code, answer.data) == (304, b"")
        assert (answer.headers["ETag"], answer.headers["Cache-Control"]) == ('"one"', PUBLIC)
        assert "Content-Length" not in answer.headers
    assert (site.get().text, len(site.asked)) == ("answer 1", 1)


@pytest.mark.parametrize(
    "condition",
    [{"If-None-Match": '"other"'}, {"If-Modified-Since": "Thu, 13 Aug 2026 12:00:00 GMT"}],
    ids=str,
)
def test_who_has_another_answer_gets_this_one(site: Site, condition: Dict[str, str]) -> None:
    site.answer = tagged(site)
    answers = [Client(site.cache).get("/", headers=condition) for _ in range(2)]
    assert [(answer.status_code, answer.text) for answer in answers] == [(200, "answer 1")] * 2


def test_what_is_not_kept_can_be_a_304_as_well(site: Site) -> None:
    site.answer = lambda _request: site.numbered(ETag='"one"', Cache_Control="private, max-age=60")
    answer = Client(site.cache).get("/", headers={"If-None-Match": '"one"'})
    assert (answer.status_code, answer.data) == (304, b"")


@pytest.mark.parametrize("status", [404, 500])
def test_what_is_no_success_is_no_304_either(site: Site, status: int) -> None:
    site.answer = lambda _request: site.numbered(status, ETag='"one"')
    assert Client(site.cache).get("/", headers={"If-None-Match": '"one"'}).status_code == status


def test_head_has_the_headers_alone_and_fills_the_cache_for_get(site: Site) -> None:
    site.answer = tagged(site)
    for _ in range(2):
        head = Client(site.cache).head("/")
        assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", "8")
    got = site.get()
    assert (got.text, len(site.asked)) == ("answer 1", 1)
    assert set(got.headers) - set(head.headers) == set()


@pytest.mark.parametrize(
    "request_",
    [
        {"method": "POST"},
        {"method": "OPTIONS"},
        {"data": b"content"},
        {"headers": {"Range": "bytes=0-1"}},
        {"headers": {"If-Match": '"one"'}},
        {"headers": {"If-Unmodified-Since": "Fri, 14 Aug 2026 12:00:00 GMT"}},
        {"headers": {"If-None-Match": f'"{"x" * 2000}"'}},
    ],
    ids=lambda request_: str(request_)[:60],
)
def test_what_is_unusual_goes_to_the_application_as_it_is(site: Site, request_: Dict[str, Any]) -> None:
    site.get()
    answer = Client(site.cache).open("/", **request_)
    assert (answer.text, "Cache-Status" in answer.headers) == ("answer 2", False)
    assert site.get().text == "answer 1"


def test_who_asks_whether_the_process_lives_waits_for_no_look_at_the_data(site: Site) -> None:
    def hang() -> int:
        raise AssertionError("the version was asked for")

    cache = HttpCache(site, hang, MEGABYTE, bypass=["/healthz"])
    answers = [Client(cache).get("/healthz").text for _ in range(2)]
    assert answers == ["answer 1", "answer 2"]


# For how long


def test_an_old_answer_is_made_anew(site: Site, go_on: Callable[[float], None]) -> None:
    site.get()
    go_on(59)
    assert site.get().text == "answer 1"
    go_on(62)
    assert site.get().text == "answer 2"


def test_while_one_request_makes_it_anew_the_others_get_the_old_one(
    site: Site, go_on: Callable[[float], None]
) -> None:
    site.get()
    go_on(61)
    under_way, finish = threading.Event(), threading.Event()

    def slow(_request: Request) -> Response:
        under_way.set()
        finish.wait(10)
        return site.numbered()

    site.answer = slow
    made: List[str] = []
    maker = threading.Thread(target=lambda: made.append(site.get().text))
    maker.start()
    under_way.wait(10)
    others = [site.get() for _ in range(5)]
    assert {(answer.text, answer.headers["Age"]) for answer in others} == {("answer 1", "61")}
    assert others[0].headers["Cache-Status"] == "desk; hit; ttl=-1"
    finish.set()
    maker.join()
    assert (made, site.get().text, len(site.asked)) == (["answer 2"], "answer 2", 2)


@pytest.mark.parametrize(
    "control", ["public, max-age=60", f"{PUBLIC}, must-revalidate", f"{PUBLIC}, proxy-revalidate"]
)
def test_who_does_not_allow_it_is_never_given_old(
    site: Site, go_on: Callable[[float], None], control: str
) -> None:
    site.answer = lambda _request: site.numbered(Cache_Control=control)
    site.get()
    go_on(61)
    slow_site(site, 0.1)
    answers = at_once(*[site.get] * 4)
    assert {answer.text for answer in answers} == {"answer 2"}


def test_an_answer_that_cannot_be_made_anew_leaves_the_old_one(
    site: Site, go_on: Callable[[float], None]
) -> None:
    site.get()
    go_on(61)
    site.answer = lambda _request: site.numbered(503)
    failed = site.get()
    assert (failed.status_code, failed.headers["Cache-Status"]) == (503, "desk; fwd=stale")
    site.answer = lambda _request: site.numbered()
    assert site.get().text == "answer 3"


def test_other_data_makes_all_answers_wrong(site: Site) -> None:
    site.get("/a")
    site.get("/b")
    site.version = 2
    assert [site.get("/a").text, site.get("/b").text] == ["answer 3", "answer 4"]
    assert site.get("/a").text == "answer 3"


def test_an_answer_from_data_that_changed_meanwhile_is_not_kept(site: Site) -> None:
    def overtaken(_request: Request) -> Response:
        site.version += 1
        site.get("/seen-by-somebody-else") if len(site.asked) == 1 else None
        return site.numbered()

    site.answer = overtaken
    site.get("/a")
    site.answer = lambda _request: site.numbered()
    before = len(site.asked)
    site.get("/a")
    assert len(site.asked) == before + 1


def test_request_overtaken_by_a_change_leaves_newer_responses_stored(site: Site) -> None:
    site.version = 2
    site.get("/a")
    site.version = 1  # as a thread sees it that read it before the change
    assert site.get("/a").text == "answer 1"
    assert "stored" not in site.get("/b").headers["Cache-Status"]
    site.version = 2
    assert site.get("/a").text == "answer 1"
    assert site.get("/b").headers["Cache-Status"] == "desk; fwd=miss; stored"


def test_request_after_a_change_does_not_wait_for_a_response_from_before(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_cache, "WAIT_TIMEOUT_SECONDS", 60)
    begun, finish = threading.Event(), threading.Event()

    def first_hangs(_request: Request) -> Response:
        if len(site.asked) == 1:
            begun.set()
            finish.wait(30)
            return site.numbered(X_Version="1")
        time.sleep(0.1)
        return site.numbered(X_Version="2")

    site.answer = first_hangs
    hanging = threading.Thread(target=site.get)
    hanging.start()
    begun.wait(10)
    site.version = 2
    after = at_once(*[site.get] * 5)
    assert [answer.headers["X-Version"] for answer in after] == ["2"] * 5
    assert (len(site.asked), hanging.is_alive()) == (2, True)
    finish.set()
    hanging.join()
    assert site.get().headers["X-Version"] == "2"


def test_no_older_response_follows_a_newer_one(site: Site) -> None:
    """Threads note the newest version that anyone got before they send, while the data goes on changing."""
    site.answer = lambda _request: Response(str(site.version), headers={"Cache-Control": PUBLIC})
    newest, backwards = [0], []

    def ask() -> None:
        while site.version < 500:
            before = newest[-1]
            got = int(site.get().text)
            newest.append(max(got, newest[-1]))
            if got < before:
                backwards.append((before, got))

    def change() -> None:
        while site.version < 500:
            time.sleep(0.002)
            site.version += 1

    at_once(change, *[ask] * 4)
    assert not backwards
    assert newest[-1] >= 499


# Many at once


def slow_site(site: Site, seconds: float, status: int = 200) -> None:
    def answer(_request: Request) -> Response:
        number = len(site.asked)
        time.sleep(seconds)
        response = site.numbered(status)
        response.set_data(f"answer {number}")
        return response

    site.answer = answer


def test_many_that_want_the_same_are_one_call_of_the_application(site: Site) -> None:
    slow_site(site, 0.1)
    answers = at_once(*[site.get] * 20)
    assert [answer.text for answer in answers] == ["answer 1"] * 20
    assert len(site.asked) == 1


def test_many_that_want_different_things_do_not_wait_for_each_other(site: Site) -> None:
    slow_site(site, 0.2)
    started = time.monotonic()
    at_once(*[lambda number=number: site.get(f"/{number}") for number in range(10)])
    assert time.monotonic() - started < 1.5
    assert len(site.asked) == 10


def test_what_cannot_be_kept_is_asked_for_at_once_and_not_one_after_the_other(site: Site) -> None:
    slow_site(site, 0.2, 404)
    started = time.monotonic()
    answers = at_once(*[site.get] * 10)
    assert time.monotonic() - started < 1.5
    assert {answer.status_code for answer in answers} == {404}


def test_nobody_waits_long_for_a_call_that_hangs(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_cache, "WAIT_TIMEOUT_SECONDS", 0.1)
    finish = threading.Event()

    def first_one_hangs(_request: Request) -> Response:
        if len(site.asked) == 1:
            finish.wait(10)
        return site.numbered()

    site.answer = first_one_hangs
    hanging = threading.Thread(target=site.get)
    hanging.start()
    while not site.asked:
        time.sleep(0.01)
    started = time.monotonic()
    assert site.get().text == "answer 2"
    assert time.monotonic() - started < 5
    finish.set()
    hanging.join()


def test_an_error_is_for_the_one_who_caused_it_and_the_others_try_again(site: Site) -> None:
    def first_one_fails(_request: Request) -> Response:
        number = len(site.asked)
        time.sleep(0.1)
        if number == 1:
            raise LookupError("broken")
        return site.numbered()

    site.answer = first_one_fails
    failed: List[Exception] = []

    def ask() -> Optional[TestResponse]:
        try:
            return site.get()
        except LookupError as error:
            failed.append(error)
            return None

    answers = at_once(*[ask] * 5)
    assert (len(failed), [answer.status_code for answer in answers]) == (1, [200] * 4)
    assert site.get().status_code == 200


def test_it_is_safe_with_many_threads(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty addresses in a cache with room for five, and a version that changes all the time."""
    monkeypatch.setattr(http_cache, "MAX_RESPONSES", 5)
    site.answer = lambda request: Response(
        f"{request.path} {request.accept_mimetypes}", headers={"Cache-Control": PUBLIC, "Vary": "Accept"}
    )

    def ask_for_all() -> TestResponse:
        for round_ in range(50):
            for number in range(20):
                kind = f"text/{round_ % 3}"
                assert site.get(f"/{number}", Accept=kind).text == f"/{number} {kind}"
            site.version += 1
        return site.get("/0")

    assert len(at_once(*[ask_for_all] * 4)) == 4
    assert 0 < site.cache.store.count <= 5


def test_what_fails_on_the_way_is_closed(site: Site) -> None:
    closed: List[str] = []

    class Failing:
        def __iter__(self) -> Iterator[bytes]:
            yield b"the beginning "
            raise LookupError("and no end")

        def close(self) -> None:
            closed.append("yes")

    def fail(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        start_response("200 OK", [("Cache-Control", PUBLIC), ("Content-Length", "20")])
        return Failing()

    with pytest.raises(LookupError):
        Client(HttpCache(fail, lambda: 1, MEGABYTE)).get("/")
    assert closed == ["yes"]


# Its bounds


def test_those_used_last_are_kept(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_cache, "MAX_RESPONSES", 3)
    for path in ("/a", "/b", "/c", "/a", "/d"):
        site.get(path)
    site.asked.clear()
    for path in ("/a", "/c", "/d", "/b"):
        site.get(path)
    assert site.asked == ["/b?"]


def test_one_address_that_is_asked_for_in_ever_other_ways_leaves_room_for_others(site: Site) -> None:
    site.answer = lambda _request: site.numbered(Vary="Accept")
    site.get("/other", Accept="*/*")
    for number in range(3 * http_cache.MAX_VARIANTS):
        site.get("/", Accept=f"text/{number}")
    assert site.cache.store.count == 1 + http_cache.MAX_VARIANTS
    assert site.get("/other", Accept="*/*").text == "answer 1"


def test_a_hundred_thousand_addresses_take_no_more_than_the_limit() -> None:
    answers = ResponseStore(MEGABYTE)
    answers.find((), {}, 1)
    for number in range(100_000):
        answers.add(("", f"{number:06}"), {}, (), answer_of(94), 1)
    assert MEGABYTE - 100 - OVERHEAD_BYTES < answers.bytes <= MEGABYTE
    assert answers.count == answers.bytes // (100 + OVERHEAD_BYTES)


def test_an_answer_larger_than_the_cache_is_not_kept_and_pushes_out_no_other() -> None:
    answers = ResponseStore(2 * OVERHEAD_BYTES)
    answers.find((), {}, 1)
    assert answers.add(("small",), {}, (), answer_of(100), 1)
    assert not answers.add(("large",), {}, (), answer_of(2 * OVERHEAD_BYTES), 1)
    assert answers.count == 1


def test_long_addresses_and_headers_count(site: Site) -> None:
    site.answer = lambda _request: site.numbered(Vary="Accept")
    for number in range(300):
        site.get(f"/?{number}{'x' * 4000}", Accept="y" * 8000)
    assert site.cache.store.count < MEGABYTE / 12_000


def answer_of(size: int) -> CachedResponse:
    return CachedResponse("200 OK", [], [b"x" * size], 0, 1, 1, size + OVERHEAD_BYTES)


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
def test_what_is_counted_is_what_is_there(
    steps: List[Tuple[str, str, Tuple[str, ...], int, int]],
) -> None:
    answers, newest = ResponseStore(20_000), 0
    for path, accept, vary, size, version in steps:
        newest = max(newest, version)
        environ = {"HTTP_ACCEPT": accept, "HTTP_COOKIE": str(size % 2)}
        answers.find((path,), environ, version)
        assert answers.add((path,), environ, vary, answer_of(size), version) == (version == newest)
        there = [answer for _names, kept in answers._entries.values() for answer in kept.values()]
        assert answers.count == len(there)
        assert answers.bytes == sum(answer.size for answer in there) <= 20_000
