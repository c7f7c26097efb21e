"""The health index month by month, with the smoothed index where it is defined."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import List, Mapping, Optional, Sequence, TypedDict

from dateutil.relativedelta import relativedelta
from sqlalchemy import func, select

from webapp.data import refresh
from webapp.data.extensions import db
from webapp.data.index_models import IndexValue
from webapp.errors import IndexUnavailable, MonthNotFound
from webapp.i18n.messages import N_
from webapp.statbel.parsing import CENT

# DESIGN.md 3.2: the smoothed index is the mean of four months. From April 2015 to March 2016 it
# stood still by law (the index jump), and since then it is 2 % below the mean.
SMOOTHED_MONTHS = 4
BLOCKED_AT, REDUCED_FROM = date(2015, 3, 1), date(2016, 4, 1)
REDUCTION = Decimal("0.98")


class MonthlyIndex(TypedDict):
    """The index of one month on one base year, and where it comes from.

    `month` is the first day of the month. `smoothed` is computed from the values of the same
    base year and rounded half up once; None where one of the four months is not held.
    """

    base_year: int
    month: date
    value: Decimal
    smoothed: Optional[Decimal]
    status: str
    source: str
    fetched_at: datetime


class HeldRange(TypedDict):
    """The first and the last month that are held on a base year, and when one last changed."""

    base_year: int
    first_month: date
    last_month: date
    fetched_at: datetime


def months(base_year: int) -> List[MonthlyIndex]:
    """All months that are held on a base year, in order, after a refresh where one is due.

    Raises IndexUnavailable when there are none.
    """
    refresh.refresh_if_due()
    held = db.session.scalars(
        select(IndexValue).where(IndexValue.base_year == base_year).order_by(IndexValue.month)
    ).all()
    if not held:
        raise IndexUnavailable(
            N_("No value is known on base year %(base_year)s yet. Please try again in a minute."),
            base_year=base_year,
        )
    values = {value.month: value.value for value in held}
    return [
        {
            "base_year": base_year,
            "month": value.month,
            "value": value.value,
            "smoothed": _smoothed(values, value.month),
            "status": value.status,
            "source": value.source,
            "fetched_at": value.fetched_at,
        }
        for value in held
    ]


def find(series: Sequence[MonthlyIndex], month: date) -> MonthlyIndex:
    """The month (its first day) in a series that is not empty.

    Raises MonthNotFound when it is not there. That names the first and the last month held or, when the
    month is missing between these, the last one before it and the first one after it.
    """
    for entry in series:
        if entry["month"] == month:
            return entry
    first, last = series[0], series[-1]
    if first["month"] < month < last["month"]:
        raise MonthNotFound(
            N_(
                "No health index is held for %(month)s on base year %(base_year)s. "
                "The nearest months that are held are %(before)s and %(after)s."
            ),
            month=month,
            base_year=first["base_year"],
            before=max(entry["month"] for entry in series if entry["month"] < month),
            after=min(entry["month"] for entry in series if entry["month"] > month),
        )
    raise MonthNotFound(
        N_(
            "No health index is held for %(month)s on base year %(base_year)s: "
            "the months held go from %(first)s to %(last)s."
        ),
        month=month,
        base_year=first["base_year"],
        first=first["month"],
        last=last["month"],
    )


def held_ranges() -> List[HeldRange]:
    """The base years of which a value is held, newest first.

    Raises IndexUnavailable when there are none.
    """
    refresh.refresh_if_due()
    found = db.session.execute(
        select(
            IndexValue.base_year,
            func.min(IndexValue.month),
            func.max(IndexValue.month),
            func.max(IndexValue.fetched_at),
        )
        .group_by(IndexValue.base_year)
        .order_by(IndexValue.base_year.desc())
    )
    ranges: List[HeldRange] = [
        {"base_year": base_year, "first_month": first, "last_month": last, "fetched_at": fetched_at}
        for base_year, first, last, fetched_at in found
    ]
    if not ranges:
        raise IndexUnavailable(N_("No value is known yet. Please try again in a minute."))
    return ranges


def _smoothed(values: Mapping[date, Decimal], month: date) -> Optional[Decimal]:
    """The smoothed index of a month, from the values of a base year by month."""
    if BLOCKED_AT < month < REDUCED_FROM:
        month = BLOCKED_AT
    months = [month - relativedelta(months=back) for back in range(SMOOTHED_MONTHS)]
    if not all(needed in values for needed in months):
        return None
    mean = sum(values[needed] for needed in months) / Decimal(SMOOTHED_MONTHS)
    return (mean * (REDUCTION if month >= REDUCED_FROM else 1)).quantize(CENT, ROUND_HALF_UP)
