"""The blueprint that all pages share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app

from webapp import clock
from webapp.data import reads
from webapp.health_index.base_years import DEFAULT_BASE_YEAR
from webapp.i18n.languages import current_language
from webapp.zipcodes.place import PlaceDescription, municipality_in, name_in

bp = Blueprint("pages", __name__)


@bp.app_context_processor
def common_context() -> dict[str, Any]:
    return {
        "base_years": reads.base_years(),
        "default_base_year": DEFAULT_BASE_YEAR,
        "risk_factor_note": current_app.config["RISK_FACTOR_NOTES"].get(current_language()),
        "today": clock.today(),
    }


@bp.app_template_filter()
def place_name(place: PlaceDescription) -> str:
    return name_in(place, current_language())


@bp.app_template_filter()
def municipality_name(place: PlaceDescription) -> str:
    return municipality_in(place, current_language())
