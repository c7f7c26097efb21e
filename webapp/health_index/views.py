"""`/index`: the latest health index on a base year."""

import re
from typing import Dict, List

from flask import Blueprint, Response, request
from sqlalchemy.exc import SQLAlchemyError

from webapp.errors import WrongYear
from webapp.extensions import CACHE_SECONDS, db, memoize
from webapp.health_index import service
from webapp.health_index.base_years import BASE_YEARS, DEFAULT_BASE_YEAR
from webapp.health_index.service import LatestIndex
from webapp.representation import represent

bp = Blueprint("health_index", __name__)


@bp.get("/index")
def show() -> Response:
    """The latest index on the base year that `year` names, or on the default one."""
    base_year = parse_base_year(request.args.get("year", str(DEFAULT_BASE_YEAR)))
    latest = latest_index(base_year)
    return represent(
        payload={"index": float(latest["index"])},
        template="index.html",
        context={"latest": latest},
        max_age=CACHE_SECONDS,
        headers=index_headers(latest),
    )


@memoize
def latest_index(base_year: int) -> LatestIndex:
    """See health_index.service.latest; its answers are kept for a while."""
    return service.latest(base_year)


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


def parse_base_year(text: str) -> int:
    """Check what a caller gave as base year.

    Raises WrongYear when it is no base year on which there can be a health index. Without a
    database the base years that the program knows count alone.
    """
    if re.fullmatch("[0-9]{4}", text):
        year = int(text)
        if year in BASE_YEARS or year in known_base_years():
            return year
    known = ", ".join(map(str, sorted(BASE_YEARS)))
    raise WrongYear(f"Choose one of the base years of the health index: {known}.", value=text)


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
