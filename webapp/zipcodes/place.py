"""A place: its row in the seed, its description and its name in a language."""

from __future__ import annotations

from typing import NamedTuple, TypedDict

# Kinds of places: localities, and holders of a special zipcode.
LOCALITY = "locality"
SPECIAL_KINDS = ("organisation", "mail_centre", "site")
KINDS = (LOCALITY, *SPECIAL_KINDS)

# Kinds of other names.
FORMER_MUNICIPALITY = "municipality"
PART = "part"
NAME_KINDS = ("exonym", "spelling", FORMER_MUNICIPALITY, PART)


class Municipality(TypedDict):
    """A municipality with its REFNIS code of Statbel."""

    nis: str
    names: dict[str, str]


class PlaceDescription(TypedDict):
    """A locality, or the organisation that has a special zipcode.

    `name` is in the local languages: Gent, but Brussel / Bruxelles. `province` is None in Brussels and for
    organisations, whose municipality is empty too.
    """

    name: str
    names: dict[str, str]
    municipality: Municipality
    province: dict[str, str] | None
    region: str


class Suggestion(PlaceDescription):
    """A place that matches a search."""

    zipcode: int


class PlaceRow(NamedTuple):
    """A row of seed/places.csv; unknown names are empty.

    `name` is the first in GeoNames, `language` is nl, fr, de, or nl+fr in Brussels, `nis` is Statbel's REFNIS
    code.
    """

    zipcode: int
    name: str
    name_nl: str
    name_fr: str
    name_de: str
    municipality_nl: str
    municipality_fr: str
    municipality_de: str
    nis: str
    province_nl: str
    province_fr: str
    region: str
    language: str
    lat: float
    lon: float


class SpecialZipcode(NamedTuple):
    """A row of seed/special_zipcodes.csv: the zipcode of an organisation, mail centre or site."""

    zipcode: int
    kind: str
    name: str
    name_nl: str
    name_fr: str
    name_de: str
    name_en: str
    region: str
    language: str


class OtherName(NamedTuple):
    """A row of seed/place_names.csv: another name of the place with `zipcode` and `place`.

    A former municipality is listed under its main place.
    """

    zipcode: int
    place: str
    name: str
    kind: str
    source: str


def describe(row: PlaceRow | SpecialZipcode) -> PlaceDescription:
    names = _present(nl=row.name_nl, fr=row.name_fr, de=row.name_de)
    local = [names[language] for language in row.language.split("+") if language in names]
    name = " / ".join(dict.fromkeys(local)) or row.name
    if isinstance(row, SpecialZipcode):
        return {
            "name": name,
            "names": {**names, **_present(en=row.name_en)},
            "municipality": {"nis": "", "names": {}},
            "province": None,
            "region": row.region,
        }
    return {
        "name": name,
        "names": names,
        "municipality": {
            "nis": row.nis,
            "names": _present(nl=row.municipality_nl, fr=row.municipality_fr, de=row.municipality_de),
        },
        "province": _present(nl=row.province_nl, fr=row.province_fr) or None,
        "region": row.region,
    }


def name_in(place: PlaceDescription, language: str) -> str:
    """Return the name in a language, followed by the local one: Luik (Liège)."""
    name = place["names"].get(language, place["name"])
    local = place["name"].split(" / ")
    return name if name == place["name"] or name in local else f"{name} ({place['name']})"


def municipality_in(place: PlaceDescription, language: str) -> str:
    """Return its name in a language, else a local one."""
    names = place["municipality"]["names"]
    local = (names.get(code) for code, name in place["names"].items() if name in place["name"].split(" / "))
    return names.get(language) or next(filter(None, local), "") or next(iter(names.values()), "")


def _present(**names: str) -> dict[str, str]:
    return {language: name for language, name in names.items() if name}
