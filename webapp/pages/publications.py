"""`/index.atom` and `/index.ics`: publications of the health index as feed and calendar."""

from __future__ import annotations

from html import escape
from typing import Any
from uuid import UUID, uuid5

from flask import Response, request, url_for
from flask_babel import gettext

from webapp.data import reads
from webapp.health_index.publications import Publication, value_in_force
from webapp.health_index.values import CONVERTED, IndexValue
from webapp.http.negotiation import cacheable
from webapp.i18n import formatting
from webapp.i18n.iso_month import iso_month
from webapp.i18n.languages import current_language
from webapp.pages import atom, ics
from webapp.pages.blueprint import bp
from webapp.pages.periods import DEFAULT_PERIOD, latest_months

# Identifiers must not depend on the host: clients show a new identifier as a new entry.
NAMESPACE = UUID("0f0b6a52-6a0e-4f3c-9f6b-3f3f5b5d1c88")


@bp.get("/index.atom")
def index_atom() -> Response:
    """Return the published months of a period, latest first, in the page's language."""
    language = current_language()
    feed = atom.Feed(
        id=_identifier(f"feed {language}").urn,
        language=language,
        title=gettext("Belgian health index"),
        author=gettext("Index and zipcode desk"),
        url=_url("pages.index_atom", **({"period": _period()} if "period" in request.args else {})),
        page_url=_url("pages.index"),
        updated_at=reads.any_index_changed_at(),
        entries=[
            atom.Entry(
                id=_identifier(f"entry {language} {iso_month(publication['month'])}").urn,
                title=_title(publication),
                url=_page_url(publication),
                published_at=publication["published_at"],
                updated_at=publication["changed_at"],
                html=f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in _lines(publication))}</ul>",
            )
            for publication in reversed(latest_months(reads.publications(), _period()))
        ],
    )
    return cacheable(Response(atom.write(feed), mimetype=atom.MEDIA_TYPE))


@bp.get("/index.ics")
def index_ics() -> Response:
    """Return the publication days of a period and the next year, in the page's language."""
    events = [
        ics.Event(
            uid=str(_identifier(f"event {iso_month(publication['month'])}")),
            day=publication["day"],
            is_tentative=not publication["values"],
            changed_at=publication["changed_at"],
            summary=_title(publication),
            description="\n".join(_lines(publication)),
            url=_page_url(publication),
        )
        for publication in (
            *latest_months(reads.publications(), _period()),
            *reads.expected_publications(),
        )
    ]
    name = gettext("Publication days of the health index")
    return cacheable(Response(ics.write(name, current_language(), events), mimetype=ics.MEDIA_TYPE))


def _period() -> str:
    return request.args.get("period", DEFAULT_PERIOD)


def _identifier(name: str) -> UUID:
    return uuid5(NAMESPACE, name)


def _title(publication: Publication) -> str:
    month = formatting.month(publication["month"])
    value = value_in_force(publication)
    if value is None:
        return str(gettext("Health index %(month)s", month=month))
    index = formatting.decimal(value.value)
    return str(
        gettext(
            "Health index %(month)s: %(index)s on base %(year)s",
            month=month,
            index=index,
            year=value.base_year,
        )
    )


def _lines(publication: Publication) -> list[str]:
    """Return one line per base year, or one that announces the publication."""
    if not publication["values"]:
        return [gettext("Expected day of publication by Statbel.")]
    return [_line(value) for value in publication["values"]]


def _line(value: IndexValue) -> str:
    params = {"year": value.base_year, "index": formatting.decimal(value.value)}
    if value.status == CONVERTED:
        return str(gettext("Base %(year)s: %(index)s (converted)", **params))
    return str(gettext("Base %(year)s: %(index)s", **params))


def _page_url(publication: Publication) -> str:
    value = value_in_force(publication)
    return _url("pages.index", **({"year": value.base_year} if value else {}))


def _url(endpoint: str, **params: Any) -> str:
    """Return an absolute URL in the language of this response."""
    return url_for(endpoint, lang=current_language(), _external=True, **params)
