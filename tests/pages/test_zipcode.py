"""`/zipcode/<zipcode>`: the JSON, its headers, and the page."""

from __future__ import annotations

from datetime import date
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import ORDINARY_DAY
from tests.pages.reading import links, text
from tests.support.risk_tables import delete_risk_tables, load_table
from tests.zipcodes.seed import GAPS, RANGES
from webapp.data import reads
from webapp.zipcodes.risk_table import Range

PAGE = {"Accept": "text/html"}


def test_every_range_has_its_factor_and_every_gap_is_not_found(reader: FlaskClient) -> None:
    for first, last, factor in RANGES:
        for zipcode in {first, last}:
            response = reader.get(f"/zipcode/{zipcode}")
            assert (response.status_code, response.json) == (200, {"risk_factor": factor}), zipcode
            assert response.headers["Risk-Range"] == f"{first}-{last}"
    for zipcode in {end for gap in GAPS for end in gap}:
        response = reader.get(f"/zipcode/{zipcode}")
        assert (response.status_code, response.json) == (404, {"detail": "ZIPCODE_NOT_FOUND"}), zipcode


@pytest.mark.parametrize(
    "text",
    ["0999", "B-9000", "9000\n", "９０００", "\x000000", "9" * 2000],
    ids=lambda text: ascii(text)[:12],
)
def test_invalid_zipcode_is_rejected(reader: FlaskClient, text: str) -> None:
    response = reader.get(f"/zipcode/{quote(text)}")
    assert (response.status_code, response.json) == (400, {"detail": "ZIPCODE_NOT_VALID"})


def risk_headers(client: FlaskClient, url: str) -> dict[str, str]:
    headers = client.get(url).headers
    return {name: value for name, value in headers.items() if name.startswith("Risk-")}


def test_json_has_headers_with_range_and_risk_table(reader: FlaskClient) -> None:
    assert risk_headers(reader, "/zipcode/9200") == {"Risk-Range": "9170-9240", "Risk-Table": "1"}


def test_headers_have_the_first_and_last_day_of_the_risk_table(app: Flask, client: FlaskClient) -> None:
    load_table(app, [Range(9000, 9000, "C")], date(2026, 9, 14))
    load_table(app, [Range(9000, 9000, "A")], date(2027, 1, 1))
    assert risk_headers(client, "/zipcode/9000") == {
        "Risk-Range": "9000-9000",
        "Risk-Table": "2",
        "Risk-Table-Effective-From": "2026-09-14",
        "Risk-Table-Effective-Until": "2026-12-31",
    }


def test_page_shows_factor_and_places(reader: FlaskClient) -> None:
    response = reader.get("/zipcode/9000", headers=PAGE)
    assert (response.status_code, response.mimetype) == (200, "text/html")
    assert "9000 Gent Risk factor B" in text(response.text)


@pytest.mark.parametrize(
    ("path", "status", "near"),
    [
        ("/zipcode/1311", 404, "1310 La Hulpe"),
        ("/zipcode/gentt", 400, "9000 Gent"),
    ],
)
def test_error_page_suggests_the_nearest_places(
    reader: FlaskClient, path: str, status: int, near: str
) -> None:
    response = reader.get(path, headers=PAGE)
    assert response.status_code == status
    assert "Did you mean one of these?" in text(response.text)
    assert near in text(response.text)


def test_error_page_without_similar_places_suggests_none(reader: FlaskClient) -> None:
    assert "Did you mean" not in reader.get("/zipcode/qqqqqqqq", headers=PAGE).text


def test_error_as_json_does_not_search_for_the_nearest_places(
    reader: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[str] = []
    monkeypatch.setattr(reads, "nearest", searched.append)
    assert reader.get("/zipcode/1311").json == {"detail": "ZIPCODE_NOT_FOUND"}
    assert not searched


def test_page_does_not_link_to_itself(reader: FlaskClient) -> None:
    assert "/zipcode/4700" not in links(reader.get("/zipcode/4700", headers=PAGE).text)


@pytest.mark.parametrize("text", ["999", "abc", "9000%0d%0aX: 1"])
def test_invalid_zipcode_with_a_slash_is_rejected(reader: FlaskClient, text: str) -> None:
    response = reader.get(f"/zipcode/{text}/", follow_redirects=True)
    assert (response.status_code, response.json) == (400, {"detail": "ZIPCODE_NOT_VALID"})


def test_double_slash_is_not_found(reader: FlaskClient) -> None:
    assert reader.get("/zipcode//9000").json == {"detail": "NOT_FOUND"}


def test_zipcode_without_a_risk_table_is_unavailable(app: Flask, client: FlaskClient) -> None:
    delete_risk_tables(app)
    response = client.get("/zipcode/9000")
    assert (response.status_code, response.json) == (503, {"detail": "RISK_TABLE_UNAVAILABLE"})
    assert int(response.headers["Retry-After"]) > 0


def test_zipcode_that_was_not_found_is_served_from_a_new_risk_table(app: Flask, client: FlaskClient) -> None:
    assert client.get("/zipcode/1311").status_code == 404
    newest = load_table(app, [Range(1311, 1311, "A")], ORDINARY_DAY.date())
    response = client.get("/zipcode/1311")
    assert (response.status_code, response.json) == (200, {"risk_factor": "A"})
    assert response.headers["Risk-Table"] == str(newest)
