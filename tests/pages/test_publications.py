"""The feed and the calendar of the health index, read as their clients do."""

from __future__ import annotations

import re
from calendar import timegm
from datetime import date, datetime, timedelta, timezone
from html import unescape
from typing import Any

import feedparser
import icalendar
import pytest
from dateutil.relativedelta import relativedelta
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import ORDINARY_DAY, SetClock
from tests.health_index.stored_values import add_value, delete_values
from webapp.health_index.publication import publication_day
from webapp.health_index.values import CONVERTED
from webapp.i18n.languages import LANGUAGES

PATHS = ("/index.atom", "/index.ics")

# Notes of feedparser about a feed that is well-formed.
FINE = {"bozo": False, "version": "atom10"}


def feed(client: FlaskClient, query: str = "lang=en", **options: Any) -> Any:
    response = client.get(f"/index.atom?{query}", **options)
    assert response.status_code == 200
    found = feedparser.parse(response.data, response_headers={"content-type": response.content_type})
    assert {name: found[name] for name in FINE} == FINE
    return found


def calendar(client: FlaskClient, query: str = "lang=en") -> Any:
    response = client.get(f"/index.ics?{query}")
    assert response.status_code == 200
    found = icalendar.Calendar.from_ical(response.data)
    assert found.errors == []
    return found


def events(client: FlaskClient, query: str = "lang=en") -> list[Any]:
    found = calendar(client, query).walk("VEVENT")
    for event in found:
        assert event.errors == []
    return list(found)


def lines(entry: Any) -> list[str]:
    """Return the lines of an entry's content."""
    [content] = entry.content
    assert content.type == "text/html"
    return [unescape(line) for line in re.findall("<li>(.*?)</li>", content.value)]


def values_by_month(client: FlaskClient) -> dict[str, list[str]]:
    """Return the lines of each month, newest base year first, as read from the API."""
    found: dict[str, list[str]] = {}
    for entry in client.get("/api/v1/health-index/base-years").get_json()["base_years"]:
        base_year = entry["base_year"]
        series = client.get(f"/api/v1/health-index/series?base={base_year}").get_json()
        for value in series["values"]:
            converted = " (converted)" if value["status"] == CONVERTED else ""
            line = f"Base {base_year}: {value['value']:.2f}{converted}"
            found.setdefault(value["month"], []).append(line)
    return found


# The feed


def test_feed_has_an_entry_per_published_month_with_all_base_years(reader: FlaskClient) -> None:
    entries = feed(reader, "lang=en&period=all").entries
    expected = values_by_month(reader)
    titles = [f"{datetime.strptime(month, '%Y-%m'):%B %Y}" for month in sorted(expected, reverse=True)]
    assert [re.findall(r"Health index (\w+ \d+): ", entry.title) for entry in entries] == [
        [title] for title in titles
    ]
    assert [lines(entry) for entry in entries] == [
        expected[month] for month in sorted(expected, reverse=True)
    ]


def test_title_of_an_entry_has_the_base_year_in_force(reader: FlaskClient) -> None:
    titles = [entry.title for entry in feed(reader).entries]
    assert "Health index December 2025: 136.69 on base 2013" in titles


@pytest.mark.parametrize(
    ("language", "title", "line"),
    [
        ("nl", "Gezondheidsindex december 2025: 136,69 in basis 2013", "Basis 2013: 136,69"),
        ("fr", "Indice santé décembre 2025\u00a0: 136,69 en base 2013", "Base 2013\u00a0: 136,69"),
        (
            "de",
            "Gesundheitsindex Dezember 2025: 136,69, Basis 2013\u00a0=\u00a0100",
            "Basis 2013\u00a0=\u00a0100: 136,69",
        ),
    ],
)
def test_feed_and_calendar_are_in_the_language_asked_for(
    reader: FlaskClient, language: str, title: str, line: str
) -> None:
    for query, options in ((f"lang={language}", {}), ("", {"headers": {"Accept-Language": language}})):
        found = feed(reader, query, **options)
        assert found.feed.language == language
        [entry] = [entry for entry in found.entries if entry.title == title]
        assert line in lines(entry)
        assert entry.link.startswith(f"http://localhost/index?lang={language}&year=")
    [event] = [event for event in events(reader, f"lang={language}") if event["SUMMARY"] == title]
    assert line in event["DESCRIPTION"].split("\n")
    assert event["SUMMARY"].params["LANGUAGE"] == language


