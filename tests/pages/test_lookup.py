"""The lookup page, and the error page of other routes that shows it."""

from __future__ import annotations

import html
import re
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete
from sqlalchemy import text as sql

from tests.conftest import SetClock
from tests.pages.reading import links, text
from tests.support.databases import settings_for
from tests.support.fake_statbel import FakeStatbel, bestat, responding
from webapp import clock
from webapp.config import Settings
from webapp.data.database import db
from webapp.data.index_models import IndexValue


def test_form_has_a_zipcode_and_the_base_years(reader: FlaskClient) -> None:
    page = reader.get("/").text
    assert 'action="/" method="get"' in page
    assert re.search(r'<input id="zipcode" name="zipcode"[^>]* autofocus', page)
    assert re.findall(r'name="year" value="(\d+)"', page) == ["2025", "2013", "2004", "1996", "1988"]
    assert re.search(r'value="2004"[^>]* checked', page)
    assert page.count(" checked") == 1


def test_lookup_shows_factor_and_index_with_their_sources(reader: FlaskClient) -> None:
    response = reader.get("/?zipcode=9170&year=2013")
    page = text(response.text)
    assert response.status_code == 200
    assert "9170 Sint-Gillis-Waas Risk factor A Risk factor A, as your risk table defines it." in page
    assert (
        "Places De Klinge, Meerdonk, Sint-Gillis-Waas, Sint-Pauwels Municipality of Sint-Gillis-Waas "
        "Zipcode range 9170 to 9240 Risk table No. 1" in page
    )
    assert "Health index, base 2013 current 140.30 August 2026 Next publication: 29 September 2026" in page
    assert "Statbel, published value · not checked yet: supplied with the software" in page


def test_lookup_keeps_the_input_and_links_to_each_result(reader: FlaskClient) -> None:
    page = reader.get("/?zipcode=9000&year=1996").text
    assert 'name="zipcode" value="9000"' in page
    assert re.search(r'value="1996"[^>]* checked', page)
    assert 'href="/zipcode/9000"' in page
    assert 'href="/index?year=1996"' in page
    assert "autofocus" not in page


def test_number_that_may_have_lost_a_digit_has_the_warning_of_a_list(reader: FlaskClient) -> None:
    warning = "Gelesen als 9030. Die Zahl hat ihre letzte Ziffer in einer Tabelle verloren."
    assert warning in text(reader.get("/?zipcode=9,03E%2B03&lang=de").text)
    assert "Gelesen als" not in text(reader.get("/?zipcode=9,030E%2B03&lang=de").text)


def test_range_of_one_zipcode_and_unused_zipcode_are_explained(reader: FlaskClient) -> None:
    page = text(reader.get("/?zipcode=1315&year=2004").text)
    assert "Zipcode range 1315 only" in page
    page = text(reader.get("/?zipcode=9001&year=2004").text)
    assert (
        "bpost does not use zipcode 9001, so it may be a typing error. "
        "The nearest zipcodes in use are: 9000 Gent" in page
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("gand", "9000 Gent Risk factor B"),
        ("B-9000 Gent", "9000 Gent Risk factor B"),
        (" BRÜSSEL ", "1000 Brussel / Bruxelles Risk factor C"),
    ],
)
def test_place_name_is_looked_up_in_any_language(reader: FlaskClient, query: str, expected: str) -> None:
    response = reader.get("/", query_string={"zipcode": query})
    assert response.status_code == 200
    assert expected in text(response.text)


def test_several_matching_places_are_linked(reader: FlaskClient) -> None:
    response = reader.get("/?zipcode=antwerpen&year=2013")
    assert response.status_code == 200
    assert "Several places match “antwerpen”" in text(response.text)
    urls = links(response.text)
    for zipcode in (2000, 2018, 2020, 2030, 2040, 2050, 2060):
        assert f"/?zipcode={zipcode}&year=2013" in urls
    assert "2000 Antwerpen Risk factor" in text(reader.get(urls[0]).text)


def test_places_whose_name_starts_with_the_text_are_linked_below_an_exact_match(reader: FlaskClient) -> None:
    page = reader.get("/?zipcode=gent").text
    assert "9000 Gent Risk factor" in text(page)
    assert "Other places matching “gent”" in text(page)
    assert "/?zipcode=9050" in links(page)  # Gentbrugge


