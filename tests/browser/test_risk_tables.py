"""The maps of risk tables in a browser: pointer, keyboard, colours, and the planned table of a service."""

from __future__ import annotations

import gzip
from datetime import date
from typing import Iterator

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.checks import assert_accessible, assert_no_horizontal_scrolling
from tests.browser.reading import printed
from tests.support import live
from tests.support.databases import NOWHERE, SQLiteDatabases, settings_for
from tests.support.risk_tables import load_table
from tests.zipcodes.seed import RANGES
from webapp.app import create_app
from webapp.data.database import db
from webapp.zipcodes.risk_table import Range

# Of a page with its files as it is sent, compressed.
MAX_BYTES = 60_000

MAP = "svg.map >> nth=0"


@pytest.fixture(scope="module")
def service(sqlite: SQLiteDatabases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[live.Server]:
    """A service with a planned table, in which all factors of the provinces of Liège and Ghent differ."""
    url = sqlite.seeded()
    app = create_app(settings_for(url))
    changed = [
        entry._replace(factor="C") if entry.first // 1000 in (4, 9) else entry
        for entry in (Range(*entry) for entry in sorted(RANGES))
    ]
    load_table(app, [entry for entry in changed if entry.first != 8900], date(2035, 1, 1), "Tariff 2035")
    with app.app_context():
        db.engine.dispose()
    folder = tmp_path_factory.mktemp("service")
    with live.running(folder, DATABASE_URL=url, RATE_LIMIT="0", **NOWHERE) as running:
        yield running
    sqlite.drop(url)


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_page_of_a_planned_table_is_accessible(page: Page) -> None:
    page.goto("/risk-tables/2")
    assert_accessible(page)


@pytest.mark.parametrize("viewport", [(320, 640)])
def test_page_of_a_planned_table_fits_a_phone(page: Page) -> None:
    for language in ("nl", "fr", "de", "en"):
        page.goto(f"/risk-tables/2?lang={language}")
        assert_no_horizontal_scrolling(page)


def test_keyboard_passes_the_map_in_one_step(page: Page) -> None:
    page.goto("/risk-tables/2")
    expect(page.locator("svg.map a")).not_to_have_count(0)
    # From the last link before the map to the first one after it.
    page.get_by_role("link", name="All risk tables").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('svg') === null")
    expect(page.locator(".places a").first).to_be_focused()


@pytest.mark.parametrize("javascript", [False])
def test_point_has_a_title_and_leads_to_its_zipcode(page: Page) -> None:
    page.goto("/risk-tables")
    point = page.locator("svg.map a", has_text="8400 Oostende: A")
    expect(point.locator("title")).to_have_text("8400 Oostende: A")
    point.click()
    assert page.url.endswith("/zipcode/8400")
    expect(page.locator(".map-small circle")).to_be_visible()


def test_every_point_can_be_hit(page: Page) -> None:
    page.goto("/risk-tables")
    missed = page.evaluate(
        """() => [...document.querySelectorAll("svg.map a")].filter(link => {
            link.scrollIntoView({block: "center"});
            const now = link.querySelector("use").getBoundingClientRect();
            const hit = document.elementFromPoint(now.x + now.width / 2, now.y + now.height / 2);
            return !hit || hit.closest("a") !== link;
        }).map(link => link.textContent)"""
    )
    assert missed == []


def test_shapes_differ_besides_colour_also_in_print(page: Page) -> None:
    page.goto("/risk-tables")
    page.emulate_media(media="print")
    shapes = {
        page.evaluate(f"document.querySelector('#point-{factor}').outerHTML.replace(/id=\\S+/, '')")
        for factor in "abc"
    }
    assert len(shapes) == 3
    expect(page.locator(MAP)).to_be_visible()
    assert "Risk factor A: 596" in printed(page)


def test_page_with_its_files_is_light_as_it_is_sent(page: Page) -> None:
    sizes: dict[str, int] = {}

    def weigh(request: Request) -> None:
        response = request.response()
        assert response is not None
        sizes[request.url] = len(gzip.compress(response.body()))

    page.on("requestfinished", weigh)
    page.goto("/risk-tables/2")
    page.wait_for_load_state("networkidle")
    assert len(sizes) >= 3  # the page, its style and its script
    assert sum(sizes.values()) < MAX_BYTES
