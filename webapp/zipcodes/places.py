"""Places: localities with their zipcodes, their names by language, and their municipalities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Callable, Iterable, NamedTuple, TypedDict

from webapp.i18n.folding import fold


class Municipality(TypedDict):
    """A municipality: its code in Statbel's REFNIS, and its names by language."""

    nis: str
    names: dict[str, str]


class PlaceDescription(TypedDict):
    """A locality. `name` is in the languages of the place itself: Gent, but Brussel / Bruxelles.

    `names` has the languages in which the place has a name. `province` is None in Brussels.
    """

    name: str
    names: dict[str, str]
    municipality: Municipality
    province: dict[str, str] | None
    region: str


class Suggestion(PlaceDescription):
    """A place that matches a search, with its zipcode."""

    zipcode: int


class PlaceRow(NamedTuple):
    """A locality as it is stored.

    `name` is the one that GeoNames lists first. Names are empty in a language in which the place has
    none. `language` is that of the place itself: nl, fr, de, or nl+fr in Brussels. `nis` is the code of
    the municipality in Statbel's REFNIS. `province_*` are empty in Brussels.
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


@dataclass(frozen=True)
class Candidate:
    """A place as the search compares it.

    `names` and `municipality` hold folded names between bars, so that `|gent|` is a whole name, `|gen`
    the beginning of one, and ` gen` the beginning of a word.
    """

    row: PlaceRow
    names: str
    municipality: str

    @cached_property
    def suggestion(self) -> Suggestion:
        """The description of the place, with its zipcode: one object, however many results have it."""
        return {"zipcode": self.row.zipcode, **describe(self.row)}


class Places:
    """All places, by zipcode and in the order of a search.

    Args:
        loaded_at: the instant at which they were loaded; None without places.
    """

    def __init__(self, rows: Iterable[PlaceRow], loaded_at: datetime | None) -> None:
        self.rows = tuple(rows)
        self.loaded_at = loaded_at

    def prepare_search(self) -> None:
        """Build what a search needs, so that the first one does not wait for it."""
        _built = self.by_beginning, self.by_zipcode, self.folded_names

    @cached_property
    def _by_zipcode(self) -> dict[int, list[PlaceRow]]:
        rows = sorted(self.rows, key=attrgetter("zipcode"))
        return {zipcode: list(group) for zipcode, group in groupby(rows, key=attrgetter("zipcode"))}

    @cached_property
    def zipcodes(self) -> list[int]:
        """All zipcodes in use, in ascending order."""
        return list(self._by_zipcode)

    def with_zipcode(self, zipcode: int) -> list[PlaceDescription]:
        """Describe the places with a zipcode, in the order of their names."""
        return sorted(map(describe, self._by_zipcode.get(zipcode, ())), key=itemgetter("name"))

    @cached_property
    def candidates(self) -> list[Candidate]:
        """All places in the order in which equal matches rank.

        A place that names its municipality comes first, then the shorter name.
        """
        between_bars = lru_cache(maxsize=None)(_between_bars)  # folding takes long, and places share names
        return sorted((_candidate(row, between_bars) for row in self.rows), key=_search_order)

    @cached_property
    def by_beginning(self) -> dict[str, list[Candidate]]:
        """The same by the first letter, and by the first two, of each word in their names."""
        found: dict[str, list[Candidate]] = {}
        for candidate in self.candidates:
            words = (candidate.names + candidate.municipality).replace("|", " ").split()
            for beginning in {word[:length] for word in words for length in (1, 2)}:
                found.setdefault(beginning, []).append(candidate)
        return found

    @cached_property
    def by_zipcode(self) -> dict[int, list[Candidate]]:
        """The same by zipcode, in ascending order."""
        found: dict[int, list[Candidate]] = {zipcode: [] for zipcode in self.zipcodes}
        for candidate in self.candidates:
            found[candidate.row.zipcode].append(candidate)
        return found

    @cached_property
    def folded_names(self) -> dict[str, list[Candidate]]:
        """The places by each of their folded names, in the order of zipcode and name."""
        found: dict[str, list[Candidate]] = {}
        for candidate in sorted(self.candidates, key=attrgetter("row.zipcode", "row.name")):
            for name in candidate.names.strip("|").split("|"):
                found.setdefault(name, []).append(candidate)
        return found


def describe(row: PlaceRow) -> PlaceDescription:
    """Describe a place for callers."""
    names = _present(nl=row.name_nl, fr=row.name_fr, de=row.name_de)
    local = [names[language] for language in row.language.split("+") if language in names]
    return {
        "name": " / ".join(dict.fromkeys(local)) or row.name,
        "names": names,
        "municipality": {
            "nis": row.nis,
            "names": _present(nl=row.municipality_nl, fr=row.municipality_fr, de=row.municipality_de),
        },
        "province": _present(nl=row.province_nl, fr=row.province_fr) or None,
        "region": row.region,
    }


def name_in(place: PlaceDescription, language: str) -> str:
    """Return the name of a place in a language, with the local one in brackets: Luik (Liège)."""
    name = place["names"].get(language, place["name"])
    local = place["name"].split(" / ")
    return name if name == place["name"] or name in local else f"{name} ({place['name']})"


def municipality_in(place: PlaceDescription, language: str) -> str:
    """Return the name of a place's municipality in a language, else in one of the place itself."""
    names = place["municipality"]["names"]
    local = (names.get(code) for code, name in place["names"].items() if name in place["name"].split(" / "))
    return names.get(language) or next(filter(None, local), "") or next(iter(names.values()), "")


def _candidate(row: PlaceRow, between_bars: Callable[..., str]) -> Candidate:
    return Candidate(
        row,
        names=between_bars(row.name, row.name_nl, row.name_fr, row.name_de),
        municipality=between_bars(row.municipality_nl, row.municipality_fr, row.municipality_de),
    )


def _search_order(candidate: Candidate) -> tuple[bool, int, str, int]:
    row = candidate.row
    names_municipality = row.name_nl == row.municipality_nl or row.name_fr == row.municipality_fr
    return not names_municipality, len(row.name), candidate.names, row.zipcode


def _between_bars(*names: str) -> str:
    folded = dict.fromkeys(map(fold, dict.fromkeys(names)))
    return f"|{'|'.join(filter(None, folded))}|"


def _present(**names: str) -> dict[str, str]:
    return {language: name for language, name in names.items() if name}
