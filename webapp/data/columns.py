"""Column types that behave the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import Any, Optional

from sqlalchemy import DateTime, Numeric, String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine


class Instant(TypeDecorator[datetime]):
    """An aware datetime in UTC. SQLite drops the timezone; reading restores it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: Optional[datetime], _dialect: Dialect) -> Optional[datetime]:
        return value and value.astimezone(timezone.utc)

    def process_result_value(self, value: Optional[datetime], _dialect: Dialect) -> Optional[datetime]:
        if value is None or value.tzinfo is not None:
            return value and value.astimezone(timezone.utc)
        return value.replace(tzinfo=timezone.utc)


class IndexNumber(TypeDecorator[Decimal]):
    """An exact number with two decimals, stored as text on SQLite, which has only floats."""

    impl = Numeric(7, 2)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(8))
        return dialect.type_descriptor(Numeric(7, 2))

    def process_bind_param(self, value: Optional[Decimal], dialect: Dialect) -> Any:
        if value is None:
            return None
        exact = value.quantize(Decimal("0.01"))
        return str(exact) if dialect.name == "sqlite" else exact

    def process_result_value(self, value: Any, _dialect: Dialect) -> Optional[Decimal]:
        if value is None:
            return None
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():  # PostgreSQL takes NaN for positive
            raise ValueError(f"{value!r} is not a number")
        return number
