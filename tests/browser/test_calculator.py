"""The calculator in a browser: input, correction, copying and printing."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.urls import CALCULATION

both_ways = pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])


@both_ways
def test_amount_is_indexed_after_a_correction(page: Page) -> None:
    page.goto("/indexation")
    page.locator("#amount").fill("1,250")
    page.get_by_role("button", name="Calculate").click()
    expect(page.locator("#amount")).to_be_focused()
    expect(page.locator("#amount-error")).to_contain_text("is ambiguous")
    page.locator("#amount").fill("1.250,50")
    page.get_by_role("radio", name="2013").check()
    page.locator("#from").fill("januari 2020")
    page.keyboard.press("Enter")
    expect(page.locator(".big-number")).to_have_text("€1,599.03")


def test_sentence_is_copied(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(CALCULATION)
    page.get_by_role("button", name="Copy this sentence").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#sentence").text_content()


def test_sentence_is_selected_where_copying_is_denied(page: Page) -> None:
    page.add_init_script("navigator.clipboard.writeText = () => Promise.reject(new Error('no'))")
    page.goto(CALCULATION)
    page.get_by_role("button", name="Copy this sentence").click()
    page.wait_for_function("String(getSelection()) === document.querySelector('#sentence').textContent")


def test_print_button_prints_the_page(page: Page) -> None:
    page.add_init_script("window.print = () => { document.title = 'printed' }")
    page.goto(CALCULATION)
    page.get_by_role("button", name="Print").click()
    expect(page).to_have_title("printed")


@pytest.mark.parametrize("javascript", [False])
def test_buttons_that_need_javascript_are_hidden_without_it(page: Page) -> None:
    page.goto(CALCULATION)
    expect(page.locator("#sentence")).to_be_visible()
    expect(page.locator("[data-copy]")).to_be_hidden()
    expect(page.locator("[data-print]")).to_be_hidden()
