"""The lookup page in a browser, and that the browser tests notice what they are there for."""

import io
import re
from typing import List

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.browser.checks import assert_accessible, assert_no_horizontal_scrolling

ANSWERED = "/?zipcode=9000&year=2004"


def expect_answer(page: Page, place: str, factor: str, index: str) -> None:
    """Both results are there to be seen."""
    risk_factor = page.get_by_role("region", name=f"Risk factor of {place}")
    expect(risk_factor.get_by_text(factor, exact=True)).to_be_visible()
    expect(page.get_by_role("region", name="Health index").get_by_text(index, exact=True)).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False])
def test_an_address_answers(page: Page) -> None:
    page.goto(ANSWERED)
    expect_answer(page, "9000 Gent", "B", "165.08")


@pytest.mark.parametrize("javascript", [True, False])
def test_the_form_answers(page: Page) -> None:
    page.goto("/")
    page.locator("input[name=zipcode]").fill("9000")
    page.get_by_role("radio", name="2013").check()
    page.get_by_role("button", name="Look up").click()
    expect_answer(page, "9000 Gent", "B", "136.69")


def test_the_keyboard_is_enough(page: Page) -> None:
    page.goto(ANSWERED)
    field = page.locator("input[name=zipcode]")
    for _ in range(30):
        page.keyboard.press("Tab")
        if field.evaluate("field => field === document.activeElement"):
            break
    expect(field).to_be_focused()
    page.keyboard.type("9170")  # over what is there: to tab into a field selects its text
    page.keyboard.press("Enter")
    expect_answer(page, "9170", "A", "165.08")


@pytest.mark.parametrize(("viewport", "scale"), [((320, 640), 1), ((640, 400), 2)], ids=["narrow", "zoomed"])
@pytest.mark.parametrize("path", ["/", ANSWERED])
def test_a_small_window_needs_no_horizontal_scrolling(page: Page, path: str) -> None:
    page.goto(path)
    assert_no_horizontal_scrolling(page)


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", ANSWERED, "/?zipcode=99x&year=2013"])
def test_axe_finds_nothing(page: Page, path: str) -> None:
    page.goto(path)
    assert_accessible(page)


def test_the_answer_can_be_printed(page: Page) -> None:
    page.goto(ANSWERED)
    document = PdfReader(io.BytesIO(page.pdf()))
    printed = re.sub(r"\s+", " ", " ".join(sheet.extract_text() for sheet in document.pages))
    assert re.search(r"Risk factor of 9000 Gent B\b", printed)
    assert re.search(r"Health index, base year 2004 165\.08", printed)
    assert "Look up" not in printed  # the form stays on the screen


@pytest.mark.parametrize(("javascript", "ran"), [(True, "yes"), (False, "no")])
def test_a_page_runs_scripts_when_it_may(page: Page, ran: str) -> None:
    page.set_content("<p>no</p><script>document.querySelector('p').textContent = 'yes'</script>")
    expect(page.get_by_text(ran, exact=True)).to_be_visible()


@pytest.mark.parametrize("locale", ["nl-BE", "en-GB"])
def test_the_browser_asks_for_its_language(page: Page, locale: str) -> None:
    response = page.goto("/")
    assert response is not None
    assert response.request.all_headers()["accept-language"].startswith(locale)


@pytest.mark.parametrize(
    ("path", "script", "complaint"),
    [
        ("about:blank", "fetch('http://elsewhere.invalid/')", "asks another than the desk"),
        ("about:blank", "fetch('http://192.0.2.1/')", "cannot load"),
        ("about:blank", "console.error('oh')", "logs oh"),
        ("about:blank", "setTimeout(() => { throw new Error('oh') })", "raises oh"),
        ("/", "document.body.setAttribute('style', 'color: red')", "logs "),
        ("/", "document.head.append(Object.assign(new Image(), {src: '/nowhere'}))", "gets 404"),
    ],
)
def test_what_goes_wrong_unseen_is_noted(
    page: Page, complaints: List[str], path: str, script: str, complaint: str
) -> None:
    page.goto(path)
    page.evaluate(f"() => {{ {script} }}")
    for _ in range(100):
        if any(noted.startswith(complaint) for noted in complaints):
            break
        page.wait_for_timeout(50)
    else:
        pytest.fail(f"{complaint!r} is not in {complaints}")
    page.context.close()  # what is asked of another is also not answered, some time later
    complaints.clear()


def test_what_keeps_people_out_is_named(page: Page) -> None:
    page.set_content("<main><h1>Here</h1><img src='data:,'></main>")
    with pytest.raises(AssertionError, match="image-alt"):
        assert_accessible(page)


def test_what_sticks_out_is_named(page: Page) -> None:
    page.set_content("<p style='width: 2000px'>wide</p>")
    with pytest.raises(AssertionError, match=r"is 20\d\d px wide .*\n<p style"):
        assert_no_horizontal_scrolling(page)
