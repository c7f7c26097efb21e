"""Base years: those that the program knows, and further ones of the data."""

from __future__ import annotations

import pytest

from webapp.errors import WrongYear
from webapp.health_index.base_years import DEFAULT_BASE_YEAR, known_base_years, parse_base_year


def test_known_base_years_are_newest_first() -> None:
    assert known_base_years([]) == [2025, 2013, 2004, 1996, 1988]


def test_further_base_years_of_the_data_are_known_once() -> None:
    assert known_base_years([2013, 2034, 1988]) == [2034, 2025, 2013, 2004, 1996, 1988]


def test_default_base_year_is_that_of_the_contract() -> None:
    assert DEFAULT_BASE_YEAR == 2004


@pytest.mark.parametrize("year", [1988, 1996, 2004, 2013, 2025])
def test_known_base_year_is_accepted_without_data(year: int) -> None:
    assert parse_base_year(str(year), []) == year


def test_further_base_year_is_accepted_when_the_data_has_it() -> None:
    assert parse_base_year("2034", [2034]) == 2034
    with pytest.raises(WrongYear):
        parse_base_year("2034", [2035])


@pytest.mark.parametrize(
    "text",
    [
        *("", "2020", "1987", "204", "02004", "20040", "2004.0", "2004,", "20 04", "2_004", "2e3", "0x7d4"),
        *("-2004", "+2004", "2004 ", " 2004", "2004\n", "2004\0", "\u200b2004", "abc", "latest", "9" * 5000),
        *("٢٠٠٤", "²⁰⁰⁴", "२००४", "２００４", "2004;DROP", "2013 = 100"),
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_invalid_base_year_is_rejected(text: str) -> None:
    with pytest.raises(WrongYear) as error:
        parse_base_year(text, [2034])
    assert str(error.value) == ("Choose a base year of the health index: 1988, 1996, 2004, 2013, 2025.")
