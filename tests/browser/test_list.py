"""Client lists in a browser: pasted, uploaded, downloaded and rejected."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from playwright.sync_api import Download, Page, Route, expect

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
    with page.expect_download() as started:  # without script, of the text that the page has shown
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
    expect(page.locator("#zipcodes-error")).to_contain_text("Paste zipcodes or choose a file.")
    expect(page.locator("#zipcodes")).to_be_focused()
    page.keyboard.type("9000")
    page.get_by_role("button", name="Show the risk factors").click()
    expect(page.locator("#totals")).to_have_text("1 row")


@pytest.mark.parametrize(
    ("content_of_file", "message"),
    [
        (b"%PDF-1.7", "This is a PDF, not a list."),
        (b'zipcode;name\n9000;"Jan\n', "Row 2 is not valid CSV: a quote is never closed"),
    ],
)
def test_unreadable_file_is_rejected_with_its_reason(
    page: Page, tmp_path: Path, content_of_file: bytes, message: str
) -> None:
    file = tmp_path / "clients.csv"
    file.write_bytes(content_of_file)
    page.goto("/list")
    page.locator("#file").set_input_files(file)
    page.get_by_role("button", name="Show the risk factors").click()
    expect(page.locator("#file-error")).to_contain_text(message)
    expect(page.locator("#file")).to_be_focused()


def large_file(tmp_path: Path, rows: int = 600_000) -> Path:
    file = tmp_path / "large.csv"
    file.write_bytes(b"9000;client\n" * rows)
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
def test_long_list_stays_in_the_form_and_is_sent_again(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "zipcodes.csv"
    file.write_bytes(b"9000\n" * 800_000)
    page.set_default_timeout(60_000)
    page.goto("/list")
    page.locator("#file").set_input_files(file)
    page.get_by_role("button", name="Show the risk factors").click()
    expect(page.locator("#totals")).to_have_text("800,000 rows", timeout=60_000)
    expect(page.locator("#totals")).to_be_focused()
    expect(page.locator("#zipcodes")).to_have_value("")
    with page.expect_download() as started:
        page.locator("section [value=download]").click()
    assert content(started.value).count("9000;B\r\n") == 800_000


def test_list_that_is_being_sent_is_not_sent_twice(page: Page) -> None:
    page.goto("/list")
    page.locator("#zipcodes").fill("9000")
    sent: list[str] = []

    def respond_later(route: Route) -> None:
        sent.append(route.request.method)
        expect(page.locator(".progress [role=status]")).to_have_text("The list is being read …")
        page.locator("form [value=show]").click()
        page.locator("form [value=download]").click()
        route.continue_()

    page.route("**/list", respond_later)
    page.locator("form [value=show]").click()
    expect(page.locator("#totals")).to_have_text("1 row")
    expect(page.locator(".progress")).to_be_hidden()
    assert sent == ["POST"]


def test_language_is_chosen_without_losing_the_file(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    file.write_bytes(b"Home zip;Work zip\n9000;2000\n")
    page.goto("/list?lang=en")
    page.locator("#file").set_input_files(file)
    page.locator("#zipcodes").fill("1000")
    page.locator("form details summary").click()
    page.locator("#on").fill("2026-09-14")
    page.locator(".languages [lang=nl]").click()
    expect(page.locator("html")).to_have_attribute("lang", "nl")
    expect(page.locator("#on")).to_have_value("2026-09-14")
    expect(page.locator("#zipcodes")).to_have_value("1000")
    page.locator("form [value=show]").click()
    page.locator("#column").select_option("Work zip")
    page.locator("form [value=show]").click()
    expect(page.locator("#totals")).to_have_text("1 rij")
    page.locator(".languages [lang=de]").click()
    expect(page.locator("#totals")).to_have_text("1 Zeile")  # with the column that was chosen
    expect(page.locator(".factor-c b").first).to_have_text("C")
    other = tmp_path / "other.csv"
    other.write_bytes(file.read_bytes())
    page.locator("#file").set_input_files(other)
    expect(page.locator("[name=column]")).to_have_count(0)  # which may mean another one in another list


@both_ways
def test_enter_in_a_field_looks_up_in_the_same_language(page: Page) -> None:
    page.goto("/list?lang=en")
    page.locator("#zipcodes").fill("9000")
    page.locator("form details summary").click()
    page.locator("#on").press("Enter")
    expect(page.locator("#totals")).to_have_text("1 row")


@pytest.mark.parametrize("javascript", [False])
def test_language_is_chosen_without_losing_the_text_and_without_script(page: Page, tmp_path: Path) -> None:
    page.goto("/list?lang=en")
    page.locator("#zipcodes").fill("naam;Home zip;Work zip\nA;9000;2000")
    page.locator(".languages [lang=nl]").click()
    expect(page.locator("html")).to_have_attribute("lang", "nl")
    expect(page.locator("#zipcodes")).to_have_value("naam;Home zip;Work zip\nA;9000;2000")
    expect(page.locator(".error")).to_have_count(0)
    page.locator("form [value=show]").click()
    page.locator(".languages [lang=fr]").click()
    page.locator("#column").select_option("Work zip")  # still to be chosen
    page.locator("form [value=show]").click()
    expect(page.locator("#totals")).to_have_text("1 ligne")
    page.locator(".languages [lang=de]").click()
    expect(page.locator("#totals")).to_have_text("1 Zeile")
    expect(page.locator(".factor-c b").first).to_have_text("C")  # of the column that was chosen
    page.goto("/list")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.locator("#file").set_input_files(large_file(tmp_path, 100_000))
    page.locator(".languages [lang=en]").click()
    expect(page.locator("#file-error")).to_contain_text("Please choose it again.")


def test_back_and_forward_lead_through_the_results(page: Page) -> None:
    page.goto("/")
    page.goto("/list")
    page.locator("#zipcodes").fill("9000")
    page.locator("form [value=show]").click()
    expect(page.locator("#totals")).to_have_text("1 row")
    page.locator("#zipcodes").fill("9000 2000")
    page.locator("form [value=show]").click()
    expect(page.locator("#totals")).to_have_text("2 rows")
    page.go_back()
    expect(page.locator("#totals")).to_have_text("1 row")
    page.go_back()
    expect(page.locator("#totals")).to_have_count(0)
    expect(page.locator("#zipcodes")).to_have_value("9000 2000")
    page.go_forward()
    expect(page.locator("#totals")).to_have_text("1 row")
    page.go_back()
    page.go_back()
    expect(page).to_have_title(re.compile("Risk factor and health index"))


@both_ways
def test_workbook_comes_back_with_its_factors(page: Page, tmp_path: Path) -> None:
    book = Workbook()
    for row in (["Postcode", "Naam"], [9000, "A"], [2000, "B"]):
        book.worksheets[0].append(row)
    book.save(tmp_path / "clients.xlsx")
    page.goto("/list")
    page.locator("#file").set_input_files(tmp_path / "clients.xlsx")
    with page.expect_download() as started:
        page.locator("form [value=download]").click()
    assert started.value.suggested_filename == "risk-factors.xlsx"
    rows = load_workbook(io.BytesIO(Path(started.value.path()).read_bytes())).worksheets[0]
    assert [row[2] for row in rows.iter_rows(values_only=True)] == ["Risk factor", "B", "C"]


@pytest.mark.parametrize("viewport", [(320, 640)])
@pytest.mark.parametrize(
    "pasted",
    ["A;9000\nB;2000 Gent", "x;y\n9000;2000", "A;9000\nB;2000"],
    ids=["warning", "unclear", "by values"],
)
def test_list_is_accessible_on_a_phone_in_every_language(page: Page, pasted: str) -> None:
    for language in LANGUAGES:
        page.goto(f"/list?lang={language}")
        page.locator("#zipcodes").fill(pasted)
        page.locator("[value=show]").click()
        expect(page.locator(".note, .error, #problems").first).to_be_visible()
        assert_accessible(page)
        assert_no_horizontal_scrolling(page)
        page.emulate_media(color_scheme="dark")
        assert_accessible(page, COLOURS)
        page.emulate_media(color_scheme="light")


def test_phone_breaks_no_word_of_the_result_in_any_language(page: Page) -> None:
    for language in LANGUAGES:
        page.goto(f"/list?lang={language}")
        page.locator("#zipcodes").fill("zip;naam\n9000;Verzekeringsmaatschappij\n1311;Jan\n999;\n")
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
