"""The names of a place: in its languages, and in the form in which they are searched."""

import re
import unicodedata
from typing import Dict, Iterable, List, Optional, TypedDict

from webapp.data.zipcode_models import Place

# Letters that stand for two, and that Unicode does not take apart.
LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})

# What places are written with on envelopes: St-Vith, St-Truiden, Ste-Cécile.
SAINTS = {"st": ("saint", "sint", "sankt"), "ste": ("sainte",)}


class Municipality(TypedDict):
    """A municipality: its code in Statbel's REFNIS, and its names by language."""

    nis: str
    names: Dict[str, str]


class PlaceDescription(TypedDict):
    """A locality. `name` is in the languages of the place itself: Gent, but Brussel / Bruxelles.

    `names` has the languages in which the place has a name. `province` is None in Brussels.
    """

    name: str
    names: Dict[str, str]
    municipality: Municipality
    province: Optional[Dict[str, str]]
    region: str


def describe(place: Place) -> PlaceDescription:
    """Say of a place what callers may want to know."""
    names = _given(nl=place.name_nl, fr=place.name_fr, de=place.name_de)
    local = [names[language] for language in place.language.split("+") if language in names]
    return {
        "name": " / ".join(dict.fromkeys(local)) or place.name,
        "names": names,
        "municipality": {
            "nis": place.nis,
            "names": _given(nl=place.municipality_nl, fr=place.municipality_fr, de=place.municipality_de),
        },
        "province": _given(nl=place.province_nl, fr=place.province_fr) or None,
        "region": place.region,
    }


def describe_all(places: Iterable[Place]) -> List[PlaceDescription]:
    """The same of several places, in the order of their names."""
    return sorted((describe(place) for place in places), key=lambda place: place["name"])


def name_in(place: PlaceDescription, language: str) -> str:
    """What a place is called in a language, and in brackets what it is called there: Luik (Liège)."""
    name = place["names"].get(language, place["name"])
    there = place["name"].split(" / ")
    return name if name == place["name"] or name in there else f"{name} ({place['name']})"


def municipality_in(place: PlaceDescription, language: str) -> str:
    """What the municipality of a place is called in a language, else in one of the place itself."""
    names = place["municipality"]["names"]
    there = (names.get(code) for code, name in place["names"].items() if name in place["name"].split(" / "))
    return names.get(language) or next(filter(None, there), "") or next(iter(names.values()), "")


def search_form(text: str) -> str:
    """Reduce a name to what it is searched by: small letters and digits, single spaces between words.

    Case, accents, hyphens and apostrophes make no difference: Saint-Éloi is "saint eloi". Only digits
    count as such, and not ², ② or ½, which NFKD would make some.
    """
    without_others = "".join(" " if unicodedata.category(char) == "No" else char for char in text)
    apart = unicodedata.normalize("NFKD", without_others)
    bare = "".join(char for char in apart if not unicodedata.combining(char))
    letters = bare.casefold().translate(LIGATURES)
    return " ".join("".join(char if char.isalnum() else " " for char in letters).split())


def spellings(form: str) -> List[str]:
    """A search form with its abbreviated saints in full, as each language writes them; none without."""
    for short, saints in SAINTS.items():
        if re.search(rf"\b{short} ", form):
            return [re.sub(rf"\b{short}(?= )", saint, form) for saint in saints]
    return []


def search_text(names: Iterable[str]) -> str:
    """Write names so that SQL's LIKE finds a whole one (|gent|), a beginning (|gen) or a word ( gen)."""
    forms = dict.fromkeys(search_form(name) for name in names)
    return "|" + "|".join(form for form in forms if form) + "|"


def _given(**names: str) -> Dict[str, str]:
    return {language: name for language, name in names.items() if name}
