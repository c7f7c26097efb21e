"""Fixtures of tests of `flask risk-table`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.risk_table.commands import SEED


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The seed's table with another factor in the range of Ghent, 9000 to 9032."""
    path = tmp_path / "2035.csv"
    path.write_text(SEED.replace("9000 - 9032,B", "9000 - 9032,C"))
    return path
