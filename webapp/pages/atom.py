"""Write Atom feeds (RFC 4287)."""

from __future__ import annotations

import io
from datetime import datetime
from typing import NamedTuple, Sequence
from xml.etree import ElementTree

MEDIA_TYPE = "application/atom+xml"

NAMESPACE = "http://www.w3.org/2005/Atom"


class Entry(NamedTuple):
    """An entry; `html` is its content."""

    id: str
    title: str
    url: str
    published_at: datetime
    updated_at: datetime
    html: str


class Feed(NamedTuple):
    """A feed in one language; `url` is its own, `page_url` that of its page."""

    id: str
    language: str
    title: str
    author: str
    url: str
    page_url: str
    updated_at: datetime
    entries: Sequence[Entry]


def write(feed: Feed) -> bytes:
    root = ElementTree.Element("feed", {"xmlns": NAMESPACE, "xml:lang": feed.language})
    _add(root, "id", feed.id)
    _add(root, "title", feed.title)
    _add(root, "updated", _instant(feed.updated_at))
    _add(_add(root, "author"), "name", feed.author)
    _add(root, "link", rel="self", type=MEDIA_TYPE, href=feed.url)
    _add(root, "link", rel="alternate", type="text/html", href=feed.page_url)
    for entry in feed.entries:
        element = _add(root, "entry")
        _add(element, "id", entry.id)
        _add(element, "title", entry.title)
        _add(element, "published", _instant(entry.published_at))
        _add(element, "updated", _instant(entry.updated_at))
        _add(element, "link", rel="alternate", type="text/html", href=entry.url)
        _add(element, "content", entry.html, type="html")
    file = io.BytesIO()
    ElementTree.ElementTree(root).write(file, "utf-8", xml_declaration=True)
    return file.getvalue()


def _add(
    parent: ElementTree.Element, name: str, text: str | None = None, **attributes: str
) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, name, attributes)
    element.text = text
    return element


def _instant(value: datetime) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%SZ}"
