"""What is read on a page as it is drawn: with what its style adds, and without what it hides."""

import io
import re
import unicodedata
from typing import List

from playwright.sync_api import Page
from pypdf import PdfReader


def printed(page: Page) -> str:
    """What is read on paper."""
    return _text(page.pdf())


def shown(page: Page, width: int) -> str:
    """What is read in a window of so many CSS pixels."""
    page.emulate_media(media="screen")
    return _text(page.pdf(width=f"{width}px", height="2000px"))


def broken_words(page: Page, selector: str, width: int) -> List[str]:
    """The words of some elements that such a window breaks in two."""
    whole = set(shown(page, width).split())
    words = " ".join(page.locator(selector).all_inner_texts()).split()
    assert words
    return [word for word in words if word not in whole]


def _text(pdf: bytes) -> str:
    drawn = " ".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(pdf)).pages)
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", drawn))  # a ligature is its letters
