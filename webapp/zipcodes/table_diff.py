"""Differences between two risk tables, by zipcode and by range."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Iterable, NamedTuple, Sequence

from webapp.zipcodes.places import Places
from webapp.zipcodes.risk_table import Range, RiskTable


class Change(NamedTuple):
    """A zipcode whose factor changes; None for no factor."""

    zipcode: int
    before: str | None
    after: str | None


class Counts(NamedTuple):
    """Numbers of zipcodes that gain, change or lose a factor."""

    gained: int
    changed: int
    lost: int


@dataclass(frozen=True)
class TableDiff:
    """Return the changes of all zipcodes, in ascending order, and of the ranges.

    Attributes:
        in_use: the zipcodes in use.
        losable: the number of zipcodes in use that have a factor before.
    """

    changes: tuple[Change, ...]
    added_ranges: tuple[Range, ...]
    dropped_ranges: tuple[Range, ...]
    in_use: frozenset[int]
    losable: int

    @cached_property
    def changes_in_use(self) -> list[Change]:
        """Return the changes of zipcodes in use."""
        return [change for change in self.changes if change.zipcode in self.in_use]

    @cached_property
    def groups(self) -> dict[tuple[str | None, str | None], list[int]]:
        """Return the zipcodes in use by factor before and after: (A, B), (A, None), …, (None, A)."""
        found: dict[tuple[str | None, str | None], list[int]] = {}
        for zipcode, before, after in self.changes_in_use:
            found.setdefault((before, after), []).append(zipcode)
        return dict(sorted(found.items(), key=lambda group: [factor or "~" for factor in group[0]]))

    @cached_property
    def counts(self) -> Counts:
        """Return the counts of zipcodes in use."""
        return count(self.changes_in_use)

    @property
    def lost_share(self) -> float:
        """Return the share of the zipcodes in use with a factor that lose it."""
        return self.counts.lost / self.losable if self.losable else 0.0


def diff(before: Sequence[Range], after: Sequence[Range], in_use: Iterable[int]) -> TableDiff:
    """Compare the ranges of two tables; without a first table, `before` is empty."""
    old, new = _factors(before), _factors(after)
    used = frozenset(in_use)
    changes = (Change(zipcode, old.get(zipcode), new.get(zipcode)) for zipcode in sorted({**old, **new}))
    return TableDiff(
        changes=tuple(change for change in changes if change.before != change.after),
        added_ranges=tuple(sorted(set(after) - set(before))),
        dropped_ranges=tuple(sorted(set(before) - set(after))),
        in_use=used,
        losable=len(used & old.keys()),
    )


def count(changes: Iterable[Change]) -> Counts:
    """Count changes by kind."""
    kinds = Counter(
        "gained" if change.before is None else "lost" if change.after is None else "changed"
        for change in changes
    )
    return Counts(kinds["gained"], kinds["changed"], kinds["lost"])


def count_in_use(before: RiskTable, after: RiskTable, in_use: Iterable[int]) -> Counts:
    """Count the changes of zipcodes in use; cheaper than a diff."""
    changes = (Change(zipcode, before.factor_of(zipcode), after.factor_of(zipcode)) for zipcode in in_use)
    return count(change for change in changes if change.before != change.after)


def place_names(places: Places, zipcode: int) -> list[str]:
    """Return the names of the places with a zipcode."""
    return [place["name"] for place in places.with_zipcode(zipcode)]


def describe(found: TableDiff, places: Places) -> dict[str, Any]:
    """Describe a diff as JSON, with the names of the places."""
    others = [change for change in found.changes if change.zipcode not in found.in_use]
    return {
        "in_use": found.counts._asdict(),
        "not_in_use": count(others)._asdict(),
        "groups": [
            {
                "from": before,
                "to": after,
                "zipcodes": [
                    {"zipcode": str(zipcode), "places": place_names(places, zipcode)} for zipcode in zipcodes
                ],
            }
            for (before, after), zipcodes in found.groups.items()
        ],
        "added_ranges": list(map(describe_range, found.added_ranges)),
        "dropped_ranges": list(map(describe_range, found.dropped_ranges)),
    }


def describe_range(entry: Range) -> dict[str, str]:
    """Describe a range as JSON."""
    return {"first": str(entry.first), "last": str(entry.last), "risk_factor": entry.factor}


def _factors(ranges: Iterable[Range]) -> dict[int, str]:
    return {zipcode: factor for first, last, factor in ranges for zipcode in range(first, last + 1)}
