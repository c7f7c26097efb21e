"""The rows of a risk table file, and their faults."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.zipcodes.ranges import tables
from webapp.zipcodes.risk_file import HEADER_ADVICE, Fault, RiskFileRows, parse
from webapp.zipcodes.risk_table import Range


def parse_all(*rows: list[str]) -> RiskFileRows:
    return parse(enumerate(rows, start=1))


def test_every_fault_is_found_with_its_row() -> None:
    found = parse_all(
        ["1000 - 1310", "C"],
        ["1300", "A"],
        ["abc", "A"],
        ["2000", "D"],
        ["3010 - 3000", "B"],
        ["1305 - 1400", "A"],
        ["1000"],
    )
    assert found.faults == [
        Fault(2, "zipcode 1300 is already in row 1"),
        Fault(3, "'abc' is not a zipcode or a range such as 1000 - 1310"),
        Fault(4, "the factor is 'D', but must be A, B or C"),
        Fault(5, "the range runs backwards, from 3010 to 3000"),
        Fault(6, "zipcode 1305 is already in row 1"),
        Fault(7, "must have 2 fields, zipcodes and factor, but has 1"),
    ]


def test_file_without_rows_has_no_ranges() -> None:
    assert parse_all() == RiskFileRows([], [Fault(None, "contains no ranges")])
    assert parse_all(["zipcode", "factor"]).faults == [Fault(None, "contains no ranges")]


def test_columns_of_a_list_are_found_by_their_names() -> None:
    for header in (["Factor", "Gemeente", "Post-code"], ["risk_factor", "", "ZIPCODE"]):
        found = parse_all(header, ["A", "Gent", "9000"], ["B", "", "9002"])
        assert found == RiskFileRows([Range(9000, 9000, "A"), Range(9002, 9002, "B")], [])


def test_adjoining_zipcodes_of_a_list_with_one_factor_become_a_range() -> None:
    rows = [["9001", "A"], ["9000", "A"], ["9002", "B"], ["9004", "B"]]
    assert parse_all(["zipcode", "factor"], *rows).ranges == [
        Range(9000, 9001, "A"),
        Range(9002, 9002, "B"),
        Range(9004, 9004, "B"),
    ]
    assert len(parse_all(*rows).ranges) == 4


@pytest.mark.parametrize(
    "header",
    [["zipcode", "postcode", "factor"], ["zipcode", "place"], ["place", "factor"], ["factor", "risk"]],
)
def test_header_without_one_column_of_each_is_the_only_fault(header: list[str]) -> None:
    assert parse_all(header, ["9000", "9000", "A"], ["9001", "B"]) == RiskFileRows(
        [], [Fault(1, HEADER_ADVICE)]
    )


def test_range_may_have_the_dash_of_a_text_program() -> None:
    assert parse_all(["1000 – 1310", "C"], ["1315–1320", "B"]).ranges == [
        Range(1000, 1310, "C"),
        Range(1315, 1320, "B"),
    ]


@settings(deadline=None, database=None)
@given(data=st.data(), ranges=tables(least=1))
def test_list_of_the_zipcodes_of_any_table_has_their_factors(
    data: st.DataObject, ranges: list[Range]
) -> None:
    factors = {
        zipcode: entry.factor for entry in ranges for zipcode in range(entry.first, entry.last + 1)[:50]
    }
    rows = data.draw(st.permutations([[str(zipcode), factor] for zipcode, factor in factors.items()]))
    found = parse_all(["zipcode", "factor"], *rows)
    assert found.faults == []
    assert {
        zipcode: entry.factor for entry in found.ranges for zipcode in range(entry.first, entry.last + 1)
    } == factors
    assert found.ranges == sorted(found.ranges)
