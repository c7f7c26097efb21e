"""What has to hold for every page: that everybody can use it, in each language, size and colour."""

import re

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.addresses import ADDRESSES, CALCULATION, LANGUAGES, in_language
from tests.browser.checks import (
    COLOURS,
    assert_accessible,
    assert_everything_keeps_to_its_box,
    assert_no_horizontal_scrolling,
)
from tests.browser.reading import broken_words, printed

MOST_BYTES = 40_000
MOST_STYLE_BYTES = 12 * 1024

every_page = pytest.mark.parametrize("address", ADDRESSES.values(), ids=ADDRESSES)
each_language = pytest.mark.parametrize("language", LANGUAGES)


@every_page
@each_language
def test_axe_finds_nothing_in_light_and_dark(page: Page, address: str, language: str) -> None:
    page.goto(in_language(address, language))
    assert_accessible(page)
    page.emulate_media(color_scheme="dark")
    assert_accessible(page, COLOURS)


@pytest.mark.parametrize(("viewport", "scale"), [((320, 640), 1), ((640, 400), 2)], ids=["narrow", "zoomed"])
@each_language
def test_a_small_window_needs_no_horizontal_scrolling(page: Page, language: str) -> None:
    for address in ADDRESSES.values():
        page.goto(in_language(address, language))
        assert_no_horizontal_scrolling(page)
        assert_everything_keeps_to_its_box(page)


@pytest.mark.parametrize("address", ["/?zipcode=9000&year=2013", CALCULATION], ids=["answer", "calculation"])
@each_language
def test_a_telephone_breaks_no_word(page: Page, address: str, language: str) -> None:
    page.goto(in_language(address, language))
    assert broken_words(page, "main :is(h1, h2, label, dt, dd, p)", 320) == []


@pytest.mark.parametrize("viewport", [(320, 640)])
@every_page
def test_axe_finds_nothing_on_a_telephone(page: Page, address: str) -> None:
    page.goto(address)
    assert_accessible(page)


@every_page
def test_a_page_and_all_it_needs_is_light(page: Page, address: str) -> None:
    bodies = {}

    def weigh(request: Request) -> None:
        response = request.response()
        assert response is not None
        bodies[request.url] = len(response.body())

    page.on("requestfinished", weigh)
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert len(bodies) >= 3  # the page, its style and its script
    if "/api/" not in address:  # it shows every route with its examples
        assert sum(bodies.values()) < MOST_BYTES, bodies
    [style] = [size for url, size in bodies.items() if url.endswith(".css")]
    assert style < MOST_STYLE_BYTES


def test_what_a_page_loads_is_kept_for_good(page: Page) -> None:
    with page.expect_response(re.compile(r"/static/style\.[0-9a-f]{12}\.css$")) as loaded:
        page.goto("/")
    assert loaded.value.headers["cache-control"] == "public, max-age=31536000, immutable"


@each_language
def test_a_language_is_chosen_by_its_link_and_kept(page: Page, language: str) -> None:
    page.goto("/?zipcode=9000&year=1996")
    page.locator(f"nav.languages a[lang={language}]").click()
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("#zipcode")).to_have_value("9000")
    expect(page.locator("input[value='1996']")).to_be_checked()
    page.goto("/about")
    expect(page.locator("html")).to_have_attribute("lang", language)


@pytest.mark.parametrize("locale", ["nl-BE", "fr-BE", "de-BE", "en-GB", "it-IT"])
def test_the_browsers_own_language_is_taken(page: Page, locale: str) -> None:
    page.goto("/")
    language = locale[:2] if locale[:2] in LANGUAGES else "en"
    expect(page.locator("html")).to_have_attribute("lang", language)


def test_the_first_tab_stop_leads_to_the_content(page: Page) -> None:
    page.goto("/about")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


NO_COLOUR = "rgba(0, 0, 0, 0)"


@pytest.mark.parametrize("address", ["/about#main", "/index#series"])
def test_who_is_led_to_a_part_of_a_page_sees_it_as_it_always_is(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator(":target")).to_have_css("background-color", NO_COLOUR)


def test_who_is_led_to_the_meaning_of_a_code_finds_it_marked(page: Page) -> None:
    page.goto("/api/v1/#WRONG_YEAR")
    expect(page.locator("tr:target")).not_to_have_css("background-color", NO_COLOUR)


def test_the_focus_can_be_seen_wherever_it_is(page: Page) -> None:
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


def test_a_lookup_can_be_printed(page: Page) -> None:
    page.goto("/?zipcode=9000&year=2004")
    text = printed(page)
    assert "Risk factor B" in text
    assert "165.08" in text
    assert "Look up" not in text  # the form stays on the screen


def test_the_letter_of_a_factor_can_be_read_where_backgrounds_are_printed(page: Page) -> None:
    page.goto("/zipcode/9000")
    page.emulate_media(media="print")
    expect(page.locator(".badge")).to_have_css("background-color", NO_COLOUR)


def test_a_calculation_can_be_printed(page: Page) -> None:
    page.goto(CALCULATION)
    text = printed(page)
    assert "€1,250.50 × 136.69 ÷ 109.72 = €1,557.88" in text
    for stays in ("Calculate", "Copy this sentence", "About"):
        assert stays not in text


def test_the_index_can_be_printed_with_its_chart(page: Page) -> None:
    page.goto("/index?year=2013&period=10")
    text = printed(page)
    for year in range(2016, 2026):
        assert str(year) in text
    assert text.count("136.69") >= 3  # the value, the table, and the label in the chart
