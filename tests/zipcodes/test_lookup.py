"""The result of one cell."""

from __future__ import annotations

import pytest

from tests.zipcodes.lookup import lookup
from tests.zipcodes.seed import FACTORS


def test_results_are_the_factors_of_the_table() -> None:
    results = lookup().results
    assert list(results) == [str(zipcode) for zipcode in range(1000, 10_000)]
    assert {int(zipcode): factor for zipcode, (factor, error) in results.items() if not error} == FACTORS
    assert {error for factor, error in results.values() if not factor} == {"ZIPCODE_NOT_FOUND"}


@pytest.mark.parametrize(
    ("text", "result", "read_as"),
    [
        ("9000", ("B", ""), ""),
        (" 9000 ", ("B", ""), ""),
        ("B-9000", ("B", ""), "9000"),
        ("1311", ("", "ZIPCODE_NOT_FOUND"), ""),
        ("B-1311", ("", "ZIPCODE_NOT_FOUND"), "1311"),
        ("999", ("", "ZIPCODE_NOT_VALID"), ""),
        ("9000 Antwerpen", ("B", "PLACE_DIFFERS"), "9000"),
        ("9.00E+03", ("B", "ZIPCODE_ROUNDED"), "9000"),
    ],
)
def test_cell_has_a_factor_or_an_error_and_tells_how_it_was_read(
    text: str, result: tuple[str, str], read_as: str
) -> None:
    assert lookup().result(text) == result
    assert lookup().read_as(text) == read_as
