"""Concurrent requests for one response."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Iterable, Iterator

import pytest
from werkzeug.test import Client, TestResponse
from werkzeug.wrappers import Request, Response

from tests.http.cache.site import MEGABYTE, PUBLIC, Site, respond_slowly, send_together
from webapp.http import cache as http_cache
from webapp.http import response_store
from webapp.http.cache import HttpCache

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


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
    monkeypatch.setattr(response_store, "MAX_RESPONSES", 5)
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
