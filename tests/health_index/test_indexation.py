"""Indexation: exact to the cent, with its formula."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.health_index.sample import month
from webapp.errors import MonthNotFound
from webapp.health_index.indexation import Indexation, index_amount
from webapp.health_index.series import MonthlyIndex
from webapp.statbel.parsing import MAX_VALUE, MIN_VALUE

START, NEW = "2020-01", "2020-02"

searching = settings(deadline=None, database=None)
in_cents = st.integers(0, 10**14 - 1)
values = st.integers(int(MIN_VALUE * 100), int(MAX_VALUE * 100))


def euros(cents: int) -> Decimal:
    return Decimal(f"{cents // 100}.{cents % 100:02}")


def series(*months: tuple[str, Decimal]) -> list[MonthlyIndex]:
    """Return these months on base year 2013."""
    return [
        {
            "base_year": 2013,
            "month": month(text),
            "value": value,
            "smoothed": None,
            "status": "published",
            "coefficient": None,
            "coefficient_source": None,
            "source": "seed",
            "fetched_at": datetime(2026, 8, 14, tzinfo=timezone.utc),
        }
        for text, value in months
    ]


TABLE = series((START, Decimal("109.72")), (NEW, Decimal("109.95")), ("2025-12", Decimal("136.69")))


def indexed(amount: str, start: str, new: str | None) -> Indexation:
    return index_amount(Decimal(amount), TABLE, month(start), None if new is None else month(new))


def new_cents(amount: int, start: int, new: int) -> int:
    """Index an amount; all numbers are in cents."""
    table = series((START, euros(start)), (NEW, euros(new)))
    found = index_amount(euros(amount), table, month(START), month(NEW))["new_amount"]
    assert found.as_tuple().exponent == -2
    return int(found.scaleb(2))


def exact_cents(amount: int, start: int, new: int) -> int:
    """Compute the same in fractions."""
    exact = Fraction(amount * new, start)
    cents, rest = divmod(exact.numerator, exact.denominator)
    return cents + 1 if 2 * rest >= exact.denominator else cents


# Rounding


@searching
@given(in_cents, values, values)
def test_new_amount_is_exact_to_the_cent(amount: int, start: int, new: int) -> None:
    assert new_cents(amount, start, new) == exact_cents(amount, start, new)


@searching
@given(in_cents.filter(lambda cents: cents % 2 == 1), values.filter(lambda cents: cents <= 50_000))
def test_half_cent_is_rounded_up(amount: int, new: int) -> None:
    assert new_cents(amount, 2 * new, new) == (amount + 1) // 2


@searching
@given(st.integers(0, 10**9 - 1), st.sampled_from([49_999, 50_000]))
def test_nearly_half_a_cent_is_rounded_to_the_nearest_cent(times: int, rest: int) -> None:
    start, new = 99_999, 100_000  # the fraction of a cent is rest / start
    up = rest == 50_000
    assert new_cents(times * start + rest, start, new) == times * new + rest + up


def test_largest_amount_is_exact() -> None:
    assert new_cents(10**14 - 1, 2_000, 100_000) == (10**14 - 1) * 50


# The result


def test_result_has_amounts_months_and_formula() -> None:
    assert indexed("1250.50", START, "2025-12") == {
        "amount": Decimal("1250.50"),
        "base_year": 2013,
        "start_month": month(START),
        "new_month": month("2025-12"),
        "start_index": Decimal("109.72"),
        "start_status": "published",
        "start_coefficient": None,
        "start_coefficient_source": None,
        "new_index": Decimal("136.69"),
        "new_status": "published",
        "new_coefficient": None,
        "new_coefficient_source": None,
        "new_amount": Decimal("1557.88"),
        "formula": "1250.50 × 136.69 ÷ 109.72 = 1557.88",
    }


def test_new_month_is_the_latest_by_default() -> None:
    assert indexed("1250.50", START, None) == indexed("1250.50", START, "2025-12")


def test_new_month_may_be_the_earlier_one() -> None:
    assert indexed("1557.88", "2025-12", START)["formula"] == "1557.88 × 109.72 ÷ 136.69 = 1250.50"


@pytest.mark.parametrize(
    ("amount", "formula"),
    [
        ("0.5", "0.50 × 109.95 ÷ 109.72 = 0.50"),
        ("999999999999.99", "999999999999.99 × 109.95 ÷ 109.72 = 1002096244987.23"),
    ],
)
def test_formula_has_cents(amount: str, formula: str) -> None:
    assert indexed(amount, START, NEW)["formula"] == formula


@pytest.mark.parametrize(
    ("start", "new", "missing"),
    [
        ("2019-12", NEW, "2019-12"),
        (START, "2026-01", "2026-01"),
        (START, "2020-03", "2020-03"),
    ],
)
def test_missing_month_is_named(start: str, new: str | None, missing: str) -> None:
    with pytest.raises(MonthNotFound, match=f"available for {missing} on base 2013"):
        indexed("1250.50", start, new)
