"""All places and their zipcodes, indexed for search."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Callable, Iterable

from webapp.i18n.folding import fold, folded_spellings, spellings
from webapp.zipcodes.place import (
    FORMER_MUNICIPALITY,
    LOCALITY,
    PART,
    OtherName,
    PlaceDescription,
    PlaceRow,
    SpecialZipcode,
    Suggestion,
    describe,
)

WITH_DISTRICT = re.compile("([^0-9]+) [0-9]{1,2}")


@dataclass(frozen=True)
class Candidate:
    """A place as the search compares it.

    Folded names stand between bars: `|gent|` is a whole name, `|gen` begins one, ` gen` begins a word. A main
    place named its municipality.
    """

    row: PlaceRow | SpecialZipcode
    names: str
    municipality: str
    is_main: bool

    @cached_property
    def zipcode(self) -> int:
        return self.row.zipcode

    @cached_property
    def is_special(self) -> bool:
        return isinstance(self.row, SpecialZipcode)

    @cached_property
    def suggestion(self) -> Suggestion:
        """Return the shared description with the zipcode."""
        return {"zipcode": self.row.zipcode, **describe(self.row)}

    def has_name(self, folded: str) -> bool:
        return f"|{folded}|" in self.names

    def is_in(self, folded: str) -> bool:
        return f"|{folded}|" in self.municipality


class Places:
    """All places; `loaded_at` is None if there are none."""

    def __init__(
        self,
        rows: Iterable[PlaceRow],
        loaded_at: datetime | None,
        special_rows: Iterable[SpecialZipcode] = (),
        other_names: Iterable[OtherName] = (),
    ) -> None:
        self.rows = tuple(rows)
        self.loaded_at = loaded_at
        self.special_rows = tuple(special_rows)
        self.other_names = tuple(other_names)

    def is_same(self, other: Places) -> bool:
        return self._contents == other._contents

    @property
    def _contents(self) -> tuple[object, ...]:
        return self.loaded_at, self.rows, self.special_rows, self.other_names

    def prepare_search(self) -> None:
        """Build the search indexes in advance."""
        _built = self.by_beginning, self.by_zipcode, self.folded_names, self.folded_municipalities

    @cached_property
    def _by_zipcode(self) -> dict[int, list[PlaceRow]]:
        rows = sorted(self.rows, key=attrgetter("zipcode"))
        return {zipcode: list(group) for zipcode, group in groupby(rows, key=attrgetter("zipcode"))}

    @cached_property
    def zipcodes(self) -> list[int]:
        """Return the zipcodes of localities, ascending."""
        return list(self._by_zipcode)

    @cached_property
    def special(self) -> dict[int, SpecialZipcode]:
        return {row.zipcode: row for row in self.special_rows}

    @cached_property
    def all_zipcodes(self) -> list[int]:
        """Return all zipcodes in use, ascending."""
        return list(self.by_zipcode)

    def kind(self, zipcode: int) -> str | None:
        """Return one of KINDS, or None for an unused zipcode."""
        if zipcode in self.special:
            return self.special[zipcode].kind
        return LOCALITY if zipcode in self._by_zipcode else None

    def with_zipcode(self, zipcode: int) -> list[PlaceDescription]:
        """Describe the places with a zipcode, sorted by name."""
        rows: list[PlaceRow | SpecialZipcode] = [*self._by_zipcode.get(zipcode, ())]
        if zipcode in self.special:
            rows.append(self.special[zipcode])
        return sorted(map(describe, rows), key=itemgetter("name"))

    def is_in_brussels(self, zipcode: int) -> bool:
        candidates = self.by_zipcode.get(zipcode)
        return candidates is not None and candidates[0].row.region == "Brussels"

    @cached_property
    def candidates(self) -> list[Candidate]:
        """Return places in search order: main places, then shorter names; organisations last."""
        between_bars = lru_cache(maxsize=None)(_between_bars)  # folding is slow, and places share names
        others, municipalities = self._other_names, self._other_names_of_municipalities
        found = [
            _candidate(
                row, others.get((row.zipcode, row.name), []), municipalities.get(row.nis, []), between_bars
            )
            for row in self.rows
        ]
        for special in self.special_rows:
            names = [other.name for other in others.get((special.zipcode, special.name), [])]
            found.append(Candidate(special, between_bars(*_special_names(special), *names), "", False))
        return sorted(found, key=_search_order)

    @cached_property
    def _other_names(self) -> dict[tuple[int, str], list[OtherName]]:
        found: dict[tuple[int, str], list[OtherName]] = {}
        for other in self.other_names:
            found.setdefault((other.zipcode, other.place), []).append(other)
        return found

    @cached_property
    def _other_names_of_municipalities(self) -> dict[str, list[str]]:
        """Return the other names of the places that named a municipality: 9050 is in Ghent, too."""
        found: dict[str, list[str]] = {}
        for row in filter(_names_municipality, self.rows):
            others = self._other_names.get((row.zipcode, row.name), [])
            found.setdefault(row.nis, []).extend(other.name for other in others if other.kind != PART)
        return found

    @cached_property
    def by_beginning(self) -> dict[str, list[Candidate]]:
        """Index candidates by the first one and two letters of each word."""
        found: dict[str, list[Candidate]] = {}
        for candidate in self.candidates:
            words = (candidate.names + candidate.municipality).replace("|", " ").split()
            for beginning in {word[:length] for word in words for length in (1, 2)}:
                found.setdefault(beginning, []).append(candidate)
        return found

    @cached_property
    def by_zipcode(self) -> dict[int, list[Candidate]]:
        in_use = sorted({*self.zipcodes, *self.special})
        found: dict[int, list[Candidate]] = {zipcode: [] for zipcode in in_use}
        for candidate in self.candidates:
            found[candidate.zipcode].append(candidate)
        return found

    @cached_property
    def folded_names(self) -> dict[str, list[Candidate]]:
        return self._by_folded(attrgetter("names"))

    @cached_property
    def folded_municipalities(self) -> dict[str, list[Candidate]]:
        return self._by_folded(attrgetter("municipality"))

    def named(self, name: str) -> list[Candidate]:
        """Return the places with a name, else those in a municipality with it."""
        found = [candidate for form in forms(name) for candidate in self.folded_names.get(form, ())]
        return found or self.in_municipality(name)

    def in_municipality(self, name: str) -> list[Candidate]:
        return [candidate for form in forms(name) for candidate in self.folded_municipalities.get(form, ())]

    def _by_folded(self, names_of: Callable[[Candidate], str]) -> dict[str, list[Candidate]]:
        found: dict[str, list[Candidate]] = {}
        for candidate in sorted(self.candidates, key=attrgetter("row.zipcode", "row.name")):
            for name in filter(None, names_of(candidate).split("|")):
                found.setdefault(name, []).append(candidate)
        return found


@lru_cache(maxsize=4096)  # lists repeat names
def forms(name: str) -> tuple[str, ...]:
    """Fold a name without its district number (Liège 1), and expand its abbreviations."""
    folded = fold(name)
    with_district = WITH_DISTRICT.fullmatch(folded)
    bare = with_district[1] if with_district else folded
    return (bare, *spellings(bare))


def _candidate(
    row: PlaceRow,
    other_names: list[OtherName],
    of_municipality: list[str],
    between_bars: Callable[..., str],
) -> Candidate:
    other = [other_name.name for other_name in other_names]
    municipality = row.municipality_nl, row.municipality_fr, row.municipality_de
    return Candidate(
        row,
        names=between_bars(row.name, row.name_nl, row.name_fr, row.name_de, *other),
        municipality=between_bars(*municipality, *of_municipality),
        is_main=_names_municipality(row)
        or any(other_name.kind == FORMER_MUNICIPALITY for other_name in other_names)
        or _is_part(row.name_nl, row.municipality_nl)
        or _is_part(row.name_fr, row.municipality_fr),
    )


def _names_municipality(row: PlaceRow) -> bool:
    return row.name_nl == row.municipality_nl or row.name_fr == row.municipality_fr


def _is_part(name: str, municipality: str) -> bool:
    """True if a merged municipality is named after this place: Bilzen of Bilzen-Hoeselt."""
    return name in municipality and name != "" and f"-{name}-" in f"-{municipality}-"


def _search_order(candidate: Candidate) -> tuple[bool, bool, int, str, int]:
    row = candidate.row
    return candidate.is_special, not candidate.is_main, len(row.name), row.name, row.zipcode


def _special_names(row: SpecialZipcode) -> tuple[str, ...]:
    return row.name, row.name_nl, row.name_fr, row.name_de, row.name_en


def _between_bars(*names: str) -> str:
    folded = {spelling: None for name in dict.fromkeys(names) if name for spelling in folded_spellings(name)}
    return f"|{'|'.join(filter(None, folded))}|"