def test_entry_has_the_publication_day_and_the_last_change(app: Flask) -> None:
    client = app.test_client()
    add_value(app, 2034, max(values_by_month(client)), "80.12")  # retrieved on 1 January
    newest, *others = feed(client).entries
    assert "Base 2034: 80.12" in lines(newest)
    assert newest.published == "2026-01-01T00:00:00Z"
    for entry in others:
        month = datetime.strptime(re.findall(r"\w+ \d{4}", entry.title)[0], "%B %Y").date()
        published = datetime.fromtimestamp(timegm(entry.published_parsed), timezone.utc)
        assert (published + timedelta(hours=3)).date() == publication_day(month)
        assert entry.updated == f"{ORDINARY_DAY:%Y-%m-%dT%H:%M:%SZ}"


def test_feed_has_what_rfc_4287_requires(reader: FlaskClient) -> None:
    found = feed(reader, "lang=fr&period=1")
    ids = [found.feed.id, *(entry.id for entry in found.entries)]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("urn:uuid:[0-9a-f-]{36}", entry_id) for entry_id in ids)
    assert found.feed.title == "Indice santé belge"
    assert found.feed.author == "Guichet indice et codes postaux"
    assert found.feed.updated == max(entry.updated for entry in found.entries)
    own = {link.rel: (link.type, link.href) for link in found.feed.links}
    assert own == {
        "self": ("application/atom+xml", "http://localhost/index.atom?lang=fr&period=1"),
        "alternate": ("text/html", "http://localhost/index?lang=fr"),
    }
    assert reader.get(own["self"][1]).data == reader.get("/index.atom?lang=fr&period=1").data


def test_identifiers_depend_on_the_language_but_not_on_host_or_values(app: Flask) -> None:
    client = app.test_client()
    before = feed(client, "lang=nl")
    assert not {entry.id for entry in before.entries} & {
        entry.id for entry in feed(client, "lang=fr").entries
    }
    uids = [event["UID"] for event in events(client)]
    add_value(app, 2034, max(values_by_month(client)), "80.12")
    after = feed(client, "lang=nl", base_url="https://desk.example")
    assert [entry.id for entry in after.entries] == [entry.id for entry in before.entries]
    assert after.entries[0].link.startswith("https://desk.example/index?")
    assert [event["UID"] for event in events(client)] == uids


# The calendar


def test_calendar_has_past_publication_days_and_the_next_twelve(reader: FlaskClient) -> None:
    months = [date(int(text[:4]), int(text[5:]), 1) for text in sorted(values_by_month(reader))]
    months += [months[-1] + relativedelta(months=count) for count in range(1, 13)]
    found = events(reader, "lang=en&period=all")
    assert [event.decoded("DTSTART") for event in found] == [publication_day(month) for month in months]
    for event, month in zip(found, months):
        assert event["SUMMARY"].startswith(f"Health index {month:%B %Y}")
        assert event.decoded("DTEND") - event.decoded("DTSTART") == timedelta(days=1)
        assert event["STATUS"] == (
            "CONFIRMED" if event.decoded("DTSTART") <= ORDINARY_DAY.date() else "TENTATIVE"
        )
        assert event["TRANSP"] == "TRANSPARENT"
    assert len([event for event in found if event["STATUS"] == "TENTATIVE"]) == 12


def test_past_event_has_its_figures_and_a_coming_one_its_month(reader: FlaskClient) -> None:
    found = events(reader)
    [december] = [event for event in found if "December 2025" in event["SUMMARY"]]
    assert december["SUMMARY"] == "Health index December 2025: 136.69 on base 2013"
    assert december["DESCRIPTION"].split("\n") == values_by_month(reader)["2025-12"]
    assert december["URL"] == "http://localhost/index?lang=en&year=2013"
    last = found[-1]
    assert re.fullmatch(r"Health index \w+ \d{4}", last["SUMMARY"])
    assert last["DESCRIPTION"] == "Expected day of publication by Statbel."


def test_month_in_the_calendar_gets_its_figures_when_they_are_known(app: Flask) -> None:
    client = app.test_client()
    coming = next(event for event in events(client) if event["STATUS"] == "TENTATIVE")
    month = datetime.strptime(coming["SUMMARY"], "Health index %B %Y").replace(tzinfo=timezone.utc)
    add_value(app, 2025, f"{month:%Y-%m}", "103.50")
    [known] = [event for event in events(client) if event["UID"] == coming["UID"]]
    assert known["SUMMARY"] == f"{coming['SUMMARY']}: 103.50 on base 2025"
    assert known["STATUS"] == "CONFIRMED"


