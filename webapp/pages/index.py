"""`/index` and `/index.csv`: the health index as JSON, page, text and spreadsheet."""

from __future__ import annotations

from itertools import chain
from typing import Any

from flask import Response, request
from flask_babel import gettext

from webapp.data import reads
from webapp.health_index.base_years import DEFAULT_BASE_YEAR
from webapp.health_index.latest import LatestIndex
from webapp.health_index.series import MonthlyIndex
from webapp.health_index.values import PUBLISHED
from webapp.http.negotiation import cacheable, download, represent
from webapp.i18n import formatting
from webapp.i18n.iso_month import iso_month
from webapp.pages.blueprint import bp
from webapp.pages.periods import DEFAULT_PERIOD, PERIODS, latest_months
from webapp.pages.series import HEALTH, KINDS, mark_of, parse_kind, series
from webapp.tables import excel


@bp.get("/index")
def index() -> Response:
    latest = reads.latest_index(_base_year())
    return represent(
        payload={"index": float(latest["index"])},
        template="index.html",
        context=lambda: _page_context(latest),
        headers=_headers(latest),
        text=f"{latest['index']:.2f}",
    )


@bp.get("/index.csv")
def index_csv() -> Response:
    """Respond with a period as CSV for Excel, in the page's language."""
    base_year = _base_year()
    months = latest_months(reads.monthly_index(base_year), _period())
    columns = [gettext("Month"), gettext("Health index"), gettext("Smoothed index"), gettext("Source")]
    rows = (
        (
            iso_month(entry["month"]),
            formatting.decimal(entry["value"]),
            formatting.decimal(entry["smoothed"]) if entry["smoothed"] else "",
            _status_words(entry),
        )
        for entry in months
    )
    file = Response(b"".join(excel.write(chain([columns], rows))), mimetype="text/csv")
    return cacheable(download(file, f"health-index-{base_year}.csv"))


def _page_context(latest: LatestIndex) -> dict[str, Any]:
    return {
        "latest": latest,
        "next_step": reads.next_step(latest["base_year"]),
        "overview": reads.index_overview(),
        "series": series(latest["base_year"], _period()),
        "mark_of": mark_of,
        "kind": parse_kind(request.args.get("show", HEALTH)),
        "kinds": KINDS,
        "period": _period(),
        "periods": PERIODS,
    }


def _base_year() -> int:
    return reads.parse_base_year(request.args.get("year", str(DEFAULT_BASE_YEAR)))


def _period() -> str:
    return request.args.get("period", DEFAULT_PERIOD)


def _status_words(entry: MonthlyIndex) -> str:
    if entry["status"] == PUBLISHED:
        return str(gettext("published by Statbel"))
    if entry["coefficient"] and entry["coefficient_source"] == "derived":
        coefficient = formatting.decimal(entry["coefficient"], 4)
        return str(
            gettext("converted with coefficient %(coefficient)s, not Statbel’s", coefficient=coefficient)
        )
    return str(gettext("converted with Statbel’s official coefficient"))


def _headers(latest: LatestIndex) -> dict[str, str]:
    """Return the details that the JSON contract leaves out."""
    headers = {
        "Index-Month": iso_month(latest["month"]),
        "Index-Status": latest["status"],
        "Index-Stale": "true" if latest["stale"] else "false",
    }
    if latest["coefficient"]:
        headers["Index-Coefficient"] = str(latest["coefficient"])
        headers["Index-Coefficient-Source"] = str(latest["coefficient_source"])
    if latest["checked_at"]:
        headers["Index-Checked"] = f"{latest['checked_at']:%Y-%m-%dT%H:%M:%SZ}"
    return headers
