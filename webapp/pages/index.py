"""`/index` and `/index.csv`: the health index; and the memoised views that other pages and the API share."""

import re
from itertools import chain
from typing import Any, Dict, List

from flask import Response, request
from flask_babel import gettext
from sqlalchemy.exc import SQLAlchemyError

from webapp.data.extensions import CACHE_SECONDS, db, memoize
from webapp.data.index_models import CONVERTED, PUBLISHED
from webapp.errors import WrongYear
from webapp.health_index import series, service
from webapp.health_index.base_years import BASE_YEARS, DEFAULT_BASE_YEAR
from webapp.health_index.overview import BaseYearOverview, overview
from webapp.health_index.series import HeldRange, MonthlyIndex
from webapp.health_index.service import LatestIndex
from webapp.http.negotiation import cacheable, download, represent
from webapp.i18n import formatting
from webapp.i18n.messages import N_
from webapp.pages.blueprint import bp
from webapp.pages.chart import draw
from webapp.pages.periods import (
    DEFAULT_PERIOD,
    PERIODS,
    by_year,
    latest_months,
)
from webapp.tables import excel

STATUS_WORDS = {PUBLISHED: N_("published by Statbel"), CONVERTED: N_("converted with Statbel’s coefficient")}


@bp.get("/index")
def index() -> Response:
    """The latest index on the base year that `year` names, or on the default one."""
    base_year = parse_base_year(request.args.get("year", str(DEFAULT_BASE_YEAR)))
    latest = latest_index(base_year)
    return represent(
        payload={"index": float(latest["index"])},
        template="index.html",
        context=lambda: page_context(latest),
        max_age=CACHE_SECONDS,
        headers=index_headers(latest),
    )


@bp.get("/index.csv")
def index_csv() -> Response:
    """The months of a base year and a period, as a spreadsheet in the language of the page."""
    base_year = parse_base_year(request.args.get("year", str(DEFAULT_BASE_YEAR)))
    months = latest_months(monthly_index(base_year), _period())
    columns = [gettext("Month"), gettext("Health index"), gettext("Smoothed index"), gettext("Source")]
    rows = (
        (
            f"{entry['month']:%Y-%m}",
            formatting.decimal(entry["value"]),
            formatting.decimal(entry["smoothed"]) if entry["smoothed"] else "",
            _status_words(entry),
        )
        for entry in months
    )
    file = excel.write(chain([columns], rows))
    return cacheable(download(file, f"health-index-{base_year}.csv"), CACHE_SECONDS)


def page_context(latest: LatestIndex) -> Dict[str, Any]:
    """What the page shows beside the latest index: all base years, and the months of a period."""
    months = latest_months(monthly_index(latest["base_year"]), _period())
    return {
        "latest": latest,
        "overview": current_overview(),
        "months": months,
        "years": by_year(months),
        "chart": draw([(entry["month"], entry["value"]) for entry in months]),
        "period": _period(),
        "periods": PERIODS,
    }


def _status_words(entry: MonthlyIndex) -> str:
    words = STATUS_WORDS[entry["status"]]
    return str(gettext(words))


def _period() -> str:
    return request.args.get("period", DEFAULT_PERIOD)


@memoize
def latest_index(base_year: int) -> LatestIndex:
    """See health_index.service.latest; its answers are kept for a while."""
    return service.latest(base_year)


@memoize
def monthly_index(base_year: int) -> List[MonthlyIndex]:
    """See health_index.series.months; its answers are kept for a while."""
    return series.months(base_year)


@memoize
def held_ranges() -> List[HeldRange]:
    """See health_index.series.held_ranges; its answers are kept for a while."""
    return series.held_ranges()


@memoize
def current_overview() -> List[BaseYearOverview]:
    """See health_index.overview.overview; its answers are kept for a while."""
    return overview()


@memoize
def further_base_years() -> List[int]:
    """The base years that the data holds beyond those that the program knows."""
    return [year for year in service.held_base_years() if year not in BASE_YEARS]


def known_base_years() -> List[int]:
    """All base years that may be asked for, newest first. Known without a database, too."""
    try:
        further = further_base_years()
    except SQLAlchemyError:
        db.session.rollback()
        further = []
    return sorted({*BASE_YEARS, *further}, reverse=True)


def parse_base_year(given: str) -> int:
    """Check what a caller gave as base year.

    Raises WrongYear when it is no base year on which there can be a health index. Without a
    database the base years that the program knows count alone.
    """
    if re.fullmatch("[0-9]{4}", given):
        year = int(given)
        if year in BASE_YEARS or year in known_base_years():
            return year
    known = ", ".join(map(str, sorted(BASE_YEARS)))
    raise WrongYear(
        N_("Choose one of the base years of the health index: %(known)s."), value=given, known=known
    )


def index_headers(latest: LatestIndex) -> Dict[str, str]:
    """What the JSON body has no room for: which month it is, and how fresh."""
    headers = {
        "Index-Month": f"{latest['month']:%Y-%m}",
        "Index-Status": latest["status"],
        "Index-Stale": "true" if latest["stale"] else "false",
    }
    if latest["checked_at"]:
        headers["Index-Checked"] = f"{latest['checked_at']:%Y-%m-%dT%H:%M:%SZ}"
    return headers
