"""What an amount becomes: exact to the cent, in both directions, with the formula that shows it."""

from datetime import datetime, timezone
from decimal import Decimal
from fractions import Fraction
from typing import List, Optional, Tuple

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


def held(*months: Tuple[str, Decimal]) -> List[MonthlyIndex]:
    """These months on base year 2013, the first of them read last."""
    return [
        {
            "base_year": 2013,
            "month": month(text),
            "value": value,
            "smoothed": None,
            "status": "published",
            "source": "seed",
            "fetched_at": datetime(2026, 8, 14 - position, tzinfo=timezone.utc),
        }
        for position, (text, value) in enumerate(months)
    ]


TABLE = held((START, Decimal("109.72")), (NEW, Decimal("109.95")), ("2025-12", Decimal("136.69")))


def indexed(amount: str, start: str, new: Optional[str]) -> Indexation:
    return index_amount(Decimal(amount), TABLE, month(start), None if new is None else month(new))


def new_cents(amount: int, start: int, new: int) -> int:
    """The new amount in cents, when amount and index values are in cents."""
    table = held((START, euros(start)), (NEW, euros(new)))
    found = index_amount(euros(amount), table, month(START), month(NEW))["new_amount"]
    assert found.as_tuple().exponent == -2
    return int(found.scaleb(2))


def by_hand(amount: int, start: int, new: int) -> int:
    """The same in whole numbers and fractions alone."""
    exact = Fraction(amount * new, start)
    cents, rest = divmod(exact.numerator, exact.denominator)
    return cents + 1 if 2 * rest >= exact.denominator else cents


# To the cent


@searching
@given(in_cents, values, values)
def test_every_amount_is_exact_to_the_cent(amount: int, start: int, new: int) -> None:
    assert new_cents(amount, start, new) == by_hand(amount, start, new)


@searching
@given(in_cents.filter(lambda cents: cents % 2 == 1), values.filter(lambda cents: cents <= 50_000))
def test_a_half_cent_is_rounded_up(amount: int, new: int) -> None:
    assert new_cents(amount, 2 * new, new) == (amount + 1) // 2


@searching
@given(st.integers(0, 10**9 - 1), st.sampled_from([49_999, 50_000]))
def test_what_is_nearly_half_a_cent_is_rounded_to_its_own_side(times: int, rest: int) -> None:
    start, new = 99_999, 100_000  # so that rest / start of a cent is left over
    up = rest == 50_000
    assert new_cents(times * start + rest, start, new) == times * new + rest + up


def test_the_greatest_amount_between_the_farthest_values() -> None:
    assert new_cents(10**14 - 1, 2_000, 100_000) == (10**14 - 1) * 50


@searching
@given(in_cents, values)
def test_between_a_month_and_itself_nothing_changes(amount: int, value: int) -> None:
    assert new_cents(amount, value, value) == amount


# What is told


def test_all_that_is_told() -> None:
    assert indexed("1250.50", START, "2025-12") == {
        "amount": Decimal("1250.50"),
        "base_year": 2013,
        "start_month": month(START),
        "new_month": month("2025-12"),
        "start_index": Decimal("109.72"),
        "new_index": Decimal("136.69"),
        "new_amount": Decimal("1557.88"),
        "formula": "1250.50 × 136.69 ÷ 109.72 = 1557.88",
    }


def test_without_a_new_month_it_is_the_latest() -> None:
    assert indexed("1250.50", START, None) == indexed("1250.50", START, "2025-12")


def test_an_amount_is_brought_back_in_time_as_well() -> None:
    found = indexed("1557.88", "2025-12", START)
    assert (found["start_month"], found["new_month"]) == (month("2025-12"), month(START))
    assert found["formula"] == "1557.88 × 109.72 ÷ 136.69 = 1250.50"


@pytest.mark.parametrize(
    ("amount", "formula"),
    [
        ("1000", "1000.00 × 109.95 ÷ 109.72 = 1002.10"),
        ("0.5", "0.50 × 109.95 ÷ 109.72 = 0.50"),
        ("0", "0.00 × 109.95 ÷ 109.72 = 0.00"),
        ("999999999999.99", "999999999999.99 × 109.95 ÷ 109.72 = 1002096244987.23"),
    ],
)
def test_the_formula_is_written_with_cents(amount: str, formula: str) -> None:
    assert indexed(amount, START, NEW)["formula"] == formula


@pytest.mark.parametrize(
    ("start", "new", "missing"),
    [
        ("2019-12", NEW, "2019-12"),
        ("2019-12", None, "2019-12"),
        (START, "2026-01", "2026-01"),
        (START, "2020-03", "2020-03"),
    ],
)
def test_a_month_that_is_not_held_is_named(start: str, new: Optional[str], missing: str) -> None:
    with pytest.raises(MonthNotFound, match=f"available for {missing} on base 2013"):
        indexed("1250.50", start, new)
