"""Judge from its values whether a column has zipcodes.

13 % of all four-digit numbers are zipcodes in use: 83 % of the multiples of 100, 64 % of those of 10, and 8 %
of the others. So amounts and numbers that rise by ten look like zipcodes, and only the others tell.
"""

from __future__ import annotations

import re
from typing import Iterable, NamedTuple, Sequence

from webapp.zipcodes import headers
from webapp.zipcodes.cell import CellReader
from webapp.zipcodes.written import strip

# Shares of filled cells that are zipcodes in use: required of the column, and enough for another column to be
# near unless MIN_WRONG of its numbers are not in use.
MIN_SHARE = 0.9
NEAR_SHARE = 0.5
MIN_WRONG = 4

# A column with a lower share of filled cells is not near.
FEW = 0.2

# This many distinct zipcodes in use, no multiples of 10, are no coincidence: at most 7 follow one another.
MIN_TELLING = 8

# This many numbers that rise by one small step, or rise steadily, are client numbers.
MIN_SERIES = 3
MIN_RISING = 5
MAX_STEP = 100
# This many distinct multiples of 100, and nothing else, are amounts.
MIN_ROUND = 3
MIN_THOUSANDS = 5
# This many distinct numbers in this range, and nothing else, are years.
MIN_YEARS = 3
YEARS = range(1900, 2040)

# Distinct numbers needed to doubt a list of one column, and the share that must be in use: more than among
# the multiples of 10.
MIN_NUMBERS = 5
MIN_SHARE_ALONE = 0.75

# Amounts such as 1.500,00, and in a column without a name also 1.500.
AMOUNT = re.compile(r".*[0-9][.,][0-9]{2}")
GROUPED = re.compile(r"[0-9][., '][0-9]{3}")
LETTERS = re.compile(r"[^\W\d_]{3}")


class ColumnValues(NamedTuple):
    """Counts of the cells in a column, and its zipcodes in order.

    Attributes:
        filled: cells that are not empty, nor a word for missing values.
        numbers: cells of digits only.
        grouped: zipcodes in use that may be amounts: 1.500.
        named: zipcodes in use beside the name of their place.
    """

    rows: int
    filled: int
    numbers: int
    zipcodes: Sequence[int]
    in_use: int
    grouped: int
    named: int
    telling: int

    @property
    def share(self) -> float:
        return (self.in_use - self.grouped) / self.filled if self.filled else 0.0

    @property
    def is_good(self) -> bool:
        """True if nearly all filled cells are zipcodes in use, and enough are."""
        return self.share >= MIN_SHARE and self.filled >= NEAR_SHARE * self.rows

    @property
    def is_near(self) -> bool:
        """True if the column may have the zipcodes too."""
        zipcodes = len(self.zipcodes)
        if not zipcodes or zipcodes < NEAR_SHARE * self.filled or self.filled < FEW * self.rows:
            return False
        return self.in_use > NEAR_SHARE * self.filled or zipcodes - self.in_use < MIN_WRONG

    @property
    def is_proven(self) -> bool:
        """True if the values are zipcodes whatever the column is called."""
        return self.telling >= MIN_TELLING or self.named > NEAR_SHARE * self.filled

    @property
    def looks_like_others(self) -> bool:
        """True for possible client numbers, amounts and years."""
        numbers = self.zipcodes
        distinct = set(numbers)
        if not distinct or self.is_proven:
            return False
        steps = [later - earlier for earlier, later in zip(numbers, numbers[1:])]
        is_even = len(set(steps)) == 1 and 0 < abs(steps[0]) <= MAX_STEP
        is_rising = all(step > 0 for step in steps) and numbers[-1] - numbers[0] <= MAX_STEP * len(steps)
        are_round = all(number % 100 == 0 for number in distinct)
        are_thousands = all(number % 1000 == 0 for number in distinct)  # also the largest towns
        return (
            (is_even and len(numbers) >= MIN_SERIES)
            or (is_rising and len(numbers) >= MIN_RISING)
            or (are_round and len(distinct) >= (MIN_THOUSANDS if are_thousands else MIN_ROUND))
            or (len(distinct) >= MIN_YEARS and all(number in YEARS for number in distinct))
        )

    @property
    def may_be_a_list_alone(self) -> bool:
        """True unless a list of only this column plainly has something else."""
        distinct = set(self.zipcodes)
        if len(distinct) >= MIN_NUMBERS and self.in_use < MIN_SHARE_ALONE * len(self.zipcodes):
            return False
        return self.numbers >= NEAR_SHARE * self.filled or self.share > NEAR_SHARE


def values_of(texts: Iterable[str], cells: CellReader, *, has_name: bool = False) -> ColumnValues:
    """Count the cells of a column; `has_name` if its name says zipcodes."""
    rows = filled = numbers = in_use = grouped = named = 0
    zipcodes: list[int] = []
    telling: set[int] = set()
    others: list[str] = []
    for cell in texts:
        rows += 1
        text = strip(cell)
        if not text:
            continue
        filled += 1
        numbers += text.isdigit()
        zipcode = "" if AMOUNT.fullmatch(text) else cells.read(text).zipcode
        is_grouped = not has_name and GROUPED.fullmatch(text) is not None
        if is_grouped and not cells.is_in_use(zipcode):
            zipcode = ""
        if not zipcode:
            others.append(text)
            continue
        zipcodes.append(int(zipcode))
        if cells.is_in_use(zipcode):
            in_use += 1
            grouped += is_grouped
            named += LETTERS.search(text) is not None
            if not zipcode.endswith("0"):
                telling.add(int(zipcode))
    if zipcodes:  # in other columns, the missing ones make no difference
        filled -= sum(map(headers.is_missing, others))
    return ColumnValues(rows, filled, numbers, zipcodes, in_use, grouped, named, len(telling))
