"""The chart of a series: its geometry, and the SVG that the template draws."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from itertools import accumulate
from xml.etree import ElementTree

import jinja2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.health_index.stored_values import month
from webapp.config import ROOT
from webapp.data import index_seed as seed
from webapp.pages.chart import LENGTH, Chart, Point, draw
from webapp.statbel.parsing import MAX_VALUE, MIN_VALUE

SHORT_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

any_chart = settings(deadline=None, database=None)
values = st.integers(int(MIN_VALUE * 100), int(MAX_VALUE * 100)).map(lambda cents: Decimal(cents) / 100)


def nth_month(number: int) -> date:
    """Return the first day of a month, counted from January of year 0."""
    return date(number // 12, number % 12 + 1, 1)


def points_at(*points: tuple[str, str]) -> list[Point]:
    return [(month(text), Decimal(value)) for text, value in points]


def monthly(first: str, *numbers: str) -> list[Point]:
    """Return points of consecutive months."""
    start = month(first)
    number = 12 * start.year + start.month - 1
    return [(nth_month(number + later), Decimal(value)) for later, value in enumerate(numbers)]


def seeded(base_year: int) -> list[Point]:
    """Return the points of the seed on a base year, in order."""
    rows = seed.read(ROOT / "seed" / "health_index.csv")
    return sorted((row["month"], row["value"]) for row in rows if row["base_year"] == base_year)


@st.composite
def any_series(pick: st.DrawFn) -> list[Point]:
    """1 to 60 months, up to 65 years apart."""
    first, span = pick(st.integers(1994 * 12, 2060 * 12)), pick(st.integers(0, 65 * 12))
    found = pick(st.dictionaries(st.integers(0, span), values, min_size=1, max_size=60))
    return [(nth_month(first + later), value) for later, value in sorted(found.items())]


def path_points(path: str) -> list[tuple[int, int]]:
    """Return the points of a path in its own coordinates: months, and hundredths downwards."""
    numbers = [int(number) for number in re.findall("-?[0-9]+", path)]
    return list(zip(accumulate(numbers[::2]), accumulate(numbers[1::2])))


def line(chart: Chart) -> list[tuple[int, int]]:
    """Return the points as shown, in thousandths of the chart from the top left."""
    left, top, width, height = map(int, chart.view_box.split())
    return [
        (round(LENGTH * (x - left) / width) if width else LENGTH // 2, round(LENGTH * (y - top) / height))
        for x, y in path_points(chart.path)
    ]


def y_labels(points: list[Point]) -> list[str]:
    return [f"{tick.value:.{tick.decimals}f}" for tick in draw(points).y_ticks]


def x_labels(points: list[Point]) -> list[str]:
    chart = draw(points)
    return [f"{tick.month:%Y}" if chart.yearly else f"{tick.month:%Y-%m}" for tick in chart.x_ticks]


# The line


def test_line_spans_the_whole_chart() -> None:
    chart = draw(monthly("2025-01", "100", "104", "102", "101", "103"))
    assert line(chart) == [(0, 1000), (250, 0), (500, 500), (750, 750), (1000, 250)]


def test_missing_month_keeps_its_place() -> None:
    chart = draw(points_at(("2026-02", "100"), ("2026-03", "102"), ("2026-07", "104")))
    assert [x for x, _ in line(chart)] == [0, 200, 1000]


@any_chart
@given(any_series())
def test_line_runs_forward_within_the_chart(points: list[Point]) -> None:
    found = line(draw(points))
    assert len(found) == len(points)
    assert all(0 <= x <= LENGTH and 0 <= y <= LENGTH for x, y in found)
    assert all(before < after for (before, _), (after, _) in zip(found, found[1:]))


@any_chart
@given(any_series())
def test_higher_value_is_never_drawn_lower(points: list[Point]) -> None:
    by_value = sorted(zip((value for _, value in points), (-y for _, y in line(draw(points)))))
    assert [y for _, y in by_value] == sorted(y for _, y in by_value)


@any_chart
@given(any_series())
def test_chart_has_lowest_highest_and_last_point(points: list[Point]) -> None:
    chart = draw(points)
    assert {chart.lowest, chart.highest} <= set(points)
    assert all(chart.lowest[1] <= value <= chart.highest[1] for _, value in points)
    assert (chart.last.x * 10, chart.last.y * 10) == pytest.approx(line(chart)[-1])
    assert chart.last.value == points[-1][1]


def test_first_of_equal_values_is_lowest_and_highest() -> None:
    chart = draw(monthly("2025-01", "100", "104", "100", "104"))
    assert [chart.lowest, chart.highest] == points_at(("2025-01", "100"), ("2025-02", "104"))


def test_chart_without_points_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one point"):
        draw([])


def test_path_has_exact_values() -> None:
    chart = draw(points_at(("2026-02", "100.10"), ("2026-03", "99.95"), ("2026-07", "104")))
    assert chart.path == "M0-10010l1 15 4-405"
    assert path_points(chart.path) == [(0, -10010), (1, -9995), (5, -10400)]


def test_chart_with_a_second_line_shows_both_whole() -> None:
    chart = draw(monthly("2025-01", "100", "104"), monthly("2025-02", "97.5"))
    assert chart.second_path == "M1-9750"
    assert [tick.value for tick in chart.y_ticks] == [96, 98, 100, 102, 104]
    assert draw(monthly("2025-01", "100")).second_path == ""


def test_marked_months_have_bands_of_their_width() -> None:
    points = monthly("2025-01", *["100"] * 11)
    marked = [month(text) for text in ("2025-01", "2025-02", "2025-05", "2025-11")]
    assert draw(points, marked=marked).bands == [(0, 15), (35, 10), (95, 5)]
    assert draw(points).bands == []


# The y axis


@pytest.mark.parametrize(
    ("lowest", "highest", "expected"),
    [
        ("69.81", "136.69", ["60", "80", "100", "120", "140"]),
        ("115.65", "226.44", ["100", "150", "200", "250"]),
        ("99.24", "103.24", ["99", "100", "101", "102", "103", "104"]),
        ("127.05", "136.69", ["125.0", "127.5", "130.0", "132.5", "135.0", "137.5"]),
        ("100.00", "101.10", ["100.00", "100.25", "100.50", "100.75", "101.00", "101.25"]),
        ("20", "1000", ["0", "200", "400", "600", "800", "1000"]),
        ("101.63", "101.64", ["101.5", "101.6", "101.7", "101.8"]),
        ("101.60", "101.60", ["101.5", "101.6", "101.7"]),
    ],
)
def test_y_ticks_are_round_values(lowest: str, highest: str, expected: list[str]) -> None:
    assert y_labels(monthly("2025-01", lowest, highest)) == expected


@any_chart
@given(any_series())
@example(monthly("2025-01", "101.60", "101.60"))
def test_three_to_six_y_ticks_enclose_the_series(points: list[Point]) -> None:
    chart = draw(points)
    ticks = chart.y_ticks
    assert 3 <= len(ticks) <= 6
    assert (ticks[0].at, ticks[-1].at) == (100, 0)
    assert ticks[0].value <= chart.lowest[1] <= chart.highest[1] <= ticks[-1].value
    assert all(before.at - after.at >= 19.9 for before, after in zip(ticks, ticks[1:]))


@any_chart
@given(any_series())
def test_y_ticks_are_a_round_step_apart_with_exact_labels(points: list[Point]) -> None:
    ticks = draw(points).y_ticks
    (step,) = {after.value - before.value for before, after in zip(ticks, ticks[1:])}
    assert step.normalize().as_tuple().digits in {(1,), (2,), (2, 5), (5,)}
    assert all(tick.value % step == 0 for tick in ticks)
    assert [Decimal(text) for text in y_labels(points)] == [tick.value for tick in ticks]


# The x axis


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2026-07", "2026-07", ["2026-07"]),
        ("2026-01", "2026-01", ["2026-01"]),
        ("2025-12", "2026-01", ["2025-12", "2026-01"]),
        ("2025-11", "2026-01", ["2025-11", "2025-12", "2026-01"]),
        ("2025-02", "2025-09", ["2025-03", "2025-05", "2025-07", "2025-09"]),
        ("2025-01", "2026-01", ["2025-01", "2025-04", "2025-07", "2025-10", "2026-01"]),
        ("2024-01", "2025-10", ["2024-01", "2024-05", "2024-09", "2025-01", "2025-05", "2025-09"]),
        ("2023-05", "2025-12", ["2023-07", "2024-01", "2024-07", "2025-01", "2025-07"]),
        ("2020-12", "2025-12", ["2021", "2022", "2023", "2024", "2025"]),
        ("2015-12", "2025-12", ["2016", "2018", "2020", "2022", "2024"]),
        ("2010-06", "2024-10", ["2012", "2016", "2020", "2024"]),
        ("2010-01", "2025-12", ["2010", "2015", "2020", "2025"]),
        ("1994-01", "2044-12", ["2000", "2010", "2020", "2030", "2040"]),
        ("1994-01", "2094-06", ["1994-01", "2094-06"]),
    ],
)
def test_x_ticks_are_round_months(first: str, last: str, expected: list[str]) -> None:
    points = points_at((first, "100"), (last, "101")) if first != last else points_at((first, "100"))
    assert x_labels(points) == expected


def test_x_tick_is_where_the_line_passes_its_month() -> None:
    points = seeded(2013)
    places = dict(zip((month for month, _ in points), (x / 10 for x, _ in line(draw(points)))))
    assert all(tick.at == places[tick.month] for tick in draw(points).x_ticks)


@any_chart
@given(any_series())
def test_x_ticks_are_apart_and_within_the_series(points: list[Point]) -> None:
    (first, _), (last, _) = points[0], points[-1]
    ticks = draw(points).x_ticks
    assert 1 <= len(ticks) <= 7
    assert len(ticks) >= 3 or (last - first).days < 40
    assert all(first <= tick.month <= last and 0 <= tick.at <= 100 for tick in ticks)
    assert all(after.at - before.at >= 14.9 for before, after in zip(ticks, ticks[1:]))


# The label of the last point


@pytest.mark.parametrize(
    ("numbers", "label_y", "below"),
    [
        (["100", "102", "104"], 0, False),
        (["102", "102", "102"], 50, False),
        (["104", "100", "102"], 50, False),
        (["100", "104", "102"], 50, True),
        (["104", "102", "100"], 84, False),  # below, it would overlap the x labels
        (["100"], 50, False),
    ],
    ids=["rising", "level", "up", "down", "down to the axis", "single"],
)
def test_label_is_on_the_nearer_side_of_the_line(numbers: list[str], label_y: float, below: bool) -> None:
    last = draw(monthly("2025-01", *numbers)).last
    assert (last.label_y, last.below) == (label_y, below)


@any_chart
@given(any_series())
def test_line_does_not_cross_the_label(points: list[Point]) -> None:
    chart = draw(points)
    last = chart.last
    beside = [y / 10 for x, y in line(chart) if x / 10 >= last.x - 16]
    assert all(y <= last.label_y for y in beside) if last.below else all(y >= last.label_y for y in beside)
    assert 0 <= last.label_y <= (85 if last.below else 100)


# The SVG


def svg(points: list[Point]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROOT / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["decimal"] = lambda value, decimals: f"{value:.{decimals}f}"
    environment.filters["short_month"] = lambda day: f"{SHORT_MONTHS[day.month - 1]}\u00a0{day.year}"
    page = environment.from_string('{% from "_chart.html" import chart %}{{ chart(drawn, title, about) }}')
    return page.render(drawn=draw(points), title="Health index <2025>", about="From 99 & up")


def parsed(points: list[Point]) -> ElementTree.Element:
    return ElementTree.fromstring(svg(points))  # noqa: S314  # made by our own code


def labels(points: list[Point]) -> list[str]:
    """Return all texts in order, with a slash between two lines."""
    return ["/".join(text.itertext()) for text in parsed(points).iter("text")]


def test_svg_of_399_months_is_small_and_has_no_inline_style_or_script() -> None:
    longer = seeded(2013) + [(nth_month(2026 * 12 + 8 + later), Decimal(141) + later) for later in range(7)]
    assert len(longer) == 399
    assert len(draw(longer).path) < 2000
    page = svg(longer)
    assert len(page) < 4500
    assert "style" not in page
    assert "<script" not in page


def test_svg_has_a_name_and_a_description() -> None:
    chart = parsed(seeded(2025))
    assert chart.attrib["role"] == "img"
    described = {element.get("id"): element.text for element in chart.iter() if element.get("id")}
    assert described == {"chart-title": "Health index <2025>", "chart-about": "From 99 & up"}
    assert chart.attrib["aria-labelledby"].split() == list(described)


def test_svg_stretches_only_the_line() -> None:
    chart = parsed(seeded(2025))
    assert "viewBox" not in chart.attrib
    (square,) = chart.findall("svg")
    assert square.attrib["viewBox"] == "0 -11000 151 4000"
    (stretched,) = square
    assert stretched.attrib["d"] == draw(seeded(2025)).path


def test_svg_labels_years() -> None:
    assert labels(seeded(2013)) == [
        *["60", "80", "100", "120", "140", "160"],
        *["1995", "2000", "2005", "2010", "2015", "2020", "2025"],
        "140.30",
    ]


def test_svg_labels_months_with_each_year_once() -> None:
    assert labels(seeded(2025)[-13:]) == [
        *["99", "100", "101", "102", "103", "104"],
        *["Oct/2025", "Jan/2026", "Apr", "Jul"],
        "103.49",
    ]


def test_svg_of_a_single_month_is_a_dot_in_the_middle() -> None:
    only = seeded(2025)[-1:]
    assert labels(only) == ["103.3", "103.4", "103.5", "103.6", "Aug/2026", "103.49"]
    (dot,) = parsed(only).iter("circle")
    assert (dot.attrib["cx"], dot.attrib["cy"]) == ("50.0%", "36.7%")


def test_svg_marks_the_years_that_a_narrow_page_hides() -> None:
    spare = [text for text in parsed(seeded(2013)).iter("text") if "chart-optional" in text.get("class", "")]
    assert ["".join(text.itertext()) for text in spare] == ["2000", "2010", "2020"]
    assert "chart-optional" not in svg(seeded(2025)[-13:])


def test_svg_label_is_above_or_below_its_point() -> None:
    sides = {}
    for name, numbers in {"above": ("100", "102", "104"), "below": ("100", "104", "102")}.items():
        *_, label = parsed(monthly("2025-01", *numbers)).iter("text")
        sides[name] = (label.attrib["y"], label.attrib["dy"])
    assert sides == {"above": ("0.0%", "-.8em"), "below": ("50.0%", "1.5em")}


def test_svg_has_a_dashed_second_line_and_hatched_bands_if_there_are_any() -> None:
    plain = svg(seeded(2025))
    assert "chart-second" not in plain
    assert "pattern" not in plain
