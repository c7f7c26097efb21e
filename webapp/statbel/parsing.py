"""Parsing of Statbel's tables. Unreadable rows are skipped and reported."""

from __future__ import annotations

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Dict, Iterable, Mapping, NamedTuple

from webapp.health_index.base_years import MIN_BASE_YEAR
from webapp.health_index.values import CENT
from webapp.i18n.folding import fold

# The first month of the health index.
FIRST_MONTH = date(1994, 1, 1)

# The index started near 70 on base 2013 and is near 230 on base 1988: values far outside are mistakes.
MIN_VALUE, MAX_VALUE = Decimal(20), Decimal(1000)

Row = Dict[str, Any]

# Column names in be.STAT, in four languages, and in the open data; all folded.
YEAR = {"year", "jaar", "annee", "jahr", "nm yr"}
MONTH = {"month", "maand", "mois", "monat", "nm mth"}
BASE_YEAR = {"base year", "basisjaar", "annee de base", "basisjahr", "nm base yr"}
HEALTH_INDEX = {"health index", "gezondheidsindex", "indice sante", "gesundheitsindex", "ms hlth idx"}

# Some views name the index in one column, and have the values of all indices in another.
LEVEL = {"level 1", "niveau 1", "ebene 1", "stufe 1"}
ANY_INDEX = {
    "consumer price index",
    "consumptieprijsindex",
    "indice des prix a la consommation",
    "verbraucherpreisindex",
}

# In English, Dutch, French and German.
MONTH_NAMES = (
    ("january", "januari", "janvier", "januar"),
    ("february", "februari", "fevrier", "februar"),
    ("march", "maart", "mars", "marz", "mrt", "mrz", "maerz"),
    ("april", "avril"),
    ("may", "mei", "mai"),
    ("june", "juni", "juin"),
    ("july", "juli", "juillet"),
    ("august", "augustus", "aout"),
    ("september", "septembre"),
    ("october", "oktober", "octobre"),
    ("november", "novembre"),
    ("december", "decembre", "dezember"),
)
MIN_ABBREVIATION = 3


class UpstreamError(Exception):
    """Statbel's response is missing, unreadable or implausible; the message is the cause."""


class Observation(NamedTuple):
    """A published value, with two decimals."""

    base_year: int
    month: date
    value: Decimal


class ParsedResponse(NamedTuple):
    """Sorted observations, perhaps contradictory, and reasons for unreadable rows."""

    observations: list[Observation]
    unreadable: list[str]


class UnreadableRow(Exception):
    """A row cannot be read; the message is the cause."""


class Columns(NamedTuple):
    """Column names of one table; `year` and `level` are optional."""

    year: str | None
    month: str
    base_year: str
    value: str
    level: str | None

    @classmethod
    def among(cls, names: Iterable[str]) -> Columns:
        """Find the columns. Raises UpstreamError unless each is unique."""
        names = list(names)
        level = _column(names, LEVEL)
        value = _column(names, HEALTH_INDEX) or (_column(names, ANY_INDEX) if level else None)
        month, base_year = _column(names, MONTH), _column(names, BASE_YEAR)
        if month is None or base_year is None or value is None:
            found = {"month": month, "base year": base_year, "health index": value}
            missing = ", ".join(name for name, column in found.items() if column is None)
            raise UpstreamError(f"table without a column of {missing}")
        # A view may have both: a column of the health index, and another level.
        is_any_index = fold(value) in ANY_INDEX
        return cls(_column(names, YEAR), month, base_year, value, level if is_any_index else None)


def _column(names: Iterable[str], known: set[str]) -> str | None:
    found = [name for name in names if fold(name) in known]
    if len(found) > 1:
        raise UpstreamError(f"columns {short(found[0])} and {short(found[1])} mean the same")
    return found[0] if found else None


def parse(rows: Iterable[tuple[str, Any]], columns: Columns) -> ParsedResponse:
    """Read named rows. Raises UpstreamError without any value."""
    found, unreadable = set(), []
    for name, row in rows:
        try:
            observation = _observation(row, columns)
        except UnreadableRow as error:
            unreadable.append(f"{name}: {error}")
        else:
            if observation:
                found.add(observation)
    if not found:
        raise UpstreamError(unreadable[0] if unreadable else "no value in the response")
    return ParsedResponse(sorted(found), unreadable)


def _observation(row: Any, columns: Columns) -> Observation | None:
    """Read a row; None without a health index, or before it began."""
    if not isinstance(row, Mapping):
        raise UnreadableRow(f"{short(row)} is not a row")
    if columns.level and fold(str(row.get(columns.level))) not in HEALTH_INDEX:
        return None
    value = row.get(columns.value)
    # The open data has a point for a missing value. Months before 1994 have none, trailing rows no month.
    if value is None or row.get(columns.month) is None or str(value).strip() in ("", "."):
        return None
    month = _month(row.get(columns.year) if columns.year else None, row[columns.month])
    base_year = _base_year(row.get(columns.base_year))
    if base_year < MIN_BASE_YEAR or month < FIRST_MONTH:
        return None
    return Observation(base_year, month, _value(value))


def _month(year: Any, text: Any) -> date:
    """Read "April 2022", or "April", "apr." or 4 beside a year."""
    match = re.fullmatch(r"\s*(\d{1,2}(?:\.0+)?|[^\d\s]+)(?:\s+(\d{4}))?\s*", str(text), re.ASCII)
    number = _month_number(match.group(1)) if match else None
    own_year = match.group(2) if match else None
    other_year = None if year is None else _whole(year)
    shown = short(text) if year is None else f"{short(year)}, {short(text)}"
    if number is None or (own_year is None and other_year is None):
        raise UnreadableRow(f"{shown} is not a month")
    if own_year and year is not None and int(own_year) != other_year:
        raise UnreadableRow(f"the year {short(year)} contradicts {short(text)}")
    try:
        return date(int(own_year or other_year or 0), number, 1)
    except ValueError:
        raise UnreadableRow(f"{shown} is not a month") from None


def _month_number(text: str) -> int | None:
    if text[0].isdigit():
        return _whole(text)
    name = fold(text)
    if len(name) < MIN_ABBREVIATION:
        return None
    # "jui" is the beginning of two months, and so of none.
    found = [number for number, names in enumerate(MONTH_NAMES, 1) if any(n.startswith(name) for n in names)]
    return found[0] if len(found) == 1 else None


def _whole(value: Any) -> int | None:
    """Read up to four digits, such as 2026 or "2026.0"."""
    match = re.fullmatch(r"\s*([0-9]{1,4})(?:\.0+)?\s*", str(value))
    return int(match.group(1)) if match else None


def _base_year(value: Any) -> int:
    """Read 2013, "2013 = 100" or "Index (2013 = 100)"."""
    match = re.fullmatch(r"[^\W\d]*\s*\(?\s*([0-9]{4})(?:\.0+)?\s*(?:=\s*100)?\s*\)?\s*", str(value))
    if not match:
        raise UnreadableRow(f"{short(value)} is not a base year")
    return int(match.group(1))


def _value(value: Any) -> Decimal:
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]+([.,][0-9]+)?\s*", value):
        value = Decimal(value.strip().replace(",", "."))
    number = value if isinstance(value, Decimal) else Decimal("NaN")
    if number.is_nan() or not MIN_VALUE <= number <= MAX_VALUE:
        raise UnreadableRow(f"{short(value)} is not plausible as an index")
    return number.quantize(CENT, ROUND_HALF_UP)


def short(value: Any) -> str:
    """Quote a value of Statbel on one short line."""
    return repr(value if not isinstance(value, Decimal) else str(value))[:60]
