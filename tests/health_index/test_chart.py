"""The chart of an index series: that it shows what the values say, however long the series is."""

import csv
from datetime import date
from decimal import Decimal
from typing import List, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.config import ROOT
from webapp.health_index.chart import LENGTH, Chart, Point, draw

ENOUGH_FOR_TICKS = 4


def january(year: int, index: str) -> Point:
    return date(year, 1, 1), Decimal(index)


def seed(base_year: str) -> List[Point]:
    with (ROOT / "seed" / "health_index.csv").open(encoding="utf-8", newline="") as file:
        return [
            (date(int(row["month"][:4]), int(row["month"][5:]), 1), Decimal(row["value"]))
            for row in csv.DictReader(file)
            if row["base_year"] == base_year
        ]


def coordinates(chart: Chart) -> List[Tuple[int, int]]:
    return [(int(x), int(y)) for x, y in (point.split(",") for point in chart.points.split())]


def value_at(chart: Chart, y: int) -> float:
    """The value that a height stands for, by the lowest and the highest tick."""
    bottom, top = chart.y_ticks[0], chart.y_ticks[-1]
    return float(bottom.value) + (bottom.at - 100 * y / LENGTH) / (bottom.at - top.at) * float(
        top.value - bottom.value
    )


indices = st.decimals(Decimal("50"), Decimal("300"), places=2)


@st.composite
def series(draw_: st.DrawFn) -> List[Point]:
    """Months in order, some missing, each with an index."""
    months = sorted(draw_(st.sets(st.integers(12 * 1994, 12 * 2035), min_size=1, max_size=60)))
    return [(date(month // 12, month % 12 + 1, 1), draw_(indices)) for month in months]


@given(series())
def test_every_point_stands_at_its_month_and_its_value(points: List[Point]) -> None:
    chart = draw(points)
    line = coordinates(chart)
    assert len(line) == len(points)
    height = float(chart.y_ticks[-1].value - chart.y_ticks[0].value)
    for (x, y), (_, value) in zip(line, points):
        assert 0 <= x <= LENGTH
        assert 0 <= y <= LENGTH
        assert value_at(chart, y) == pytest.approx(float(value), abs=height / LENGTH)
    days = [(12 * month.year + month.month) for month, _ in points]
    if len(days) > 1:
        for x, day in zip((x for x, _ in line), days):
            assert x == pytest.approx(LENGTH * (day - days[0]) / (days[-1] - days[0]), abs=1)


@given(series())
def test_the_marked_values_enclose_the_series(points: List[Point]) -> None:
    chart = draw(points)
    values = [value for _, value in points]
    marked = [tick.value for tick in chart.y_ticks]
    assert 3 <= len(marked) <= 6
    assert marked[0] <= min(values)
    assert marked[-1] >= max(values)
    assert len({marked[at + 1] - marked[at] for at in range(len(marked) - 1)}) == 1
    assert all(round(tick.value, tick.decimals) == tick.value for tick in chart.y_ticks)
    assert all(0 <= tick.at <= 100 for tick in chart.y_ticks)


@given(series())
def test_the_marked_months_are_apart_and_inside(points: List[Point]) -> None:
    chart = draw(points)
    places = [tick.at for tick in chart.x_ticks]
    assert 1 <= len(places) <= 7
    assert all(0 <= place <= 100 for place in places)
    assert all(later - place >= 12 for place, later in zip(places, places[1:]))
    assert all(points[0][0] <= tick.month <= points[-1][0] for tick in chart.x_ticks)
    assert not chart.yearly or all(tick.month.month == 1 for tick in chart.x_ticks)


@given(series())
def test_the_last_point_the_lowest_and_the_highest_are_told(points: List[Point]) -> None:
    chart = draw(points)
    x, y = coordinates(chart)[-1]
    assert (chart.last.x, chart.last.y) == (x / 10, y / 10)
    assert chart.last.value == points[-1][1]
    assert chart.lowest[1] == min(value for _, value in points)
    assert chart.highest[1] == max(value for _, value in points)
    assert {chart.lowest, chart.highest} <= set(points)


@given(series())
def test_the_label_of_the_last_point_stays_on_the_chart_and_off_the_line(points: List[Point]) -> None:
    last = draw(points).last
    assert 0 <= last.label_y <= 100
    if last.below:
        assert last.label_y >= last.y
        assert last.label_y <= 85  # the months stand below
    else:
        assert last.label_y <= last.y


@pytest.mark.parametrize(("base_year", "years"), [("2013", 32), ("2025", 13)])
def test_all_months_of_the_seed_are_marked_by_years(base_year: str, years: int) -> None:
    points = seed(base_year)
    chart = draw(points)
    assert chart.yearly
    assert len(chart.x_ticks) >= ENOUGH_FOR_TICKS
    assert len(chart.points) < 4500
    assert points[-1][0].year - points[0][0].year + 1 == years


def test_a_year_is_marked_by_months() -> None:
    chart = draw(seed("2013")[-13:])
    assert not chart.yearly
    assert [tick.month.month for tick in chart.x_ticks] == [1, 4, 7, 10]


def test_the_axis_does_not_begin_at_zero() -> None:
    assert draw([january(2020, "110.35"), january(2021, "118.21")]).y_ticks[0].value == 110


def test_a_gap_is_as_wide_as_its_months() -> None:
    months = [
        (date(2020, 1, 1), Decimal(100)),
        (date(2020, 2, 1), Decimal(100)),
        (date(2020, 11, 1), Decimal(100)),
    ]
    assert [x for x, _ in coordinates(draw(months))] == [0, 100, 1000]


def test_one_month_stands_in_the_middle() -> None:
    chart = draw([january(2020, "110.35")])
    assert [x for x, _ in coordinates(chart)] == [500]
    assert len(chart.x_ticks) == 1


def test_equal_values_are_a_level_line() -> None:
    chart = draw([january(2020, "110.35"), january(2021, "110.35")])
    assert len({y for _, y in coordinates(chart)}) == 1


def test_nothing_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="at least one point"):
        draw([])
