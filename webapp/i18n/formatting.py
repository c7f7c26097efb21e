"""Template filters that format values in the language of the page."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from flask import Flask
from flask_babel import (
    format_currency,
    format_date,
    format_decimal,
    format_percent,
    get_locale,
    gettext,
)

from webapp.clock import BRUSSELS
from webapp.i18n.iso_month import iso_month


def month(value: date) -> str:
    """December 2025"""
    return str(format_date(value, "MMMM y"))


def short_month(value: date) -> str:
    """Dec 2025"""
    return str(format_date(value, "MMM y"))


def month_name(number: int) -> str:
    """Dec"""
    return str(format_date(date(2000, number, 1), "LLL"))


def day(value: date) -> str:
    """22 November 2026, with a no-break space after the number."""
    number, month_and_year = str(format_date(value, "long")).split(" ", 1)
    if value.day == 1 and get_locale().language == "fr":
        number = "1er"  # French writes only the first as an ordinal
    return f"{number}\u00a0{month_and_year}"


def moment(value: datetime) -> str:
    """22 November 2026 at 14:03, in Belgian time."""
    local = value.astimezone(BRUSSELS)
    return str(
        gettext(
            "%(day)s at %(hour)s:%(minute)s", day=day(local.date()), hour=f"{local:%H}", minute=f"{local:%M}"
        )
    )


def decimal(value: Decimal, places: int = 2) -> str:
    """1,250.50"""
    return _decimal(str(get_locale()), value, places)


# A page has up to a thousand values, and Babel takes 20 microseconds for each.
@lru_cache(maxsize=8192)
def _decimal(_locale: str, value: Decimal, places: int) -> str:
    return str(format_decimal(value, "#,##0" + ("." + "0" * places if places else "")))


def whole_number(value: int) -> str:
    """1,000,000"""
    return decimal(Decimal(value), 0)


def euros(value: Decimal) -> str:
    """€1,250.50"""
    return str(format_currency(value, "EUR"))


def change(value: Decimal | None) -> str:
    """+2.44%, from a fraction such as 0.0244; a dash for None."""
    if value is None:
        return "–"
    pattern = get_locale().percent_formats[None].pattern.replace("#,##0", "#,##0.00")
    return str(format_percent(round(value, 4) + 0, f"+{pattern};-{pattern}"))


def percentage(value: float) -> str:
    """33.3%: a number of percent with up to one decimal."""
    pattern = get_locale().percent_formats[None].pattern.replace("#,##0", "#,##0.#")
    return str(format_percent(round(value, 1) / 100, pattern))


def colon() -> str:
    """The colon after a label; French puts a no-break space before it."""
    return "\u00a0:" if get_locale().language == "fr" else ":"


def register_filters(app: Flask) -> None:
    functions = (
        *(month, short_month, month_name, day, moment, iso_month),
        *(decimal, whole_number, euros, change, percentage),
    )
    for function in functions:
        app.add_template_filter(function)
    app.add_template_global(colon)
