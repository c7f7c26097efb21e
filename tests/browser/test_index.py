"""The table of months of the health index page in a browser."""

import pytest
from playwright.sync_api import Page

from tests.browser.reading import shown


@pytest.mark.parametrize("width", [320, 640])
def test_narrow_window_shows_the_number_of_each_month(page: Page, width: int) -> None:
    """The period starts in August 2025."""
    page.goto("/index?year=2025&period=1")
    text = shown(page, width)
    assert "06 102.59 07 103.24 08 103.49 2025 08 100.05 09 99.77" in text


def test_every_month_has_a_column_of_equal_width(page: Page) -> None:
    page.goto("/index?year=2025&period=1")
    columns = page.locator(".months thead th").all()
    widths = [box["width"] for box in (column.bounding_box() for column in columns) if box]
    assert len(widths) == 13
    assert max(widths) - min(widths) < 1
