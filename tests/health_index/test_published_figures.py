"""Published figures: the smoothed index, and worked examples of indexation."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.health_index.sample import SEED, month
from tests.pages.reading import text
from webapp.health_index.indexation import index_amount
from webapp.health_index.series import find, months


def published(name: str) -> list[dict[str, str]]:
    with (Path(__file__).parent / "data" / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_all_published_smoothed_values_are_computed() -> None:
    rows = published("smoothed_published.csv")
    assert len(rows) == 48
    computed = {
        (row["base_year"], row["month"]): find(months(SEED, int(row["base_year"])), month(row["month"]))[
            "smoothed"
        ]
        for row in rows
    }
    assert computed == {(row["base_year"], row["month"]): Decimal(row["smoothed"]) for row in rows}


EXAMPLES = [tuple(row.values()) for row in published("worked_indexations.csv")]


@pytest.mark.parametrize(("amount", "base_year", "start", "new", "new_amount"), EXAMPLES)
def test_published_example_of_indexation_is_computed_to_the_cent(
    amount: str, base_year: str, start: str, new: str, new_amount: str
) -> None:
    found = index_amount(Decimal(amount), months(SEED, int(base_year)), month(start), month(new))
    assert found["new_amount"] == Decimal(new_amount)


@pytest.mark.parametrize("example", EXAMPLES)
def test_published_example_is_in_api_and_page(reader: FlaskClient, example: tuple[str, ...]) -> None:
    amount, base_year, start, new, new_amount = example
    query = {"amount": amount, "from": start, "to": new}
    response = reader.get("/api/v1/indexation", query_string={**query, "base": base_year})
    assert response.get_json()["new_amount"] == new_amount
    page = reader.get("/indexation", query_string={**query, "year": base_year, "lang": "en"}).text
    assert f"= €{Decimal(new_amount):,}" in text(page)
