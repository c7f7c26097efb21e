"""Base years: known ones, and those of the data."""

from __future__ import annotations

import pytest

from webapp.errors import WrongYear
from webapp.health_index.base_years import BASE_YEARS, known_base_years, parse_base_year


def test_known_base_years_are_newest_first() -> None:
    assert known_base_years([]) == [2025, 2013, 2004, 1996, 1988]


def test_base_years_of_the_data_are_included_once() -> None:
    assert known_base_years([2013, 2034, 1988]) == [2034, 2025, 2013, 2004, 1996, 1988]


def test_known_base_year_is_accepted_without_data() -> None:
    assert [parse_base_year(str(year), []) for year in BASE_YEARS] == [2025, 2013, 2004, 1996, 1988]


def test_other_base_year_is_accepted_if_the_data_has_it() -> None:
    assert parse_base_year("2034", [2034]) == 2034
    with pytest.raises(WrongYear):
        parse_base_year("2034", [2035])


@pytest.mark.parametrize(
    "text",
    [
        *("", "2020", "204", "02004", "2004.0", "2_004", "+2004", " 2004", "2004\n", "abc", "9" * 5000),
        *("٢٠٠٤", "²⁰⁰⁴", "2013 = 100"),
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_invalid_base_year_is_rejected(text: str) -> None:
    with pytest.raises(WrongYear) as error:
        parse_base_year(text, [2034])
    assert str(error.value) == ("Choose a base year of the health index: 1988, 1996, 2004, 2013, 2025.")
