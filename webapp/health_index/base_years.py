"""Base years."""

from __future__ import annotations

import re
from typing import Iterable

from webapp.errors import WrongYear
from webapp.i18n.messages import N_

# Newest first.
BASE_YEARS = (2025, 2013, 2004, 1996, 1988)

# For /index without `year`.
DEFAULT_BASE_YEAR = 2004

# Statbel's files have older base years too, from 1914, for the consumer price index only.
MIN_BASE_YEAR = min(BASE_YEARS)


def known_base_years(from_data: Iterable[int]) -> list[int]:
    """Return all base years, newest first."""
    return sorted({*BASE_YEARS, *from_data}, reverse=True)


def parse_base_year(text: str, from_data: Iterable[int]) -> int:
    """Return a valid base year. Raises WrongYear."""
    if re.fullmatch("[0-9]{4}", text) and int(text) in {*BASE_YEARS, *from_data}:
        return int(text)
    known = ", ".join(map(str, sorted(BASE_YEARS)))
    raise WrongYear(N_("Choose a base year of the health index: %(known)s."), known=known)
