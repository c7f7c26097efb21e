"""Limits of the number, the size and the variants of responses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.http.cache.site import MEGABYTE, Site
from webapp.http import response_store
from webapp.http.response_store import OVERHEAD_BYTES, CachedResponse, ResponseStore

if TYPE_CHECKING:
    pass


def test_least_recently_used_url_is_evicted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response_store, "MAX_RESPONSES", 3)
    for path in ("/a", "/b", "/c", "/a", "/d"):
        site.get(path)
    site.calls.clear()
    for path in ("/a", "/c", "/d", "/b"):
        site.get(path)
    assert site.calls == ["/b?"]


def test_url_with_many_variants_does_not_evict_others(site: Site) -> None:
    site.view = lambda _request: site.numbered(Vary="Accept")
    site.get("/other", Accept="*/*")
    for number in range(3 * response_store.MAX_VARIANTS):
        site.get("/", Accept=f"text/{number}")
    assert site.cache.store.count == 1 + response_store.MAX_VARIANTS
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
