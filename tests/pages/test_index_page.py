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


def test_ended_base_year_has_a_next_step_with_links_that_work(reader: FlaskClient) -> None:
    page = reader.get(f"{PAGE}&year=2004").text
    assert (
        "Base 2004: the last value that we hold is December 2025. To calculate up to August 2026, take both "
        "months on another base: on base 2025 , from January 2014 on base 2013 , from January 1994"
        in text(page)
    )
    for url in links(page):
        assert reader.get(url).status_code == 200, url
    for base_year in (2025, 2013):
        assert "the last value that we hold" not in text(reader.get(f"{PAGE}&year={base_year}").text)


def test_page_explains_changes_and_the_dash(reader: FlaskClient) -> None:
    page = text(reader.get(PAGE).text)
    assert (
        "1 month: change from the previous month. 1 year: change from the same month a year earlier. "
        "–: not available." in page
    )


def test_page_names_the_next_publication(reader: FlaskClient) -> None:
    assert "Statbel publishes the next index on 29 September 2026" in text(reader.get(PAGE).text)


def months_of_table(page: str) -> dict[str, str]:
    """Return the values of the table of months, with their marks, by month."""
    table = page[page.index('<table class="months"') :]
    cells = re.findall(r'<td><a href="/index/([0-9-]+)">([^<]*)</a>(?:<sup>(.)</sup>)?', table)
    return {month: value + mark for month, value, mark in cells}


def test_chart_has_a_description_in_words(reader: FlaskClient) -> None:
    page = reader.get(f"{PAGE}&year=2013&period=5").text
    assert "Health index from September 2021 to August 2026, base 2013" in text(page)
    assert "lowest 112.29 in September 2021, highest 140.30 in August 2026" in text(page)
    assert 'aria-labelledby="chart-title chart-about"' in page
    assert ">2013 = 100</text>" in page


@pytest.mark.parametrize(
    ("period", "first", "months"),
    [("1", "2025-09", 12), ("5", "2021-09", 60), ("10", "2016-09", 120), ("all", "1994-01", 392)],
)
def test_period_applies_to_chart_table_and_download(
    reader: FlaskClient, period: str, first: str, months: int
) -> None:
    page = reader.get(f"{PAGE}&year=2013&period={period}").text
    [path] = re.findall(r'<path class="chart-line" [^>]*d="([^"]+)"', page)
    assert len(re.findall("-?[0-9]+", path)) == 2 * months
    assert len(months_of_table(page)) == months
    [url] = [url for url in links(page) if url.startswith("/index.csv")]
    downloaded = rows(reader, url.split("?", 1)[1])
    assert len(downloaded) == months + 1
    assert downloaded[1][0] == first
    assert downloaded[-1][0] == "2026-08"


def test_months_of_the_table_link_to_their_pages(reader: FlaskClient) -> None:
    months = months_of_table(reader.get(f"{PAGE}&year=2013&period=all").text)
    assert months["2020-01"] == "109.72"
    for linked in [*months][::40]:
        assert reader.get(f"/index/{linked}").status_code == 200


def test_smoothed_index_is_a_second_line_and_a_second_table(reader: FlaskClient) -> None:
    page = reader.get(f"{PAGE}&year=2013&period=1&show=smoothed").text
    assert months_of_table(page)["2026-08"] == "136.85"
    assert "Smoothed index by year and month, base 2013" in text(page)
    assert page.count("chart-second") == 2  # the line and its legend
    assert "/index?year=2013&period=1&show=smoothed#series" in links(page)
    # Base 2025 begins in January 2014, and the mean has four months.
    early = months_of_table(reader.get(f"{PAGE}&year=2025&period=all&show=smoothed").text)
    assert min(early) == "2014-04"


def test_unknown_series_is_rejected(reader: FlaskClient) -> None:
    response = reader.get(f"{PAGE}&show=x")
    assert response.status_code == 400
    assert "Choose one of these series: health, smoothed." in text(response.text)


@pytest.mark.parametrize(
    ("base_year", "month", "mark", "legend"),
    [
        (2013, "2026-07", "d", "d converted with coefficient 1.3557, not Statbel’s"),
        (2004, "2025-12", "c", "c converted with Statbel’s official coefficient 1.2077"),
        (2025, "2025-12", "c", "c converted with Statbel’s official coefficient 0.7376"),
    ],
)
def test_converted_months_are_marked_in_table_and_chart_with_a_legend(
    reader: FlaskClient, base_year: int, month: str, mark: str, legend: str
) -> None:
    page = reader.get(f"{PAGE}&year={base_year}&period=1").text
    months = months_of_table(page)
    assert months[month].endswith(mark)
    assert legend in text(page)
    assert 'fill="url(#chart-hatch)"' in page
    marked = sum(not value[-1].isdigit() for value in months.values())
    runs = re.findall(r"([0-9]+)([^0-9])", re.findall(r'data-marks="([^"]+)"', page)[0])
    assert sum(int(count) for count, run in runs if run == mark) == marked
    assert sum(int(count) for count, _run in runs) == len(months)


def test_published_months_have_no_mark_and_no_legend(reader: FlaskClient) -> None:
    page = reader.get(f"{PAGE}&year=2004&period=all").text
    assert months_of_table(page)["2010-01"].endswith("6")
    page = reader.get(f"{PAGE}&year=2025&period=1").text
    assert months_of_table(page)["2026-08"] == "103.49"


def test_table_of_coefficients_tells_official_from_derived_and_unknown_ones(reader: FlaskClient) -> None:
    assert "/about#coefficients" in links(reader.get(PAGE).text)
    page = text(reader.get("/about?lang=nl").text)
    assert "2025 1,3557 d – – –" in page
    assert "2013 0,7376 1,2077 1,3740 1,6566" in page
    assert "d: afgeleid, niet van Statbel" in page


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
    [row] = re.findall(r'<tr><th scope="row">2025</th>(.*?)</tr>', page)
    assert row.count("<td>") == 12
    assert sorted(months_of_table(page))[1:4] == ["2025-10", "2025-12", "2026-01"]
    assert "2025-11" not in [row[0] for row in rows(client, "year=2013&period=1")]


def test_value_converted_with_the_derived_coefficient_is_not_called_official(app: Flask) -> None:
    add_value(app, 2025, "2026-09", "103.77")
    client = app.test_client()
    page = text(client.get(f"{PAGE}&year=2013").text)
    assert "base 2013 current 140.68 September 2026" in page
    assert "× 1.3557; this coefficient is not Statbel’s own" in page
    assert "converted to this base year with the official coefficient" not in page
    assert "converted with Statbel’s official coefficient" not in page
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
