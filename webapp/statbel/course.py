"""Course of the index: changes that are plausible from one month to another."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Iterator, Mapping

# Largest rises: 2.40 % in one month (October 2022), 5.7 % in four, 12.3 % in twelve. Largest fall: 1.1 %.
MAX_CHANGE, MAX_CHANGE_PER_MONTH = Decimal("0.02"), Decimal("0.01")


def stretches(months: list[date], fixed: set[date]) -> Iterator[list[date]]:
    """Yield the runs of months between two fixed ones, including both."""
    stretch: list[date] = []
    for month in months:
        stretch.append(month)
        if month in fixed:
            if len(stretch) > 2 or stretch[0] not in fixed:
                yield stretch
            stretch = [month]
    if len(stretch) > 1 or (stretch and stretch[0] not in fixed):
        yield stretch


def longest_course(stretch: list[date], course: Mapping[date, Decimal], fixed: set[date]) -> set[date]:
    """Return the longest run of months that fits the fixed ends; on a tie, the smoothest."""
    # Best path to each month: number of months, minus the sum of changes, previous month.
    paths: dict[date, tuple[int, Decimal, date]] = {}
    for month in stretch:
        value = course[month]
        options = [
            (count + 1, smoothness - abs(value / course[last] - 1), last)
            for last, (count, smoothness, _before) in paths.items()
            if is_course(last, course[last], month, value)
        ]
        if month == stretch[0] or stretch[0] not in fixed:
            options.append((1, Decimal(0), month))
        if options:
            paths[month] = max(options)
    end = stretch[-1] if stretch[-1] in fixed else max(paths, key=lambda month: paths[month])
    kept = {end}
    while end in paths and paths[end][2] != end:
        end = paths[end][2]
        kept.add(end)
    return kept


def is_course(one: date, one_value: Decimal, other: date, other_value: Decimal) -> bool:
    change = max(one_value, other_value) / min(one_value, other_value) - 1
    return change <= MAX_CHANGE + MAX_CHANGE_PER_MONTH * abs(months_between(one, other))


def months_between(one: date, other: date) -> int:
    return (other.year - one.year) * 12 + other.month - one.month
