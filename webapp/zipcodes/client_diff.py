"""The clients of a list whose risk factor differs between two risk tables."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, NamedTuple, Sequence

from webapp.errors import CsvNotValid
from webapp.zipcodes.lookup import Lookup
from webapp.zipcodes.opened_list import clients, open_list
from webapp.zipcodes.places import Places
from webapp.zipcodes.risk_table import Range, RiskTable


class ClientDiff(NamedTuple):
    """Counts of clients, and the rows of those who change, by factor before and after.

    Attributes:
        without_factor: clients without a factor before and after, such as those without a zipcode.
    """

    unchanged: int
    without_factor: int
    groups: dict[tuple[str | None, str | None], list[int]]

    @property
    def total(self) -> int:
        return self.unchanged + self.without_factor + sum(map(len, self.groups.values()))


def diff(
    body: bytes, before: Sequence[Range], after: Sequence[Range], places: Places, column: str = ""
) -> ClientDiff:
    """Look up the clients of a list in both tables.

    Raises ColumnNotClear; TooLarge and CsvNotValid, naming the row.
    """
    old, new = (_lookup(ranges, places) for ranges in (before, after))
    unchanged = without_factor = 0
    groups: dict[tuple[str | None, str | None], list[int]] = {}
    for client in clients(open_list(body, old, column), old):
        factors = client.result[0] or None, new.result(client.cell)[0] or None
        if factors[0] != factors[1]:
            groups.setdefault(factors, []).append(client.number)
        elif factors[0]:
            unchanged += 1
        else:
            without_factor += 1
    found = ClientDiff(unchanged, without_factor, dict(sorted(groups.items(), key=_order)))
    if not found.total:
        raise CsvNotValid("The list has a header but no rows.")
    return found


def _lookup(ranges: Sequence[Range], places: Places) -> Lookup:
    any_time = datetime.min.replace(tzinfo=timezone.utc)
    return Lookup(RiskTable(0, None, any_time, tuple(ranges)), places)


def _order(group: tuple[tuple[str | None, str | None], list[int]]) -> list[str]:
    return [factor or "~" for factor in group[0]]


def describe(found: ClientDiff) -> dict[str, Any]:
    """Describe a diff as JSON."""
    return {
        "total": found.total,
        "unchanged": found.unchanged,
        "without_factor": found.without_factor,
        "groups": [
            {"from": before, "to": after, "rows": rows} for (before, after), rows in found.groups.items()
        ],
    }
