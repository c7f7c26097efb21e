"""The text of a page as rendered: with generated content, without hidden elements."""

from __future__ import annotations

import io
import re
import unicodedata

from playwright.sync_api import Page
from pypdf import PdfReader


def printed(page: Page) -> str:
    """Return the text of the printed page."""
    return _text(page.pdf())


def shown(page: Page, width: int) -> str:
    """Return the text of the page in a window of `width` CSS pixels."""
    page.emulate_media(media="screen")
    return _text(page.pdf(width=f"{width}px", height="2000px"))


def broken_words(page: Page, selector: str, width: int) -> list[str]:
    """Return the words of the selected elements that a window of `width` breaks in two."""
    whole = set(shown(page, width).split())
    words = " ".join(page.locator(selector).all_inner_texts()).split()
    assert words
    return [word for word in words if word not in whole]


def _text(pdf: bytes) -> str:
    text = " ".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(pdf)).pages)
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text))  # splits ligatures
