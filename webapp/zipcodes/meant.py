"""What somebody means who types a zipcode or the name of a place."""

import re
from difflib import get_close_matches
from itertools import chain
from typing import List, NamedTuple, Optional, Set

from sqlalchemy import func, or_, select

from webapp.data.extensions import db, memoize
from webapp.data.zipcode_models import ZIPCODE, Place
from webapp.errors import ZipcodeNotFound, ZipcodeNotValid
from webapp.i18n.messages import N_
from webapp.zipcodes.directory import Suggestion, parts, suggest, zipcodes_beginning
from webapp.zipcodes.place_names import describe, search_form, spellings

# How many places a page lists, of those that may be meant.
MOST_PLACES = 12
MOST_NEAREST = 6

# With a zipcode, fewer letters than these are the beginning of no name, but have to be all of it. They may
# be those of another country (L-9620), or of a Dutch postcode (9000 GE).
FEWEST_LETTERS = 3

# How Brussels is called, in the form in which names are searched. In addresses it often stands for the
# municipality: 1050 Bruxelles is Ixelles.
BRUSSELS = ("brussel", "bruxelles", "brussels")

# From which likeness on, as difflib measures it, a name may be a misspelling of another one.
LIKENESS = 0.65

# No name of a place is longer; comparing takes time that grows with the length.
LONGEST_NAME = 60


class Meant(NamedTuple):
    """What a text means: a zipcode, if it is clear which, and further places that it may mean."""

    zipcode: Optional[int]
    places: List[Suggestion]


def meant(text: str) -> Meant:
    """Find out what a text means: "9000", "B-9000 Gent", "1050 Brussel", "gand", "sint-truid".

    A place that is called exactly so is meant before those that only begin so. Names are compared
    as directory.suggest compares them.

    Raises ZipcodeNotValid for a number that is no zipcode, ZipcodeNotFound for a name that is none.
    """
    # Pages show some places with two names, "Elsene / Ixelles" or "Luik (Liège)": one is enough.
    one_name = re.sub(r"/[^0-9]*| \([^0-9]*\)", " ", without_country(text))
    digits, name = parts(search_form(one_name))
    is_zipcode = re.fullmatch(ZIPCODE, digits) is not None
    if is_zipcode and (not name or (name in BRUSSELS and _is_in_brussels(digits))):
        return Meant(int(digits), [])
    if not name:
        raise ZipcodeNotValid(
            N_("A zipcode has four digits, from 1000 to 9999. You may also enter the name of a place.")
        )
    found = suggest(one_name, MOST_PLACES + 1)
    wanted = {name, *spellings(name)}
    zipcodes = {place["zipcode"] for place in found if wanted & _search_forms(place)}
    if not zipcodes and not (is_zipcode and len(name.replace(" ", "")) < FEWEST_LETTERS):
        zipcodes = {place["zipcode"] for place in found}
    if not zipcodes:
        raise ZipcodeNotFound(N_("No place is found for “%(given)s”. Check the spelling."), given=text)
    zipcode = zipcodes.pop() if len(zipcodes) == 1 else None
    return Meant(zipcode, [place for place in found if place["zipcode"] != zipcode][:MOST_PLACES])


def nearest(text: str) -> List[Suggestion]:
    """The places nearest to a text that found none: with a zipcode close by, or a name much like it.

    Of a whole zipcode and a name that it does not go with, the place of the zipcode comes first.
    """
    digits, name = parts(search_form(without_country(text)))
    own = suggest(digits, 1) if name and re.fullmatch(ZIPCODE, digits) else []
    by_name = _names_like(name) if name else []
    by_zipcode = _zipcodes_near(digits) if digits else []
    places = chain(own, by_name, by_zipcode)
    return list({place["zipcode"]: place for place in places}.values())[:MOST_NEAREST]


def without_country(text: str) -> str:
    """A text without the country that an address abroad has before the zipcode: B-9000, BE 9000."""
    return re.sub(r"^BE?[- ]?(?=[0-9])", "", text.strip(), flags=re.IGNORECASE)


def _is_in_brussels(zipcode: str) -> bool:
    """Whether the places with a zipcode are in the region of Brussels."""
    return any(place["region"] == "Brussels" for place in suggest(zipcode, 1))


def _search_forms(place: Suggestion) -> Set[str]:
    return {search_form(name) for name in (place["name"], *place["names"].values())}


def _names_like(name: str) -> List[Suggestion]:
    alike = get_close_matches(name[:LONGEST_NAME], _all_names(), MOST_NEAREST, LIKENESS)
    called = [f"|{form}|" for form in alike]
    if not called:
        return []
    is_alike = or_(*(Place.search_names.contains(form) for form in called))
    places = db.session.scalars(select(Place).where(is_alike).order_by(Place.zipcode, Place.name)).all()
    return [
        {"zipcode": place.zipcode, **describe(place)}
        for form in called
        for place in places
        if form in place.search_names
    ]


@memoize
def _all_names() -> List[str]:
    """The search forms of all names, each once; they are kept for a while.

    Only these, and not what has them: to make all places takes several times as long as to compare all names.
    """
    names = db.session.scalars(select(Place.search_names).order_by(Place.zipcode, Place.name))
    return list(dict.fromkeys(form for text in names for form in text.strip("|").split("|")))


def _zipcodes_near(digits: str) -> List[Suggestion]:
    """Those that begin with the digits, or differ least from the number that the first four are."""
    near = select(Place.zipcode).group_by(Place.zipcode).limit(MOST_NEAREST)
    if len(digits) < 4:
        near = near.where(Place.zipcode.between(*zipcodes_beginning(digits)))
    else:
        near = near.order_by(func.abs(Place.zipcode - int(digits[:4])))
    near = near.order_by(Place.zipcode)
    return [suggest(str(zipcode), 1)[0] for zipcode in db.session.scalars(near)]
