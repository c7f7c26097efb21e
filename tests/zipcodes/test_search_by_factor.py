"""Search of the zipcodes in use by risk factor."""

from __future__ import annotations

import pytest

from tests.conftest import ORDINARY_DAY
from tests.zipcodes.seed import FACTORS, IN_USE, places, risk_table
from webapp.zipcodes import search
from webapp.zipcodes.places import Places
from webapp.zipcodes.risk_table import Range, RiskTable
from webapp.zipcodes.search import ZipcodesWithFactor


def with_factor(factor: str, after: int, limit: int) -> ZipcodesWithFactor:
    return search.with_factor(risk_table(), places(), factor, after, limit)


def pages(factor: str, limit: int) -> list[ZipcodesWithFactor]:
    """Return all pages, one after the other."""
    found = [with_factor(factor, 0, limit)]
    while found[-1].next_after is not None:
        found.append(with_factor(factor, found[-1].next_after, limit))
    return found


def zipcodes(page: ZipcodesWithFactor) -> list[int]:
    return [entry["zipcode"] for entry in page.zipcodes]


@pytest.mark.parametrize(("factor", "limit"), [("A", 100), ("B", 2000), ("C", 19)])
def test_pages_together_hold_every_zipcode_in_use_with_the_factor(factor: str, limit: int) -> None:
    right = [zipcode for zipcode in IN_USE if FACTORS[zipcode] == factor]
    found = pages(factor, limit)
    assert [zipcode for page in found for zipcode in zipcodes(page)] == right
    assert {page.total for page in found} == {len(right)}
    assert {len(page.zipcodes) for page in found[:-1]} <= {limit}
    assert found[-1].zipcodes != []


def test_three_factors_share_all_zipcodes_in_use() -> None:
    assert [with_factor(factor, 0, 1).total for factor in "ABC"] == [596, 436, 114]
    assert len(IN_USE) == 596 + 436 + 114


@pytest.mark.parametrize(
    ("limit", "length", "goes_on"), [(113, 113, True), (114, 114, False), (115, 114, False)]
)
def test_page_has_a_next_one_only_when_there_is_more(limit: int, length: int, goes_on: bool) -> None:
    page = with_factor("C", 0, limit)
    assert len(page.zipcodes) == length
    assert page.next_after == (zipcodes(page)[-1] if goes_on else None)


def test_page_begins_after_a_zipcode_in_use_or_not() -> None:
    assert zipcodes(with_factor("C", 0, 2)) == [1000, 1020]
    assert zipcodes(with_factor("C", 1000, 2)) == [1020, 1030]
    assert zipcodes(with_factor("C", 1001, 2)) == [1020, 1030]


def test_page_after_the_last_zipcode_is_empty() -> None:
    assert with_factor("A", 9999, 10) == (596, [], None)


def test_zipcode_with_a_factor_has_its_places() -> None:
    (entry,) = with_factor("A", 9199, 1).zipcodes
    assert entry == {"zipcode": 9200, "places": places().with_zipcode(9200)}


def test_zipcodes_have_the_factor_of_the_given_table() -> None:
    ranges = (Range(1000, 8999, "A"), Range(9000, 9032, "C"))
    table = RiskTable(2, ORDINARY_DAY.date(), ORDINARY_DAY, ranges)
    page = search.with_factor(table, places(), "C", 0, 100)
    assert (zipcodes(page), page.total) == ([9000, 9030, 9031, 9032], 4)
    assert search.with_factor(table, places(), "B", 0, 100) == (0, [], None)


def test_without_places_no_zipcode_has_a_factor() -> None:
    assert search.with_factor(risk_table(), Places((), None), "A", 0, 10) == (0, [], None)
