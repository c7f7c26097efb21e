"""The chart of a series: all in its place, whatever the series, and readable as SVG without a style."""

from datetime import date
from decimal import Decimal
from typing import List, Tuple
from xml.etree import ElementTree

import jinja2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.health_index.held import month
from webapp.config import ROOT
from webapp.data import index_seed as seed
from webapp.pages.chart import (
    LENGTH,
    Chart,
    Point,
    draw,
)
from webapp.statbel.parsing import MAX_VALUE, MIN_VALUE

SHORT_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

searching = settings(deadline=None, database=None)
values = st.integers(int(MIN_VALUE * 100), int(MAX_VALUE * 100)).map(lambda cents: Decimal(cents) / 100)


def numbered(number: int) -> date:
    """The first day of a month, counted from January of the year 0."""
    return date(number // 12, number % 12 + 1, 1)


def at(*points: Tuple[str, str]) -> List[Point]:
    return [(month(text), Decimal(value)) for text, value in points]


def monthly(first: str, *told: str) -> List[Point]:
    """These values in months without a gap."""
    start = month(first)
    number = 12 * start.year + start.month - 1
    return [(numbered(number + later), Decimal(value)) for later, value in enumerate(told)]


def held(base_year: int) -> List[Point]:
    """What the project's own file holds on a base year, in order."""
    rows = seed.read(ROOT / "seed" / "health_index.csv")
    return sorted((row["month"], row["value"]) for row in rows if row["base_year"] == base_year)


@st.composite
def any_series(pick: st.DrawFn) -> List[Point]:
    """A series of 1 to 60 months, near each other or up to 65 years apart."""
    first, span = pick(st.integers(1994 * 12, 2060 * 12)), pick(st.integers(0, 65 * 12))
    found = pick(st.dictionaries(st.integers(0, span), values, min_size=1, max_size=60))
    return [(numbered(first + later), value) for later, value in sorted(found.items())]


def line(chart: Chart) -> List[Tuple[int, int]]:
    """The points of the line."""
    pairs = [point.split(",") for point in chart.points.split(" ")]
    return [(int(x), int(y)) for x, y in pairs]


def marked_values(points: List[Point]) -> List[str]:
    return [f"{tick.value:.{tick.decimals}f}" for tick in draw(points).y_ticks]


def marked_months(points: List[Point]) -> List[str]:
    """The x ticks as they are read, and a month in the form of ISO 8601."""
    chart = draw(points)
    return [f"{tick.month:%Y}" if chart.yearly else f"{tick.month:%Y-%m}" for tick in chart.x_ticks]


# The line


def test_a_line_goes_from_side_to_side() -> None:
    chart = draw(monthly("2025-01", "100", "104", "102", "101", "103"))
    assert line(chart) == [(0, 1000), (250, 0), (500, 500), (750, 750), (1000, 250)]


def test_a_missing_month_keeps_its_place() -> None:
    chart = draw(at(("2026-02", "100"), ("2026-03", "102"), ("2026-07", "104")))
    assert [x for x, _ in line(chart)] == [0, 200, 1000]


@searching
@given(any_series())
def test_the_line_runs_forward_inside_its_square(points: List[Point]) -> None:
    found = line(draw(points))
    assert len(found) == len(points)
    assert all(0 <= x <= LENGTH and 0 <= y <= LENGTH for x, y in found)
    assert all(before < after for (before, _), (after, _) in zip(found, found[1:]))


@searching
@given(any_series())
def test_a_higher_value_is_never_drawn_lower(points: List[Point]) -> None:
    by_value = sorted(zip((value for _, value in points), (-y for _, y in line(draw(points)))))
    assert [y for _, y in by_value] == sorted(y for _, y in by_value)


@searching
@given(any_series())
def test_the_lowest_the_highest_and_the_last_are_told(points: List[Point]) -> None:
    chart = draw(points)
    assert {chart.lowest, chart.highest} <= set(points)
    assert all(chart.lowest[1] <= value <= chart.highest[1] for _, value in points)
    assert (chart.last.x * 10, chart.last.y * 10) == pytest.approx(line(chart)[-1])
    assert chart.last.value == points[-1][1]


def test_of_equal_values_the_first_is_told() -> None:
    chart = draw(monthly("2025-01", "100", "104", "100", "104"))
    assert [chart.lowest, chart.highest] == at(("2025-01", "100"), ("2025-02", "104"))


def test_without_points_there_is_no_chart() -> None:
    with pytest.raises(ValueError, match="at least one point"):
        draw([])


# The values beside it


@pytest.mark.parametrize(
    ("lowest", "highest", "marked"),
    [
        ("69.81", "136.69", ["60", "80", "100", "120", "140"]),
        ("115.65", "226.44", ["100", "150", "200", "250"]),
        ("99.24", "103.24", ["99", "100", "101", "102", "103", "104"]),
        ("127.05", "136.69", ["125.0", "127.5", "130.0", "132.5", "135.0", "137.5"]),
        ("100.00", "101.10", ["100.00", "100.25", "100.50", "100.75", "101.00", "101.25"]),
        ("100", "200", ["100", "120", "140", "160", "180", "200"]),
        ("20", "1000", ["0", "200", "400", "600", "800", "1000"]),
        ("101.63", "101.64", ["101.5", "101.6", "101.7", "101.8"]),
        ("101.60", "101.60", ["101.5", "101.6", "101.7"]),
    ],
)
def test_the_values_marked_are_round(lowest: str, highest: str, marked: List[str]) -> None:
    assert marked_values(monthly("2025-01", lowest, highest)) == marked


@searching
@given(any_series())
@example(monthly("2025-01", "101.60", "101.60"))
def test_three_to_six_values_enclose_the_series(points: List[Point]) -> None:
    chart = draw(points)
    ticks = chart.y_ticks
    assert 3 <= len(ticks) <= 6
    assert (ticks[0].at, ticks[-1].at) == (100, 0)
    assert ticks[0].value <= chart.lowest[1] <= chart.highest[1] <= ticks[-1].value
    assert all(before.at - after.at >= 19.9 for before, after in zip(ticks, ticks[1:]))


@searching
@given(any_series())
def test_the_values_marked_are_a_round_step_apart_and_read_as_what_they_are(points: List[Point]) -> None:
    ticks = draw(points).y_ticks
    (step,) = {after.value - before.value for before, after in zip(ticks, ticks[1:])}
    assert step.normalize().as_tuple().digits in {(1,), (2,), (2, 5), (5,)}
    assert all(tick.value % step == 0 for tick in ticks)
    assert [Decimal(text) for text in marked_values(points)] == [tick.value for tick in ticks]


# The months below it


@pytest.mark.parametrize(
    ("first", "last", "marked"),
    [
        ("2026-07", "2026-07", ["2026-07"]),
        ("2026-01", "2026-01", ["2026-01"]),
        ("2025-12", "2026-01", ["2025-12", "2026-01"]),
        ("2025-11", "2026-01", ["2025-11", "2025-12", "2026-01"]),
        ("2025-02", "2025-09", ["2025-03", "2025-05", "2025-07", "2025-09"]),
        ("2025-01", "2026-01", ["2025-01", "2025-04", "2025-07", "2025-10", "2026-01"]),
        ("2024-12", "2026-05", ["2025-01", "2025-04", "2025-07", "2025-10", "2026-01", "2026-04"]),
        ("2024-01", "2025-10", ["2024-01", "2024-05", "2024-09", "2025-01", "2025-05", "2025-09"]),
        ("2023-05", "2025-12", ["2023-07", "2024-01", "2024-07", "2025-01", "2025-07"]),
        ("2020-12", "2025-12", ["2021", "2022", "2023", "2024", "2025"]),
        ("2015-12", "2025-12", ["2016", "2018", "2020", "2022", "2024"]),
        ("2010-06", "2024-10", ["2012", "2016", "2020", "2024"]),
        ("2010-01", "2025-12", ["2010", "2015", "2020", "2025"]),
        ("1994-01", "2026-07", ["1995", "2000", "2005", "2010", "2015", "2020", "2025"]),
        ("1994-01", "2044-12", ["2000", "2010", "2020", "2030", "2040"]),
        ("1994-01", "2094-06", ["1994-01", "2094-06"]),
    ],
)
def test_the_months_marked_are_those_of_a_calendar(first: str, last: str, marked: List[str]) -> None:
    points = at((first, "100"), (last, "101")) if first != last else at((first, "100"))
    assert marked_months(points) == marked


def test_a_month_is_marked_where_the_line_passes_it() -> None:
    points = held(2013)
    places = dict(zip((month for month, _ in points), (x / 10 for x, _ in line(draw(points)))))
    assert all(tick.at == places[tick.month] for tick in draw(points).x_ticks)


@searching
@given(any_series())
def test_the_months_marked_stand_apart_between_the_first_and_the_last(points: List[Point]) -> None:
    (first, _), (last, _) = points[0], points[-1]
    ticks = draw(points).x_ticks
    assert 1 <= len(ticks) <= 7
    assert len(ticks) >= 3 or (last - first).days < 40
    assert all(first <= tick.month <= last and 0 <= tick.at <= 100 for tick in ticks)
    assert all(after.at - before.at >= 14.9 for before, after in zip(ticks, ticks[1:]))


# The label of the last point


@pytest.mark.parametrize(
    ("told", "label_y", "below"),
    [
        (["100", "102", "104"], 0, False),
        (["102", "102", "102"], 50, False),
        (["104", "100", "102"], 50, False),
        (["100", "104", "102"], 50, True),
        (["104", "102", "100"], 84, False),  # no room below: above all of the line that is beside it
        (["100"], 50, False),
    ],
    ids=["rising", "level", "up from below", "down from above", "down to the axis", "alone"],
)
def test_the_label_stays_clear_of_the_line(told: List[str], label_y: float, below: bool) -> None:
    last = draw(monthly("2025-01", *told)).last
    assert (last.label_y, last.below) == (label_y, below)


@searching
@given(any_series())
def test_all_points_near_the_label_are_on_its_other_side(points: List[Point]) -> None:
    chart = draw(points)
    last = chart.last
    beside = [y / 10 for x, y in line(chart) if x / 10 >= last.x - 16]
    assert all(y <= last.label_y for y in beside) if last.below else all(y >= last.label_y for y in beside)
    assert 0 <= last.label_y <= (85 if last.below else 100)


# The SVG


def written(points: List[Point]) -> str:
    """What the page holds, in English."""
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


def parsed(points: List[Point]) -> ElementTree.Element:
    return ElementTree.fromstring(written(points))  # noqa: S314  # our own


def labels(points: List[Point]) -> List[str]:
    """All texts in the order of the page, a slash between two lines."""
    return ["/".join(text.itertext()) for text in parsed(points).iter("text")]


def test_the_whole_series_is_small_and_follows_the_content_security_policy() -> None:
    whole = held(2013)
    longer = whole + [(numbered(2026 * 12 + later), Decimal(137) + later) for later in range(7)]
    assert len(longer) == 391
    assert len(draw(longer).points) < 4500
    page = written(longer)
    assert len(page) < 6000
    assert "style" not in page
    assert "<script" not in page


def test_a_chart_has_a_name_and_a_description() -> None:
    chart = parsed(held(2025))
    assert chart.attrib["role"] == "img"
    told = {element.get("id"): element.text for element in chart.iter() if element.get("id")}
    assert told == {"chart-title": "Health index <2025>", "chart-about": "From 99 & up"}
    assert chart.attrib["aria-labelledby"].split() == list(told)


def test_only_the_line_is_stretched() -> None:
    chart = parsed(held(2025))
    assert "viewBox" not in chart.attrib
    (square,) = chart.findall("svg")
    assert square.attrib["viewBox"] == f"0 0 {LENGTH} {LENGTH}"
    (stretched,) = square
    assert stretched.attrib["points"] == draw(held(2025)).points
    assert stretched.attrib["vector-effect"] == "non-scaling-stroke"


def test_years_are_labelled() -> None:
    assert labels(held(2013)) == [
        *["60", "80", "100", "120", "140"],
        *["1995", "2000", "2005", "2010", "2015", "2020", "2025"],
        "136.69",
    ]


def test_of_months_the_year_is_told_once() -> None:
    assert labels(held(2025)[-13:]) == [
        *["99", "100", "101", "102", "103", "104"],
        *["Apr/2025", "Jul", "Oct", "Jan/2026", "Apr", "Jul"],
        "103.24",
    ]


def test_a_single_month_is_a_dot_in_the_middle() -> None:
    only = held(2025)[-1:]
    assert labels(only) == ["103.1", "103.2", "103.3", "103.4", "Jul/2026", "103.24"]
    (dot,) = parsed(only).iter("circle")
    assert (dot.attrib["cx"], dot.attrib["cy"]) == ("50.0%", "53.3%")


def test_the_years_that_a_narrow_page_leaves_out() -> None:
    spare = [text for text in parsed(held(2013)).iter("text") if "chart-optional" in text.get("class", "")]
    assert ["".join(text.itertext()) for text in spare] == ["2000", "2010", "2020"]
    assert "chart-optional" not in written(held(2025)[-13:])


def test_the_label_stands_on_the_side_that_is_drawn() -> None:
    sides = {}
    for name, told in {"above": ("100", "102", "104"), "below": ("100", "104", "102")}.items():
        *_, label = parsed(monthly("2025-01", *told)).iter("text")
        sides[name] = (label.attrib["y"], label.attrib["dy"])
    assert sides == {"above": ("0.0%", "-.8em"), "below": ("50.0%", "1.5em")}
