"""`/api/v1/indexation`: index an amount from one month to another."""

from __future__ import annotations

from typing import Any

from flask import url_for
from marshmallow import fields

from webapp.api.fields import (
    Amount,
    ApiSchema,
    BaseYear,
    CoefficientField,
    CoefficientSourceField,
    IndexNumber,
    Month,
    ResponseAmount,
    ResponseSchema,
    StatusField,
    SupersededBy,
)
from webapp.api.next_step import NextStepField, describe
from webapp.api.routing import ApiBlueprint, ViewResult
from webapp.data import reads
from webapp.errors import AmountNotValid, IndexUnavailable, MonthNotFound, MonthNotValid, WrongYear
from webapp.health_index.indexation import index_amount

bp = ApiBlueprint("api-indexation", "Indexation", "/indexation")

ROUNDING = "half up to the cent, once, at the end"


class IndexationQuery(ApiSchema):
    amount = Amount("Amount in euros.", required=True)
    base_year = BaseYear(data_key="base", required=True)
    start = Month("Month from which the amount dates.", data_key="from", required=True)
    new = Month("Month to index the amount to. Defaults to the latest available month.", data_key="to")


class IndexationSchema(ResponseSchema):
    amount = ResponseAmount("Original amount.")
    base_year = fields.Integer()
    start_month = Month("Month from which the amount dates.", data_key="from")
    new_month = Month("Month to which the amount was indexed.", data_key="to")
    start_index = IndexNumber("Health index of the start month.")
    start_status = StatusField()
    start_coefficient = CoefficientField()
    start_coefficient_source = CoefficientSourceField()
    new_index = IndexNumber("Health index of the new month.")
    new_status = StatusField()
    new_coefficient = CoefficientField()
    new_coefficient_source = CoefficientSourceField()
    new_amount = ResponseAmount("amount × new_index ÷ start_index, rounded.")
    formula = fields.String(metadata={"example": "1250.50 × 136.69 ÷ 109.72 = 1557.88"})
    rounding = fields.String(metadata={"example": ROUNDING})
    superseded_by = SupersededBy()
    next_step = NextStepField()


@bp.get(
    "",
    summary="Index an amount: amount × new index ÷ start index",
    description=(
        "Computed in exact decimal arithmetic; either month may be the later one. Regional rent rules, such "
        "as correction factors for poorly insulated homes, are not applied."
    ),
    params=IndexationQuery,
    response=IndexationSchema,
    errors=(AmountNotValid, WrongYear, MonthNotValid, MonthNotFound, IndexUnavailable),
    examples=("/indexation?amount=1250.50&base=2013&from=2020-01&to=2025-12",),
)
def indexation(query: dict[str, Any]) -> ViewResult:
    base_year, start, new = query["base_year"], query["start"], query.get("new")
    months = reads.monthly_index(base_year)
    with reads.advice(base_year, start, new):
        result = index_amount(query["amount"], months, start, new)
    latest = reads.latest_index(base_year)
    step = describe(
        reads.next_step(base_year, start, new),
        lambda other: url_for(f"{bp.name}.indexation", **{**IndexationQuery().dump(query), "base": other}),
    )
    found = {**result, "rounding": ROUNDING, "superseded_by": latest["superseded_by"], "next_step": step}
    changed_at = max(latest["changed_at"], reads.any_index_changed_at()) if step else latest["changed_at"]
    return found, changed_at
