"""That the browser tests notice what they are there for."""

from typing import List

import pytest
from playwright.sync_api import Page, expect

from tests.browser.checks import assert_accessible, assert_no_horizontal_scrolling


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
