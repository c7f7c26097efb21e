"""Pages as they are read: their text, and where their links lead."""

import html
import re
from typing import List


def text(page: str) -> str:
    """What is read on a page: no tags, single spaces (no-break ones, too, are spaces here)."""
    body = re.sub(r"<(script|head).*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def links(page: str) -> List[str]:
    """The addresses that the main part of a page leads to."""
    main = page[page.index("<main") : page.index("</main>")]
    return [html.unescape(address) for address in re.findall(r'<a [^>]*href="([^"]+)"', main)]
