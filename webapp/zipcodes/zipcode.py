"""Validate zipcodes."""

from __future__ import annotations

import re

from webapp.errors import ZipcodeNotValid
from webapp.i18n.messages import N_

ZIPCODE = "[1-9][0-9]{3}"
MIN_ZIPCODE, MAX_ZIPCODE = 1000, 9999

ADVICE = N_("A zipcode has four digits, from 1000 to 9999, for example 9000.")


def is_zipcode(text: str) -> bool:
    """True for four ASCII digits without a leading zero."""
    return re.fullmatch(ZIPCODE, text) is not None


def parse_zipcode(text: str) -> int:
    """Validate a zipcode and return it as an int. Raises ZipcodeNotValid."""
    if not is_zipcode(text):
        raise ZipcodeNotValid(ADVICE)
    return int(text)
