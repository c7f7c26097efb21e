"""Responses that expire, or that the data has overtaken."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Callable

import pytest
from werkzeug.wrappers import Request, Response

from tests.http.cache.site import PUBLIC, Site, respond_slowly, send_together
from webapp.http import cache as http_cache

if TYPE_CHECKING:
    pass


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
