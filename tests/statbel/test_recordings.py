"""Recorded shapes of Statbel's responses: each is read to the same observations, or refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from webapp.statbel.bestat import read_bestat
from webapp.statbel.open_data import read_open_data
from webapp.statbel.parsing import Observation, ParsedResponse, UpstreamError

RECORDINGS = sorted((Path(__file__).parent / "recordings").iterdir())
READABLE = [path for path in RECORDINGS if not path.name.startswith("refused")]

EXPECTED = [
    Observation(2013, date(2026, 7, 1), Decimal("139.96")),
    Observation(2013, date(2026, 8, 1), Decimal("140.30")),
    Observation(2025, date(2026, 8, 1), Decimal("103.49")),
]

REFUSED = {
    "refused-without-base.json": "table without a column of base year",
    "refused-level-without-base.json": "table without a column of base year",
    "refused-any-index-without-level.json": "table without a column of health index",
    "refused-two-columns-of-one-meaning.json": "columns 'Base year' and 'Basisjaar' mean the same",
    "refused-two-tables.zip": "2 tables in the zip, not one",
    "refused-without-base.zip": "table without a column of base year",
    "refused-readme-only.zip": "table without a column of month, base year, health index",
    "refused-without-base.xlsx": "workbook without columns of month, base year and health index",
    "refused-two-sheets.xlsx": "2 tables in the workbook, not one",
    "refused-damaged.xlsx": "response is not a readable zip",
    "refused-compressed-five-times.gz": "response is compressed too often",
}


def read(path: Path) -> ParsedResponse:
    return (read_bestat if path.suffix == ".json" else read_open_data)(path.read_bytes())


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.name)
def test_recording_is_read(path: Path) -> None:
    assert read(path) == ParsedResponse(EXPECTED, [])


@pytest.mark.parametrize(
    "path", [path for path in RECORDINGS if path not in READABLE], ids=lambda path: path.name
)
def test_recording_is_refused(path: Path) -> None:
    with pytest.raises(UpstreamError) as raised:
        read(path)
    assert str(raised.value) == REFUSED[path.name]
