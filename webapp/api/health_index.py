"""`/api/v1/health-index`: the latest index, a month, a series, the base years."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any, Dict, Sequence

from flask import Response
from marshmallow import fields, validate

from webapp.api.fields import AnswerSchema, ApiSchema, BaseYear, IndexNumber, Instant, Month
from webapp.api.routing import Answer, ApiBlueprint
from webapp.data import reads
from webapp.errors import IndexUnavailable, MonthNotFound, MonthNotValid, RequestNotValid, WrongYear
from webapp.health_index import series as service
from webapp.health_index.series import MonthlyIndex
from webapp.health_index.values import CONVERTED, PUBLISHED
from webapp.http.negotiation import preferred
from webapp.i18n.iso_month import iso_month

bp = ApiBlueprint("api-health-index", "Health index", "/health-index")


class LatestQuery(ApiSchema):
    base_year = BaseYear(data_key="base", required=True)


class MonthPath(ApiSchema):
    base_year = BaseYear(data_key="base", required=True)
    month = Month("The month wanted.", required=True)


class SeriesQuery(ApiSchema):
    base_year = BaseYear(data_key="base", required=True)
    first = Month("The first month wanted; without it, the first that is held.", data_key="from")
    last = Month("The last month wanted; without it, the latest.", data_key="to")
    format = fields.String(
        validate=validate.OneOf(["json", "csv"], error="Choose json or csv."),
        metadata={"description": "json or csv; it wins over Accept."},
    )


class StatusField(fields.String):
    """How an index came about."""

    def __init__(self) -> None:
        super().__init__(
            validate=validate.OneOf([PUBLISHED, CONVERTED]),
            metadata={"description": "published by Statbel, or converted with its coefficients."},
        )


class ValueSchema(AnswerSchema):
    base_year = fields.Integer()
    month = Month("The month that the value describes.")
    value = IndexNumber("The health index.")
    status = StatusField()
    source = fields.String(metadata={"description": "Where it was read: bestat, open-data or seed."})
    fetched_at = Instant("When it was read.")


class LatestSchema(ValueSchema):
    stale = fields.Boolean(metadata={"description": "Whether a later month should be out already."})
    next_publication = fields.Date(metadata={"description": "The day on which Statbel publishes again."})


class MonthSchema(ValueSchema):
    smoothed = IndexNumber("The smoothed index, null where it is not defined.", allow_none=True)


class SeriesValueSchema(AnswerSchema):
    month = Month("The month that the value describes.")
    value = IndexNumber("The health index.")
    smoothed = IndexNumber("The smoothed index, null where it is not defined.", allow_none=True)
    status = StatusField()


class SeriesSchema(AnswerSchema):
    base_year = fields.Integer()
    values = fields.List(fields.Nested(SeriesValueSchema))


class HeldRangeSchema(AnswerSchema):
    base_year = fields.Integer()
    first_month = Month("The first month held.")
    last_month = Month("The last month held.")


class BaseYearsSchema(AnswerSchema):
    base_years = fields.List(fields.Nested(HeldRangeSchema))


@bp.read(
    "",
    summary="The latest health index on a base year",
    takes=LatestQuery,
    answers=LatestSchema,
    errors=(WrongYear, IndexUnavailable),
    examples=("/health-index?base=2013",),
)
def latest(query: Dict[str, Any]) -> Answer:
    """Return the latest index on a base year."""
    found = reads.latest_index(query["base_year"])
    return {**found, "value": found["index"]}, found["changed_at"]


@bp.read(
    "/<base>/<month>",
    summary="The health index of one month",
    takes=MonthPath,
    answers=MonthSchema,
    errors=(WrongYear, MonthNotValid, MonthNotFound, IndexUnavailable),
    examples=("/health-index/2013/2020-01",),
)
def month(path: Dict[str, Any]) -> Answer:
    """Return the index of a month."""
    held = reads.monthly_index(path["base_year"])
    return service.find(held, path["month"]), reads.index_changed_at(path["base_year"])


@bp.read(
    "/series",
    summary="The months of a base year in order, as JSON or CSV, with the smoothed index",
    description=(
        "Months that are not held are left out. The smoothed index is the mean of four months of the same\n"
        "base year, two percent less since April 2016; in the year before that it stood still."
    ),
    takes=SeriesQuery,
    answers=SeriesSchema,
    errors=(WrongYear, MonthNotValid, IndexUnavailable),
    examples=("/health-index/series?base=2013&from=2025-01&to=2025-03",),
    csv=True,
)
def series(query: Dict[str, Any]) -> Answer:
    """Return the months of a base year and a range."""
    first, last = query.get("first", date.min), query.get("last", date.max)
    if first > last:
        advice = "Give a month that is not before the first one."
        raise RequestNotValid(f"to: {advice}", errors={"to": [advice]})
    held = reads.monthly_index(query["base_year"])
    wanted = [entry for entry in held if first <= entry["month"] <= last]
    if preferred("json", "csv") == "csv":
        return _as_csv(wanted), reads.index_changed_at(query["base_year"])
    return {"base_year": query["base_year"], "values": wanted}, reads.index_changed_at(query["base_year"])


@bp.read(
    "/base-years",
    summary="The base years that are held, newest first, each with its first and last month",
    answers=BaseYearsSchema,
    errors=(IndexUnavailable,),
    examples=("/health-index/base-years",),
)
def base_years() -> Answer:
    """Return the base years with their first and last months."""
    held = reads.base_year_ranges()
    return {"base_years": held}, max(reads.index_changed_at(entry["base_year"]) for entry in held)


def _as_csv(entries: Sequence[MonthlyIndex]) -> Response:
    columns = ("base_year", "month", "value", "smoothed", "status")
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows({**entry, "month": iso_month(entry["month"])} for entry in entries)
    return Response(text.getvalue(), mimetype="text/csv")
