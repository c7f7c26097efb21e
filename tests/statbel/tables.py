"""Tables of Statbel's sources, as bytes and as observations."""

from __future__ import annotations

import json
import zipfile
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

from hypothesis import settings

from tests.support.fake_statbel import zipped
from webapp.statbel.bestat import read_bestat
from webapp.statbel.open_data import read_open_data
from webapp.statbel.parsing import Observation

DUTCH_MONTHS = [
    "Januari",
    "Februari",
    "Maart",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Augustus",
    "September",
    "Oktober",
    "November",
    "December",
]
ENGLISH = ("Year", "Month", "Base year", "Health index")
DUTCH = ("Jaar", "Maand", "Basisjaar", "Gezondheidsindex")
HEADER = "NM_YR|NM_MTH|MS_HLTH_IDX|NM_BASE_YR"

# `database=None` leaves no folder of examples behind.
searching = settings(max_examples=60, deadline=None, database=None)


def observation(base_year: int, month: str, value: str) -> Observation:
    return Observation(base_year, date(int(month[:4]), int(month[5:]), 1), Decimal(value))


APRIL = observation(2013, "2022-04", "119.59")


def from_bestat(body: bytes) -> list[Observation]:
    """Parse a view without unreadable rows."""
    response = read_bestat(body)
    assert response.unreadable == []
    return response.observations


def from_open_data(body: bytes) -> list[Observation]:
    """Parse a zip without unreadable lines."""
    response = read_open_data(body)
    assert response.unreadable == []
    return response.observations


def short(value: object) -> str:
    """Name a parameter that may be megabytes long."""
    return ascii(value)[:40]


def row(**changes: Any) -> dict[str, Any]:
    """Return be.STAT's row of April 2022; `changes` name columns with `_` for a space."""
    april = dict(zip(ENGLISH, ("2022", "April 2022", "2013 = 100", 119.59000000000043)))
    return {**april, **{name.replace("_", " "): value for name, value in changes.items()}}


def facts(*rows: Any) -> bytes:
    return json.dumps({"facts": rows}).encode()


def number(text: str) -> bytes:
    """Return a view whose only value is this JSON."""
    return facts(row(Health_index="HERE")).replace(b'"HERE"', text.encode())


def text_file(*lines: str, header: str = HEADER) -> bytes:
    return zipped("\n".join((header, *lines)).encode())


def compressed(text: bytes, method: int) -> bytes:
    body = BytesIO()
    with zipfile.ZipFile(body, "w", method) as archive:
        archive.writestr("CPI.txt", text)
    return body.getvalue()


WORKBOOK = (Path(__file__).parent / "recordings" / "workbook.xlsx").read_bytes()