@pytest.mark.parametrize(
    ("query", "nearest"),
    [("gentt", "9000 Gent"), ("90000", "9000 Gent"), ("1311", "1310")],
)
def test_text_without_match_suggests_nearest_places(reader: FlaskClient, query: str, nearest: str) -> None:
    response = reader.get(f"/?zipcode={query}")
    assert response.status_code in (400, 404)
    assert "Did you mean one of these?" in text(response.text)
    assert nearest in text(response.text)


def test_zipcode_with_the_name_of_another_place_offers_both(reader: FlaskClient) -> None:
    response = reader.get("/?zipcode=9000+Brugge&year=2013&lang=fr")
    assert response.status_code == 404
    assert "9000 est le code postal de Gand (Gent), pas de Brugge." in text(response.text)
    assert {"/?zipcode=9000&year=2013", "/?zipcode=8000&year=2013"} <= set(links(response.text))


def test_special_zipcode_shows_its_organisation_and_no_typing_error(reader: FlaskClient) -> None:
    page = text(reader.get("/?zipcode=1110").text)
    assert "1110 NATO (NAVO / OTAN) Risk factor C" in page
    assert "Organisation NATO (NAVO / OTAN) bpost gave this zipcode to an organisation" in page
    assert "typing error" not in page
    assert "Municipality" not in page
    assert "Mail centre Liège X" in text(reader.get("/zipcode/4099?format=html").text)
    assert "Standort Brucargo" in text(reader.get("/?zipcode=brucargo&lang=de").text)


def test_special_zipcode_in_no_range_names_its_organisation(reader: FlaskClient) -> None:
    response = reader.get("/?zipcode=5010")
    assert response.status_code == 404
    assert "Zipcode 5010 belongs to SudPresse, and the risk table has no factor for it." in text(
        response.text
    )
    assert "Did you mean" not in response.text


def test_list_that_is_cut_says_how_many_places_match(reader: FlaskClient) -> None:
    cut = "The first 12 of 20. For the others, enter a longer name or the zipcode."
    assert cut in text(reader.get("/?zipcode=antwerpen").text)
    assert "The first" not in text(reader.get("/?zipcode=aalst").text)


def test_text_far_from_every_name_suggests_no_places(reader: FlaskClient) -> None:
    page = text(reader.get("/?zipcode=qqqqqqqq").text)
    assert "No place found for “qqqqqqqq”. Check the spelling." in page
    assert "Did you mean" not in page


def test_places_have_their_name_in_the_language_of_the_page(reader: FlaskClient) -> None:
    assert "Luik (Liège)" in text(reader.get("/?zipcode=4000&lang=nl").text)
    assert "Gand (Gent)" in text(reader.get("/?zipcode=9000&lang=fr").text)
    assert "Brüssel (Brussel / Bruxelles)" in text(reader.get("/?zipcode=1000&lang=de").text)
    assert "1000 Brussel " in text(reader.get("/?zipcode=1000&lang=nl").text)


def test_base_year_is_2004_by_default(reader: FlaskClient) -> None:
    assert "base 2004 last value held 165.08 December 2025" in text(reader.get("/?zipcode=9000").text)


WRONG = [
    ("zipcode=999&year=2013", 400, "zipcode", "A zipcode has four digits"),
    ("zipcode=gentt&year=2013", 404, "zipcode", "No place found for “gentt”"),
    ("zipcode=1311&year=2013", 404, "zipcode", "Zipcode 1311 is in no range of the risk table"),
    ("zipcode=9000&year=2020", 400, "year", "Choose a base year"),
]


@pytest.mark.parametrize(("query", "status", "field", "message"), WRONG)
def test_invalid_field_has_a_message_and_the_focus(
    reader: FlaskClient, query: str, status: int, field: str, message: str
) -> None:
    response = reader.get(f"/?{query}")
    page = response.text
    assert response.status_code == status
    assert response.headers["Cache-Control"] == "no-store"
    assert page.count(message) == 1
    assert f'id="{field}"' in page
    assert f'id="{field}-error"' in page
    assert f'aria-describedby="{field}-hint {field}-error"' in page
    assert page.count("autofocus") == 1
    assert "<title>Error: " in page


def test_input_is_kept_after_an_error(reader: FlaskClient) -> None:
    page = reader.get("/?zipcode=99x&year=1996").text
    assert 'name="zipcode" value="99x"' in page
    assert 'aria-invalid="true"' in page
    assert re.search(r'value="1996"[^>]* checked', page)


def test_invalid_field_leaves_the_result_of_the_other(reader: FlaskClient) -> None:
    assert "Health index, base 2013 current 140.30" in text(reader.get("/?zipcode=1311&year=2013").text)
    assert "9000 Gent Risk factor B" in text(reader.get("/?zipcode=9000&year=2020").text)


