"""`/api/v1/indexation`: what an amount becomes between two months."""

from __future__ import annotations

from typing import Any, Dict

from marshmallow import fields

from webapp.api.fields import Amount, AnsweredAmount, AnswerSchema, ApiSchema, BaseYear, IndexNumber, Month
from webapp.api.routing import Answer, ApiBlueprint
from webapp.data import reads
from webapp.errors import AmountNotValid, IndexUnavailable, MonthNotFound, MonthNotValid, WrongYear
from webapp.health_index.indexation import index_amount

bp = ApiBlueprint("api-indexation", "Indexation of an amount", "/indexation")

ROUNDING = "half up to the cent, once, at the end"


class IndexationQuery(ApiSchema):
    amount = Amount("The amount in euros.", required=True)
    base_year = BaseYear(data_key="base", required=True)
    start = Month("The month from which the amount dates.", data_key="from", required=True)
    new = Month("The month to which it is brought; without it, the latest.", data_key="to")


class IndexationSchema(AnswerSchema):
    amount = AnsweredAmount("The amount that was given.")
    base_year = fields.Integer()
    start_month = Month("The month from which the amount dates.", data_key="from")
    new_month = Month("The month to which it was brought.", data_key="to")
    start_index = IndexNumber("The health index of the start month.")
    new_index = IndexNumber("The health index of the new month.")
    new_amount = AnsweredAmount("amount × new_index ÷ start_index, rounded.")
    formula = fields.String(metadata={"example": "1250.50 × 136.69 ÷ 109.72 = 1557.88"})
    rounding = fields.String(metadata={"example": ROUNDING})


@bp.read(
    "",
    summary="What an amount becomes: amount × new index ÷ start index",
    description=(
        "The plain formula, in exact decimal arithmetic; either month may be the later one. What the\n"
        "regions rule for rents, such as correction factors for badly insulated homes, is not in it."
    ),
    takes=IndexationQuery,
    answers=IndexationSchema,
    errors=(AmountNotValid, WrongYear, MonthNotValid, MonthNotFound, IndexUnavailable),
    examples=("/indexation?amount=1250.50&base=2013&from=2020-01&to=2025-12",),
)
def indexation(query: Dict[str, Any]) -> Answer:
    """Return an amount, indexed."""
    found = index_amount(
        query["amount"], reads.monthly_index(query["base_year"]), query["start"], query.get("new")
    )
    return {**found, "rounding": ROUNDING}, reads.index_changed_at(query["base_year"])
