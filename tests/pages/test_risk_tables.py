"""`/risk-tables`: the timeline, the pages of tables, and their maps."""

from __future__ import annotations

import gzip
import html
import re
from collections import Counter
from datetime import date, datetime, timedelta, timezone
from typing import NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import ORDINARY_DAY, SetClock
from tests.pages.reading import links, text
from tests.support.commands import run
from tests.support.risk_tables import delete_risk_tables, load_table
from tests.zipcodes.seed import FACTORS, IN_USE, RANGES
from webapp.zipcodes.risk_table import Range

pytestmark = pytest.mark.slow  # each draws several maps

SEED = [Range(*entry) for entry in sorted(RANGES)]
WITH_C = [entry._replace(factor="C") if entry.first == 9000 else entry for entry in SEED]
NEW_YEAR = date(2035, 1, 1)

# Of the page as it is sent, compressed.
MAX_BYTES = 40_000
MAX_EXTRA_BYTES = 8_000


class Mark(NamedTuple):
    """A point of a map: its layer, link and title."""

    layer: str
    url: str
    title: str
    shape: str


def svgs(page: str) -> list[str]:
    return re.findall(r'<svg class="map".*?</svg>', page, re.DOTALL)


def marks(svg: str) -> list[Mark]:
    found = []
    for layer, body in re.findall(r'<g class="factor-(\w+)">(.*?)</g>', svg, re.DOTALL):
        for url, title, shape in re.findall(
            r'<a href="(.*?)" tabindex="-1"><title>(.*?)</title><use href="#point-(\w+)"', body
        ):
            found.append(Mark(layer, html.unescape(url), html.unescape(title), shape))
    return found


def page(client: FlaskClient, path: str = "", **query: str) -> str:
    response = client.get(f"/risk-tables{path}", query_string=query or None)
    assert (response.status_code, response.mimetype) == (200, "text/html")
    return response.text


# The timeline


def test_timeline_has_every_table_with_state_and_days(app: Flask, client: FlaskClient) -> None:
    load_table(app, WITH_C, NEW_YEAR, "Tariff 2035")
    load_table(app, WITH_C, date(2035, 6, 1), "Replaced")
    load_table(app, SEED, date(2035, 6, 1), "Summer")
    load_table(app, WITH_C, date(2036, 1, 1), "Postponed")
    assert run(app, "risk-table", "cancel", "5", "--reason", "secret").exit_code == 0
    shown = text(page(client))
    expected = [
        "No. 5: Postponed cancelled Was planned from 1 January 2036",
        "No. 4: Summer planned From 1 June 2035",
        "No. 3: Replaced planned From 1 June 2035; replaced by no. 4, which begins on the same day",
        "No. 2: Tariff 2035 planned From 1 January 2035 to 31 May 2035",
        "No. 1: seed/risk_table.csv in force Until 31 December 2034",
    ]
    places = [shown.index(entry) for entry in expected]
    assert places == sorted(places)
    assert "No. 2: Tariff 2035 planned From 1 January 2035 to 31 May 2035 Zipcodes in use: 4 change" in shown


def test_authors_notes_and_reasons_are_not_public(app: Flask, client: FlaskClient) -> None:
    load_table(app, WITH_C, NEW_YEAR)
    assert run(app, "risk-table", "cancel", "2", "--reason", "secret", "--by", "Hidden").exit_code == 0
    for path in ("", "/1", "/2"):
        shown = page(client, path)
        assert not re.search(r"\bEls\b|Hidden|secret|init-db", text(shown))


def test_day_of_installation_is_shown_nowhere(reader: FlaskClient, set_clock: SetClock) -> None:
    set_clock(ORDINARY_DAY + timedelta(days=1))  # pages say on which day they are printed
    for path in ("", "/1"):
        assert "14 September" not in text(page(reader, path))
        assert "at the installation" in text(page(reader, path))


def test_midnight_puts_a_planned_table_in_force(app: Flask, client: FlaskClient, set_clock: SetClock) -> None:
    load_table(app, WITH_C, NEW_YEAR, "Tariff 2035")
    set_clock(datetime(2034, 12, 31, 22, 59, 59, tzinfo=timezone.utc))
    assert "In force today: no. 1" in text(page(client))
    set_clock(datetime(2034, 12, 31, 23, 0, tzinfo=timezone.utc))
    shown = page(client)
    assert "In force today: no. 2" in text(shown)
    assert Mark("c", "/zipcode/9000", "9000 Gent: C", "c") in marks(svgs(shown)[0])


def test_without_tables_the_page_is_empty(app: Flask, client: FlaskClient) -> None:
    delete_risk_tables(app)
    shown = page(client)
    assert (svgs(shown), "No risk table has been loaded yet." in text(shown)) == ([], True)


