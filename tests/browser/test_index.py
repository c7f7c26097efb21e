"""The health index page in a browser: the chart as it is read, and the table of months."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.checks import assert_accessible
from tests.browser.reading import printed, shown
from tests.support import live

CHART = "/index?year=2013&period=5"

# The last two months, of which the first was converted.
JULY = re.compile(
    "July 2026 139.96 · Smoothed index 136.61 · converted with coefficient 1.3557, not Statbel’s"
)
AUGUST = re.compile("August 2026 140.30 · Smoothed index 136.85$")


def reading(page: Page) -> Locator:
    return page.locator("#chart [role=status]")


def reader(page: Page) -> Locator:
    return page.get_by_role("slider", name="Month in the chart")


def place(page: Page, part: float) -> tuple[float, float]:
    """Return the coordinates of a part of the chart's width, in the middle of its height."""
    page.locator("#chart").scroll_into_view_if_needed()
    box = reader(page).bounding_box()
    assert box
    return box["x"] + part * box["width"], box["y"] + box["height"] / 2


# The chart


def test_arrow_keys_move_along_the_months(page: Page) -> None:
    page.goto(CHART)
    reader(page).focus()
    page.keyboard.press("ArrowLeft")
    expect(reading(page)).to_have_text(JULY)
    expect(reader(page)).to_have_attribute("aria-valuetext", "July 2026")
    page.keyboard.press("ArrowRight")
    expect(reading(page)).to_have_text(AUGUST)
    page.keyboard.press("ArrowRight")  # there is no later one
    expect(reading(page)).to_have_text(AUGUST)
    for key, month in {"PageDown": "August 2025", "Home": "September 2021", "End": "August 2026"}.items():
        page.keyboard.press(key)
        expect(reader(page)).to_have_attribute("aria-valuetext", month)
    assert_accessible(page)


def test_month_that_is_read_links_to_its_page(page: Page) -> None:
    page.goto(CHART)
    reader(page).focus()
    page.keyboard.press("Home")
    reading(page).get_by_role("link", name="September 2021").click()
    expect(page).to_have_title(re.compile("Health index September 2021: 112.29 on base 2013"))


def test_mouse_reads_the_month_below_it(page: Page) -> None:
    page.goto(CHART)
    page.mouse.move(*place(page, 0.999))
    expect(reading(page)).to_have_text(AUGUST)
    page.mouse.move(*place(page, 0.001))
    expect(reading(page)).to_contain_text("September 2021 112.29")


def test_dots_are_on_both_lines(page: Page) -> None:
    page.goto("/index?year=2013&period=1")
    page.mouse.move(*place(page, 0.999))
    dots = [box for box in (dot.bounding_box() for dot in page.locator(".chart-dot").all()) if box]
    last, index, smoothed = ((box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in dots)
    assert index == pytest.approx(last, abs=1)
    assert smoothed[0] == pytest.approx(last[0], abs=1)
    assert smoothed[1] > last[1] + 10  # it is lower


def test_finger_reads_the_month_below_it(service: live.Server, browser: Browser) -> None:
    context = browser.new_context(
        base_url=service.url, has_touch=True, locale="en-GB", viewport={"width": 360, "height": 740}
    )
    page = context.new_page()
    page.goto(CHART)
    page.touchscreen.tap(*place(page, 0.001))
    expect(reading(page)).to_contain_text("September 2021 112.29")
    expect(reader(page)).to_have_css("touch-action", "pan-y")  # a finger that moves sideways reads on
    context.close()


@pytest.mark.parametrize("locale", ["nl-BE"])
def test_reading_is_in_the_language_of_the_page(page: Page) -> None:
    page.goto("/index?year=2004")
    reader_of_page = page.get_by_role("slider", name="Maand in de grafiek")
    reader_of_page.focus()
    page.keyboard.press("End")
    expect(reading(page)).to_have_text(
        "december 2025 165,08 · Afgevlakte gezondheidsindex 161,02"
        " · omgerekend met de officiële coëfficiënt 1,2077 van Statbel"
    )


def test_months_without_a_smoothed_index_have_one_dot(page: Page) -> None:
    page.goto("/index?year=2025&period=all")
    reader(page).focus()
    page.keyboard.press("Home")
    expect(reading(page)).to_have_text(
        "January 2014 74.20 · converted with Statbel’s official coefficient 0.7376"
    )
    expect(page.locator(".chart-dot[r='5']")).to_have_count(1)


@pytest.mark.parametrize("javascript", [False])
def test_without_javascript_the_table_has_the_values_and_no_hint_is_shown(page: Page) -> None:
    page.goto(CHART)
    expect(reading(page)).to_be_hidden()
    expect(page.locator(".chart-reader")).to_have_count(0)
    page.get_by_role("link", name="139.96").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Health index July 2026")
    page.go_back()
    page.get_by_role("link", name="Smoothed", exact=True).click()
    expect(page.locator("#months caption")).to_contain_text("Smoothed index")


def test_chart_is_loaded_by_its_page_only(page: Page) -> None:
    page.goto("/about")
    assert "/static/chart." not in page.content()


# The table


@pytest.mark.parametrize("width", [320, 600])
def test_narrow_window_shows_the_number_of_each_month(page: Page, width: int) -> None:
    """The period starts in September 2025."""
    page.goto("/index?year=2013&period=1")
    text = shown(page, width)
    assert re.search("06 139.08 07 139.96( d)? 08 140.30 2025 09 135.26 10 135.76", text)


@pytest.mark.parametrize("viewport", [(640, 800), (1280, 800)])
@pytest.mark.parametrize("locale", ["nl", "fr", "de", "en"])
def test_every_month_has_a_column_of_equal_width_with_its_name(page: Page, locale: str) -> None:
    page.goto(f"/index?year=1988&period=all&lang={locale}")
    columns = page.locator(".months thead th").all()
    widths = [box["width"] for box in (column.bounding_box() for column in columns) if box]
    assert len(widths) == 13
    assert max(widths) - min(widths) < 1
    assert not page.evaluate(
        """[...document.querySelectorAll(".months :is(th, td)")].some(
            cell => cell.scrollWidth > cell.clientWidth)"""
    )


def test_month_is_printed_with_all_base_years(page: Page) -> None:
    page.goto("/index/2020-01")
    text = printed(page)
    for value in ("80.93", "109.72", "132.51"):
        assert value in text
