"""Lines of a calendar file: escaped and folded."""

from __future__ import annotations

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.pages.ics import MAX_LINE_BYTES, escape, fold


@pytest.mark.parametrize(
    ("line", "folded"),
    [
        ("A" * 75, b"A" * 75 + b"\r\n"),
        ("A" * 76, b"A" * 75 + b"\r\n A\r\n"),
        ("A" * 75 + "B" * 75, b"A" * 75 + b"\r\n " + b"B" * 74 + b"\r\n B\r\n"),
        ("A" * 74 + "é", b"A" * 74 + b"\r\n " + "é".encode() + b"\r\n"),
    ],
)
def test_long_line_is_folded_between_characters(line: str, folded: bytes) -> None:
    assert fold(line) == folded


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=300))
def test_folded_lines_are_short_and_unfold(line: str) -> None:
    folded = fold(line)
    assert all(len(part) <= MAX_LINE_BYTES for part in folded.split(b"\r\n"))
    assert folded.replace(b"\r\n ", b"")[:-2].decode() == line


def test_text_is_escaped() -> None:
    assert escape("a, b; c\\n\nd") == "a\\, b\\; c\\\\n\\nd"


def test_escaped_text_is_read_back() -> None:
    text = "a, b; c\nd"
    event = icalendar.Event.from_ical(f"BEGIN:VEVENT\r\nSUMMARY:{escape(text)}\r\nEND:VEVENT\r\n")
    assert event["SUMMARY"] == text
