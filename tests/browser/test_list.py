"""Client lists in a browser: pasted, uploaded, downloaded and rejected."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Download, Page, expect

from tests.browser.checks import COLOURS, assert_accessible, assert_no_horizontal_scrolling
from tests.browser.reading import broken_words, printed
from tests.browser.urls import LANGUAGES

both_ways = pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])

CLIENTS = "postcode;naam;polis\r\n9000;Élise;00123\r\n2000;=1+1;7\r\n1311;Jan;\r\n"
RESULT = (
    "\ufeffpostcode;naam;polis;Risk factor\r\n"
    '9000;Élise;"=""00123""";B\r\n'
    "2000;'=1+1;7;C\r\n"
    "1311;Jan;;No risk factor for this zipcode\r\n"
)


def content(download: Download) -> str:
    return Path(download.path()).read_bytes().decode()


@both_ways
def test_file_is_shown_and_downloaded_for_excel(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    file.write_bytes(CLIENTS.encode("windows-1252"))
    page.goto("/list")
    page.locator("#file").set_input_files(file)
    page.get_by_role("button", name="Show the risk factors").click()
    expect(page.locator("#totals")).to_have_text("3 rows")
    expect(page.locator("#problems")).to_have_text("1 row with a problem")
    expect(page.get_by_role("row", name="1311")).to_have_count(2)  # among the problems and the first rows
    with page.expect_download() as started:
        page.locator("section [value=download]").click()
    assert started.value.suggested_filename == "risk-factors.csv"
    assert content(started.value) == RESULT


@both_ways
def test_pasted_zipcodes_are_looked_up(page: Page) -> None:
    page.goto("/list")
    page.locator("#zipcodes").fill("9000, 2000 9170")
    page.get_by_role("button", name="Show the risk factors").click()
    expect(page.locator("#totals")).to_have_text("3 rows")
    expect(page.locator("#zipcodes")).to_have_value("9000, 2000 9170")


@both_ways
def test_empty_form_is_rejected_and_corrected(page: Page) -> None:
    page.goto("/list")
    page.get_by_role("button", name="Show the risk factors").click()
    expect(page.locator(".summary")).to_contain_text("Paste zipcodes or choose a file.")
    expect(page.locator("#zipcodes")).to_be_focused()
    page.keyboard.type("9000")
    page.get_by_role("button", name="Show the risk factors").click()
    expect(page.locator("#totals")).to_have_text("1 row")


def test_unreadable_file_is_rejected_with_the_row(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    file.write_bytes(b'zipcode;name\n9000;"Jan\n')
    page.goto("/list")
    page.locator("#file").set_input_files(file)
    page.get_by_role("button", name="Show the risk factors").click()
    expect(page.locator("#file-error")).to_contain_text("Row 2 is not valid CSV: a quote is never closed")
    expect(page.locator("#file")).to_be_focused()


def large_file(tmp_path: Path) -> Path:
    file = tmp_path / "large.csv"
    file.write_bytes(b"9000;client\n" * 600_000)
    return file


@pytest.mark.parametrize("javascript", [False])
def test_too_large_file_is_rejected(page: Page, tmp_path: Path) -> None:
    page.goto("/list")
    page.locator("#file").set_input_files(large_file(tmp_path))
    page.get_by_role("button", name="Show the risk factors").click()
    expect(page.locator("#file-error")).to_contain_text("A list can have at most 5 MB.")


def test_too_large_file_is_not_sent(page: Page, tmp_path: Path) -> None:
    page.goto("/list")
    page.locator("#file").set_input_files(large_file(tmp_path))
    assert (
        page.evaluate("document.querySelector('#file').validationMessage") == "This file is larger than 5 MB."
    )
    page.get_by_role("button", name="Show the risk factors").click()
    expect(page.locator("#file-error")).to_have_count(0)


@pytest.mark.slow
def test_long_list_is_looked_up_without_being_rendered(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "zipcodes.csv"
    file.write_bytes(b"9000\n" * 800_000)
    page.set_default_timeout(60_000)
    page.goto("/list")
    page.locator("#file").set_input_files(file)
    page.get_by_role("button", name="Show the risk factors").click()
    expect(page.locator("#totals")).to_have_text("800,000 rows", timeout=60_000)
    expect(page.locator("textarea")).to_have_count(0)
    with page.expect_download() as started:
        page.locator("section [value=download]").click()
    assert content(started.value).count("9000;B\r\n") == 800_000


@pytest.mark.slow
def test_long_invalid_file_is_not_rendered(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "zipcodes.csv"
    file.write_bytes(b"9000\n" * 800_000 + b'"2000')
    page.set_default_timeout(60_000)
    page.goto("/list")
    page.locator("#file").set_input_files(file)
    page.get_by_role("button", name="Show the risk factors").click()
    expect(page.locator("#file-error")).to_contain_text("Row 800,001 is not valid CSV", timeout=60_000)
    expect(page.locator("#zipcodes")).to_have_value("")
    expect(page.locator("[name=kept]")).to_have_count(0)


@both_ways
def test_long_invalid_text_is_kept_until_another_is_pasted(page: Page) -> None:
    pasted = f"9000;{'x' * 1000}\n" * 100 + '"2000'
    page.goto("/list")
    page.locator("#zipcodes").fill(pasted)
    for _ in range(2):
        page.get_by_role("button", name="Show the risk factors").click()
        expect(page.locator("#zipcodes-error")).to_contain_text("is not valid CSV")
        expect(page.locator("#zipcodes")).to_be_focused()
        expect(page.locator("#zipcodes")).to_have_value("")
        expect(page.locator("[name=kept]")).to_have_value(pasted)
    page.locator("#zipcodes").fill("9000")
    page.get_by_role("button", name="Show the risk factors").click()
    expect(page.locator("#totals")).to_have_text("1 row")


@pytest.mark.parametrize("viewport", [(320, 640)])
@pytest.mark.parametrize(
    "pasted",
    ["x" * 100 + ";naam\n1000;Jan", "x" * 100_001 + '\n"', CLIENTS + "x" * 100 + ";" + "y" * 200],
    ids=["guessed", "kept", "result"],
)
def test_list_is_accessible_on_a_phone_in_every_language(page: Page, pasted: str) -> None:
    for language in LANGUAGES:
        page.goto(f"/list?lang={language}")
        page.locator("#zipcodes").fill(pasted)
        page.locator("[value=show]").click()
        expect(page.locator(".note, .summary, #problems").first).to_be_visible()
        assert_accessible(page)
        assert_no_horizontal_scrolling(page)
        page.emulate_media(color_scheme="dark")
        assert_accessible(page, COLOURS)
        page.emulate_media(color_scheme="light")


def test_phone_breaks_no_word_of_the_result_in_any_language(page: Page) -> None:
    for language in LANGUAGES:
        page.goto(f"/list?lang={language}")
        page.locator("#zipcodes").fill("9000;Verzekeringsmaatschappij\n1311;Jan\n999;\n")
        page.locator("[value=show]").click()
        expect(page.locator("#problems")).to_be_visible()
        assert broken_words(page, "main table", 320) == []


def test_result_is_printed_without_its_form(page: Page) -> None:
    page.goto("/list")
    page.locator("#zipcodes").fill("9000")
    page.locator("[value=show]").click()
    expect(page.locator("#totals")).to_be_visible()
    text = printed(page)
    assert "First rows" in text
    assert "Your list" not in text
