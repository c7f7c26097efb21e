"""Parser of be.STAT: known peculiarities (docs/domain.md)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.statbel.tables import (
    APRIL,
    DUTCH,
    DUTCH_MONTHS,
    ENGLISH,
    facts,
    from_bestat,
    from_open_data,
    number,
    observation,
    row,
    short,
    text_file,
)
from tests.support.fake_statbel import MONTHS, bestat
from webapp.statbel.bestat import read_bestat
from webapp.statbel.parsing import UpstreamError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("119.59000000000043", "119.59"),
        ("119.58999999999957", "119.59"),
        ("119.585", "119.59"),
        ("119.5949999999999999999999999999999999999999999999999", "119.59"),
        ("120", "120.00"),
        ("1.1959E2", "119.59"),
        ('"119.59"', "119.59"),
    ],
)
def test_value_is_rounded_half_up(text: str, value: str) -> None:
    assert [str(found.value) for found in from_bestat(number(text))] == [value]


def test_row_without_a_value_is_ignored() -> None:
    assert from_bestat(facts(row(Month="March 2022", Health_index=None), row())) == [APRIL]


@pytest.mark.parametrize("trailing", [row(Year=None, Month=None), dict.fromkeys(ENGLISH)])
def test_row_without_a_month_is_ignored(trailing: dict[str, Any]) -> None:
    assert from_bestat(facts(row(), trailing)) == [APRIL]


def test_other_columns_are_ignored() -> None:
    assert from_bestat(facts(row(Consumer_price_index=121.0, Unit="index points"))) == [APRIL]


@pytest.mark.parametrize("year", [None, 2022, " 2022 "])
def test_year_may_be_null_or_a_number(year: Any) -> None:
    assert from_bestat(facts(row(Year=year))) == [APRIL]


def test_column_of_the_year_is_optional() -> None:
    without = row()
    del without["Year"]
    assert from_bestat(facts(without)) == [APRIL]


@pytest.mark.parametrize("base_year", ["2013=100", " 2013", 2013])
def test_base_year_has_several_notations(base_year: Any) -> None:
    assert from_bestat(facts(row(Base_year=base_year))) == [APRIL]


@pytest.mark.parametrize(("columns", "names"), [(ENGLISH, MONTHS), (DUTCH, DUTCH_MONTHS)])
def test_all_months_are_read_in_both_languages(columns: tuple[str, ...], names: list[str]) -> None:
    rows = [dict(zip(columns, ("2024", f"{name} 2024", "2013 = 100", 130.5))) for name in names]
    assert [found.month.month for found in from_bestat(facts(*rows))] == list(range(1, 13))


def test_case_and_spaces_of_a_month_are_ignored() -> None:
    assert from_bestat(facts(row(Month="  APRIL  2022 "))) == [APRIL]


def test_base_years_and_months_before_the_health_index_are_ignored() -> None:
    old = [(1914, "2022-04", 900.0), (1981, "2022-04", 250.0), (1988, "1993-12", 115.0)]
    assert from_bestat(bestat([*old, (2013, "2022-04", 119.59)])) == [APRIL]


def test_byte_order_mark_is_ignored() -> None:
    assert from_bestat(b"\xef\xbb\xbf" + facts(row())) == [APRIL]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b" \r\n", "empty response"),
        (b"<!DOCTYPE html><title>be.STAT</title>", "response is not JSON"),
        (b'{"facts": "\xff"}', "no list of facts in the response"),
        (b"[" * 100_000, "response is not JSON"),
        (b"[]", "no list of facts in the response"),
        (b"{}", "no list of facts in the response"),
        (b'{"facts": []}', "no list of facts in the response"),
        (b'{"facts": {"Month": 4}}', "no list of facts in the response"),
        (facts(1, None), "no list of facts in the response"),
        (facts(row(Health_index=None)), "no value in the response"),
    ],
    ids=short,
)
def test_invalid_view_is_rejected(body: bytes, reason: str) -> None:
    with pytest.raises(UpstreamError) as raised:
        read_bestat(body)
    assert str(raised.value) == reason


@pytest.mark.parametrize("column", ["Month", "Base year", "Health index"])
def test_view_without_a_column_is_rejected(column: str) -> None:
    changed = row()
    changed["Something else"] = changed.pop(column)
    with pytest.raises(UpstreamError, match="table without a column"):
        read_bestat(facts(changed))


@pytest.mark.parametrize(
    "month", ["Jui 2022", "Ap 2022", "April", "2022-04", "April 2022 (p)", "April 0000", 4]
)
def test_row_with_an_invalid_month_is_skipped(month: Any) -> None:
    response = read_bestat(facts(row(), row(Year=None, Month=month)))
    assert response.observations == [APRIL]
    assert len(response.unreadable) == 1
    assert re.fullmatch("row 2: .* is not a month", response.unreadable[0])


@pytest.mark.parametrize("year", ["2021", ""])
def test_year_that_contradicts_the_month_is_rejected(year: str) -> None:
    with pytest.raises(UpstreamError, match="contradicts 'April 2022'"):
        read_bestat(facts(row(Year=year)))


@pytest.mark.parametrize("base_year", [None, "20130", "= 2013"])
def test_invalid_base_year_is_rejected(base_year: Any) -> None:
    with pytest.raises(UpstreamError, match="is not a base year"):
        read_bestat(facts(row(Base_year=base_year)))


@pytest.mark.parametrize(
    "text",
    [
        *("NaN", "-Infinity", "1e9999999999999999999", "9" * 5000),
        *("-119.59", "19.99", "1000.01", "1e-400", "true", "[]", '"sNaN"', '"Infinity"'),
    ],
    ids=short,
)
def test_implausible_value_is_rejected(text: str) -> None:
    with pytest.raises(UpstreamError, match=r"row 1: .* is not plausible"):
        read_bestat(number(text))


@pytest.mark.parametrize("bad", [row(Health_index="abc"), [row()], None], ids=["value", "list", "null"])
def test_unreadable_row_is_skipped_and_named(bad: Any) -> None:
    response = read_bestat(facts(row(Month="March 2022", Health_index=118.0), bad, row()))
    assert response.observations == [observation(2013, "2022-03", "118.00"), APRIL]
    assert [reason[:7] for reason in response.unreadable] == ["row 2: "]


@pytest.mark.parametrize("text", ["NaN", "1e9999999999999999999"])
def test_number_out_of_range_makes_its_own_row_unreadable_only(text: str) -> None:
    body = facts(row(), row(Month="May 2022", Health_index="HERE")).replace(b'"HERE"', text.encode())
    assert read_bestat(body).observations == [APRIL]


def test_contradictory_rows_are_all_returned() -> None:
    other = observation(2013, "2022-04", "119.60")
    assert from_bestat(facts(row(Health_index=119.6), row(), row())) == [APRIL, other]
    assert from_open_data(text_file("2022|4|119.6|2013", "2022|4|119.59|2013")) == [APRIL, other]


def test_upstream_value_is_quoted_on_one_short_line() -> None:
    with pytest.raises(UpstreamError) as raised:
        read_bestat(facts(row(Month="forged\nline\0" * 1000)))
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 200
