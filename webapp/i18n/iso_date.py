"""ISO 8601 dates such as 2027-01-01."""

from __future__ import annotations

import re
from datetime import date

ISO_DATE = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"


def parse_iso_date(text: str) -> date:
    """Parse a date. Raises ValueError."""
    if not re.fullmatch(ISO_DATE, text):
        raise ValueError(f"{text!r} is not a date such as 2027-01-01")
    return date(int(text[:4]), int(text[5:7]), int(text[8:]))
