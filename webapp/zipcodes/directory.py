"""Finds places by what somebody types, and the zipcodes in use by their risk factor."""

import re
from datetime import datetime
from itertools import chain, groupby
from operator import itemgetter
from typing import List, NamedTuple, Optional, Tuple, TypedDict

from sqlalchemy import and_, bindparam, case, distinct, func, literal, or_, select

from webapp.data.extensions import db
from webapp.data.zipcode_models import Place, RiskRange
from webapp.zipcodes import service
from webapp.zipcodes.place_names import PlaceDescription, describe, describe_all, search_form, spellings

# The two statements of `suggest` are made once: to make them takes longer than to run them. That every
# place is looked at is quick, because there are fewer than three thousand.
# "+ 0" keeps the database from going through the index of zipcodes, which is slower when most match.
_in_zipcodes = (Place.zipcode + 0).between(bindparam("first"), bindparam("last"))
_called = Place.search_names.like(bindparam("called"))
_begins = Place.search_names.like(bindparam("begins"))
_has_word = Place.search_names.like(bindparam("word"))
_is_part_of = Place.search_municipality.like(bindparam("begins"))
_names_its_municipality = or_(Place.name_nl == Place.municipality_nl, Place.name_fr == Place.municipality_fr)
_in_order = (
    case((_names_its_municipality, 0), else_=1),
    func.length(Place.name),
    Place.search_names,
    Place.zipcode,
)
_rank = case((_called, 0), (_begins, 1), (_has_word, 2), else_=3)
_BY_ZIPCODE = (
    select(Place, literal(0))
    .where(Place.zipcode.between(bindparam("first"), bindparam("last")))
    .order_by(Place.zipcode, *_in_order)
    .limit(bindparam("limit"))
)
_BY_NAME = (
    select(Place, _rank)
    .where(or_(_begins, _has_word, _is_part_of), _in_zipcodes)
    .order_by(_rank, *_in_order)
    .limit(bindparam("limit"))
)


class Suggestion(PlaceDescription):
    """A place that may be meant, with its zipcode."""

    zipcode: int


class ZipcodeInUse(TypedDict):
    """A zipcode that bpost uses, with its places."""

    zipcode: int
    places: List[PlaceDescription]


class ZipcodesWithFactor(NamedTuple):
    """Some of the zipcodes with a factor.

    `total` counts them all. `next_after` is the zipcode after which to go on, None at the end.
    """

    total: int
    zipcodes: List[ZipcodeInUse]
    next_after: Optional[int]
    changed_at: datetime


def suggest(text: str, limit: int) -> List[Suggestion]:
    """The places that may be meant by what somebody has typed so far, the best first.

    Digits are the beginning of a zipcode; the rest is the beginning of a name, or of a word in it,
    in any language: "90", "gen", "truiden", "9000 gent". A place that is called so
    comes before one that begins so, that before one with such a word, and last come the parts of
    a municipality that begins so. Among equals, the place that names its municipality comes
    first, then the shorter name. Where nothing is found, "st" and "ste" before a word are read as
    what they stand for: "st vith".
    """
    digits, name = parts(search_form(text))
    if not digits and not name:
        return []
    ranked = _find(digits, name, limit)
    if not ranked:
        spelt = chain.from_iterable(_find(digits, spelling, limit) for spelling in spellings(name))
        ranked = sorted(spelt, key=itemgetter(0))
    found = {(place["zipcode"], place["name"]): place for _rank, place in ranked}  # each once
    return list(found.values())[:limit]


def _find(digits: str, name: str, limit: int) -> List[Tuple[int, Suggestion]]:
    """The places that fit, each with how well: 0 is best."""
    first, last = zipcodes_beginning(digits)
    found = db.session.execute(
        _BY_NAME if name else _BY_ZIPCODE,
        {
            "first": first,
            "last": last,
            "limit": limit,
            "called": f"%|{name}|%",
            "begins": f"%|{name}%",
            "word": f"% {name}%",
        },
    )
    return [(rank, {"zipcode": place.zipcode, **describe(place)}) for place, rank in found]


def with_factor(factor: str, after: int, limit: int) -> ZipcodesWithFactor:
    """The zipcodes in use that have a factor today, in order, from beyond `after` on.

    Raises RiskTableUnavailable when no table is in force.
    """
    table = service.current_table()
    changed = service.changed_at(table)  # first, as in service.find
    in_table = and_(
        RiskRange.risk_table_id == table.id,
        RiskRange.factor == factor,
        Place.zipcode.between(RiskRange.first, RiskRange.last),
    )
    total = db.session.scalar(select(func.count(distinct(Place.zipcode))).join(RiskRange, in_table)) or 0
    zipcodes = db.session.scalars(
        select(Place.zipcode)
        .distinct()
        .join(RiskRange, in_table)
        .where(Place.zipcode > after)
        .order_by(Place.zipcode)
        .limit(limit + 1)
    ).all()
    wanted = zipcodes[:limit]
    places = db.session.scalars(select(Place).where(Place.zipcode.in_(wanted)).order_by(Place.zipcode))
    return ZipcodesWithFactor(
        total=total,
        zipcodes=[
            {"zipcode": zipcode, "places": describe_all(group)}
            for zipcode, group in groupby(places, key=lambda place: place.zipcode)
        ],
        next_after=wanted[-1] if len(zipcodes) > limit else None,
        changed_at=changed,
    )


def parts(form: str) -> Tuple[str, str]:
    """The digits and the name in the search form "9000 gent", "9000gent" or "gent 9000".

    With other digits, all of it is a name, which no place has.
    """
    for pattern in ("(?P<digits>[0-9]*) ?(?P<name>[^0-9]*)", "(?P<name>[^0-9]*) (?P<digits>[0-9]+)"):
        match = re.fullmatch(pattern, form)
        if match:
            return match["digits"], match["name"]
    return "", form


def zipcodes_beginning(digits: str) -> Tuple[int, int]:
    """The first and the last of the numbers of four digits that begin so; with too many, none."""
    missing = 4 - len(digits)
    if missing < 0:
        return 0, 0
    first = int(digits or 0) * 10**missing
    return first, first + 10**missing - 1
