"""Parsers of Statbel's two sources. Unreadable rows are skipped and reported."""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
import zlib
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Callable, Iterable, Mapping, NamedTuple

from webapp.health_index.base_years import MIN_BASE_YEAR
from webapp.health_index.values import CENT

# The first month of the health index.
FIRST_MONTH = date(1994, 1, 1)

# The index started near 70 on base 2013 and is near 230 on base 1988: values far outside are mistakes.
MIN_VALUE, MAX_VALUE = Decimal(20), Decimal(1000)

# Ten times the open-data text.
MAX_UNPACKED_BYTES = 8 * 1024 * 1024

MONTH_NAMES = {
    name: number
    for names in (
        "january february march april may june july august september october november december",
        "januari februari maart april mei juni juli augustus september oktober november december",
    )
    for number, name in enumerate(names.split(), start=1)
}


class UpstreamError(Exception):
    """Statbel's response is missing, unreadable or implausible; the message is the cause."""


class Observation(NamedTuple):
    """A published value, with two decimals."""

    base_year: int
    month: date
    value: Decimal


class ParsedResponse(NamedTuple):
    """Sorted observations, which may contradict each other, and the reason for each unreadable row."""

    observations: list[Observation]
    unreadable: list[str]


class UnreadableRow(Exception):
    """A row cannot be read; the message is the cause."""


class Columns(NamedTuple):
    """Column names of a be.STAT view in one language."""

    year: str
    month: str
    base_year: str
    value: str


ENGLISH = Columns("Year", "Month", "Base year", "Health index")
DUTCH = Columns("Jaar", "Maand", "Basisjaar", "Gezondheidsindex")


def read_bestat(body: bytes) -> ParsedResponse:
    """Parse the JSON of a be.STAT view. Raises UpstreamError."""
    rows = _facts(body)
    columns = _columns(row for row in rows if isinstance(row, dict))
    return _parse("row", 1, rows, lambda row: _bestat_row(row, columns))


def read_open_data(body: bytes) -> ParsedResponse:
    """Parse the open-data zip, which contains one pipe-delimited text. Raises UpstreamError."""
    head, _, rest = _unpack(body).partition("\n")
    header = [name.strip() for name in head.split("|")]
    missing = {"NM_YR", "NM_MTH", "MS_HLTH_IDX", "NM_BASE_YR"} - set(header)
    if missing:
        raise UpstreamError(f"open-data text without column {min(missing)}")
    return _parse("line", 2, rest.splitlines(), lambda line: _open_data_row(header, line))


def _parse(
    name: str, start: int, rows: Iterable[Any], read: Callable[[Any], Observation | None]
) -> ParsedResponse:
    found, unreadable = set(), []
    for number, row in enumerate(rows, start):
        try:
            observation = read(row)
        except UnreadableRow as error:
            unreadable.append(f"{name} {number}: {error}")
        else:
            if observation:
                found.add(observation)
    if not found:
        raise UpstreamError(unreadable[0] if unreadable else "no value in the response")
    return ParsedResponse(sorted(found), unreadable)


def _facts(body: bytes) -> list[Any]:
    if not body.strip():
        raise UpstreamError("empty response")
    try:
        # Values have float noise, such as 119.59000000000043.
        document = json.loads(
            body.decode("utf-8-sig"), parse_float=_number, parse_int=_number, parse_constant=_number
        )
    except (ValueError, RecursionError):
        raise UpstreamError("response is not JSON") from None
    facts = document.get("facts") if isinstance(document, dict) else None
    if not isinstance(facts, list) or not any(isinstance(row, dict) for row in facts):
        raise UpstreamError("no list of facts in the response")
    return facts


def _number(text: str) -> Decimal:
    """Parse a number; NaN if out of Decimal's range."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


def _columns(rows: Iterable[Mapping[str, Any]]) -> Columns:
    names = {name for row in rows for name in row}
    for columns in (ENGLISH, DUTCH):
        if {columns.month, columns.base_year, columns.value} <= names:
            return columns
    raise UpstreamError("facts without columns of month, base year and health index")


def _bestat_row(row: Any, columns: Columns) -> Observation | None:
    if not isinstance(row, dict):
        raise UnreadableRow(f"{_short(row)} is not a row")
    # Months before 1994 have no index, trailing rows no month.
    if row.get(columns.month) is None or row.get(columns.value) is None:
        return None
    month = _named_month(row.get(columns.year), row[columns.month])
    return _observation(row.get(columns.base_year), month, row[columns.value])


def _open_data_row(header: list[str], line: str) -> Observation | None:
    row = dict(zip(header, (field.strip() for field in line.split("|"))))
    if row.get("MS_HLTH_IDX", "") in ("", "."):
        return None
    month = _month(row.get("NM_YR"), row.get("NM_MTH"))
    return _observation(row.get("NM_BASE_YR"), month, row["MS_HLTH_IDX"].replace(",", "."))


def _named_month(year: Any, text: Any) -> date:
    """Parse "April 2022", which a `Year` beside it may not contradict."""
    match = re.fullmatch(r"\s*([a-z]+)\s+([0-9]{4})\s*", str(text).lower())
    if not match or match.group(1) not in MONTH_NAMES:
        raise UnreadableRow(f"{_short(text)} is not a month")
    if year is not None and str(year).strip() != match.group(2):
        raise UnreadableRow(f"the year {_short(year)} contradicts {_short(text)}")
    return _month(match.group(2), MONTH_NAMES[match.group(1)])


def _month(year: Any, month: Any) -> date:
    try:
        return date(int(year), int(month), 1)
    except (TypeError, ValueError, OverflowError):
        raise UnreadableRow(f"{_short(year)}, {_short(month)} is not a month") from None


def _observation(base_year: Any, month: date, value: Any) -> Observation | None:
    """Validate a row; None for a base year or month before the health index."""
    match = re.match(r"\s*([0-9]{4})\b", str(base_year))
    if not match:
        raise UnreadableRow(f"{_short(base_year)} is not a base year")
    if int(match.group(1)) < MIN_BASE_YEAR or month < FIRST_MONTH:
        return None
    return Observation(int(match.group(1)), month, _value(value))


def _value(value: Any) -> Decimal:
    if isinstance(value, str) and re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
        value = Decimal(value)
    number = value if isinstance(value, Decimal) else Decimal("NaN")
    if number.is_nan() or not MIN_VALUE <= number <= MAX_VALUE:
        raise UnreadableRow(f"{_short(value)} is not plausible as an index")
    return number.quantize(CENT, ROUND_HALF_UP)


def _unpack(body: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            members = [member for member in archive.infolist() if member.filename.lower().endswith(".txt")]
            if len(members) != 1:
                raise UpstreamError(f"{len(members)} texts in the zip, not one")
            # Other methods unpack in steps of any size, so a limit has no effect.
            if members[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise UpstreamError("unsupported compression of the zip")
            with archive.open(members[0]) as member:
                text = member.read(MAX_UNPACKED_BYTES + 1)
    # What zipfile raises on damaged, encrypted and unsupported files.
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        ArithmeticError,
        EOFError,
        OSError,
        RuntimeError,
        ValueError,
    ):
        raise UpstreamError("response is not a readable zip") from None
    if len(text) > MAX_UNPACKED_BYTES:
        raise UpstreamError(f"zip unpacks to more than {MAX_UNPACKED_BYTES} bytes")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _short(value: Any) -> str:
    return repr(value if not isinstance(value, Decimal) else str(value))[:60]
