"""The CSV that Excel opens in Belgium: `;`, UTF-8 with a byte order mark, and nothing that it would run.

Excel takes a field of a CSV file for what it would be if it were typed. So a field that it would take
for a formula gets an apostrophe before it, which makes it text: one that begins, white space aside, with
= + - or @, also in their full width, and one that begins with a tab or a line end. A plain number with
a sign, such as -12,50 or +32 475 12 34 56, stays as it is. `sep=` gets one too: on the first line it
would change the delimiter, and so what is a field.

Of digits alone, Excel drops zeros at the beginning and makes zeros of those after the fifteenth; spaces
around them do not keep it from that, nor do the points that group thousands in Belgium: it would make a
number of 0403.170.701 too. The one form in which it keeps them is a formula that is a constant: 00123 is
written as ="00123". What may be a fraction or a day stays as it is: 0.5, 0.500, 01.02.2020.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from typing import Iterable, Iterator, Sequence

DELIMITER = ";"

# How many characters are gathered before they are given.
PIECE = 64 * 1024

# Besides white space, what cannot be seen and may be passed over: control characters, a byte order mark,
# spaces of no width. Groups of digits have three each, or are four and more, as in 0475.12.34.56.
SPACES = "[ \u00a0\u202f]*"
DIGITS = r"0[0-9]+(?:\.[0-9]{3})*|0[0-9]*(?:\.[0-9]+){3,}|[1-9][0-9]{15,}"
CHANGED_BY_EXCEL = re.compile(
    rf"(?P<digits>{SPACES}(?:{DIGITS}){SPACES}\Z)"
    r"|[\s\x00-\x1f\x7f\ufeff\u200b-\u200f\u2060]*[=+\-@＝＋－＠]|[\t\r\n]|(?i:sep=)"
)
SIGNED_NUMBER = re.compile("[+-][0-9 .,\u00a0\u202f]*")
CONSTANT = re.compile(f'="({SPACES}[0-9][0-9.]*{SPACES})"')

# The characters that a text in a formula may have.
LONGEST_CONSTANT = 255


def write(rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Give the file with these rows, in pieces."""
    gathered = io.StringIO()
    writer = csv.writer(gathered, delimiter=DELIMITER, lineterminator="\r\n")
    yield codecs.BOM_UTF8
    for row in rows:
        writer.writerow([field and _written(field) for field in row])
        if gathered.tell() > PIECE:
            yield gathered.getvalue().encode()
            gathered.seek(0)
            gathered.truncate()
    yield gathered.getvalue().encode()


def plain(field: str) -> str:
    """What a field of such a file stands for, when it is a constant: 00123 for ="00123"."""
    constant = CONSTANT.fullmatch(field)
    return constant.group(1) if constant else field


def _written(field: str) -> str:
    changed = CHANGED_BY_EXCEL.match(field)
    if changed is None or SIGNED_NUMBER.fullmatch(field):
        return field
    if not changed["digits"]:
        return f"'{field}"
    return f'="{field}"' if len(field) <= LONGEST_CONSTANT else field
