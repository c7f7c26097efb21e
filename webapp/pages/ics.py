"""Write calendars of all-day events (RFC 5545)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Iterator, NamedTuple, Sequence

MEDIA_TYPE = "text/calendar"

PRODUCT = "-//Index and zipcode desk//Health index//EN"

# Without the line ending. Longer lines are folded.
MAX_LINE_BYTES = 75

# Suggested to clients.
REFRESH_INTERVAL = "PT12H"


class Event(NamedTuple):
    """An all-day event, tentative if the day may still change."""

    uid: str
    day: date
    is_tentative: bool
    changed_at: datetime
    summary: str
    description: str
    url: str


def write(name: str, language: str, events: Sequence[Event]) -> bytes:
    return b"".join(fold(line) for line in _lines(name, language, events))


def fold(line: str) -> bytes:
    """Encode a line, folded between characters."""
    folded = [b""]
    for character in line:
        encoded = character.encode()
        if len(folded[-1]) + len(encoded) > MAX_LINE_BYTES:
            folded.append(b" ")
        folded[-1] += encoded
    return b"\r\n".join(folded) + b"\r\n"


def escape(text: str) -> str:
    """Escape a TEXT value."""
    for special, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(special, escaped)
    return text


def _lines(name: str, language: str, events: Sequence[Event]) -> Iterator[str]:
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}", "CALSCALE:GREGORIAN")
    yield f"NAME;LANGUAGE={language}:{escape(name)}"
    yield f"X-WR-CALNAME:{escape(name)}"  # for clients older than RFC 7986
    yield f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH_INTERVAL}"
    yield f"X-PUBLISHED-TTL:{REFRESH_INTERVAL}"  # Outlook
    for event in events:
        yield "BEGIN:VEVENT"
        yield f"UID:{event.uid}"
        yield f"DTSTAMP:{event.changed_at:%Y%m%dT%H%M%SZ}"  # the last change, since there is no METHOD
        yield f"DTSTART;VALUE=DATE:{event.day:%Y%m%d}"
        yield f"DTEND;VALUE=DATE:{event.day + timedelta(days=1):%Y%m%d}"
        yield f"SUMMARY;LANGUAGE={language}:{escape(event.summary)}"
        yield f"DESCRIPTION;LANGUAGE={language}:{escape(event.description)}"
        yield f"URL:{event.url}"
        yield f"STATUS:{'TENTATIVE' if event.is_tentative else 'CONFIRMED'}"
        yield "TRANSP:TRANSPARENT"
        yield "END:VEVENT"
    yield "END:VCALENDAR"
