"""How pages write months, days and instants."""

from datetime import date, datetime

from flask import Flask

from webapp.clock import BRUSSELS


def month(value: date) -> str:
    """December 2025"""
    return f"{value:%B %Y}"


def day(value: date) -> str:
    """22 November 2026"""
    return f"{value.day} {value:%B %Y}"


def moment(value: datetime) -> str:
    """22 November 2026 at 14:03, as a clock in Belgium showed it."""
    local = value.astimezone(BRUSSELS)
    return f"{day(local)} at {local:%H:%M}"


def register_filters(app: Flask) -> None:
    """Let templates write `value|month` and so on."""
    for function in (month, day, moment):
        app.add_template_filter(function)
