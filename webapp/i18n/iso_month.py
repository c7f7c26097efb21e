"""ISO 8601 months such as 2026-07, as their first day."""

from __future__ import annotations

import re
from datetime import date

ISO_MONTH = "(19|20)[0-9]{2}-(0[1-9]|1[0-2])"


def parse_iso_month(text: str) -> date:
    """Parse a month from 1900-01 to 2099-12. Raises ValueError."""
    if not re.fullmatch(ISO_MONTH, text):
        raise ValueError(f"{text!r} is not a month such as 2025-12")
    return date(int(text[:4]), int(text[5:]), 1)


def iso_month(day: date) -> str:
    return f"{day:%Y-%m}"
