"""Requests of tests of `/api/v1/zipcodes`, and places in their responses."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from webapp.config import ROOT

PATH = "/api/v1/zipcodes"
SEED = ROOT / "seed" / "places.csv"

GENT = {
    "name": "Gent",
    "names": {"nl": "Gent", "fr": "Gand", "de": "Gent"},
    "municipality": {"nis": "44021", "names": {"nl": "Gent", "fr": "Gand", "de": "Gent"}},
    "province": {"nl": "Oost-Vlaanderen", "fr": "Flandre orientale"},
    "region": "Flanders",
}
BRUSSELS_NAMES = {"nl": "Brussel", "fr": "Bruxelles", "de": "Brüssel"}
BRUSSELS = {
    "name": "Brussel / Bruxelles",
    "names": BRUSSELS_NAMES,
    "municipality": {"nis": "21004", "names": BRUSSELS_NAMES},
    "province": None,
    "region": "Brussels",
}
LAKEN = {**BRUSSELS, "name": "Laken / Laeken", "names": {"nl": "Laken", "fr": "Laeken"}}


def get(client: FlaskClient, path: str = "", **query: str) -> Any:
    response = client.get(f"{PATH}{path}", query_string=query or None)
    assert (response.status_code, response.content_type) == (200, "application/json")
    return response.json