def test_only_planned_table_is_shown_without_one_in_force(app: Flask, client: FlaskClient) -> None:
    delete_risk_tables(app)
    load_table(app, WITH_C, NEW_YEAR, "Tariff 2035")
    assert "Tariff 2035 planned From 1 January 2035 The first table." in text(page(client))


# Maps


@pytest.mark.parametrize("path", ["", "/1"])
def test_map_has_every_zipcode_of_a_locality_with_its_factor(reader: FlaskClient, path: str) -> None:
    [svg] = svgs(page(reader, path))
    found = marks(svg)
    assert sorted(mark.url for mark in found) == [f"/zipcode/{zipcode}" for zipcode in IN_USE]
    for mark in found:
        factor = FACTORS[int(mark.url[-4:])]
        assert (mark.layer, mark.shape) == (factor.lower(), factor.lower())
        assert re.fullmatch(f"{mark.url[-4:]} .+: {factor}", mark.title)
    assert Mark("b", "/zipcode/9000", "9000 Gent: B", "b") in found


def test_legend_counts_the_points(reader: FlaskClient) -> None:
    shown = text(page(reader))
    for factor, count in Counter(FACTORS[zipcode] for zipcode in IN_USE).items():
        assert f"Risk factor {factor}: {count}" in shown


def test_table_beside_the_map_counts_all_zipcodes_in_use(reader: FlaskClient) -> None:
    shown = page(reader)
    rows = re.findall(r'<th scope="row">(.*?)</th>((?:\s*<td>\d+</td>)+)', shown)
    numbers = {name: list(map(int, re.findall(r"\d+", cells))) for name, cells in rows}
    api = [reader.get(f"/api/v1/zipcodes?risk_factor={factor}").json or {} for factor in "ABC"]
    localities = [counts for name, counts in numbers.items() if name != "Organisations and mail centres"]
    assert [sum(column) for column in zip(*localities)] == [*(found["total"] for found in api), 0]
    assert (len(localities), numbers["Brussels"]) == (11, [0, 0, 22, 0])
    assert sum(numbers["Organisations and mail centres"]) == 45
    for first, last, _factor in RANGES:
        assert re.search(rf"\b{first}–{last}\b" if first < last else rf"\b{first}\b", text(shown))


def test_zipcode_in_no_range_has_a_shape_of_its_own(app: Flask, client: FlaskClient) -> None:
    without = [entry for entry in SEED if entry.first != 9000]
    load_table(app, without, NEW_YEAR)
    changes, factors = svgs(page(client, "/2"))
    assert marks(changes)[0] == Mark(
        "none", "/zipcode/9000?on=2035-01-01", "9000 Gent: B → no risk factor", "none"
    )
    assert Mark("none", "/zipcode/9000?on=2035-01-01", "9000 Gent: no risk factor", "none") in marks(factors)
    assert "Loses its risk factor: 4" in text(page(client, "/2"))


def test_map_is_for_eyes_only_and_takes_no_tab_stop(reader: FlaskClient) -> None:
    [svg] = svgs(page(reader))
    assert 'aria-hidden="true"' in svg[: svg.index(">")]
    assert svg.count("<a ") == svg.count('tabindex="-1"') == len(IN_USE)


def test_page_with_maps_is_light_as_it_is_sent(app: Flask, client: FlaskClient) -> None:
    other = [entry._replace(factor="ABC"["CAB".index(entry.factor)]) for entry in SEED]
    load_table(app, other, NEW_YEAR)
    for language in ("nl", "fr", "de", "en"):
        for path in ("", "/1"):
            assert len(gzip.compress(page(client, path, lang=language).encode())) < MAX_BYTES
        for svg in svgs(page(client, "/2", lang=language)):
            assert len(marks(svg)) == len(IN_USE)
            assert len(gzip.compress(svg.encode())) < MAX_BYTES


def test_names_are_in_the_language_of_the_page(reader: FlaskClient) -> None:
    [svg] = svgs(page(reader, lang="nl"))
    assert "4000 Luik (Liège): C" in [mark.title for mark in marks(svg)]
    assert ">Luik</text>" in svg
    assert "Oost-Vlaanderen" in text(page(reader, lang="nl"))


# One table


def test_table_has_its_days_ranges_and_changes(app: Flask, client: FlaskClient) -> None:
    load_table(app, WITH_C, NEW_YEAR, "Tariff 2035")
    shown = page(client, "/2")
    assert "Risk table 2: Tariff 2035" in text(shown)
    assert "State planned Days From 1 January 2035 Loaded 14 September 2026 at 14:00 Ranges 164" in text(
        shown
    )
    assert "Changes against no. 1 Zipcodes in use: 4 change, 0 gain and 0 lose their risk factor." in text(
        shown
    )
    assert "B → C: 4 zipcodes 9000 Gent 9030 Mariakerke 9031 Drongen 9032 Wondelgem" in text(shown)
    assert "Added ranges 9000–9032 C Dropped ranges 9000–9032 B" in text(shown)
    changes, factors = svgs(shown)
    assert [mark.title for mark in marks(changes)] == [
        *("9000 Gent: B → C", "9030 Mariakerke: B → C", "9031 Drongen: B → C", "9032 Wondelgem: B → C")
    ]
    assert len(marks(factors)) == len(IN_USE)
    assert "/api/v1/risk-tables/2?format=csv" in links(shown)


