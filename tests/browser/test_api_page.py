"""The page of the API in a browser: requests, samples and anchors, with and without JavaScript."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.checks import assert_accessible, assert_no_horizontal_scrolling, assert_nothing_overflows

URL = "/api/v1/"

MAX_BYTES = 60_000


def route(page: Page, path: str) -> Locator:
    return page.locator("section.route", has=page.get_by_text(f"GET /api/v1{path}", exact=True))


def send(section: Locator) -> None:
    section.get_by_role("button", name="Send request").click()
    expect(section.get_by_role("status")).not_to_be_empty()


def test_request_shows_status_headers_and_body_on_the_page(page: Page) -> None:
    page.goto(URL)
    section = route(page, "/health-index/{base}/{month}")
    section.locator("[name=base]").select_option("2004")
    send(section)
    expect(section.get_by_role("status")).to_have_text(re.compile("^200"))
    shown = section.locator("form pre")
    expect(shown.first).to_contain_text("Content-Type: application/json")
    body = json.loads(shown.last.text_content() or "")
    assert (body["base_year"], body["month"]) == (2004, "2020-01")
    expect(section.locator("form a")).to_have_attribute("href", "/api/v1/health-index/2004/2020-01")
    assert page.url.endswith(URL)
    assert_accessible(page)


def test_request_leaves_empty_parameters_out(page: Page) -> None:
    page.goto(URL)
    section = route(page, "/indexation")
    section.locator("[name=to]").fill(" ")
    section.locator("[name=amount]").fill("850")
    page.keyboard.press("Enter")
    expect(section.get_by_role("status")).to_have_text(re.compile("^200"))
    expect(section.locator("form a")).to_have_attribute(
        "href", "/api/v1/indexation?amount=850&base=2013&from=2020-01"
    )


def test_csv_is_shown_as_it_is(page: Page) -> None:
    page.goto(URL)
    section = route(page, "/health-index/series")
    section.locator("[name=format]").select_option("csv")
    send(section)
    expect(section.locator("form pre").last).to_contain_text("base_year,month,value")


def test_long_body_is_cut(page: Page) -> None:
    page.goto(URL)
    section = route(page, "/risk-tables/{id}/diff")
    send(section)
    expect(section.locator("form pre").last).to_contain_text(re.compile("… and [0-9]+ more characters$"))


def test_problem_is_shown_with_its_status(page: Page, page_errors: list[str]) -> None:
    page.goto(URL)
    section = route(page, "/zipcodes/{zipcode}")
    section.locator("[name=zipcode]").fill("999")
    send(section)
    expect(section.get_by_role("status")).to_have_text(re.compile("^400"))
    expect(section.locator("form pre").last).to_contain_text('"code": "ZIPCODE_NOT_VALID"')
    page.context.close()
    page_errors.clear()  # a browser records the 400


def test_unreachable_server_is_reported(page: Page, page_errors: list[str]) -> None:
    page.goto(URL)
    page.route("**/base-years", lambda request: request.abort())
    section = route(page, "/health-index/base-years")
    section.get_by_role("button", name="Send request").click()
    expect(section.get_by_role("status")).to_have_text("No response: the server cannot be reached.")
    page.context.close()
    page_errors.clear()  # a browser records the failure


@pytest.mark.parametrize("javascript", [False])
def test_form_leads_to_the_response_without_javascript(page: Page) -> None:
    page.goto(URL)
    route(page, "/indexation").get_by_role("button", name="Send request").click()
    assert page.url.endswith("/api/v1/indexation?amount=1250.50&base=2013&from=2020-01&to=2025-12")
    assert json.loads(page.locator("pre").text_content() or "")["new_amount"] == "1557.88"


@pytest.mark.parametrize("javascript", [False])
def test_parts_that_need_javascript_are_hidden_without_it(page: Page) -> None:
    page.goto(URL)
    section = route(page, "/zipcodes/{zipcode}")
    expect(section.get_by_role("button")).to_have_count(0)
    expect(section.locator("input:visible")).to_have_count(0)
    section.get_by_role("link", name="View response").first.click()
    assert page.url.endswith("/api/v1/zipcodes/9000")


def test_command_is_copied(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(URL)
    section = route(page, "/indexation")
    section.get_by_role("button", name="Copy").click()
    expect(section.get_by_role("button", name="Copied")).to_be_visible()
    command = page.evaluate("navigator.clipboard.readText()")
    assert command.startswith("curl -s 'http://127.0.0.1:")
    assert command.endswith("/api/v1/indexation?amount=1250.50&base=2013&from=2020-01&to=2025-12'")


def test_contents_lead_to_a_route(page: Page) -> None:
    page.goto(URL)
    page.get_by_role("navigation", name="Contents").get_by_role("link", name="GET /indexation").click()
    assert page.url.endswith("#get-indexation")
    expect(page.locator("#get-indexation")).to_be_in_viewport()


def test_page_with_samples_and_responses_fits_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(URL)
    for section in (route(page, "/indexation"), route(page, "/zipcodes")):
        section.get_by_text("Sample response").first.click()
        send(section)
    assert_no_horizontal_scrolling(page)
    assert_nothing_overflows(page)


def test_page_and_its_files_are_light(page: Page) -> None:
    sizes: dict[str, int] = {}
    page.on("response", lambda response: sizes.update({response.url: len(response.body())}))
    page.goto(URL)
    page.wait_for_load_state("networkidle")
    assert any("/static/api." in url for url in sizes)
    assert sum(sizes.values()) < MAX_BYTES, sizes
