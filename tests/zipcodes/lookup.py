"""A lookup in the risk table and places of the seed."""

from __future__ import annotations

from functools import lru_cache

from tests.zipcodes.seed import places, risk_table
from webapp.zipcodes.lookup import Lookup


@lru_cache(maxsize=None)
def lookup() -> Lookup:
    return Lookup(risk_table(), places())
