"""Requests that count, and rejected ones."""

from __future__ import annotations

from tests.http.rate_limit.clients import Limited, statuses


def test_requests_to_all_urls_count_together(limited: Limited) -> None:
    client = limited()
    paths = ["/zipcode/9000", "/index", "/api/v1/health-index?base=2013", "/zipcode/2000"]
    assert [client.get(path).status_code for path in paths] == [200, 200, 200, 429]


def test_rejection_says_when_to_try_again(limited: Limited) -> None:
    client = limited()
    statuses(client, "/index", 3)
    rejected = client.get("/api/v1/zipcodes/9000")
    assert rejected.content_type == "application/problem+json"
    assert (rejected.json or {})["code"] == "RATE_LIMITED"
    assert 1 <= int(rejected.headers["Retry-After"]) <= 60
    assert rejected.headers["Cache-Control"] == "no-store"
    assert rejected.headers["Access-Control-Allow-Origin"] == "*"


def test_health_probes_neither_count_nor_are_rejected(limited: Limited) -> None:
    client = limited()
    assert statuses(client, "/healthz", 9) == [200] * 9
    assert statuses(client, "/index", 4) == [200, 200, 200, 429]
    assert statuses(client, "/readyz", 2) == [200] * 2


RESPONSES = [
    ("GET", "/no-such-page", 404),
    ("GET", "/static/style.css", 200),
    ("POST", "/index", 405),
    ("DELETE", "/healthz", 405),
    ("GET", "/api/v1", 308),
    ("GET", "/zipcode/abc", 400),
    ("OPTIONS", "/index", 200),
    ("HEAD", "/index", 200),
]


def test_every_response_counts(limited: Limited) -> None:
    client = limited(RATE_LIMIT=str(len(RESPONSES)))
    for method, path, status in RESPONSES:
        assert client.open(path, method=method, buffered=True).status_code == status, path
    assert client.get("/index").status_code == 429


def test_rejected_large_body_counts(limited: Limited) -> None:
    client = limited()
    responses = [client.post("/index", data=b"x" * 2_000_000) for _ in range(4)]
    assert [response.status_code for response in responses] == [413] * 3 + [429]


def test_cached_response_does_not_count(limited: Limited) -> None:
    client = limited(HTTP_CACHE_MB="1")
    assert statuses(client, "/zipcode/9000", 9) == [200] * 9
    assert statuses(client, "/zipcode/1311", 3) == [404, 404, 429]


def test_zero_means_no_limit(limited: Limited) -> None:
    assert set(statuses(limited(RATE_LIMIT="0"), "/zipcode/9000", 9)) == {200}
