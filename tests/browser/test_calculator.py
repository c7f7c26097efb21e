"""The calculator in a browser: input, correction, copying and printing."""

from __future__ import annotations

import io
import re
import unicodedata

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.browser.urls import CALCULATION, LANGUAGES, in_language

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
    page.get_by_role("button", name="Print", exact=True).click()
    expect(page).to_have_title("printed")


@pytest.mark.parametrize("javascript", [False])
def test_buttons_that_need_javascript_are_hidden_without_it(page: Page) -> None:
    page.goto(CALCULATION)
    expect(page.locator("#sentence")).to_be_visible()
    expect(page.locator(":is([data-copy], [data-print]):visible")).to_have_count(0)


def test_letter_is_copied_as_its_text_file(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(CALCULATION)
    page.get_by_role("button", name="Copy the letter").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    with page.expect_download() as started:
        page.get_by_role("link", name="English").click()
    file = started.value.path().read_bytes().decode()
    assert copied == file.replace("\r\n", "\n")
    assert copied.startswith("[Your name]")


@both_ways
def test_letter_of_another_language_leaves_the_page_in_its_own(page: Page) -> None:
    page.goto(CALCULATION)
    with page.expect_download() as started:
        page.get_by_role("main").get_by_role("link", name="Français").click()
    assert started.value.suggested_filename == "indexation-letter-2026-08.txt"
    assert "Madame, Monsieur," in started.value.path().read_bytes().decode()
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_letter_is_printed_alone_by_its_button(page: Page) -> None:
    page.add_init_script("window.print = () => {}")
    page.goto(CALCULATION)
    page.get_by_role("button", name="Print the letter").click()
    assert sheets(page) == [expect_letter(page)]
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert len(sheets(page)) == 2


@both_ways
def test_calculation_is_printed_with_date_and_url_and_the_letter_on_a_sheet_of_its_own(page: Page) -> None:
    page.goto(CALCULATION)
    calculation, letter = sheets(page)
    assert "€1,599.03" in calculation
    assert f"from {page.url}" in calculation.replace("? amount", "?amount")
    assert re.search(r"Printed on [0-9]+ [A-Z][a-z]+ [0-9]{4} from", calculation)
    assert letter == expect_letter(page)


def expect_letter(page: Page) -> str:
    """Return the words of the letter on the page."""
    return words(page.locator("#letter").text_content() or "")


def sheets(page: Page) -> list[str]:
    """Return the words of each printed sheet."""
    pdf = PdfReader(io.BytesIO(page.pdf(format="A4", prefer_css_page_size=True)))
    return [words(sheet.extract_text()) for sheet in pdf.pages]


def words(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


@both_ways
def test_base_year_that_ended_leads_to_one_with_both_months(page: Page) -> None:
    page.goto("/indexation?amount=1250,50&year=2004&from=01/2010")
    page.get_by_role("link", name="base 2013").click()
    expect(page.locator(".figure .month")).to_have_text("August 2026")
    expect(page.locator("[name=amount]")).to_have_value("1250,50")


@both_ways
def test_missing_month_leads_to_a_base_year_that_has_it(page: Page) -> None:
    page.goto("/indexation?amount=1250,50&year=2025&from=01/2010")
    expect(page.locator("#from-error")).to_contain_text("No health index is available for January 2010")
    page.get_by_role("link", name="Calculate on base 2013").click()
    expect(page.locator(".figure .month")).to_have_text("August 2026")


def test_new_amount_is_above_the_fold_of_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    for language in LANGUAGES:
        page.goto(in_language(CALCULATION, language))
        expect(page.locator(".formula")).to_be_in_viewport(ratio=1)
