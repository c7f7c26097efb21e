"""The page of one month, its JSON and its text."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.health_index.stored_values import add_value, delete_values
from tests.pages.reading import links, text

LANGUAGES = ("nl", "fr", "de", "en")


def page(client: FlaskClient, path: str, language: str = "en") -> str:
    response = client.get(path, query_string={"lang": language, "format": "html"})
    assert response.status_code == 200
    return response.text


# The page


def test_page_shows_value_changes_and_source_on_every_base_year(reader: FlaskClient) -> None:
    shown = text(page(reader, "/index/2020-01"))
    assert "2013 109.72 107.04 +0.49% +1.12% published by Statbel" in shown
    assert "2025 80.93 78.95 +0.50% +1.12% converted with Statbel’s official coefficient 0.7376" in shown
    assert "Health index January 2020" in shown


def test_page_names_a_coefficient_that_is_not_official(reader: FlaskClient) -> None:
    shown = text(page(reader, "/index/2026-07"))
    assert "139.96 136.61 –0.19%" not in shown
    assert "converted with coefficient 1.3557, not Statbel’s" in shown


def test_title_has_the_value_on_the_base_year_in_force_or_the_selected_one(reader: FlaskClient) -> None:
    assert "<title>Health index January 2020: 109.72 on base 2013" in page(reader, "/index/2020-01")
    selected = reader.get("/index/2020-01?year=2004&format=html").text
    assert "<title>Health index January 2020: 132.51 on base 2004" in selected
    assert selected.count('class="selected"') == 1


@pytest.mark.parametrize("month", ["1994-01", "2014-01", "2026-08"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_link_works(reader: FlaskClient, month: str, language: str) -> None:
    for url in links(page(reader, f"/index/{month}", language)):
        assert reader.get(url).status_code == 200, url


def test_links_lead_to_the_months_before_and_after_and_keep_the_base_year(reader: FlaskClient) -> None:
    urls = links(reader.get("/index/2020-01?year=2004&format=html").text)
    assert urls[:2] == ["/index/2019-12?year=2004", "/index/2020-02?year=2004"]
    assert not [url for url in links(page(reader, "/index/1994-01")) if "1993" in url]


@pytest.mark.parametrize(
    ("month", "year", "note"),
    [
        ("2026-08", 1996, "Für August 2026 ist auf der Basis 1996 = 100 kein Gesundheitsindex verfügbar"),
        ("2013-12", 2025, "Für Dezember 2013 ist auf der Basis 2025 = 100 kein Gesundheitsindex verfügbar"),
    ],
)
def test_base_year_without_the_month_is_named_above_another(
    reader: FlaskClient, month: str, year: int, note: str
) -> None:
    query = f"year={year}&lang=de&format=html"
    assert text(reader.get(f"/index/{month}?{query}").text).count(note) == 1
    assert "kein Gesundheitsindex" not in reader.get(f"/index/2020-01?{query}").text
    assert "kein Gesundheitsindex" not in page(reader, f"/index/{month}", "de")


def test_month_leads_to_a_base_year_that_has_it_from_those_that_ended(reader: FlaskClient) -> None:
    shown = page(reader, "/index/2026-08")
    assert "Base 2004, 1996, 1988: the last value that we hold is December 2025." in text(shown)
    assert "/indexation?year=2025" in links(shown)
    for month in ("2013-12", "2025-12"):
        assert "the last value that we hold" not in text(page(reader, f"/index/{month}"))


@pytest.mark.parametrize(
    ("url", "section"),
    [
        ("/index", "/index"),
        ("/index/2020-01", "/index"),
        ("/zipcode/9000", "/"),
        ("/risk-tables/1", "/risk-tables"),
        ("/nowhere", None),
    ],
)
def test_menu_marks_the_section(reader: FlaskClient, url: str, section: str | None) -> None:
    menu = reader.get(f"{url}?format=html").text.split('class="main-menu"')[1].split("</nav>")[0]
    assert re.findall(r'href="([^"]+)" aria-current', menu) == ([section] if section else [])


# JSON and text


def test_json_is_that_of_the_api(reader: FlaskClient) -> None:
    for month in ("1994-01", "2014-01", "2020-01", "2026-07", "2026-08"):
        assert reader.get(f"/index/{month}").json == reader.get(f"/api/v1/health-index/{month}").json


def test_change_of_zero_is_a_number(app: Flask) -> None:
    for month in ("2027-01", "2027-02"):
        add_value(app, 2025, month, "104.00")
    found = app.test_client().get("/index/2027-02").get_json()
    assert found["values"][0]["month_change"] == 0.0
    assert found["previous"] == "2027-01"


@pytest.mark.parametrize(
    ("query", "expected"), [("year=2013", "109.72"), ("", "132.51"), ("year=2025", "80.93")]
)
def test_text_is_the_value_on_one_base_year(reader: FlaskClient, query: str, expected: str) -> None:
    response = reader.get(f"/index/2020-01?{query}", headers={"Accept": "text/plain"})
    assert (response.text, response.mimetype) == (expected, "text/plain")


def test_text_of_a_month_that_the_base_year_lacks_is_not_found(reader: FlaskClient) -> None:
    response = reader.get("/index/2026-08?format=text")
    assert (response.status_code, response.text) == (404, "MONTH_NOT_FOUND")
    assert reader.get("/index/2026-08?year=2004").status_code == 200


def test_response_is_cacheable_by_representation(reader: FlaskClient) -> None:
    headers = reader.get("/index/2020-01").headers
    assert headers["Cache-Control"] == "public, max-age=60, stale-while-revalidate=60"
    assert "Accept" in headers["Vary"]


# Errors


@pytest.mark.parametrize(
    "text", ["2020", "2020-13", "2020-1", "2020-01-01", "01-2020", "x", "２０２０-01"], ids=ascii
)
def test_invalid_month_is_rejected(reader: FlaskClient, text: str) -> None:
    response = reader.get(f"/index/{text}")
    assert (response.status_code, response.json) == (400, {"detail": "MONTH_NOT_VALID"})


@pytest.mark.parametrize("month", ["1993-12", "2026-09", "1900-01", "2099-12"])
def test_month_without_values_is_not_found(reader: FlaskClient, month: str) -> None:
    response = reader.get(f"/index/{month}")
    assert (response.status_code, response.json) == (404, {"detail": "MONTH_NOT_FOUND"})
    error = reader.get(f"/index/{month}?format=html&lang=nl")
    assert error.status_code == 404
    assert "alleen voor januari 1994 tot en met augustus 2026" in text(error.text)
    assert "/index" in links(error.text)


def test_invalid_base_year_is_rejected(reader: FlaskClient) -> None:
    for name in ("json", "html", "text"):
        assert reader.get(f"/index/2020-01?year=2020&format={name}").status_code == 400


def test_month_is_unavailable_without_values(app: Flask) -> None:
    delete_values(app)
    response = app.test_client().get("/index/2020-01")
    assert (response.status_code, response.json) == (503, {"detail": "INDEX_UNAVAILABLE"})