def test_both_fields_can_be_wrong_and_the_first_gets_the_focus(reader: FlaskClient) -> None:
    page = reader.get("/?zipcode=99x&year=y").text
    assert page.index('id="zipcode-error"') < page.index('id="year-error"')
    assert re.search(r'<input id="zipcode"[^>]* autofocus', page)
    assert " checked" not in page


def test_unavailable_index_leaves_the_risk_factor(app: Flask) -> None:
    with app.app_context():
        db.session.execute(delete(IndexValue))
        db.session.commit()
    response = app.test_client().get("/?zipcode=9000&year=2004")
    page = text(response.text)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "60"
    assert "9000 Gent Risk factor B" in page
    assert "Health index unavailable" in page


def test_base_year_alone_gives_the_index_alone(reader: FlaskClient) -> None:
    page = text(reader.get("/?year=2013").text)
    assert "Health index, base 2013 current 140.30" in page
    assert "Risk factor B" not in page
    assert reader.get("/?year=abc").status_code == 400


@pytest.mark.parametrize("empty", ["", "%20"])
def test_empty_zipcode_is_no_error(reader: FlaskClient, empty: str) -> None:
    response = reader.get(f"/?zipcode={empty}&year=2013")
    assert response.status_code == 200
    assert "Health index, base 2013 current 140.30 August 2026" in text(response.text)
    assert "error" not in response.text


def test_home_shows_the_index_on_every_base_year_with_its_month_and_status(reader: FlaskClient) -> None:
    page = text(reader.get("/").text)
    for entry in (
        *("Base 2025 current 103.49 August 2026", "Base 2013 current 140.30 August 2026"),
        *("Base 2004 last value held 165.08 December 2025", "Base 1988 last value held 226.44 December 2025"),
    ):
        assert entry in page
    assert "Statbel publishes the next index on 29 September 2026." in page


def test_home_works_without_an_index(empty_sqlite_app: Flask) -> None:
    response = empty_sqlite_app.test_client().get("/")
    assert response.status_code == 200
    assert "Health index today" not in response.text


@pytest.mark.parametrize(
    ("url", "title"),
    [
        ("/?zipcode=9000&year=2013&lang=nl", "9000 Gent: B · 140,30 (aug 2026)"),
        ("/?zipcode=9170&year=2004", "9170 Sint-Gillis-Waas: A · 165.08 (Dec 2025)"),
        ("/?year=2013", "Health index, base 2013: 140.30 (Aug 2026)"),
        ("/zipcode/9000?format=html", "9000 Gent: B"),
        ("/?zipcode=9000&year=2020", "Error: 9000 Gent: B"),
        ("/zipcode/999?format=html", "Error: Invalid zipcode"),
    ],
)
def test_title_says_the_result(reader: FlaskClient, url: str, title: str) -> None:
    page = text(reader.get(url).text.replace("head>", "body>"))
    assert f"{title} – Index" in page


def test_risk_manager_explains_factors_in_each_language(
    sqlite_app: Flask, make_app: Callable[[Settings], Flask]
) -> None:
    notes = {"RISK_FACTOR_NOTE": "See <the manual>.", "RISK_FACTOR_NOTE_NL": "Zie het handboek."}
    url = sqlite_app.config["SQLALCHEMY_DATABASE_URI"]
    client = make_app(settings_for(url, **notes)).test_client()
    assert "Risk factor B: See &lt;the manual&gt;." in client.get("/zipcode/9000?format=html").text
    assert "Risicofactor B: Zie het handboek." in text(client.get("/?zipcode=9000&lang=nl").text)


def test_further_base_year_of_the_data_can_be_chosen(app: Flask) -> None:
    with app.app_context():
        further = {"base_year": 2034, "month": date(2034, 2, 1), "value": Decimal("101.10")}
        db.session.add(IndexValue(status="published", source="bestat", fetched_at=clock.now(), **further))
        db.session.commit()
    page = app.test_client().get("/?zipcode=9000&year=2034").text
    assert re.search(r'value="2034"[^>]* checked', page)
    assert "Health index, base 2034 current 101.10" in text(page)


def test_place_of_brussels_has_its_name_in_both_languages(reader: FlaskClient) -> None:
    assert "1000 Brussel / Bruxelles Risk factor" in text(reader.get("/?zipcode=1000").text)


