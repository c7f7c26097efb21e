"""The requests of the benchmark."""

from __future__ import annotations

import csv
from typing import Mapping, NamedTuple

from webapp.config import ROOT

BROWSER = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "Accept-Language": "nl-BE,nl;q=0.9,fr;q=0.8,en;q=0.7",
}

# The peer must respond to these with the same errors.
ERROR_PATHS = (
    "/zipcode/1311",
    "/zipcode/999",
    "/index?year=2020",
    "/api/v1/zipcodes/1311",
    "/api/v1/zipcodes/999",
)


class Case(NamedTuple):
    """Paths that are requested in turn, with these headers.

    Attributes:
        is_error: True if every response is an error.
        for_peer: True if the peer has these paths.
    """

    name: str
    paths: list[str]
    headers: Mapping[str, str] = {}
    is_error: bool = False
    for_peer: bool = True


def zipcodes() -> list[str]:
    """Return all zipcodes in use, in ascending order."""
    with (ROOT / "seed" / "places.csv").open(encoding="utf-8", newline="") as file:
        return sorted({row["zipcode"] for row in csv.DictReader(file)})


def cases() -> list[Case]:
    return [
        Case("/zipcode/<z>", [f"/zipcode/{zipcode}" for zipcode in zipcodes()]),
        Case("/index", ["/index"]),
        Case("page", ["/?zipcode=9000&year=2013"], BROWSER, for_peer=False),
        Case("404", ["/zipcode/1311"], is_error=True),
        Case("/api/v1/zipcodes/<z>", [f"/api/v1/zipcodes/{zipcode}" for zipcode in zipcodes()]),
    ]


def uncached_cases() -> list[Case]:
    return [
        Case("/zipcode/<z>", [f"/zipcode/{zipcode}" for zipcode in zipcodes()]),
        Case("404", ["/zipcode/1311"], is_error=True),
        Case(
            "?q=<prefix>",
            [f"/api/v1/zipcodes?q={one}{two}&limit=12" for one in "abghlmstv" for two in "aeiou"],
        ),
    ]


def junk(start: int, count: int) -> list[str]:
    """Return new URLs of one response."""
    return [f"/zipcode/9000?junk={number}" for number in range(start, start + count)]
