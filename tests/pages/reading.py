"""The text and the links of a page."""

from __future__ import annotations

import html
import re


def text(page: str) -> str:
    """Return the text of a page without tags, with single spaces for any whitespace, no-break included."""
    body = re.sub(r"<(script|head).*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def links(page: str) -> list[str]:
    """Return the URLs that the main part of a page links to."""
    main = page[page.index("<main") : page.index("</main>")]
    return [html.unescape(url) for url in re.findall(r'<a [^>]*href="([^"]+)"', main)]