def test_form_keeps_its_input_before_the_first_snapshot(
    make_app: Callable[[Settings], Flask], unreachable_url: str
) -> None:
    page = make_app(settings_for(unreachable_url)).test_client().get("/?zipcode=9000&year=1996").text
    assert page.count("Service temporarily unavailable") == 1
    assert 'name="zipcode" value="9000"' in page
    assert re.search(r'value="1996"[^>]* checked', page)


def test_markup_in_the_input_is_escaped(reader: FlaskClient) -> None:
    page = reader.get('/?zipcode="><script>alert(1)</script>&year=<u>').text
    assert "<script>" not in page
    assert "<u>" not in page


def test_page_shows_the_last_check_with_statbel_and_a_late_month(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    statbel.bestat = responding(bestat([(2025, "2026-11", 104.11)]))
    set_clock(datetime(2026, 11, 30, 11, 5, tzinfo=timezone.utc))
    client = app.test_client()
    page = text(client.get("/index?year=2025&format=html").text)
    assert "base 2025 current 104.11 November 2026" in page
    assert "last checked on 30 November 2026 at 12:05" in page
    assert "should have published" not in page
    assert "Next publication: 23 December 2026" in page
    set_clock(datetime(2026, 12, 23, 11, 5, tzinfo=timezone.utc))
    page = text(client.get("/index?year=2025&format=html").text)
    assert "Statbel should have published a more recent month" in page
    assert "Next publication" not in page


ERROR = re.compile(r'<p class="error".*?</p>')
FIELDS_AND_SUGGESTIONS = re.compile(r'<input id="zipcode"[^>]*>|<div class="messages".*?</div>', re.DOTALL)


def fields_and_suggestions(page: str) -> list[str]:
    """Return the parts of a lookup page that an error is about, without its message."""
    assert len(ERROR.findall(page)) == 1
    return FIELDS_AND_SUGGESTIONS.findall(ERROR.sub("", page))


@pytest.mark.parametrize(
    ("url", "lookup"),
    [
        ("/zipcode/1311?", "/?zipcode=1311"),
        ("/zipcode/gentt?zipcode=9000", "/?zipcode=gentt"),
        ("/zipcode/%3Cb%3Eqq?", "/?zipcode=%3Cb%3Eqq"),
        ("/index?year=%3Cb%3E&zipcode=9000", "/?year=%3Cb%3E"),
        ("/index.csv?year=2020", "/?year=2020"),
    ],
)
def test_error_page_is_the_lookup_page(reader: FlaskClient, url: str, lookup: str) -> None:
    response = reader.get(f"{url}&format=html&lang=fr")
    expected = reader.get(f"{lookup}&lang=fr").text
    assert fields_and_suggestions(response.text) == fields_and_suggestions(expected)
    assert response.status_code in (400, 404)
    assert response.headers["Cache-Control"] == "no-store"


def test_every_page_names_the_sources(reader: FlaskClient) -> None:
    for path in ("/", "/zipcode/9000?format=html", "/index?format=html", "/nowhere?format=html"):
        page = text(reader.get(path).text)
        assert "Statbel" in page
        assert "GeoNames ( CC BY 4.0 )" in page


def test_page_has_no_inline_script_and_loads_only_its_own_files(reader: FlaskClient) -> None:
    response = reader.get("/?zipcode=9000&year=2004")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?! src=)|<style|\son[a-z]+=|\sstyle=", response.text)
    assert not re.search(r'(?:src|<link rel="(?!alternate)[^>]*href)="https?:', response.text)
    for path in re.findall(r'(?:src|<link[^>]*href)="(/[^"]+)"', response.text):
        with reader.get(path) as loaded:
            assert loaded.status_code == 200


def test_zipcode_is_not_reported_unused_without_places(app: Flask) -> None:
    with app.app_context():
        db.session.execute(sql("DELETE FROM place"))
        db.session.commit()
    page = text(app.test_client().get("/?zipcode=9000&year=2013").text)
    assert "9000 Risk factor B" in page
    assert "bpost does not use" not in page


@pytest.mark.parametrize(
    "path",
    ["/?zipcode=9000&year=2013", "/zipcode/9000?", "/risk-tables?", "/risk-tables/1?", "/index?", "/about?"],
)
def test_french_has_a_no_break_space_before_each_colon(reader: FlaskClient, path: str) -> None:
    page = reader.get(f"{path}&lang=fr&format=html").text
    shown = html.unescape(re.sub(r"<(script|style).*?</\1>|<[^>]+>", "\n", page, flags=re.DOTALL))
    assert re.findall("[^\n\u00a0]:[ \n].*", shown) == []
