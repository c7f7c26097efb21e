"""The geometry of the index chart, which a template draws as SVG."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Collection, NamedTuple, Sequence, Tuple

# Length of both axes in the coordinates of the line; all else is in percent of it.
LENGTH = 1000

# Steps between y ticks, times a power of ten. Steps below 0.1 would exaggerate the noise of quiet months.
Y_STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5))
MIN_EXPONENT = -1
MIN_TICKS, MAX_Y_TICKS = 3, 6

# Months between x ticks, in order of preference: 2 only where 3 gives too few ticks, 48 only where 60 does.
X_STEPS = (1, 3, 2, 4, 6, 12, 24, 60, 48, 120)

# Minimum distance of two x ticks, as a fraction of the axis: the width of a year on a chart of 280 pixels.
MIN_X_DISTANCE = 0.15

# Width of the last point's label, and height of the x labels, which it must not overlap.
LABEL_WIDTH, LABEL_HEIGHT = 160, 150

Point = Tuple[date, Decimal]


class YTick(NamedTuple):
    """`at` is in percent from the top."""

    at: float
    value: Decimal
    decimals: int


class XTick(NamedTuple):
    """`at` is in percent from the left."""

    at: float
    month: date


class LastPoint(NamedTuple):
    """The last point and its label, in percent from the top left."""

    x: float
    y: float
    value: Decimal
    label_y: float
    below: bool


class Band(NamedTuple):
    """Consecutive months, in percent from the left."""

    at: float
    width: float


class Chart(NamedTuple):
    """`yearly` is True if all x ticks are Januaries.

    Attributes:
        path: the line, see _path.
        second_path: empty without a second line.
        view_box: the part of their coordinates that the chart shows.
    """

    path: str
    second_path: str
    view_box: str
    bands: list[Band]
    y_ticks: list[YTick]
    x_ticks: list[XTick]
    yearly: bool
    last: LastPoint
    lowest: Point
    highest: Point


def draw(points: Sequence[Point], second: Sequence[Point] = (), marked: Collection[date] = ()) -> Chart:
    """Lay out a chart of points in order of month. Raises ValueError if there are none.

    The y axis does not start at 0: an index is a ratio to an arbitrary base. All months are equally wide, and
    the line bridges missing ones.

    Args:
        second: points of a second line, within the months of the first.
        marked: months to mark with bands.
    """
    if not points:
        raise ValueError("a chart needs at least one point")
    lowest, highest = min(points, key=_value), max(points, key=_value)
    tick_values, decimals = _y_ticks(*_range([*points, *second]))
    first, last = _number(points[0][0]), _number(points[-1][0])
    tick_months = _x_ticks(first, last)

    def x_of(month: float) -> int:
        return round(LENGTH * (month - first) / (last - first)) if last > first else LENGTH // 2

    def y_of(value: Decimal) -> int:
        return round(LENGTH * (tick_values[-1] - value) / (tick_values[-1] - tick_values[0]))

    line = [(x_of(_number(month)), y_of(value)) for month, value in points]
    return Chart(
        path=_path(points, first),
        second_path=_path(second, first),
        view_box=f"0 {_y(tick_values[-1])} {last - first} {_y(tick_values[0]) - _y(tick_values[-1])}",
        bands=[
            Band(_percent(left), _percent(right - left))
            for left, right in (
                (max(x_of(start - 0.5), 0), min(x_of(end + 0.5), LENGTH))
                for start, end in _runs(sorted(map(_number, marked)))
            )
        ],
        y_ticks=[YTick(_percent(y_of(value)), value, decimals) for value in tick_values],
        x_ticks=[XTick(_percent(x_of(month)), date(month // 12, month % 12 + 1, 1)) for month in tick_months],
        yearly=len(tick_months) > 1 and all(month % 12 == 0 for month in tick_months),
        last=_last_point(line, points[-1][1]),
        lowest=lowest,
        highest=highest,
    )


def _path(points: Sequence[Point], first: int) -> str:
    """Return a line as SVG path, with exact values for chart.js, and half as long as absolute coordinates.

    Its x are months from the first, its y hundredths of the index, downwards.
    """
    found = [(_number(month) - first, _y(value)) for month, value in points]
    steps = [(x - before_x, y - before_y) for (before_x, before_y), (x, y) in zip(found, found[1:])]
    # A minus separates as well as a space.
    texts = [f"{x}{y}" if y < 0 else f"{x} {y}" for x, y in (*found[:1], *steps)]
    return "".join(["M" * bool(found), *texts[:1], "l" * bool(steps), " ".join(texts[1:])])


def _y(value: Decimal) -> int:
    return int(-100 * value)


def _number(month: date) -> int:
    """Return the months from January of year 0."""
    return 12 * month.year + month.month - 1


def _range(points: Sequence[Point]) -> tuple[Decimal, Decimal]:
    values = [value for _, value in points]
    return min(values), max(values)


def _runs(months: Sequence[int]) -> list[tuple[int, int]]:
    """Return the first and last of each run of consecutive months."""
    runs: list[tuple[int, int]] = []
    for month in months:
        if runs and month == runs[-1][1] + 1:
            runs[-1] = runs[-1][0], month
        else:
            runs.append((month, month))
    return runs


def _value(point: Point) -> Decimal:
    return point[1]


def _percent(coordinate: int) -> float:
    return round(100 * coordinate / LENGTH, 1)


def _y_ticks(lowest: Decimal, highest: Decimal) -> tuple[list[Decimal], int]:
    """Return tick values of the smallest step that fits, and their decimals."""
    for step in (lead.scaleb(exponent) for exponent in count(MIN_EXPONENT) for lead in Y_STEPS):
        bottom, top = math.floor(lowest / step), math.ceil(highest / step)
        if top - bottom < MAX_Y_TICKS:
            break
    if top - bottom + 1 < MIN_TICKS:
        bottom, top = bottom - 1, top + 1
    decimals = next(decimals for decimals in count() if round(step, decimals) == step)
    return [step * times for times in range(bottom, top + 1)], decimals


def _x_ticks(first: int, last: int) -> list[int]:
    """Return tick months, counted from year 0, or both ends if no step fits."""
    for step in X_STEPS:
        ticks = [month for month in range(first, last + 1) if month % step == 0]
        if len(ticks) >= MIN_TICKS and step >= MIN_X_DISTANCE * (last - first):
            return ticks
    return sorted({first, last})


def _last_point(line: Sequence[tuple[int, int]], value: Decimal) -> LastPoint:
    """Place the label on the nearer side of the line, above if equal."""
    x, y = line[-1]
    label_left = x - LABEL_WIDTH
    heights = [point_y for point_x, point_y in line if point_x >= label_left]
    for (x1, y1), (x2, y2) in zip(line, line[1:]):
        if x1 < label_left < x2:
            heights.append(round(y1 + (y2 - y1) * (label_left - x1) / (x2 - x1)))
    top, bottom = min(heights), max(heights)
    below = bottom - y < y - top and bottom <= LENGTH - LABEL_HEIGHT
    return LastPoint(_percent(x), _percent(y), value, _percent(bottom if below else top), below)
