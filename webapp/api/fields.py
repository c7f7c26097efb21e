"""The values that requests and answers of the API carry, each with its rule and its own error."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any, Type

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from webapp.data.reads import parse_base_year
from webapp.errors import (
    AmountNotValid,
    DeskError,
    MonthNotValid,
    RequestNotValid,
    WrongYear,
    ZipcodeNotValid,
)
from webapp.health_index.base_years import BASE_YEARS
from webapp.i18n.iso_month import ISO_MONTH, iso_month, parse_iso_month
from webapp.zipcodes.zipcode import ADVICE as ZIPCODE_ADVICE
from webapp.zipcodes.zipcode import ZIPCODE


class ApiSchema(Schema):
    """A schema with our words for what marshmallow finds wrong itself."""

    class Meta:
        unknown = RAISE

    error_messages = {
        "unknown": "This route does not know this parameter.",
        "type": "Send a JSON object.",
    }


class AnswerSchema(ApiSchema):
    """A schema of what is answered: every member is always there."""

    def on_bind_field(self, field_name: str, field_obj: Any) -> None:
        field_obj.required = True


class BaseYear(fields.Integer):
    """A base year of the health index."""

    error: Type[DeskError] = WrongYear

    def __init__(self, **options: Any) -> None:
        about = {"description": "Base year of the health index.", "enum": sorted(BASE_YEARS), "example": 2013}
        super().__init__(
            metadata=about,
            error_messages={"required": "Give the base year that the contract names."},
            **options,
        )

    def _deserialize(self, value: Any, *_args: Any, **_options: Any) -> int:
        try:
            return parse_base_year(value)
        except WrongYear as wrong:
            raise ValidationError(str(wrong)) from None


class Written(fields.String):
    """Text of one form; what does not have it is refused with advice."""

    pattern = ""
    example = ""
    advice = ""
    error: Type[DeskError] = RequestNotValid

    def __init__(self, description: str = "", **options: Any) -> None:
        about = {"pattern": self.pattern, "example": self.example}
        if description:
            about["description"] = description
        super().__init__(metadata=about, error_messages={"required": self.advice}, **options)

    def _deserialize(self, value: Any, *_args: Any, **_options: Any) -> Any:
        # The whole text: `$` alone lets a line end through.
        if not isinstance(value, str) or not re.fullmatch(self.pattern, value):
            raise ValidationError(self.advice)
        return self.understand(value)

    def understand(self, text: str) -> Any:
        """What text of the right form stands for in Python."""
        return text

    def _serialize(self, value: Any, *_args: Any, **_options: Any) -> Any:
        return None if value is None else str(value)


class Month(Written):
    """A month, written 2026-07; in Python its first day."""

    pattern = f"^{ISO_MONTH}$"
    example = "2020-01"
    advice = "Write the month as a year and two digits, such as 2020-01."
    error = MonthNotValid

    def understand(self, text: str) -> date:
        return parse_iso_month(text)

    def _serialize(self, value: Any, *_args: Any, **_options: Any) -> Any:
        return value and iso_month(value)


class Amount(Written):
    """An exact amount in euros, written 1250.50; in Python a Decimal."""

    # Three digits after a point are refused and not rounded: in Belgium 1.250 may mean 1250.
    pattern = r"^[0-9]{1,12}(\.[0-9]{1,2})?$"
    example = "1250.50"
    advice = "Write the amount in digits, with a point only before one or two digits of cents: 1250.50"
    error = AmountNotValid

    def understand(self, text: str) -> Decimal:
        return Decimal(text)


class AnsweredAmount(Written):
    """An amount in euros that was computed: always with two decimals, and of any length."""

    pattern = r"^[0-9]+\.[0-9]{2}$"
    example = "1557.88"


class Zipcode(Written):
    """A zipcode of four digits, as text; in Python a number."""

    pattern = f"^{ZIPCODE}$"
    example = "9000"
    advice = ZIPCODE_ADVICE
    error: Type[DeskError] = ZipcodeNotValid

    def understand(self, text: str) -> int:
        return int(text)


class Cursor(Zipcode):
    """Where a list goes on: the last zipcode of the answer before."""

    advice = "Give the next_cursor of the previous answer."
    error = RequestNotValid


class Count(fields.Integer):
    """A number of things, from 1 to a limit."""

    def __init__(self, most: int, **options: Any) -> None:
        self.most = most
        super().__init__(validate=validate.Range(1, most), **options)

    def _deserialize(self, value: Any, *_args: Any, **_options: Any) -> int:
        if not re.fullmatch("[0-9]{1,9}", value) or not 1 <= int(value) <= self.most:
            raise ValidationError(f"Give a number from 1 to {self.most}.")
        return int(value)


class IndexNumber(fields.Float):
    """An index with two decimals, as a number."""

    def __init__(self, description: str, **options: Any) -> None:
        super().__init__(metadata={"description": description, "example": 136.69}, **options)


class Instant(fields.String):
    """An instant in UTC, written 2026-08-14T12:00:00Z."""

    def __init__(self, description: str) -> None:
        super().__init__(metadata={"description": description, "format": "date-time"})

    def _serialize(self, value: Any, *_args: Any, **_options: Any) -> Any:
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
