"""The health index page and its CSV download."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete

from tests.health_index.stored_values import add_value, delete_values, month
from tests.pages.reading import links, text
from webapp.data.database import db
from webapp.data.index_models import IndexValue

PAGE = "/index?format=html"


def rows(client: FlaskClient, query: str) -> list[list[str]]:
    response = client.get(f"/index.csv?{query}")
    assert response.status_code == 200
    assert response.data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(response.data.decode("utf-8-sig")), delimiter=";"))


def test_page_shows_index_and_changes_of_every_base_year(reader: FlaskClient) -> None:
    page = text(reader.get(PAGE).text)
    assert "2025 Aug 2026 103.49" in page
    assert "2013 Aug 2026 140.30 +0.24% +3.44%" in page
    assert "1988 Dec 2025 226.44" in page
    assert "Base 2004, 1996, 1988: the latest available month is December 2025" in page


def test_page_explains_changes_and_the_dash(reader: FlaskClient) -> None:
    page = text(reader.get(PAGE).text)
    assert (
        "1 month: change from the previous month. 1 year: change from the same month a year earlier. "
        "–: not available." in page
    )


def test_page_names_the_next_publication(reader: FlaskClient) -> None:
    assert "Statbel publishes the next index on 29 September 2026" in text(reader.get(PAGE).text)


def test_chart_has_a_description_in_words(reader: FlaskClient) -> None:
    page = reader.get(f"{PAGE}&year=2013&period=5").text
    assert page.count("<polyline") == 1
    [points] = re.findall(r'points="([^"]+)"', page)
    assert len(points.split()) == 61
    assert "Health index from August 2021 to August 2026, base 2013" in text(page)
    assert "lowest 112.29 in September 2021, highest 140.30 in August 2026" in text(page)
    assert 'aria-labelledby="chart-title chart-about"' in page


@pytest.mark.parametrize(
    ("period", "first", "months"),
    [("1", "2025-08", 13), ("all", "1994-01", 392)],
)
def test_period_applies_to_chart_table_and_download(
    reader: FlaskClient, period: str, first: str, months: int
) -> None:
    page = reader.get(f"{PAGE}&year=2013&period={period}").text
    [points] = re.findall(r'points="([^"]+)"', page)
    assert len(points.split()) == months
    table = page[page.index('<table class="months">') :]
    assert len(re.findall(r"<td>[0-9.]+</td>", table)) == months
    [url] = [url for url in links(page) if url.startswith("/index.csv")]
    downloaded = rows(reader, url.split("?", 1)[1])
    assert len(downloaded) == months + 1
    assert downloaded[1][0] == first
    assert downloaded[-1][0] == "2026-08"


def test_links_keep_period_and_base_year(reader: FlaskClient) -> None:
    urls = links(reader.get(f"{PAGE}&year=2013&period=10").text)
    assert "/index?year=1996&period=10#series" in urls
    assert "/index?year=2013&period=all#series" in urls


def test_unknown_period_is_rejected_on_page_and_download_but_not_in_json(reader: FlaskClient) -> None:
    for path in (f"{PAGE}&period=7", "/index.csv?period=7"):
        response = reader.get(path, headers={"Accept": "text/html"})
        assert response.status_code == 400
        assert "Choose one of these periods" in text(response.text)
    assert reader.get("/index?period=7").json == {"index": 165.08}  # the contract has no periods


@pytest.mark.parametrize(
    ("language", "header", "last"),
    [
        ("en", ["Month", "Health index", "Smoothed index", "Source"], ["2026-08", "140.30", "136.85"]),
        ("nl", ["Maand", "Gezondheidsindex"], ["2026-08", "140,30", "136,85"]),
    ],
)
def test_download_is_in_the_language_of_the_page(
    reader: FlaskClient, language: str, header: list[str], last: list[str]
) -> None:
    downloaded = rows(reader, f"year=2013&period=1&lang={language}")
    assert downloaded[0][: len(header)] == header
    assert downloaded[-1][:3] == last


def test_download_has_type_name_and_caching_headers(reader: FlaskClient) -> None:
    headers = reader.get("/index.csv?year=2013").headers
    assert headers["Content-Type"] == "text/csv; charset=utf-8"
    assert headers["Content-Disposition"] == "attachment; filename=health-index-2013.csv"
    assert headers["Cache-Control"] == "public, max-age=60, stale-while-revalidate=60"
    assert headers["Vary"] == "Accept, Accept-Language, Cookie, Accept-Encoding"


def test_missing_month_is_left_empty(app: Flask) -> None:
    with app.app_context():
        db.session.execute(delete(IndexValue).where(IndexValue.month == month("2025-11")))
        db.session.commit()
    client = app.test_client()
    page = client.get(f"{PAGE}&year=2013&period=1").text
    [row] = re.findall(r'<tr><th scope="row">2025</th>(.*)</tr>', page)
    values = re.findall(r"<td>([0-9.]*)</td>", row)
    assert len(values) == 12
    assert [number for number, value in enumerate(values, start=1) if not value][-1] == 11
    assert "2025-11" not in [row[0] for row in rows(client, "year=2013&period=1")]


def test_value_converted_with_the_derived_coefficient_is_not_called_official(app: Flask) -> None:
    add_value(app, 2025, "2026-09", "103.77")
    client = app.test_client()
    page = text(client.get(f"{PAGE}&year=2013").text)
    assert "base 2013 current 140.68 September 2026" in page
    assert "× 1.3557; this coefficient is not Statbel’s own" in page
    assert "converted to this base year with the official coefficient" not in page
    sources = {row[0]: row[3] for row in rows(client, "year=2013&period=1")}
    assert sources["2026-09"] == sources["2026-07"] == "converted with coefficient 1.3557, not Statbel’s"
    assert sources["2026-08"] == "published by Statbel"
    assert rows(client, "year=2004&period=1")[-1][3] == "converted with Statbel’s official coefficient"


def test_page_without_values_is_an_error_page(app: Flask) -> None:
    delete_values(app)
    response = app.test_client().get(f"{PAGE}&year=1996")
    assert response.status_code == 503
    assert "No value is available on base 1996 yet" in text(response.text)


def test_changes_agree_with_the_table(reader: FlaskClient) -> None:
    months = {row[0]: Decimal(row[1]) for row in rows(reader, "year=1996&period=all")[1:]}
    year = months["2025-12"] / months["2024-12"] - 1
    assert f"+{100 * year:.2f}%" in text(reader.get(PAGE).text)
