"""Understands amounts and months as people in Belgium type them, and refuses what has two readings."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import product
from typing import Dict, List, Literal, Match, Optional, Set

from babel.dates import get_month_names

from webapp.errors import AmountNotValid, MonthNotValid
from webapp.i18n.folding import fold
from webapp.i18n.messages import N_

# Before the decimals: what index_amount computes exactly.
MOST_DIGITS = 12

CURRENCY_MARK = re.compile("€|euros?|eur", re.IGNORECASE)

# No-break, narrow no-break and thin space: French and pasted text group digits with any of them.
SPACES = str.maketrans(dict.fromkeys("\u00a0\u202f\u2009", " "))

# The first of several groups is not 0: 0.125 is an eighth to whoever types it, and not 125.
AMOUNT_FORMS = [
    re.compile(form)
    for form in (
        r"(?P<whole>[0-9]+|[1-9][0-9]{0,2}(?: [0-9]{3})+)(?:[.,](?P<cents>[0-9]{1,2})|,--?)?",  # 1 250,50
        r"(?P<whole>[1-9][0-9]{0,2}(?:\.[0-9]{3})+)(?:,(?P<cents>[0-9]{1,2})|,--?)?",  # 1.250,50
        r"(?P<whole>[1-9][0-9]{0,2}(?:,[0-9]{3})+)(?:\.(?P<cents>[0-9]{1,2}))?",  # 1,250.50
    )
]
# 1250 to the English, 1.25 to a Belgian. A point in its place always groups, in Belgium.
TWO_READINGS = re.compile("[1-9][0-9]{0,2},[0-9]{3}")

FIRST_YEAR, LAST_YEAR = 1900, 2099

BETWEEN = "(?: ?[-/.] ?| )"
DAY = "(?P<day>[0-9]{1,2})"
# A name has a bounded length because Unicode's normal forms of a long hostile text take long.
MONTH = r"(?:(?P<number>[0-9]{1,2})|(?P<name>[^\W\d_][^0-9]{0,30}))"
YEAR = "(?P<year>[0-9]{4})"
# A French contract begins on "1er janvier".
YEAR_LAST = re.compile(f"(?:{DAY}(?:er)?{BETWEEN})?{MONTH}{BETWEEN}{YEAR}", re.IGNORECASE)
YEAR_FIRST = re.compile(f"{YEAR}{BETWEEN}{MONTH}(?:{BETWEEN}{DAY})?")

LOCALES = ["nl", "fr", "de", "en"]
WIDTHS: List[Literal["wide", "abbreviated"]] = ["wide", "abbreviated"]
CONTEXTS: List[Literal["format", "stand-alone"]] = ["format", "stand-alone"]

# What CLDR lacks: the usual Dutch "febr.", and the French "fév." and "juill." beside its "févr." and "juil.".
FURTHER_NAMES = {"febr": 2, "fev": 2, "juill": 7}


def parse_amount(text: str) -> Decimal:
    """Understand an amount in euros, with the decimals that were typed: none, one or two.

    Raises AmountNotValid.
    """
    number = _without_mark(text)
    if not number:
        raise AmountNotValid(N_("Enter an amount, for example 1250,50."))
    if TWO_READINGS.fullmatch(number):
        raise AmountNotValid(
            N_(
                "A comma followed by three digits is ambiguous. "
                "Enter %(whole)s without a comma, or one or two decimals, for example 1,25."
            ),
            whole=number.replace(",", ""),
        )
    match = next(filter(None, (form.fullmatch(number) for form in AMOUNT_FORMS)), None)
    if match is None:
        raise AmountNotValid(N_("Enter the amount in euros, for example 1250,50."))
    digits = re.sub("[^0-9]", "", match["whole"])
    if len(digits) > MOST_DIGITS:
        raise AmountNotValid(
            N_("Enter an amount with at most %(most)s digits before the decimals."),
            most=MOST_DIGITS,
        )
    return Decimal(f"{digits}.{match['cents']}" if match["cents"] else digits)


def parse_month(text: str) -> date:
    """Understand a month, or the month of a full date, in four languages; give its first day.

    Raises MonthNotValid.
    """
    written = " ".join(text.split())
    if not written:
        raise MonthNotValid(N_("Enter a month, for example 01/2020."))
    match = YEAR_LAST.fullmatch(written) or YEAR_FIRST.fullmatch(written)
    month = _month_number(match) if match else None
    if match is None or month is None:
        raise MonthNotValid(N_("Enter a month and a four-digit year, for example 01/2020 or January 2020."))
    if not FIRST_YEAR <= int(match["year"]) <= LAST_YEAR:
        raise MonthNotValid(
            N_("Enter a year from %(first)s to %(last)s, for example 01/2020."),
            first=FIRST_YEAR,
            last=LAST_YEAR,
        )
    if not 1 <= month <= 12:
        raise MonthNotValid(
            N_(
                "Enter a month from 1 to 12, for example 01/2020. "
                "In a full date the day comes first: 15/01/2020."
            ),
        )
    try:
        return date(int(match["year"]), month, int(match["day"] or 1)).replace(day=1)
    except ValueError:
        raise MonthNotValid(
            N_("This day does not exist in that month. Enter only the month, for example 01/2020.")
        ) from None


def _without_mark(text: str) -> str:
    """Take white space and one currency mark away from around a number, and make its spaces alike."""
    number = text.translate(SPACES).strip()
    parts = [part.strip() for part in CURRENCY_MARK.split(number)]
    # Two marks, or one between digits, stay: no form of an amount has them.
    return "".join(parts) if len(parts) == 2 and "" in parts else number


def _month_number(match: Match[str]) -> Optional[int]:
    if match["number"]:
        return int(match["number"])
    return _months_by_name().get(fold(match["name"]))


# When first asked for, and not at start-up: reading four locales takes a while.
@lru_cache(maxsize=None)
def _months_by_name() -> Dict[str, int]:
    """The number of each month by its folded names, less those that would mean two months."""
    found: Dict[str, Set[int]] = {name: {number} for name, number in FURTHER_NAMES.items()}
    for locale, width, context in product(LOCALES, WIDTHS, CONTEXTS):
        for number, name in get_month_names(width, context, locale).items():
            # März is written Maerz where a keyboard has no umlaut; the search form only drops the dots.
            for spelling in (name, name.replace("ä", "ae")):
                found.setdefault(fold(spelling), set()).add(number)
    return {name: min(numbers) for name, numbers in found.items() if len(numbers) == 1}
