"""An index series as a line chart: where everything stands. What it looks like is the template's."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from itertools import count
from typing import List, NamedTuple, Sequence, Tuple

# Both axes of the line have this length. Everything else stands at a percentage of them.
LENGTH = 1000

# Between two y ticks: these, and what powers of ten make of them. Below the least step, the noise of
# a month without news would fill the whole height.
STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5))
LEAST_EXPONENT = -1
LEAST_TICKS, MOST_Y_TICKS = 3, 6

# Between two x ticks, in months, the first that fits: 2 only when 3 gives too few, 48 when 60 does.
MONTHS = (1, 3, 2, 4, 6, 12, 24, 60, 48, 120)

# How near two x ticks may come: on a chart of 280 pixels, this part of the axis still holds a year.
LEAST_APART = 0.15

# What the label of the last point covers of the x axis, at most, and the lowest part of the y axis,
# where a label below the line would stand in those of the x ticks.
LABEL_WIDTH, LABEL_HEIGHT = 160, 150

Point = Tuple[date, Decimal]


class YTick(NamedTuple):
    """A value on the y axis, and the decimals that tell it from its neighbours; `at` is from the top."""

    at: float
    value: Decimal
    decimals: int


class XTick(NamedTuple):
    """The first day of a month on the x axis."""

    at: float
    month: date


class LastPoint(NamedTuple):
    """The last point, and the height above or below which its label stays clear of the line."""

    x: float
    y: float
    value: Decimal
    label_y: float
    below: bool


class Chart(NamedTuple):
    """A line of points in a square of LENGTH, and what stands around it, in percent of its sides.

    `yearly` tells that every x tick stands for its year, and not for a month.
    """

    points: str
    y_ticks: List[YTick]
    x_ticks: List[XTick]
    yearly: bool
    last: LastPoint
    lowest: Point
    highest: Point


def draw(points: Sequence[Point]) -> Chart:
    """Draw a series of months, in order and each at most once.

    The y axis goes from the tick below the lowest value to the one above the highest. It does not
    start at 0: an index is a ratio to an arbitrary base, and zero means nothing on it. On the
    x axis all months are equally long, and the line goes straight on over those that are missing.

    Raises ValueError when there are no points.
    """
    if not points:
        raise ValueError("a chart needs at least one point")
    lowest, highest = min(points, key=_value), max(points, key=_value)
    values, decimals = _y_values(lowest[1], highest[1])
    months = [12 * month.year + month.month - 1 for month, _ in points]
    marked = _x_months(months[0], months[-1])

    def across(month: int) -> int:
        span = months[-1] - months[0]
        return round(LENGTH * (month - months[0]) / span) if span else LENGTH // 2

    def down(value: Decimal) -> int:
        return round(LENGTH * (values[-1] - value) / (values[-1] - values[0]))

    line = [(across(month), down(value)) for month, (_, value) in zip(months, points)]
    return Chart(
        points=" ".join(f"{x},{y}" for x, y in line),
        y_ticks=[YTick(_percent(down(value)), value, decimals) for value in values],
        x_ticks=[XTick(_percent(across(month)), date(month // 12, month % 12 + 1, 1)) for month in marked],
        yearly=len(marked) > 1 and all(month % 12 == 0 for month in marked),
        last=_last_point(line, points[-1][1]),
        lowest=lowest,
        highest=highest,
    )


def _value(point: Point) -> Decimal:
    return point[1]


def _percent(coordinate: int) -> float:
    return round(100 * coordinate / LENGTH, 1)


def _y_values(lowest: Decimal, highest: Decimal) -> Tuple[List[Decimal], int]:
    """The values to mark, as many as may be, from below the lowest to above the highest; their decimals."""
    for step in (lead.scaleb(exponent) for exponent in count(LEAST_EXPONENT) for lead in STEPS):
        bottom, top = math.floor(lowest / step), math.ceil(highest / step)
        if top - bottom < MOST_Y_TICKS:
            break
    if top - bottom + 1 < LEAST_TICKS:
        bottom, top = bottom - 1, top + 1
    decimals = next(decimals for decimals in count() if round(step, decimals) == step)
    return [step * times for times in range(bottom, top + 1)], decimals


def _x_months(first: int, last: int) -> List[int]:
    """The months to mark, counted from January of the year 0: where nothing fits, the first and the last."""
    for step in MONTHS:
        marked = [month for month in range(first, last + 1) if month % step == 0]
        if len(marked) >= LEAST_TICKS and step >= LEAST_APART * (last - first):
            return marked
    return sorted({first, last})


def _last_point(line: Sequence[Tuple[int, int]], value: Decimal) -> LastPoint:
    """Find the side of the line, above where possible, on which the label is nearer to its point."""
    x, y = line[-1]
    edge = x - LABEL_WIDTH
    beside = [height for across, height in line if across >= edge]
    for (x1, y1), (x2, y2) in zip(line, line[1:]):
        if x1 < edge < x2:
            beside.append(round(y1 + (y2 - y1) * (edge - x1) / (x2 - x1)))
    top, bottom = min(beside), max(beside)
    below = bottom - y < y - top and bottom <= LENGTH - LABEL_HEIGHT
    return LastPoint(_percent(x), _percent(y), value, _percent(bottom if below else top), below)
