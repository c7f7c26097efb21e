"""The member `next_step` of responses: base years with the months that the requested one lacks."""

from __future__ import annotations

from typing import Any, Callable

from marshmallow import fields

from webapp.api.fields import CoefficientField, CoefficientSourceField, Month, ResponseSchema, StatusField
from webapp.health_index.next_step import NextStep


class AlternativeSchema(ResponseSchema):
    base_year = fields.Integer()
    first_month = Month("First available month on this base year.")
    last_month = Month("Last available month on this base year.")
    status = StatusField()
    coefficient = CoefficientField()
    coefficient_source = CoefficientSourceField()
    url = fields.String(metadata={"description": "This request on that base year."})


class NextStepSchema(ResponseSchema):
    last_month = Month("Last available month on the requested base year.")
    new_month = Month("The newest month on any base year.")
    alternatives = fields.List(
        fields.Nested(AlternativeSchema),
        metadata={
            "description": (
                "Base years with all months of the request, and the newest one: the one in force, then from "
                "new to old. Status and coefficient are those of the newest month. Empty if no base year has "
                "all: then last_month is the last one to calculate with."
            )
        },
    )


class NextStepField(fields.Nested):
    """Base years with the newest month, for a base year without it."""

    def __init__(self) -> None:
        description = "What to do if the base year lacks the newest month; null if it has it."
        super().__init__(NextStepSchema, allow_none=True, metadata={"description": description})


def describe(step: NextStep | None, url_on: Callable[[int], str]) -> dict[str, Any] | None:
    """Add the URL of the same request on each alternative, from its base year."""
    if step is None:
        return None
    alternatives = [{**found, "url": url_on(found["base_year"])} for found in step["alternatives"]]
    return {**step, "alternatives": alternatives}
