"""Every page: accessibility, layout, weight, languages, focus and printing."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.checks import (
    COLOURS,
    assert_accessible,
    assert_no_horizontal_scrolling,
    assert_nothing_overflows,
)
from tests.browser.reading import broken_words, printed
from tests.browser.urls import CALCULATION, LANGUAGES, URLS, in_language

MAX_BYTES = 60_000
MAX_STYLE_BYTES = 20_000

PHONE = (320, 640)

# Hidden texts are in no print.
SHOWN_TEXTS = "main :is(h1, h2, label, dt, dd, p):not(.visually-hidden, .compact *)"


@pytest.mark.parametrize("url", URLS.values(), ids=URLS)
def test_page_is_accessible_in_every_language_and_colour_and_on_a_phone(page: Page, url: str) -> None:
    for language in LANGUAGES:
        page.goto(in_language(url, language))
        assert_accessible(page)
        page.emulate_media(color_scheme="dark")
        assert_accessible(page, COLOURS)
        page.emulate_media(color_scheme="light")
    width, height = PHONE
    page.set_viewport_size({"width": width, "height": height})
    assert_accessible(page)


@pytest.mark.parametrize(("viewport", "scale"), [(PHONE, 1), ((640, 400), 2)], ids=["phone", "zoomed"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_small_window_needs_no_horizontal_scrolling(page: Page, language: str) -> None:
    for url in URLS.values():
        page.goto(in_language(url, language))
        assert_no_horizontal_scrolling(page)
        assert_nothing_overflows(page)


@pytest.mark.parametrize("url", ["/?zipcode=9000&year=2013", CALCULATION], ids=["results", "calculation"])
def test_phone_breaks_no_word_in_any_language(page: Page, url: str) -> None:
    for language in LANGUAGES:
        page.goto(in_language(url, language))
        assert broken_words(page, SHOWN_TEXTS, PHONE[0]) == []


@pytest.mark.parametrize("viewport", [PHONE], ids=["phone"])
def test_table_of_coefficients_breaks_no_word_on_a_phone(page: Page) -> None:
    for language in LANGUAGES:
        page.goto(f"/about?lang={language}")
        assert broken_words(page, ".coefficients tbody", PHONE[0]) == []


@pytest.mark.parametrize("viewport", [PHONE], ids=["phone"])
@pytest.mark.parametrize("url", ["/list", "/api/v1/"])
def test_current_entry_of_the_menu_is_in_view_on_a_phone(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator(".main-menu [aria-current]")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("name", ["several places", "all months", "calculation", "list"])
def test_page_and_its_files_are_light(page: Page, name: str) -> None:
    bodies = {}

    def weigh(request: Request) -> None:
        response = request.response()
        assert response is not None
        bodies[request.url] = len(response.body())

    page.on("requestfinished", weigh)
    page.goto(URLS[name])
    page.wait_for_load_state("networkidle")
    assert len(bodies) >= 3  # the page, its style and its script
    assert sum(bodies.values()) < MAX_BYTES, bodies
    [style] = [size for url, size in bodies.items() if url.endswith(".css")]
    assert style < MAX_STYLE_BYTES


def test_static_files_are_cached_forever(page: Page) -> None:
    with page.expect_response(re.compile(r"/static/style\.[0-9a-f]{12}\.css$")) as loaded:
        page.goto("/")
    assert loaded.value.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_language_is_chosen_by_its_link_and_kept(page: Page) -> None:
    for language in LANGUAGES:
        page.goto("/?zipcode=9000&year=1996")
        page.locator(f"nav.languages a[lang={language}]").click()
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.locator("#zipcode")).to_have_value("9000")
        expect(page.locator("input[value='1996']")).to_be_checked()
        page.goto("/about")
        expect(page.locator("html")).to_have_attribute("lang", language)


@pytest.mark.parametrize(("locale", "language"), [("fr-BE", "fr"), ("it-IT", "en")])
def test_language_of_the_browser_is_the_default(page: Page, language: str) -> None:
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("lang", language)


def test_first_tab_stop_skips_to_the_main_part(page: Page) -> None:
    page.goto("/about")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


TRANSPARENT = "rgba(0, 0, 0, 0)"


@pytest.mark.parametrize("url", ["/about#main", "/index#series"])
def test_target_of_a_link_within_a_page_is_not_highlighted(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator(":target")).to_have_css("background-color", TRANSPARENT)


def test_error_code_that_a_link_points_to_is_highlighted(page: Page) -> None:
    page.goto("/api/v1/#WRONG_YEAR")
    expect(page.locator("tr:target")).not_to_have_css("background-color", TRANSPARENT)


def test_focus_is_visible_everywhere(page: Page) -> None:
    page.goto("/?zipcode=9000&year=2013")
    page.locator("body").focus()
    for _ in range(25):
        page.keyboard.press("Tab")
        outline = page.evaluate(
            """() => {
                const focused = document.activeElement;
                const shown = [focused, focused.nextElementSibling].filter(Boolean);
                return focused === document.body || shown.some(
                    element => getComputedStyle(element).outlineStyle === "solid");
            }"""
        )
        assert outline, page.evaluate("document.activeElement.outerHTML")


def test_lookup_is_printed_without_its_form(page: Page) -> None:
    page.goto("/?zipcode=9000&year=2004")
    text = printed(page)
    assert "Risk factor B" in text
    assert "165.08" in text
    assert "Look up" not in text


def test_letter_of_a_risk_factor_is_printed_without_background(page: Page) -> None:
    page.goto("/zipcode/9000")
    page.emulate_media(media="print")
    expect(page.locator(".badge")).to_have_css("background-color", TRANSPARENT)


def test_calculation_is_printed_without_its_form(page: Page) -> None:
    page.goto(CALCULATION)
    text = printed(page)
    assert "€1,250.50 × 140.30 ÷ 109.72 = €1,599.03" in text
    for hidden in ("Calculate", "Copy this sentence", "About"):
        assert hidden not in text


def test_index_is_printed_with_its_chart(page: Page) -> None:
    page.goto("/index?year=2013&period=10")
    text = printed(page)
    for year in range(2016, 2026):
        assert str(year) in text
    assert text.count("140.30") >= 3  # the value, the table, and the label in the chart
