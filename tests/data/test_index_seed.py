"""The seed of index values: it is validated, and never overwrites values of Statbel."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Dict, List

import pytest
from flask import Flask

from tests.health_index.stored_values import add_value, all_values, month, stored_value
from webapp.config import ROOT
from webapp.data import index_seed as seed
from webapp.data.database import db
from webapp.tables.csv_file import FileError

HEADER = "base_year,month,value,status"


def written(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "health_index.csv"
    path.write_text("\n".join((header, *lines)), encoding="utf-8")
    return path


def load(app: Flask, rows: List[Dict[str, Any]]) -> int:
    with app.app_context():
        added = seed.load(db.session(), rows)
        db.session.commit()
        return added


def row_of(base_year: int, text: str, value: str, status: str = "published") -> Dict[str, Any]:
    return {"base_year": base_year, "month": month(text), "value": Decimal(value), "status": status}


# The file


def test_seed_is_read() -> None:
    rows = seed.read(ROOT / "seed" / "health_index.csv")
    assert len(rows) == 1696
    assert {row["base_year"] for row in rows} == {1988, 1996, 2004, 2013, 2025}
    assert row_of(2004, "2021-09", "135.61") in rows
    assert max(row["month"] for row in rows) == date(2026, 8, 1)


def test_row_is_read(tmp_path: Path) -> None:
    assert seed.read(written(tmp_path, "2013,2022-04,119.59,published")) == [
        row_of(2013, "2022-04", "119.59")
    ]


def test_spaces_and_blank_lines_are_ignored(tmp_path: Path) -> None:
    path = written(tmp_path, "", " 2013 , 2022-04, 119.59 ,converted", "")
    assert seed.read(path) == [row_of(2013, "2022-04", "119.59", "converted")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("13,2022-04,119.59,published", "'13' is not a base year"),
        ("２０１３,2022-04,119.59,published", "'２０１３' is not a base year"),
        ("2013,2022-13,119.59,published", "'2022-13' is not a month"),
        ("2013,April 2022,119.59,published", "'April 2022' is not a month"),
        ("2013,2022-04,119.6,published", "'119.6' is not an index"),
        ("2013,2022-04,00.00,published", "00.00 is not plausible as an index"),
        ("2013,2022-04,9999.99,published", "9999.99 is not plausible as an index"),
        ("2013,2026-10,136.70,published", "2026-10 is in the future"),
        ("2013,2022-04,119.59,Published", "the status must be published or converted"),
        ("2013,2022-03,119.59,converted", "2022-03 on base 2013 appears twice"),
        ("2013,2022-04,119.59", "must have 4 fields, but has 3"),
    ],
)
def test_invalid_row_is_rejected_with_row_and_reason(tmp_path: Path, line: str, reason: str) -> None:
    path = written(tmp_path, "2013,2022-03,118.00,published", line)
    with pytest.raises(FileError) as caught:
        seed.read(path)
    assert str(caught.value).startswith(f"health_index.csv, row 3: {reason}")


def test_other_columns_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"health_index\.csv, row 1: the columns must be base_year,"):
        seed.read(written(tmp_path, "2022-04,2013,119.59,published", header="month,base_year,value,status"))


def test_file_without_values_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"health_index\.csv: contains no values"):
        seed.read(written(tmp_path))


def test_missing_file_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"health_index\.csv: cannot be read"):
        seed.read(tmp_path / "health_index.csv")


# The table


def test_loading_again_changes_nothing(app: Flask) -> None:
    before = all_values(app)
    assert load(app, seed.read(ROOT / "seed" / "health_index.csv")) == 0
    assert all_values(app) == before


def test_new_row_is_added(app: Flask) -> None:
    assert load(app, [row_of(2025, "2026-09", "103.75"), row_of(2025, "2026-08", "103.49")]) == 1
    assert stored_value(app, 2025, "2026-09") == ("103.75", "published", "seed")


def test_newer_seed_corrects_an_older_one(app: Flask) -> None:
    assert load(app, [row_of(2004, "2025-12", "165.09")]) == 1
    assert stored_value(app, 2004, "2025-12") == ("165.09", "published", "seed")


def test_value_of_statbel_is_not_overwritten(app: Flask) -> None:
    add_value(app, 2025, "2026-09", "103.75")
    assert load(app, [row_of(2025, "2026-09", "99.99")]) == 0
    assert stored_value(app, 2025, "2026-09") == ("103.75", "published", "bestat")
