"""`/api/v1/health-index`: the latest index, one month, a series, and the base years."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any, Sequence

from flask import Response, url_for
from marshmallow import fields

from webapp.api.fields import (
    ApiSchema,
    BaseYear,
    CoefficientField,
    CoefficientSourceField,
    Format,
    IndexNumber,
    Month,
    ResponseSchema,
    StatusField,
    SupersededBy,
    Timestamp,
)
from webapp.api.next_step import NextStepField, describe
from webapp.api.routing import ApiBlueprint, ViewResult
from webapp.data import reads
from webapp.errors import IndexUnavailable, MonthNotFound, MonthNotValid, RequestNotValid, WrongYear
from webapp.health_index.series import MonthlyIndex, find
from webapp.http.negotiation import preferred
from webapp.i18n.iso_month import iso_month

bp = ApiBlueprint("api-health-index", "Health index", "/health-index")


class LatestQuery(ApiSchema):
    base_year = BaseYear(data_key="base", required=True)


class SingleMonthPath(ApiSchema):
    month = Month("Month, such as 2020-01.", required=True)


class MonthPath(ApiSchema):
    base_year = BaseYear(data_key="base", required=True)
    month = Month("Month, such as 2020-01.", required=True)


class SeriesQuery(ApiSchema):
    base_year = BaseYear(data_key="base", required=True)
    first = Month("First month. Defaults to the first available month.", data_key="from")
    last = Month("Last month. Defaults to the latest available month.", data_key="to")
    format = Format("Takes precedence over the Accept header.")


class SourceField(fields.String):
    def __init__(self) -> None:
        description = "Source of the value: bestat, open-data, workbook or seed."
        super().__init__(metadata={"description": description})


class ValueSchema(ResponseSchema):
    base_year = fields.Integer()
    month = Month("Month of the value.")
    value = IndexNumber("Health index.")
    status = StatusField()
    coefficient = CoefficientField()
    coefficient_source = CoefficientSourceField()
    source = SourceField()
    fetched_at = Timestamp("Time at which the value was retrieved.")


class LatestSchema(ValueSchema):
    stale = fields.Boolean(metadata={"description": "True if a later month should have been published."})
    superseded_by = SupersededBy()
    next_step = NextStepField()
    next_publication = fields.Date(metadata={"description": "Date of Statbel's next publication."})


class MonthSchema(ValueSchema):
    smoothed = IndexNumber("Smoothed index; null for months without one.", allow_none=True)


class ChangeField(fields.Float):
    def __init__(self, since: str) -> None:
        description = f"Change from {since}, as a fraction; null if that is not available."
        super().__init__(allow_none=True, metadata={"description": description, "example": 0.0344})


class ValueInMonthSchema(ResponseSchema):
    base_year = fields.Integer()
    value = IndexNumber("Health index.")
    smoothed = IndexNumber("Smoothed index; null for months without one.", allow_none=True)
    month_change = ChangeField("the previous month")
    year_change = ChangeField("the same month a year earlier")
    status = StatusField()
    coefficient = CoefficientField()
    coefficient_source = CoefficientSourceField()
    source = SourceField()
    fetched_at = Timestamp("Time at which the value was retrieved.")


class SingleMonthSchema(ResponseSchema):
    month = Month("The month.")
    values = fields.List(
        fields.Nested(ValueInMonthSchema),
        metadata={"description": "Values on the base years that have the month, newest first."},
    )
    previous = Month("The nearest earlier month; null before the first.", allow_none=True)
    next = Month("The nearest later month; null after the last.", allow_none=True)


class SeriesValueSchema(ResponseSchema):
    month = Month("Month of the value.")
    value = IndexNumber("Health index.")
    smoothed = IndexNumber("Smoothed index; null for months without one.", allow_none=True)
    status = StatusField()
    coefficient = CoefficientField()
    coefficient_source = CoefficientSourceField()


class SeriesSchema(ResponseSchema):
    base_year = fields.Integer()
    values = fields.List(fields.Nested(SeriesValueSchema))


class BaseYearRangeSchema(ResponseSchema):
    base_year = fields.Integer()
    first_month = Month("First available month.")
    last_month = Month("Last available month.")


class BaseYearsSchema(ResponseSchema):
    base_years = fields.List(fields.Nested(BaseYearRangeSchema))


@bp.get(
    "",
    summary="Latest health index on a base year",
    params=LatestQuery,
    response=LatestSchema,
    errors=(WrongYear, IndexUnavailable),
    examples=("/health-index?base=2013",),
)
def latest(query: dict[str, Any]) -> ViewResult:
    found = reads.latest_index(query["base_year"])
    step = describe(
        reads.next_step(query["base_year"]),
        lambda base_year: url_for(f"{bp.name}.latest", base=base_year),
    )
    changed_at = max(found["changed_at"], reads.any_index_changed_at()) if step else found["changed_at"]
    return {**found, "value": found["index"], "next_step": step}, changed_at


@bp.get(
    "/<month>",
    summary="Health index of one month on every base year",
    description="With the smoothed index, the changes, and the months before and after.",
    params=SingleMonthPath,
    response=SingleMonthSchema,
    errors=(MonthNotValid, MonthNotFound, IndexUnavailable),
    examples=("/health-index/2020-01",),
)
def single_month(path: dict[str, Any]) -> ViewResult:
    return reads.single_month(path["month"]), reads.any_index_changed_at()


@bp.get(
    "/<base>/<month>",
    summary="Health index of one month on a base year",
    params=MonthPath,
    response=MonthSchema,
    errors=(WrongYear, MonthNotValid, MonthNotFound, IndexUnavailable),
    examples=("/health-index/2013/2020-01",),
)
def month(path: dict[str, Any]) -> ViewResult:
    base_year, wanted = path["base_year"], path["month"]
    months = reads.monthly_index(base_year)
    with reads.advice(base_year, wanted, wanted):
        return find(months, wanted), reads.index_changed_at(base_year)


@bp.get(
    "/series",
    summary="Monthly health index and smoothed index of a base year, as JSON or CSV",
    description=(
        "Unavailable months are left out. The smoothed index is the mean of four months on the same base "
        "year, reduced by 2% since April 2016 and frozen in the year before."
    ),
    params=SeriesQuery,
    response=SeriesSchema,
    errors=(WrongYear, MonthNotValid, IndexUnavailable),
    examples=("/health-index/series?base=2013&from=2025-01&to=2025-03",),
    csv=True,
)
def series(query: dict[str, Any]) -> ViewResult:
    first, last = query.get("first", date.min), query.get("last", date.max)
    if first > last:
        message = "Must not be before from."
        raise RequestNotValid(f"to: {message}", errors={"to": [message]})
    base_year = query["base_year"]
    months = [entry for entry in reads.monthly_index(base_year) if first <= entry["month"] <= last]
    changed_at = reads.index_changed_at(base_year)
    if preferred("json", "csv") == "csv":
        return _to_csv(months), changed_at
    return {"base_year": base_year, "values": months}, changed_at


@bp.get(
    "/base-years",
    summary="Available base years, newest first, with their first and last months",
    response=BaseYearsSchema,
    errors=(IndexUnavailable,),
    examples=("/health-index/base-years",),
)
def base_years() -> ViewResult:
    ranges = reads.base_year_ranges()
    return {"base_years": ranges}, max(reads.index_changed_at(entry["base_year"]) for entry in ranges)


def _to_csv(entries: Sequence[MonthlyIndex]) -> Response:
    columns = ("base_year", "month", "value", "smoothed", "status", "coefficient", "coefficient_source")
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows({**entry, "month": iso_month(entry["month"])} for entry in entries)
    return Response(text.getvalue(), mimetype="text/csv")
