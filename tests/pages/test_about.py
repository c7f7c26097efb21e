"""The page about the figures, and the publisher at the foot of every page."""

from __future__ import annotations

import re
from typing import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.pages.reading import text
from tests.support.databases import settings_for
from webapp.config import Settings

MakeApp = Callable[[Settings], Flask]

PAGE = {"Accept": "text/html"}
NAME, CONTACT = "Desk of Ghent <1>", "desk@example.be"
OPERATOR = {"OPERATOR_NAME": NAME, "OPERATOR_CONTACT": CONTACT}


@pytest.fixture
def operated(make_app: MakeApp, sqlite_url: str) -> FlaskClient:
    """A client of an app with a publisher."""
    return make_app(settings_for(sqlite_url, **OPERATOR)).test_client()


def test_latest_index_is_explained_by_its_base_year(reader: FlaskClient) -> None:
    page = text(reader.get("/about").text)
    assert "103.49 in August 2026 on base 2025 means +3.49% since 2025" in page


def test_base_years_have_the_years_in_which_they_were_in_force(reader: FlaskClient) -> None:
    found = re.findall(r"<li>(base .*?)</li>", reader.get("/about").text)
    assert found == [
        "base 2025: since 2026",
        "base 2013: 2014 to 2025",
        "base 2004: 2006 to 2013",
        "base 1996: 1998 to 2005",
        "base 1988: 1994 to 1997",
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "usually that of the month before the contract was signed or began",
        "the most common mistake",
        "Rents and most other contracts follow the health index itself",
        "Fire insurance usually follows the ABEX index",
        "the regions have rules of their own",
    ],
)
def test_question_is_answered(reader: FlaskClient, statement: str) -> None:
    assert statement in text(reader.get("/about").text)


def test_page_without_data_has_the_questions(shared_empty_app: Flask) -> None:
    response = shared_empty_app.test_client().get("/about", headers=PAGE)
    assert response.status_code == 503
    assert "Which base year is mine?" in text(response.text)


@pytest.mark.parametrize("path", ["/", "/?zipcode=9000", "/about", "/index/1900-01", "/nowhere"])
def test_publisher_is_named_and_linked_once_on_every_page(operated: FlaskClient, path: str) -> None:
    page = operated.get(path, headers=PAGE).text
    assert text(page).count(f"published by {NAME}") == 1
    assert page.count(f'href="mailto:{CONTACT}"') == 1


@pytest.mark.parametrize("path", ["/about", "/nowhere"])
def test_page_without_publisher_has_no_line_for_it(reader: FlaskClient, path: str) -> None:
    page = text(reader.get(path, headers=PAGE).text)
    assert "published by" not in page.replace("published by Statbel", "")
    assert "Questions and remarks" not in page


def test_contact_alone_is_shown_without_a_name(make_app: MakeApp, sqlite_url: str) -> None:
    settings = settings_for(sqlite_url, OPERATOR_CONTACT="+32 2 555 01 23")
    page = make_app(settings).test_client().get("/about", headers=PAGE).text
    assert '<a href="tel:+3225550123">+32 2 555 01 23</a>' in page
    assert "These pages are published by" not in text(page)
