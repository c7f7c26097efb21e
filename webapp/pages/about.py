"""`/about`: explanation of the index, sources and age of the data, publisher."""

from __future__ import annotations

from typing import NamedTuple

from flask import Response

from webapp.data import reads
from webapp.health_index.coefficients import IN_FORCE, all_coefficients
from webapp.health_index.overview import newest
from webapp.pages.blueprint import bp
from webapp.pages.parts import PageParts


class BaseYearInForce(NamedTuple):
    """First and last year in which a base year was in force; `last` is None for the present one."""

    base_year: int
    first: int
    last: int | None


@bp.get("/about")
def about() -> Response:
    parts = PageParts({})
    return parts.respond(
        parts.render(
            "about.html",
            latest=parts.attempt(lambda: reads.latest_index(newest(reads.index_overview())["base_year"])),
            in_force=_in_force(),
            table=parts.attempt(reads.risk_table_in_force),
            coefficients=all_coefficients(),
        )
    )


def _in_force() -> list[BaseYearInForce]:
    """List base years, newest first."""
    entries: list[BaseYearInForce] = []
    for first, base_year in IN_FORCE.items():
        entries.append(BaseYearInForce(base_year, first, entries[-1].first - 1 if entries else None))
    return entries
