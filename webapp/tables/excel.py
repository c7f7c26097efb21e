"""The CSV that Excel opens in Belgium: `;`, UTF-8 with a byte order mark, and nothing that it would run.

Excel takes a field of a CSV file for what it would be if it were typed. So a field that it would take for a
formula gets an apostrophe before it, which makes it text: one that begins, white space aside, with = + - @,
also in full width, and one that begins with a tab or a line end. A plain number with a sign, such as
-12,50 or +32 475 12 34 56, stays as it is. `sep=` gets one too: on the first line it would change the
delimiter, and so the fields.

In other countries, Excel splits at commas or tabs, and then quotes that begin inside of a field protect
nothing. So the same holds for each part of a field between , ; | tabs and line ends: Jan,=1+1 is written as
"Jan,'=1+1".

Of digits alone, Excel drops zeros at the beginning and makes zeros of those after the fifteenth; spaces
around them do not keep it from that, nor do the points that group thousands in Belgium: it would make a
number of 0403.170.701 too. The one form in which it keeps them is a formula that is a constant: 00123 is
written as ="00123". What may be a fraction or a day stays as it is: 0.5, 0.500, 01.02.2020.
"""

from __future__ import annotations

import codecs
import re
from typing import Iterable, Iterator, Sequence

DELIMITER = ";"
LINE_END = "\r\n"

# Characters that are gathered before they are given.
CHUNK_CHARACTERS = 64 * 1024

# Besides white space, what cannot be seen and may be passed over: control characters, a byte order mark,
# spaces of no width. Groups of digits have three each, or are four and more, as in 0475.12.34.56.
SPACES = "[ \u00a0\u202f]*"
DIGITS = r"0[0-9]+(?:\.[0-9]{3})*|0[0-9]*(?:\.[0-9]+){3,}|[1-9][0-9]{15,}"
FORMULA = r"[\s\x00-\x1f\x7f\ufeff\u200b-\u200f\u2060]*[=+\-@＝＋－＠]"
CHANGED_BY_EXCEL = re.compile(rf"(?P<digits>{SPACES}(?:{DIGITS}){SPACES}\Z)|{FORMULA}|[\t\r\n]|(?i:sep=)")
SIGNED_NUMBER = re.compile("[+-][0-9 .,\u00a0\u202f]*")
CONSTANT = re.compile(f'="({SPACES}[0-9][0-9.]*{SPACES})"')

# A part of a field after any delimiter that begins like a formula, quotes aside.
INNER_FORMULA = re.compile(rf'(?<=[,;|\t\r\n])(?=[" ]*{FORMULA})(?P<part>[^,;|\t\r\n]*)')
QUOTED = re.compile(r'[;"\r\n]')

# The characters that a text in a formula may have.
MAX_CONSTANT_CHARACTERS = 255


def write(rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Write a file with these rows, in chunks."""
    gathered: list[str] = []
    size = 0
    yield codecs.BOM_UTF8
    for row in rows:
        # A single empty field is quoted, or it would be a blank line.
        line = DELIMITER.join([field and _written(field) for field in row]) or '""' * len(row)
        gathered.append(line)
        size += len(line)
        if size > CHUNK_CHARACTERS:
            yield LINE_END.join([*gathered, ""]).encode()
            gathered.clear()
            size = 0
    yield LINE_END.join([*gathered, ""]).encode()


def plain(field: str) -> str:
    """Return the text that a constant in such a file stands for, 00123 for ="00123"; else the field."""
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
