"""Lists of clients in a browser: pasted, uploaded, downloaded, and refused with reasons."""

from pathlib import Path

import pytest
from playwright.sync_api import Download, Page, expect

from tests.browser.addresses import LANGUAGES
from tests.browser.checks import COLOURS, assert_accessible, assert_no_horizontal_scrolling
from tests.browser.reading import broken_words, printed

both_ways = pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])

CLIENTS = "postcode;naam;polis\r\n9000;Élise;00123\r\n2000;=1+1;7\r\n1311;Jan;\r\n"
ANSWER = (
    "\ufeffpostcode;naam;polis;Risk factor\r\n"
    '9000;Élise;"=""00123""";B\r\n'
    "2000;'=1+1;7;C\r\n"
    "1311;Jan;;No risk factor for this zipcode\r\n"
)


def content(download: Download) -> str:
    return Path(download.path()).read_bytes().decode()


@both_ways
@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252"])
def test_a_file_is_shown_and_comes_back_for_excel(page: Page, tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "clients.csv"
    file.write_bytes(CLIENTS.encode(encoding))
    page.goto("/list")
    page.locator("#file").set_input_files(file)
    page.get_by_role("button", name="Show the risk factors").click()
    expect(page.locator("#totals")).to_have_text("3 rows")
    expect(page.locator("#problems")).to_have_text("1 row with a problem")
    expect(page.get_by_role("row", name="1311")).to_have_count(2)  # among the problems and the first rows
    with page.expect_download() as started:
        page.locator("section [value=download]").click()
    assert started.value.suggested_filename == "risk-factors.csv"
    assert content(started.value) == ANSWER


@both_ways
def test_zipcodes_are_pasted(page: Page) -> None:
    page.goto("/list")
    page.locator("#zipcodes").fill("9000, 2000 9170")
    page.get_by_role("button", name="Show the risk factors").click()
    expect(page.locator("#totals")).to_have_text("3 rows")
    expect(page.locator("#zipcodes")).to_have_value("9000, 2000 9170")


@both_ways
def test_nothing_is_corrected(page: Page) -> None:
    page.goto("/list")
    page.get_by_role("button", name="Show the risk factors").click()
    expect(page.locator(".summary")).to_contain_text("Paste zipcodes or choose a file.")
    expect(page.locator("#zipcodes")).to_be_focused()
    page.keyboard.type("9000")
    page.get_by_role("button", name="Show the risk factors").click()
    expect(page.locator("#totals")).to_have_text("1 row")


@pytest.mark.parametrize(
    ("content_of_file", "message"),
    [
        (b"zipcode;name\n9000;\x00\n", "Row 2 is not UTF-8 or Windows-1252 text"),
        (b"9000\n" + b"\x81\x8d\n", "Row 2 is not UTF-8 or Windows-1252 text"),
        (b'zipcode;name\n9000;"Jan\n', "Row 2 is not valid CSV: a quote is never closed"),
        (b";" * 1_000_000, "The file has no rows"),
        (b"9000;x" * 1_001, "A file can have at most 1000 columns"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_row(
    page: Page, tmp_path: Path, content_of_file: bytes, message: str
) -> None:
    file = tmp_path / "clients.csv"
    file.write_bytes(content_of_file)
    page.goto("/list")
    page.locator("#file").set_input_files(file)
    page.get_by_role("button", name="Show the risk factors").click()
    expect(page.locator("#file-error")).to_contain_text(message)
    expect(page.locator("#file")).to_be_focused()


def large(tmp_path: Path) -> Path:
    file = tmp_path / "large.csv"
    file.write_bytes(b"9000;client\n" * 600_000)
    return file


@pytest.mark.parametrize("javascript", [False])
def test_a_file_that_is_too_large_is_refused(page: Page, tmp_path: Path) -> None:
    page.goto("/list")
    page.locator("#file").set_input_files(large(tmp_path))
    page.get_by_role("button", name="Show the risk factors").click()
    expect(page.locator("#file-error")).to_contain_text("A list can have at most 5 MB.")


def test_a_file_that_is_too_large_is_not_even_sent(page: Page, tmp_path: Path) -> None:
    page.goto("/list")
    page.locator("#file").set_input_files(large(tmp_path))
    assert (
        page.evaluate("document.querySelector('#file').validationMessage") == "This file is larger than 5 MB."
    )
    page.get_by_role("button", name="Show the risk factors").click()
    expect(page.locator("#file-error")).to_have_count(0)


def test_a_long_list_is_answered_without_being_laid_out(page: Page, tmp_path: Path) -> None:
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


def test_a_long_file_that_is_wrong_is_not_laid_out(page: Page, tmp_path: Path) -> None:
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
def test_a_long_text_that_is_wrong_is_kept_until_another_is_pasted(page: Page) -> None:
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
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "pasted", ["x" * 100 + ";naam\n1000;Jan", "x" * 100_001 + '\n"'], ids=["guessed", "kept"]
)
def test_axe_finds_nothing_beside_a_list_of_which_something_is_said(
    page: Page, language: str, pasted: str
) -> None:
    page.goto(f"/list?lang={language}")
    page.locator("#zipcodes").fill(pasted)
    page.locator("[value=show]").click()
    expect(page.locator(".note, .summary")).to_be_visible()
    assert_accessible(page)
    assert_no_horizontal_scrolling(page)
    page.emulate_media(color_scheme="dark")
    assert_accessible(page, COLOURS)


@pytest.mark.parametrize("viewport", [(320, 640)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_in_an_answer(page: Page, language: str) -> None:
    page.goto(f"/list?lang={language}")
    page.locator("#zipcodes").fill(CLIENTS + "x" * 100 + ";" + "y" * 200)
    page.locator("[value=show]").click()
    expect(page.locator("#problems")).to_be_visible()
    assert_accessible(page)
    assert_no_horizontal_scrolling(page)
    page.emulate_media(color_scheme="dark")
    assert_accessible(page, COLOURS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_telephone_breaks_no_word_of_the_answer(page: Page, language: str) -> None:
    page.goto(f"/list?lang={language}")
    page.locator("#zipcodes").fill("9000;Verzekeringsmaatschappij\n1311;Jan\n999;\n")
    page.locator("[value=show]").click()
    expect(page.locator("#problems")).to_be_visible()
    assert broken_words(page, "main table", 320) == []


def test_an_answer_is_printed_without_a_heading_for_the_form(page: Page) -> None:
    page.goto("/list")
    page.locator("#zipcodes").fill("9000")
    page.locator("[value=show]").click()
    expect(page.locator("#totals")).to_be_visible()
    text = printed(page)
    assert "First rows" in text
    assert "Your list" not in text