def test_calendar_has_what_rfc_5545_requires(reader: FlaskClient) -> None:
    found = calendar(reader, "lang=nl")
    assert (found["VERSION"], found["CALSCALE"]) == ("2.0", "GREGORIAN")
    assert found["PRODID"].endswith("//EN")
    assert found["NAME"] == found["X-WR-CALNAME"] == "Publicatiedagen van de gezondheidsindex"
    uids = [event["UID"] for event in found.walk("VEVENT")]
    assert len(set(uids)) == len(uids)
    raw = reader.get("/index.ics?lang=fr").data
    assert raw.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 75


# Both


@pytest.mark.parametrize("period", ["period=1", "period=5", ""])
def test_period_is_that_of_the_spreadsheet(reader: FlaskClient, period: str) -> None:
    first = reader.get(f"/index.csv?year=2025&{period}").text.splitlines()[1][:7]
    months = [month for month in values_by_month(reader) if month >= first]
    assert len(feed(reader, f"lang=en&{period}").entries) == len(months)
    assert len(events(reader, f"lang=en&{period}")) == len(months) + 12


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/index.atom", "application/atom+xml; charset=utf-8"),
        ("/index.ics", "text/calendar; charset=utf-8"),
    ],
)
def test_response_has_type_and_caching_headers(reader: FlaskClient, path: str, content_type: str) -> None:
    headers = reader.get(path).headers
    assert headers["Content-Type"] == content_type
    assert headers["Cache-Control"] == "public, max-age=60, stale-while-revalidate=60"
    assert headers["Vary"] == "Accept, Accept-Language, Cookie, Accept-Encoding"
    assert headers["Content-Language"] == "en"


@pytest.mark.parametrize("path", PATHS)
def test_unchanged_response_is_304_until_a_month_is_published(
    app: Flask, set_clock: SetClock, path: str
) -> None:
    client = app.test_client()
    known = {"If-None-Match": client.get(path).headers["ETag"]}
    set_clock(ORDINARY_DAY + timedelta(days=1))
    assert client.get(path, headers=known).status_code == 304
    add_value(app, 2034, max(values_by_month(client)), "80.12")
    assert client.get(path, headers=known).status_code == 200


def test_calendar_is_renewed_on_a_publication_day(app: Flask, set_clock: SetClock) -> None:
    client = app.test_client()
    coming = [event for event in events(client) if event["STATUS"] == "TENTATIVE"]
    day = coming[0].decoded("DTSTART")
    set_clock(datetime(day.year, day.month, day.day, 12, tzinfo=timezone.utc))
    later = [event for event in events(client) if event["STATUS"] == "TENTATIVE"]
    assert [event["UID"] for event in later[:12]] == [event["UID"] for event in coming]
    assert len(later) == 13


@pytest.mark.parametrize("path", PATHS)
def test_language_of_a_subscription_is_not_stored(reader: FlaskClient, path: str) -> None:
    response = reader.get(f"{path}?lang=fr")
    assert "Set-Cookie" not in response.headers
    assert response.cache_control.public


@pytest.mark.parametrize("path", PATHS)
def test_wrong_period_is_rejected(reader: FlaskClient, path: str) -> None:
    response = reader.get(f"{path}?period=7")
    assert (response.status_code, response.json) == (400, {"detail": "NOT_VALID"})


@pytest.mark.parametrize("path", PATHS)
def test_index_without_values_is_unavailable(app: Flask, path: str) -> None:
    delete_values(app)
    response = app.test_client().get(path)
    assert (response.status_code, response.json) == (503, {"detail": "INDEX_UNAVAILABLE"})


@pytest.mark.parametrize("language", LANGUAGES)
def test_index_page_links_to_feed_and_calendar_in_its_language(reader: FlaskClient, language: str) -> None:
    page = reader.get(f"/index?format=html&lang={language}").text
    for path, media_type in zip(PATHS, ("application/atom+xml", "text/calendar")):
        url = f"{path}?lang={language}"
        assert re.search(
            f'<link rel="alternate" type="{re.escape(media_type)}" title="[^"]+" href="{re.escape(url)}">',
            page,
        )
        assert re.search(f'<a href="{re.escape(url)}"', page)
        assert reader.get(url).headers["Content-Language"] == language
