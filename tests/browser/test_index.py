"""The page of the health index in a browser: its months in narrow windows."""

import pytest
from playwright.sync_api import Page

from tests.browser.reading import shown


@pytest.mark.parametrize("width", [320, 640])
def test_a_narrow_window_gives_each_index_the_number_of_its_month(page: Page, width: int) -> None:
    """Of 2026 the seed holds January to March and July alone; a year ago the months begin in July."""
    page.goto("/index?year=2025&period=1")
    text = shown(page, width)
    assert "2026 01 101.33 02 101.84 03 101.63 07 103.24 2025 07 100.02 08 100.05" in text


def test_every_month_has_its_column_whether_held_or_not(page: Page) -> None:
    page.goto("/index?year=2025&period=1")
    columns = page.locator(".months thead th").all()
    widths = [box["width"] for box in (column.bounding_box() for column in columns) if box]
    assert len(widths) == 13
    assert max(widths) - min(widths) < 1
