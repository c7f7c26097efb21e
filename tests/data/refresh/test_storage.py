"""Values that are stored, replaced or left out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from tests.data.refresh.steps import AUGUST, OLDER_BASES, SEPTEMBER, complete, latest, refresh, store
from tests.health_index.stored_values import all_values, on_sqlite, stored_value
from tests.support.fake_statbel import FakeStatbel, Value, bestat, responding
from webapp.config import ROOT
from webapp.data import index_seed, reads


@on_sqlite
@pytest.mark.usefixtures("due")
@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ((2025, "2026-10", 104.1), "2026-10 on base 2025: future month"),
        ((3000, "2026-09", 104.1), "2026-09 on base 3000: unknown base year"),
        ((2025, "2026-06", 0.0), "row 7: '0.0' is not plausible as an index"),
    ],
)
def test_rejected_row_is_left_out_and_the_others_are_stored(
    app: Flask, statbel: FakeStatbel, caplog: pytest.LogCaptureFixture, row: Any, reason: str
) -> None:
    before = all_values(app)
    statbel.bestat = responding(bestat([SEPTEMBER, *OLDER_BASES, (2025, "2026-08", 103.49), row]))
    assert refresh(app).changed == 5
    assert len(all_values(app)) == len(before) + 5
    assert set(before) < set(all_values(app))
    assert caplog.messages == [f"statbel refresh incomplete: bestat: 1 values left out, first {reason}"]


@on_sqlite
@pytest.mark.usefixtures("due")
def test_partial_response_is_stored_and_deletes_nothing(app: Flask, statbel: FakeStatbel) -> None:
    statbel.bestat = responding(complete([SEPTEMBER]))
    refresh(app)
    before = all_values(app)
    statbel.bestat = responding(bestat([(2034, "2026-09", 80.12)]))
    assert refresh(app).changed == 1
    assert set(before) < set(all_values(app))


def seed_values() -> list[Value]:
    """Return all values of the seed, as a complete response has them."""
    rows = index_seed.read(ROOT / "seed" / "health_index.csv")
    return [(row["base_year"], f"{row['month']:%Y-%m}", float(row["value"])) for row in rows]


WRONG_VALUES: dict[str, list[Value]] = {
    "months that Statbel does not have": [(2013, "2040-01", 180.00), (3000, "2026-09", 103.49)],
    "other values": [(2025, "2026-09", 106.10), (2013, "2020-05", 555.55)],
}


@pytest.mark.usefixtures("due")
@pytest.mark.parametrize("wrong", WRONG_VALUES.values(), ids=WRONG_VALUES)
def test_correct_response_replaces_wrong_stored_values(
    app: Flask, statbel: FakeStatbel, wrong: list[Value]
) -> None:
    right = [*seed_values(), SEPTEMBER, (2013, "2026-09", 140.68)]
    store(app, wrong)
    statbel.bestat = responding(bestat(right))
    refresh(app)
    held_values = {(base_year, f"{at:%Y-%m}", float(value)) for base_year, at, value, *_ in all_values(app)}
    assert held_values == {*right}


@on_sqlite
@pytest.mark.usefixtures("due")
def test_response_that_ends_before_a_converted_month_is_stored(app: Flask, statbel: FakeStatbel) -> None:
    statbel.bestat = responding(bestat([SEPTEMBER, (2004, "2025-11", 164.99)]))
    assert refresh(app).changed == 2
    assert latest(app, 2004)["index"] == Decimal("165.08")


@pytest.mark.usefixtures("due")
def test_revised_value_is_stored_and_logged(
    app: Flask, statbel: FakeStatbel, caplog: pytest.LogCaptureFixture
) -> None:
    statbel.bestat = responding(complete([(2025, "2026-08", 103.3), SEPTEMBER]))
    latest(app)
    assert stored_value(app, 2025, "2026-08") == ("103.30", "published", "bestat")
    assert caplog.messages == ["index value revised: 2026-08 on base 2025: 103.49 to 103.30 (bestat)"]


@on_sqlite
@pytest.mark.usefixtures("due")
def test_converted_value_is_replaced_by_the_published_one(
    app: Flask, statbel: FakeStatbel, caplog: pytest.LogCaptureFixture
) -> None:
    statbel.bestat = responding(complete([(2004, "2025-12", 165.08), SEPTEMBER]))
    assert stored_value(app, 2004, "2025-12") == ("165.08", "converted", "seed")
    assert refresh(app).changed == 2 + len(OLDER_BASES)
    assert stored_value(app, 2004, "2025-12") == ("165.08", "published", "bestat")
    assert caplog.messages == []


@on_sqlite
@pytest.mark.usefixtures("due")
def test_unchanged_value_is_not_written_again(app: Flask, statbel: FakeStatbel) -> None:
    statbel.bestat = responding(bestat([AUGUST, SEPTEMBER]))
    assert refresh(app).changed == 1
    assert stored_value(app, 2025, "2026-08") == ("103.49", "published", "seed")


@on_sqlite
@pytest.mark.usefixtures("due")
def test_new_base_year_is_stored(app: Flask, statbel: FakeStatbel) -> None:
    statbel.bestat = responding(bestat([SEPTEMBER, (2034, "2026-09", 80.12)]))
    assert latest(app, 2034)["index"] == Decimal("80.12")
    with app.app_context():
        assert 2034 in reads.base_years()
