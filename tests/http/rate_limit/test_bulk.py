"""Requests with a large body count for several."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.http.rate_limit.clients import Limited, statuses
from webapp.http import rate_limit


@pytest.fixture
def bulk_client(monkeypatch: pytest.MonkeyPatch, limited: Limited) -> FlaskClient:
    """A client that may send six requests, or two with the largest body."""
    monkeypatch.setattr(rate_limit, "MAX_BULK_PER_WINDOW", 2)
    return limited(RATE_LIMIT="6")


LOOKUP = "/api/v1/zipcodes/lookup"
CSV = {"Content-Type": "text/csv"}


def remaining_requests(client: FlaskClient) -> int:
    """Return the number of further requests that are accepted."""
    return statuses(client, "/index", 7).count(200)


@pytest.mark.parametrize(
    ("size", "cost"),
    [(2, 1), (2047, 1), (2048, 2), (4096, 3), (200_000, 3)],
)
def test_bulk_lookup_counts_by_the_size_of_its_body(bulk_client: FlaskClient, size: int, cost: int) -> None:
    # Buffered, which closes the temporary file.
    response = bulk_client.post(LOOKUP, data=b"9000\n".ljust(size), headers=CSV, buffered=True)
    assert response.status_code == 200
    assert remaining_requests(bulk_client) == 6 - cost


def test_bulk_lookup_of_unknown_size_counts_as_the_largest(bulk_client: FlaskClient) -> None:
    environ = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}
    response = bulk_client.post(LOOKUP, data=b"9000\n", headers=CSV, environ_overrides=environ, buffered=True)
    assert response.status_code == 200
    assert remaining_requests(bulk_client) == 3


def test_sent_list_counts_by_its_size_and_its_form_as_one(bulk_client: FlaskClient) -> None:
    assert statuses(bulk_client, "/list", 1) == [200]
    for zipcodes in ("9000", "9000\n" * 1000):
        sent = bulk_client.post("/list", data={"zipcodes": zipcodes}, content_type="multipart/form-data")
        assert sent.status_code == 200
    assert remaining_requests(bulk_client) == 6 - 1 - 1 - 3


def test_office_behind_one_address_may_send_a_short_list_each(limited: Limited) -> None:
    client = limited(RATE_LIMIT="6000")
    body = {"zipcodes": ["9000", "2000"]}
    assert {client.post(LOOKUP, json=body).status_code for _ in range(200)} == {200}


def test_preflight_of_the_bulk_lookup_counts_as_one_request(bulk_client: FlaskClient) -> None:
    client = bulk_client
    for _ in range(5):
        assert client.options("/api/v1/zipcodes/lookup").status_code == 200
    assert statuses(client, "/index", 2) == [200, 429]
