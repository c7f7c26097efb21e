"""Parse amounts and months as typed in Belgium, rejecting ambiguous ones."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import product
from typing import Literal, Match

from babel.dates import get_month_names

from webapp import clock
from webapp.errors import AmountNotValid, MonthNotValid
from webapp.health_index.coefficients import IN_FORCE
from webapp.i18n.folding import fold
from webapp.i18n.locales import LANGUAGES
from webapp.i18n.messages import N_

# Before the decimals; index_amount is exact up to here.
MAX_DIGITS = 12

CURRENCY_MARK = re.compile("€|euros?|eur", re.IGNORECASE)

# No-break, narrow no-break and thin spaces group digits in French and in pasted text.
SPACES = str.maketrans(dict.fromkeys("\u00a0\u202f\u2009", " "))

NO_CENTS = "(?:--?|[–—])"  # of a price such as 850,- or 850.–
DECIMALS = f"(?:(?P<cents>[0-9]{{1,2}})|{NO_CENTS})"

# A group of thousands never starts with 0: 0.125 means an eighth, not 125.
AMOUNT_PATTERNS = [
    re.compile(pattern)
    for pattern in (
        rf"(?P<whole>[0-9]+|[1-9][0-9]{{0,2}}(?: [0-9]{{3}})+)(?:[.,]{DECIMALS})?",  # 1 250,50
        rf"(?P<whole>[1-9][0-9]{{0,2}}(?:\.[0-9]{{3}})+)(?:,{DECIMALS}|\.{NO_CENTS})?",  # 1.250,50
        rf"(?P<whole>[1-9][0-9]{{0,2}}(?:,[0-9]{{3}})+)(?:\.{DECIMALS})?",  # 1,250.50
    )
]
# 1,250 is 1250 in English and 1.25 in Belgium; 1.250 is always 1250 there.
AMBIGUOUS_AMOUNT = re.compile("[1-9][0-9]{0,2},[0-9]{3}")

FIRST_YEAR, LAST_YEAR = 1900, 2099

# Of two digits, a year of the index: it begins in 1994.
FIRST_INDEX_YEAR = min(IN_FORCE)

SEPARATOR = "(?: ?[-/.] ?| )"
DAY = "(?P<day>[0-9]{1,2})"
# Names are bounded because Unicode normalization of long hostile text is slow.
MONTH = r"(?:(?P<number>[0-9]{1,2})|(?P<name>[^\W\d_][^0-9]{0,30}))"
YEAR = "(?P<year>[0-9]{4})"
ANY_YEAR = "['’]?(?P<year>[0-9]{4}|[0-9]{2})"
TWO_DIGITS = "(?P<number>0[1-9]|1[0-2])"
THIS_CENTURY_OR_LAST = "(?P<year>(?:19|20)[0-9]{2})"
MONTH_PATTERNS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # "er" for the French "1er janvier".
        f"(?:{DAY}(?:er)?{SEPARATOR})?{MONTH}{SEPARATOR}{ANY_YEAR}",
        f"{YEAR}{SEPARATOR}{MONTH}(?:{SEPARATOR}{DAY})?",
        # ISO 8601 once had 20-01-15 for 2020-01-15, so hyphens are ambiguous.
        "(?P<year>[0-9]{2}) ?- ?(?P<number>[0-9]{1,2})(?: ?- ?(?P<day>[0-9]{1,2}))?",
        # Never both: no month is 19 or 20.
        f"{THIS_CENTURY_OR_LAST}{TWO_DIGITS}(?P<day>[0-9]{{2}})?",
        f"(?P<day>[0-9]{{2}})?{TWO_DIGITS}{THIS_CENTURY_OR_LAST}",
    )
]

WIDTHS: list[Literal["wide", "abbreviated"]] = ["wide", "abbreviated"]
CONTEXTS: list[Literal["format", "stand-alone"]] = ["format", "stand-alone"]

# Abbreviations missing from CLDR: Dutch "febr.", French "fév." and "juill.".
EXTRA_MONTH_NAMES = {"febr": 2, "fev": 2, "juill": 7}


def parse_amount(text: str) -> Decimal:
    """Parse an amount in euros, keeping the number of decimals. Raises AmountNotValid."""
    number = _strip_currency(text)
    if not number:
        raise AmountNotValid(N_("Enter an amount, for example 1250.50."))
    if AMBIGUOUS_AMOUNT.fullmatch(number):
        raise AmountNotValid(
            N_(
                "A comma followed by three digits is ambiguous. "
                "Enter %(whole)s for whole euros, or %(decimals)s with two decimals."
            ),
            whole=number.replace(",", ""),
            decimals=number[:-1],
        )
    match = next(filter(None, (pattern.fullmatch(number) for pattern in AMOUNT_PATTERNS)), None)
    if match is None:
        raise AmountNotValid(N_("Enter the amount in euros, for example 1250.50."))
    digits = re.sub("[^0-9]", "", match["whole"])
    if len(digits) > MAX_DIGITS:
        raise AmountNotValid(
            N_("Enter an amount with at most %(most)s digits before the decimals."),
            most=MAX_DIGITS,
        )
    return Decimal(f"{digits}.{match['cents']}" if match["cents"] else digits)


def parse_month(text: str) -> date:
    """Parse a month or full date, in any of the four languages, to the first of the month.

    Raises MonthNotValid.
    """
    text = " ".join(text.split())
    if not text:
        raise MonthNotValid(N_("Enter a month, for example 01/2020."))
    matches = [match for match in (pattern.fullmatch(text) for pattern in MONTH_PATTERNS) if match]
    readings = [match for match in matches if _month_number(match) is not None]
    if not readings:
        raise MonthNotValid(N_("Enter a month and a year, for example 01/2020 or January 2020."))
    months: set[date] = set()
    errors: list[MonthNotValid] = []
    for match in readings:
        try:
            months.add(_month(match))
        except MonthNotValid as error:
            errors.append(error)
    if len(months) > 1:
        first, second = sorted(months)
        raise MonthNotValid(
            N_("This may be %(first)s or %(second)s. Enter the year with four digits, for example 01/2020."),
            first=first,
            second=second,
        )
    if not months:
        raise errors[0]
    return months.pop()


def _month(match: Match[str]) -> date:
    """Return the month that a match means. Raises MonthNotValid."""
    year, month = _year(match["year"]), _month_number(match) or 0
    if not FIRST_YEAR <= year <= LAST_YEAR:
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
        return date(year, month, int(match["day"] or 1)).replace(day=1)
    except ValueError:
        raise MonthNotValid(
            N_("This day does not exist in that month. Enter only the month, for example 01/2020.")
        ) from None


def _year(digits: str) -> int:
    """Return a year of four digits, or of two from FIRST_INDEX_YEAR to this year. Raises MonthNotValid."""
    if len(digits) == 4:
        return int(digits)
    this_year = clock.today().year
    found = next((year for year in range(FIRST_INDEX_YEAR, this_year + 1) if year % 100 == int(digits)), None)
    if found is None:
        raise MonthNotValid(
            N_(
                "Enter the year with four digits, for example 01/2020. "
                "Two digits stand for a year from %(first)s to %(last)s."
            ),
            first=FIRST_INDEX_YEAR,
            last=this_year,
        )
    return found


def _strip_currency(text: str) -> str:
    """Strip one leading or trailing currency mark, and normalize spaces."""
    number = text.translate(SPACES).strip()
    parts = [part.strip() for part in CURRENCY_MARK.split(number)]
    # Keep two marks, or one between digits, so that the number matches no pattern.
    return "".join(parts) if len(parts) == 2 and "" in parts else number


def _month_number(match: Match[str]) -> int | None:
    groups = match.groupdict()
    if groups["number"]:
        return int(groups["number"])
    return _months_by_name().get(fold(groups["name"]))


# Lazy because loading four locales would slow down start-up.
@lru_cache(maxsize=None)
def _months_by_name() -> dict[str, int]:
    """Return month numbers by folded name, without names that two months share."""
    found: dict[str, set[int]] = {name: {number} for name, number in EXTRA_MONTH_NAMES.items()}
    for language, width, context in product(LANGUAGES, WIDTHS, CONTEXTS):
        for number, name in get_month_names(width, context, language).items():
            # "Maerz" is typed without an umlaut key; folding only drops the dots of "März".
            for spelling in (name, name.replace("ä", "ae")):
                found.setdefault(fold(spelling), set()).add(number)
    return {name: min(numbers) for name, numbers in found.items() if len(numbers) == 1}
