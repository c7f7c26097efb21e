"""What is read on a page as it is drawn: with what its style adds, and without what it hides."""

import io
import re

from playwright.sync_api import Page
from pypdf import PdfReader


def printed(page: Page) -> str:
    """What is read on paper."""
    return _text(page.pdf())


def shown(page: Page, width: int) -> str:
    """What is read in a window of so many CSS pixels."""
    page.emulate_media(media="screen")
    return _text(page.pdf(width=f"{width}px", height="2000px"))


def _text(pdf: bytes) -> str:
    sheets = PdfReader(io.BytesIO(pdf)).pages
    return re.sub(r"\s+", " ", " ".join(sheet.extract_text() for sheet in sheets))
