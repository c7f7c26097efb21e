"""Write CSV that Excel opens in Belgium without running or changing it: `;`, UTF-8 with a byte order mark.

Excel treats a field as if it were typed. An apostrophe makes text of fields that begin with = + - @ (also
full-width, after whitespace), a tab or a line ending, but not of signed numbers: -12,50, +32 475 12 34 56.
`sep=` gets one too: on the first line it would change the delimiter.

Elsewhere, Excel splits at commas or tabs despite inner quotes. The rule therefore holds for each part between
, ; | tabs and line endings: Jan,=1+1 becomes "Jan,'=1+1".

Excel drops leading zeros and zeroes digits after the fifteenth, also with spaces or Belgian grouping points
(0403.170.701). Only a constant formula keeps them: 00123 becomes ="00123". Possible fractions and dates stay:
0.5, 0.500, 01.02.2020.
"""

from __future__ import annotations

import codecs
import re
from typing import Iterable, Iterator, Sequence

DELIMITER = ";"
LINE_END = "\r\n"

CHUNK_CHARACTERS = 64 * 1024

# FORMULA skips invisible characters: whitespace, controls, byte order marks, zero-width spaces. DIGITS are
# grouped in threes, or in four or more groups, as in 0475.12.34.56.
SPACES = "[ \u00a0\u202f]*"
DIGITS = r"0[0-9]+(?:\.[0-9]{3})*|0[0-9]*(?:\.[0-9]+){3,}|[1-9][0-9]{15,}"
FORMULA = r"[\s\x00-\x1f\x7f\ufeff\u200b-\u200f\u2060]*[=+\-@＝＋－＠]"
CHANGED_BY_EXCEL = re.compile(rf"(?P<digits>{SPACES}(?:{DIGITS}){SPACES}\Z)|{FORMULA}|[\t\r\n]|(?i:sep=)")
SIGNED_NUMBER = re.compile("[+-][0-9 .,\u00a0\u202f]*")
CONSTANT = re.compile(f'="({SPACES}[0-9][0-9.]*{SPACES})"')

# A part after any delimiter that begins like a formula, ignoring quotes.
INNER_FORMULA = re.compile(rf'(?<=[,;|\t\r\n])(?=[" ]*{FORMULA})(?P<part>[^,;|\t\r\n]*)')
QUOTED = re.compile(r'[;"\r\n]')

# Excel's limit for text in a formula.
MAX_CONSTANT_CHARACTERS = 255


def write(rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Yield the rows as chunks of a CSV file."""
    gathered: list[str] = []
    size = 0
    yield codecs.BOM_UTF8
    for row in rows:
        # Quote a single empty field, or it would be a blank line.
        line = DELIMITER.join([field and _written(field) for field in row]) or '""' * len(row)
        gathered.append(line)
        size += len(line)
        if size > CHUNK_CHARACTERS:
            yield LINE_END.join([*gathered, ""]).encode()
            gathered.clear()
            size = 0
    yield LINE_END.join([*gathered, ""]).encode()


def plain(field: str) -> str:
    """Return the text of a constant formula (00123 for ="00123"), or the field itself."""
    constant = CONSTANT.fullmatch(field)
    return constant.group(1) if constant else field


def _written(field: str) -> str:
    changed = CHANGED_BY_EXCEL.match(field)
    if changed is not None and changed["digits"]:
        return _quoted(f'="{field}"') if len(field) <= MAX_CONSTANT_CHARACTERS else field
    guarded = INNER_FORMULA.sub(_guarded, field)
    must_quote = guarded != field
    if changed is not None and not SIGNED_NUMBER.fullmatch(field):
        guarded = f"'{guarded}"
    return _quoted(guarded) if must_quote or QUOTED.search(guarded) else guarded


def _guarded(found: re.Match[str]) -> str:
    part = found["part"]
    return part if SIGNED_NUMBER.fullmatch(part.strip(' "')) else f"'{part}"


def _quoted(field: str) -> str:
    escaped = field.replace('"', '""')
    return f'"{escaped}"'