def test_points_of_a_planned_or_past_table_lead_to_a_day_on_which_it_counts(
    app: Flask, client: FlaskClient, set_clock: SetClock
) -> None:
    load_table(app, WITH_C, NEW_YEAR)
    assert marks(svgs(page(client, "/2"))[0])[0].url == "/zipcode/9000?on=2035-01-01"
    set_clock(datetime(2035, 2, 1, tzinfo=timezone.utc))
    assert marks(svgs(page(client, "/2"))[0])[0].url == "/zipcode/9000"
    assert marks(svgs(page(client, "/1"))[0])[0].url.endswith("?on=2034-12-31")
    for path in ("/1", "/2"):
        mark = next(mark for mark in marks(svgs(page(client, path))[-1]) if "/zipcode/9000" in mark.url)
        assert (client.get(mark.url).json or {})["risk_factor"] == mark.title[-1]


def test_points_of_a_cancelled_table_lead_to_today(app: Flask, client: FlaskClient) -> None:
    load_table(app, WITH_C, NEW_YEAR)
    assert run(app, "risk-table", "cancel", "2", "--reason", "x").exit_code == 0
    assert marks(svgs(page(client, "/2"))[0])[0].url == "/zipcode/9000"


def test_table_without_changes_has_one_map(app: Flask, client: FlaskClient) -> None:
    load_table(app, SEED, NEW_YEAR)
    shown = page(client, "/2")
    assert (len(svgs(shown)), "No zipcode in use changes." in text(shown)) == (1, True)


def test_changed_organisation_is_listed(app: Flask, client: FlaskClient) -> None:
    load_table(app, [*(entry for entry in SEED if entry.first != 1000), Range(1000, 1110, "C")], NEW_YEAR)
    assert "1200 " in text(page(client, "/2"))
    assert "1130 Haren" in text(page(client, "/2"))


def test_name_of_a_table_is_escaped(app: Flask, client: FlaskClient) -> None:
    load_table(app, WITH_C, NEW_YEAR, "<b>2035</b> & more")
    for path in ("", "/2"):
        assert "&lt;b&gt;2035&lt;/b&gt; &amp; more" in page(client, path)


@pytest.mark.parametrize("path", ["/7", "/0", "/99999999999999999999", "/x", "/-1"])
def test_unknown_table_is_not_found(reader: FlaskClient, path: str) -> None:
    assert reader.get(f"/risk-tables{path}").status_code == 404


def test_page_is_cached_until_the_data_changes(app: Flask, client: FlaskClient) -> None:
    response = client.get("/risk-tables")
    assert "max-age=60" in response.headers["Cache-Control"]
    etag = response.headers["ETag"]
    assert client.get("/risk-tables", headers={"If-None-Match": etag}).status_code == 304
    load_table(app, WITH_C, NEW_YEAR)
    assert client.get("/risk-tables", headers={"If-None-Match": etag}).status_code == 200


# The small map on a zipcode's page


def test_page_of_a_zipcode_shows_it_on_a_small_map(reader: FlaskClient) -> None:
    shown = reader.get("/zipcode/9000?format=html").text
    found = re.search(r'<svg class="map map-small".*?</svg>', shown, re.DOTALL)
    assert found
    big = re.search(r'/zipcode/9000"[^/]*</title><use href="#point-b" x="(\d+)" y="(\d+)"', page(reader))
    assert big
    assert f'<circle cx="{big[1]}" cy="{big[2]}"' in found[0]
    assert (
        len(gzip.compress(shown.encode())) - len(gzip.compress(shown.replace(found[0], "").encode()))
        < MAX_EXTRA_BYTES
    )


@pytest.mark.parametrize("zipcode", ["1001", "1049"], ids=["unused", "organisation"])
def test_zipcode_without_a_position_has_no_map(reader: FlaskClient, zipcode: str) -> None:
    assert "map-small" not in reader.get(f"/zipcode/{zipcode}?format=html").text


def test_loading_time_is_that_of_the_table(app: Flask, client: FlaskClient, set_clock: SetClock) -> None:
    set_clock(ORDINARY_DAY.replace(hour=15))
    load_table(app, WITH_C, NEW_YEAR)
    assert "Loaded: 14 September 2026 at 17:00" in text(page(client))
