"""The series on the index page: chart, table and legend, for each base year and period."""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby
from typing import Iterable, NamedTuple, Sequence

from webapp.data import reads
from webapp.data.memo import memoize
from webapp.errors import RequestNotValid
from webapp.health_index.series import MonthlyIndex
from webapp.health_index.values import CONVERTED
from webapp.i18n.messages import N_
from webapp.pages.chart import Chart, draw
from webapp.pages.periods import YearOfMonths, by_year, latest_months

# Kinds of values in the table. The chart shows both.
HEALTH, SMOOTHED = "health", "smoothed"
KINDS = (HEALTH, SMOOTHED)

# In the table, by the source of the coefficient.
MARKS = {"statbel": "c", "derived": "d"}


class Conversion(NamedTuple):
    """A coefficient in a series, with the mark of its values."""

    mark: str
    coefficient: Decimal
    source: str


class Series(NamedTuple):
    """A period of a base year; `marks` is for chart.js, see _runs."""

    months: Sequence[MonthlyIndex]
    years: Sequence[YearOfMonths]
    chart: Chart
    marks: str
    conversions: Sequence[Conversion]


@memoize
def series(base_year: int, period: str) -> Series:
    """Return a period of a base year. Raises IndexUnavailable, or RequestNotValid for the period."""
    months = latest_months(reads.monthly_index(base_year), period)
    return Series(
        months=months,
        years=by_year(months),
        chart=draw(
            [(entry["month"], entry["value"]) for entry in months],
            [(entry["month"], entry["smoothed"]) for entry in months if entry["smoothed"]],
            [entry["month"] for entry in months if entry["status"] == CONVERTED],
        ),
        marks=_runs(mark_of(entry) for entry in months),
        conversions=sorted(
            {
                Conversion(mark_of(entry), entry["coefficient"], entry["coefficient_source"])
                for entry in months
                if entry["coefficient"] and entry["coefficient_source"]
            }
        ),
    )


def _runs(marks: Iterable[str]) -> str:
    """Return number and mark of consecutive months, such as "12c3-"; a dash stands for no mark."""
    return "".join(f"{len(list(run))}{mark or '-'}" for mark, run in groupby(marks))


def mark_of(entry: MonthlyIndex) -> str:
    """Return the mark of a converted value, and nothing for a published one."""
    return MARKS.get(entry["coefficient_source"] or "", "")


def parse_kind(text: str) -> str:
    """Return a kind of series. Raises RequestNotValid."""
    if text not in KINDS:
        raise RequestNotValid(N_("Choose one of these series: %(known)s."), known=", ".join(KINDS))
    return text
