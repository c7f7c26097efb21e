"""The lookup page in a browser: the form with and without JavaScript, and suggestions."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.checks import assert_accessible
from tests.browser.urls import LANGUAGES
from webapp.config import ROOT
from webapp.data import place_seed
from webapp.zipcodes.place import PlaceRow, describe, municipality_in, name_in

both_ways = pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])


def expect_factor(page: Page, heading: str, factor: str) -> None:
    expect(page.locator("#risk-factor")).to_have_text(heading)
    expect(page.locator("#factor")).to_have_text(factor)


@both_ways
def test_form_shows_its_results(page: Page) -> None:
    page.goto("/")
    page.locator("#zipcode").fill("gand")
    page.keyboard.press("Tab")  # closes the suggestions, which cover the base years
    page.get_by_role("radio", name="2013").check()
    page.get_by_role("button", name="Look up").click()
    expect_factor(page, "9000 Gent", "B")
    expect(page.locator(".big-number", has_text="140.30")).to_be_visible()


@both_ways
def test_form_works_by_keyboard(page: Page) -> None:
    page.goto("/")
    expect(page.locator("#zipcode")).to_be_focused()
    page.keyboard.type("9170")
    page.keyboard.press("Enter")
    expect_factor(page, "9170 Sint-Gillis-Waas", "A")


@both_ways
def test_error_is_corrected(page: Page) -> None:
    page.goto("/?zipcode=gentt&year=2020")
    expect(page.locator("#zipcode")).to_be_focused()
    page.locator("#zipcode").fill("gent")
    page.keyboard.press("Tab")
    page.get_by_role("radio", name="2004").check()
    page.get_by_role("button", name="Look up").click()
    expect_factor(page, "9000 Gent", "B")


@both_ways
def test_base_year_to_be_corrected_has_the_focus_beside_a_result(page: Page) -> None:
    page.goto("/?zipcode=9000&year=2020")
    expect_factor(page, "9000 Gent", "B")
    expect(page.get_by_role("radio", name="2025")).to_be_focused()


def test_nearest_place_is_chosen(page: Page) -> None:
    page.goto("/?zipcode=gentt")
    page.get_by_role("link", name="9000 Gent").click()
    expect_factor(page, "9000 Gent", "B")


def test_suggestion_is_chosen_by_keyboard(page: Page) -> None:
    page.goto("/")
    page.locator("#zipcode").press_sequentially("gand")
    expect(page.get_by_role("option").first).to_have_text("9000 Gent")
    assert_accessible(page)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect_factor(page, "9000 Gent", "B")


def test_suggestion_is_chosen_by_a_click(page: Page) -> None:
    page.goto("/")
    page.locator("#zipcode").press_sequentially("elsene")
    page.get_by_role("option", name="1050").first.click()
    expect_factor(page, "1050 Elsene / Ixelles", "C")


@pytest.mark.parametrize(
    ("language", "text", "suggestion"),
    [
        ("nl", "liege", "4000 Luik (Liège)"),
        ("fr", "gand", "9000 Gand (Gent)"),
        ("de", "liege", "4000 Lüttich (Liège)"),
        ("en", "sint-pau", "9170 Sint-Pauwels Sint-Gillis-Waas"),
    ],
)
def test_suggestion_is_in_the_language_of_the_page(
    page: Page, language: str, text: str, suggestion: str
) -> None:
    page.goto(f"/?lang={language}")
    page.locator("#zipcode").press_sequentially(text)
    option = page.get_by_role("option").first
    expect(option).to_have_text(suggestion)
    option.click()
    expect(page.locator("#risk-factor")).to_contain_text(suggestion[:4])


def test_suggestions_name_every_place_as_the_pages_do(page: Page) -> None:
    rows = place_seed.read(ROOT / "seed" / "places.csv")
    places = [describe(PlaceRow(**row)) for row in rows]
    for language in LANGUAGES:
        page.goto(f"/?lang={language}")
        names = page.evaluate("places => places.map(namesOf)", places)
        assert names == [[name_in(place, language), municipality_in(place, language)] for place in places]


def test_suggestions_that_are_cut_say_how_many_match(page: Page) -> None:
    page.goto("/")
    page.locator("#zipcode").press_sequentially("antwerpen")
    expect(page.get_by_role("option")).to_have_count(8)
    expect(page.locator(".suggestions li").last).to_have_text("The first 8 of 20.")
    assert_accessible(page)
    page.keyboard.press("ArrowUp")  # to the last option, and not to that line
    expect(page.get_by_role("option").last).to_have_attribute("aria-selected", "true")
    page.locator("#zipcode").fill("brucargo")
    expect(page.locator(".suggestions li")).to_have_count(1)


def test_suggestion_is_not_chosen_when_the_mouse_leaves_it(page: Page) -> None:
    page.goto("/")
    page.locator("#zipcode").press_sequentially("gand")
    option = page.get_by_role("option").first
    expect(option).to_be_visible()
    option.hover()
    page.mouse.down()
    page.mouse.move(5, 5)
    page.mouse.up()
    expect(page.locator("#risk-factor")).to_have_count(0)
    expect(page.locator("#zipcode")).to_have_value("gand")


def test_escape_closes_the_suggestions(page: Page) -> None:
    page.goto("/")
    page.locator("#zipcode").press_sequentially("gand")
    expect(page.get_by_role("listbox")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(page.locator("#zipcode")).to_have_value("gand")


def test_late_response_is_ignored(page: Page) -> None:
    late = []

    def hold_first(route: Route) -> None:
        if "q=ge&" in route.request.url:
            late.append(route)
        else:
            route.continue_()

    page.route("**/api/v1/zipcodes?*", hold_first)
    page.goto("/")
    page.locator("#zipcode").press_sequentially("ge")
    page.wait_for_timeout(300)
    assert late
    page.keyboard.type("nk")
    expect(page.get_by_role("option").first).to_have_text("3600 Genk")
    for route in late:
        route.continue_()
    page.wait_for_timeout(200)
    expect(page.get_by_role("option").first).to_have_text("3600 Genk")


def test_failed_request_hides_the_suggestions(page: Page, page_errors: list[str]) -> None:
    page.goto("/")
    page.locator("#zipcode").press_sequentially("gen")
    expect(page.get_by_role("option").first).to_be_visible()
    page.route("**/api/v1/zipcodes?*", lambda route: route.fulfill(status=503, body=""))
    page.keyboard.type("zz")
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator("#zipcode-error")).to_be_visible()  # the form itself works
    page.context.close()
    page_errors.clear()


RESULT = "/?zipcode=9000&year=2004"


@pytest.mark.parametrize("viewport", [(360, 740)], ids=["phone"])
def test_phone_shows_the_result_on_the_first_screen(page: Page) -> None:
    page.goto(RESULT)
    for selector in ("#factor", "#index"):
        box = page.locator(selector).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 740, selector


@pytest.mark.parametrize("width", [1280, 1000, 768, 500, 360])
def test_base_years_are_one_row_or_one_column(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/")
    tops = page.locator(".tile").evaluate_all("tiles => tiles.map(tile => tile.getBoundingClientRect().y)")
    assert len(set(tops)) in (1, len(tops))


@pytest.mark.parametrize("viewport", [(360, 740)], ids=["phone"])
def test_factor_stands_beside_the_name_of_its_place_on_a_phone(page: Page) -> None:
    for zipcode in ("9000", "9120"):
        page.goto(f"/?zipcode={zipcode}&lang=fr")
        heading, factor = (page.locator(selector).bounding_box() for selector in ("#risk-factor", "#factor"))
        assert heading is not None
        assert factor is not None
        assert heading["x"] + heading["width"] <= factor["x"]


def test_next_zipcode_can_be_typed_at_once(page: Page) -> None:
    page.goto(RESULT)
    expect(page.locator("#zipcode")).to_be_focused()
    page.keyboard.type("9170")
    page.keyboard.press("Enter")
    expect_factor(page, "9170 Sint-Gillis-Waas", "A")


def test_slash_focuses_the_field_but_can_be_typed_into_it(page: Page) -> None:
    page.goto("/")
    page.locator("nav.main-menu a").first.focus()
    page.keyboard.press("/")
    expect(page.locator("#zipcode")).to_be_focused()
    page.keyboard.type("a/b")
    expect(page.locator("#zipcode")).to_have_value("a/b")


def test_base_year_shows_its_index_at_once_and_keeps_the_focus(page: Page) -> None:
    page.goto(RESULT)
    page.get_by_role("radio", name="2013").check()
    expect(page.locator("#index")).to_have_text("140.30")
    expect(page.get_by_role("radio", name="2013")).to_be_focused()
    page.go_back()
    expect(page.locator("#index")).to_have_text("165.08")
    expect(page.get_by_role("radio", name="2004")).to_be_checked()


@pytest.mark.parametrize("javascript", [False], ids=["without script"])
def test_old_index_does_not_stand_beside_a_new_base_year(page: Page) -> None:
    page.goto(RESULT)
    page.get_by_role("radio", name="2013").check(force=True)
    expect(page.locator("#index")).to_be_hidden()
    page.get_by_role("button", name="Look up").click()
    expect(page.locator("#index")).to_have_text("140.30")


def test_figures_are_copied_and_announced(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{RESULT}&lang=nl")
    for name, copied in (("De index kopiëren", "165,08"), ("De risicofactor kopiëren", "B")):
        page.get_by_role("button", name=name).click()
        expect(page.get_by_role("status").filter(has_text="Gekopieerd")).to_have_count(1)
        assert page.evaluate("navigator.clipboard.readText()") == copied


@both_ways
def test_index_needs_no_zipcode(page: Page) -> None:
    page.goto("/")
    page.get_by_role("radio", name="2013").check()
    page.get_by_role("button", name="Look up").click()
    expect(page.locator("#index")).to_have_text("140.30")
    expect(page.locator(".error")).to_have_count(0)
