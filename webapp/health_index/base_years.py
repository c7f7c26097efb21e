"""Base years of the health index."""

from __future__ import annotations

import re
from typing import Iterable

from webapp.errors import WrongYear
from webapp.i18n.messages import N_

# All since the health index began in 1994, newest first.
BASE_YEARS = (2025, 2013, 2004, 1996, 1988)

# The base year of /index without `year`.
DEFAULT_BASE_YEAR = 2004

# Statbel's files also hold older base years (from 1914), of the consumer price index alone.
MIN_BASE_YEAR = min(BASE_YEARS)


def known_base_years(further: Iterable[int]) -> list[int]:
    """Return all base years, newest first.

    Args:
        further: base years in the data.
    """
    return sorted({*BASE_YEARS, *further}, reverse=True)


def parse_base_year(text: str, further: Iterable[int]) -> int:
    """Validate a base year and return it as an int.

    Args:
        further: base years in the data, beside those that the program knows.

    Raises WrongYear.
    """
    if re.fullmatch("[0-9]{4}", text) and int(text) in {*BASE_YEARS, *further}:
        return int(text)
    known = ", ".join(map(str, sorted(BASE_YEARS)))
    raise WrongYear(N_("Choose a base year of the health index: %(known)s."), known=known)
