"""Tests of the fixtures and checks of the browser tests."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.checks import assert_accessible, assert_no_horizontal_scrolling


@pytest.mark.parametrize(("javascript", "text"), [(True, "yes"), (False, "no")])
def test_javascript_can_be_disabled(page: Page, text: str) -> None:
    page.set_content("<p>no</p><script>document.querySelector('p').textContent = 'yes'</script>")
    expect(page.get_by_text(text, exact=True)).to_be_visible()


@pytest.mark.parametrize("locale", ["nl-BE"])
def test_locale_is_sent_as_accept_language(page: Page, locale: str) -> None:
    response = page.goto("/")
    assert response is not None
    assert response.request.all_headers()["accept-language"].startswith(locale)


@pytest.mark.parametrize(
    ("path", "script", "error"),
    [
        ("about:blank", "fetch('http://elsewhere.invalid/')", "requests another host"),
        ("about:blank", "fetch('http://192.0.2.1/')", "cannot load"),
        ("about:blank", "console.error('oh')", "logs oh"),
        ("about:blank", "setTimeout(() => { throw new Error('oh') })", "raises oh"),
        ("/", "document.body.setAttribute('style', 'color: red')", "logs "),
        ("/", "document.head.append(Object.assign(new Image(), {src: '/nowhere'}))", "gets 404"),
    ],
)
def test_error_of_a_page_is_recorded(
    page: Page, page_errors: list[str], path: str, script: str, error: str
) -> None:
    page.goto(path)
    page.evaluate(f"() => {{ {script} }}")
    for _ in range(100):
        if any(recorded.startswith(error) for recorded in page_errors):
            break
        page.wait_for_timeout(50)
    else:
        pytest.fail(f"{error!r} is not in {page_errors}")
    page.context.close()  # a request to another host also fails, later
    page_errors.clear()


def test_accessibility_violation_is_reported(page: Page) -> None:
    page.set_content("<main><h1>Here</h1><img src='data:,'></main>")
    with pytest.raises(AssertionError, match="image-alt"):
        assert_accessible(page)


def test_element_wider_than_the_window_is_reported(page: Page) -> None:
    page.set_content("<p style='width: 2000px'>wide</p>")
    with pytest.raises(AssertionError, match=r"is 20\d\d px wide .*\n<p style"):
        assert_no_horizontal_scrolling(page)
