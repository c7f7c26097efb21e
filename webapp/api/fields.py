"""Fields of the API's schemas, each with its validation and its error."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from webapp.data.reads import parse_base_year
from webapp.errors import (
    AmountNotValid,
    DateNotValid,
    DeskError,
    MonthNotValid,
    RequestNotValid,
    WrongYear,
    ZipcodeNotValid,
)
from webapp.health_index.base_years import BASE_YEARS
from webapp.health_index.values import CONVERTED, PUBLISHED
from webapp.i18n.iso_date import ISO_DATE, parse_iso_date
from webapp.i18n.iso_month import ISO_MONTH, iso_month, parse_iso_month
from webapp.zipcodes.zipcode import ADVICE as ZIPCODE_ADVICE
from webapp.zipcodes.zipcode import ZIPCODE


class ApiSchema(Schema):
    """A schema that rejects unknown members."""

    class Meta:
        unknown = RAISE

    error_messages = {
        "unknown": "Unknown parameter.",
        "type": "Send a JSON object.",
    }


class ResponseSchema(ApiSchema):
    """A response, with all members documented as required."""

    def on_bind_field(self, field_name: str, field_obj: Any) -> None:
        field_obj.required = True


class BaseYear(fields.Integer):
    error: type[DeskError] = WrongYear

    def __init__(self, **options: Any) -> None:
        metadata = {
            "description": "Base year of the health index.",
            "enum": sorted(BASE_YEARS),
            "example": 2013,
        }
        super().__init__(
            metadata=metadata,
            error_messages={"required": "Specify the base year named in the contract."},
            **options,
        )

    def _deserialize(self, value: Any, *_args: Any, **_options: Any) -> int:
        try:
            return parse_base_year(value)
        except WrongYear as wrong:
            raise ValidationError(str(wrong)) from None


class PatternString(fields.String):
    """A string that matches `pattern`, else the error message is `advice`."""

    pattern = ""
    example = ""
    advice = ""
    error: type[DeskError] = RequestNotValid

    def __init__(self, description: str = "", **options: Any) -> None:
        metadata = {"pattern": self.pattern, "example": self.example}
        if description:
            metadata["description"] = description
        super().__init__(metadata=metadata, error_messages={"required": self.advice}, **options)

    def _deserialize(self, value: Any, *_args: Any, **_options: Any) -> Any:
        # fullmatch, because `$` also matches before a final line end.
        if not isinstance(value, str) or not re.fullmatch(self.pattern, value):
            raise ValidationError(self.advice)
        return self.parse(value)

    def parse(self, text: str) -> Any:
        """Convert a matching string to its Python value."""
        return text

    def _serialize(self, value: Any, *_args: Any, **_options: Any) -> Any:
        return None if value is None else str(value)


class Month(PatternString):
    """A month as `YYYY-MM`; in Python its first day."""

    pattern = f"^{ISO_MONTH}$"
    example = "2020-01"
    advice = "Use the format YYYY-MM, such as 2020-01."
    error = MonthNotValid

    def parse(self, text: str) -> date:
        return parse_iso_month(text)

    def _serialize(self, value: Any, *_args: Any, **_options: Any) -> Any:
        return value and iso_month(value)


class Day(PatternString):
    """A date as `YYYY-MM-DD`."""

    pattern = f"^{ISO_DATE}$"
    example = "2026-03-15"
    advice = "Use the format YYYY-MM-DD, such as 2026-03-15."
    error = DateNotValid

    def parse(self, text: str) -> date:
        try:
            return parse_iso_date(text)
        except ValueError:
            raise ValidationError("This day does not exist.") from None


class Amount(PatternString):
    """An exact amount in euros; in Python a Decimal."""

    # Three digits after a point are rejected, not rounded: in Belgium 1.250 may mean 1250.
    pattern = r"^[0-9]{1,12}(\.[0-9]{1,2})?$"
    example = "1250.50"
    advice = "Use digits, with a point before one or two decimals, such as 1250.50."
    error = AmountNotValid

    def parse(self, text: str) -> Decimal:
        return Decimal(text)


class ResponseAmount(PatternString):
    """An amount in euros of any size, with two decimals."""

    pattern = r"^[0-9]+\.[0-9]{2}$"
    example = "1557.88"


class Zipcode(PatternString):
    """A zipcode of four digits; in Python an int."""

    pattern = f"^{ZIPCODE}$"
    example = "9000"
    advice = ZIPCODE_ADVICE
    error: type[DeskError] = ZipcodeNotValid

    def parse(self, text: str) -> int:
        return int(text)


class Cursor(Zipcode):
    """A position in a list: the last zipcode of the previous response."""

    advice = "Use the next_cursor of the previous response."
    error = RequestNotValid


class Limit(fields.Integer):
    def __init__(self, maximum: int, **options: Any) -> None:
        self.maximum = maximum
        super().__init__(validate=validate.Range(1, maximum), **options)

    def _deserialize(self, value: Any, *_args: Any, **_options: Any) -> int:
        if not re.fullmatch("[0-9]{1,9}", value) or not 1 <= int(value) <= self.maximum:
            raise ValidationError(f"Must be a number from 1 to {self.maximum}.")
        return int(value)


class Format(fields.String):
    def __init__(self, advice: str) -> None:
        super().__init__(
            validate=validate.OneOf(["json", "csv"], error="Must be json or csv."),
            metadata={"description": f"Response format, json or csv. {advice}"},
        )


class IndexNumber(fields.Float):
    def __init__(self, description: str, **options: Any) -> None:
        super().__init__(metadata={"description": description, "example": 136.69}, **options)


class StatusField(fields.String):
    def __init__(self) -> None:
        super().__init__(
            validate=validate.OneOf([PUBLISHED, CONVERTED]),
            metadata={"description": "published by Statbel, or converted from another base year."},
        )


class CoefficientField(fields.Float):
    """The coefficient of a converted value."""

    def __init__(self) -> None:
        super().__init__(
            allow_none=True,
            metadata={
                "description": "Coefficient of a converted value; null for a published one.",
                "example": 0.7376,
            },
        )


class CoefficientSourceField(fields.String):
    """The source of a coefficient."""

    def __init__(self) -> None:
        super().__init__(
            allow_none=True,
            validate=validate.OneOf(["statbel", "derived"]),
            metadata={
                "description": (
                    "statbel for an official coefficient; derived for one that is not official, but follows "
                    "from values that Statbel published on both base years."
                )
            },
        )


class SupersededBy(fields.Integer):
    """A base year with a later month than the requested one."""

    def __init__(self) -> None:
        description = "Another base year, on which a later month is available; null if there is none."
        super().__init__(allow_none=True, metadata={"description": description, "example": 2025})


class Timestamp(fields.String):
    """An instant in UTC, such as 2026-08-14T12:00:00Z."""

    def __init__(self, description: str, **options: Any) -> None:
        super().__init__(metadata={"description": description, "format": "date-time"}, **options)

    def _serialize(self, value: Any, *_args: Any, **_options: Any) -> Any:
        return value and f"{value:%Y-%m-%dT%H:%M:%SZ}"
