"""The values that requests and answers of the API carry, each with its rule and its own error."""

import re
from datetime import date
from decimal import Decimal
from typing import Any, Type

from marshmallow import Schema, ValidationError, fields

from webapp.errors import AmountNotValid, DeskError, MonthNotValid, WrongYear, ZipcodeNotValid
from webapp.health_index.base_years import BASE_YEARS
from webapp.health_index.views import parse_base_year
from webapp.zipcodes.views import parse_zipcode

MONTH = r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$"
ZIPCODE = "^[1-9][0-9]{3}$"
AMOUNT = r"^[0-9]{1,12}(\.[0-9]{1,2})?$"


class ApiSchema(Schema):
    """A schema with our words for what marshmallow finds wrong itself."""

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
            raise ValidationError(wrong.message) from None


class Month(fields.String):
    """A month, written 2026-07; in Python its first day."""

    error: Type[DeskError] = MonthNotValid

    def __init__(self, description: str = "", **options: Any) -> None:
        about = {"description": description, "pattern": MONTH, "example": "2020-01"}
        super().__init__(
            metadata=about, error_messages={"required": "Give a month, such as 2020-01."}, **options
        )

    def _deserialize(self, value: Any, *_args: Any, **_options: Any) -> Any:
        if not re.fullmatch(MONTH, value):
            raise ValidationError("Write the month as a year and two digits, such as 2020-01.")
        return date(int(value[:4]), int(value[5:]), 1)

    def _serialize(self, value: Any, *_args: Any, **_options: Any) -> Any:
        return value and f"{value:%Y-%m}"


class Zipcode(fields.String):
    """A zipcode of four digits, as text; in Python a number."""

    error: Type[DeskError] = ZipcodeNotValid

    def __init__(self, description: str = "", **options: Any) -> None:
        about = {"description": description, "pattern": ZIPCODE, "example": "9000"}
        super().__init__(metadata=about, **options)

    def _deserialize(self, value: Any, *_args: Any, **_options: Any) -> Any:
        try:
            return parse_zipcode(value)
        except ZipcodeNotValid as wrong:
            raise ValidationError(wrong.message) from None

    def _serialize(self, value: Any, *_args: Any, **_options: Any) -> Any:
        return value and str(value)


class Amount(fields.String):
    """An exact amount in euros, written 1250.50; in Python a Decimal."""

    error: Type[DeskError] = AmountNotValid

    def __init__(self, description: str, **options: Any) -> None:
        about = {"description": description, "pattern": AMOUNT, "example": "1250.50"}
        super().__init__(
            metadata=about, error_messages={"required": "Give an amount, such as 1250.50."}, **options
        )

    def _deserialize(self, value: Any, *_args: Any, **_options: Any) -> Any:
        # Three digits after a point are refused and not rounded: in Belgium 1.250 may mean 1250.
        if not re.fullmatch(AMOUNT, value):
            raise ValidationError(
                "Write the amount in digits, with a point only before one or two digits of cents: 1250.50"
            )
        return Decimal(value)

    def _serialize(self, value: Any, *_args: Any, **_options: Any) -> Any:
        return str(value)


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
