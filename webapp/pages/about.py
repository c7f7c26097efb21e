"""`/about`: the sources and age of the data."""

from __future__ import annotations

from flask import Response

from webapp.data import reads
from webapp.health_index.coefficients import all_coefficients
from webapp.health_index.overview import newest
from webapp.pages.blueprint import bp
from webapp.pages.parts import PageParts


@bp.get("/about")
def about() -> Response:
    parts = PageParts({})
    return parts.respond(
        parts.render(
            "about.html",
            latest=parts.attempt(lambda: reads.latest_index(newest(reads.index_overview())["base_year"])),
            table=parts.attempt(reads.risk_table_in_force),
            coefficients=all_coefficients(),
        )
    )
