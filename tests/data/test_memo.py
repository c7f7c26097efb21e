"""Memoization: saved calls, errors, snapshots, purging, and concurrent threads."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any, Callable, Iterator, List, Tuple

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.databases import settings_for
from webapp.config import Settings
from webapp.data.memo import ProcessCache, cache
from webapp.zipcodes import risk_table, search

MakeApp = Callable[[Settings], Flask]
Calls = List[Tuple[Any, ...]]


@pytest.fixture
def app(make_app: MakeApp, sqlite_url: str) -> Flask:
    return make_app(settings_for(sqlite_url, HTTP_CACHE_MB="0"))


def entries(app: Flask) -> int:
    """Return the number of cached results."""
    return len(app.extensions["cache"][cache]._cache)


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Record the lookups from now on."""
    calls: Calls = []
    find = risk_table.find

    def note(*arguments: Any) -> Any:
        calls.append(arguments)
        return find(*arguments)

    monkeypatch.setattr(risk_table, "find", note)
    return calls


def test_page_and_json_share_one_lookup(client: FlaskClient, lookups: Calls) -> None:
    for path in (
        "/zipcode/9000",
        "/zipcode/9000?format=html",
        "/api/v1/zipcodes/9000",
        "/zipcode/9000?junk=1",
    ):
        assert client.get(path).status_code == 200
    assert len(lookups) == 1


def test_same_search_runs_once(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    searches: list[str] = []
    find = search.search

    def note(places: Any, text: str, limit: int) -> Any:
        searches.append(text)
        return find(places, text, limit)

    monkeypatch.setattr(search, "search", note)
    first, second = (client.get("/api/v1/zipcodes?q=gen").data for _ in range(2))
    assert first == second
    assert searches == ["gen"]


def test_new_snapshot_gets_no_older_result(app: Flask, client: FlaskClient, lookups: Calls) -> None:
    client.get("/zipcode/9000")
    app.extensions["watcher"].load()
    client.get("/zipcode/9000")
    assert len(lookups) == 2


@pytest.mark.parametrize(
    ("path", "status"),
    [("/zipcode/1311", 404), ("/index?year=12345", 400)],
)
def test_error_is_not_cached(app: Flask, client: FlaskClient, path: str, status: int) -> None:
    client.get("/zipcode/9000")  # creates the entries of Flask-Caching itself
    assert client.get(path).status_code == status
    before = entries(app)
    for _ in range(3):
        assert client.get(path).status_code == status
    assert entries(app) == before


def test_views_do_not_change_shared_results(client: FlaskClient) -> None:
    paths = [
        "/zipcode/9000?format=html",
        "/api/v1/zipcodes/9000",
        "/api/v1/zipcodes?q=9000",
        "/?zipcode=9000",
    ]
    first = [client.get(path).data for path in paths]
    assert [client.get(path).data for path in paths] == first


def test_expired_entries_are_purged_without_being_read(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = ProcessCache(threshold=1000)
    for number in range(100):
        backend.set(f"snapshot 1, {number}", "result", timeout=60)
    later = time.time() + 61
    monkeypatch.setattr("cachelib.simple.time", lambda: later)
    monkeypatch.setattr("webapp.data.memo.time.time", lambda: later)
    backend.set("snapshot 2", "result", timeout=60)
    assert list(backend._cache) == ["snapshot 2"]


@pytest.fixture
def frequent_switching() -> Iterator[None]:
    """Switch threads often enough for races to happen."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("threshold", [1, 300])
def test_threads_can_fill_the_cache_over_its_threshold(frequent_switching: None, threshold: int) -> None:
    tiny = ProcessCache(threshold=threshold)
    failures: list[BaseException] = []

    def work(thread: int) -> None:
        try:
            for number in range(400):
                tiny.set(f"{thread}-{number}", number, timeout=60 if number % 3 else 1)
                tiny.set_many({f"{thread}-{number}-more": number}, timeout=60)
                assert tiny.get(f"{thread}-{number}") in (number, None)
                tiny.get_many(f"{thread}-{number - 1}", f"{thread + 1}-{number}")
        except Exception as error:  # noqa: BLE001  # a thread would lose it
            failures.append(error)

    threads = [threading.Thread(target=work, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(tiny._cache) <= threshold + 1


def test_threshold_is_above_the_number_of_zipcodes() -> None:
    assert Settings.of({}).for_flask()["CACHE_THRESHOLD"] > 9000 + 100
