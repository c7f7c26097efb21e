"""The places nearest to a text without a match."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.zipcodes.seed import IN_USE, ZIPCODES_BY_NAME, places
from webapp.i18n.folding import fold
from webapp.zipcodes import search
from webapp.zipcodes.places import Places
from webapp.zipcodes.search import MAX_NAME_LETTERS, MAX_NEAREST

searching = settings(deadline=None, database=None, max_examples=60)


def nearest(text: str) -> list[str]:
    return [f"{place['zipcode']} {place['name']}" for place in search.nearest(places(), text)]


def nearest_zipcodes(text: str) -> list[int]:
    return [place["zipcode"] for place in search.nearest(places(), text)]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("gentt", ["9000 Gent"]),
        ("sinttruiden", ["3800 Sint-Truiden"]),
        ("Bruxeles", ["1000 Brussel / Bruxelles"]),
        ("Brusels", ["1000 Brussel / Bruxelles"]),  # Brussels, in English
        ("Brucago", ["1931 Brucargo"]),
        ("9000 gentt", ["9000 Gent"]),
        ("1311 gent", ["9000 Gent"]),
        ("1050 gentt", ["1050 Elsene / Ixelles", "9000 Gent"]),
        ("9000 xyzzy", ["9000 Gent"]),
        ("B-1311", ["1310 La Hulpe"]),
        ("2041", ["2040 Antwerpen"]),  # the main place
        ("L-9620", ["9620 Zottegem"]),
    ],
)
def test_place_of_the_zipcode_comes_first_and_then_the_most_similar_name(text: str, first: list[str]) -> None:
    assert nearest(text)[: len(first)] == first


@pytest.mark.parametrize(
    "text", ["", "-", "北京", "٩٠٠٠", "9000 1000", "x" * 10_000], ids=lambda text: ascii(text)[:12]
)
def test_text_that_resembles_no_place_has_no_nearest(text: str) -> None:
    assert nearest(text) == []


@pytest.mark.parametrize("text", ["1733", "1931", "B-5010"])
def test_special_zipcode_is_no_typing_error_and_has_no_nearest(text: str) -> None:
    assert nearest(text) == []


@pytest.mark.parametrize("text", ["1311", "1000", "9999", "90000", "0999", "0000"])
def test_nearest_to_a_number_are_the_zipcodes_that_differ_least(text: str) -> None:
    number = int(text[:4])
    expected = sorted(IN_USE, key=lambda zipcode: (abs(zipcode - number), zipcode))[:MAX_NEAREST]
    assert nearest_zipcodes(text) == expected


@pytest.mark.parametrize("text", ["9", "90", "999", "B-53"])
def test_nearest_to_the_beginning_of_a_zipcode_are_those_that_begin_so(text: str) -> None:
    digits = text.replace("B-", "")
    expected = [zipcode for zipcode in IN_USE if str(zipcode).startswith(digits)][:MAX_NEAREST]
    assert nearest_zipcodes(text) == expected


@searching
@given(text=st.one_of(st.text(max_size=20), st.from_regex("[0-9]{1,5} ?[a-z]{0,8}", fullmatch=True)))
@example("sint pieters")
@example("9000 antwerpen")
@example("9" * 5000)
@example("ﷺ" * 500)
def test_nearest_are_at_most_six_zipcodes_with_one_place_each(text: str) -> None:
    found = nearest_zipcodes(text)
    assert len(found) == len(set(found)) <= MAX_NEAREST
    assert set(found) <= set(places().all_zipcodes)


@st.composite
def misspelled(draw: st.DrawFn) -> tuple[str, str]:
    """A name of six letters or more, and the same with a letter lost or doubled, or in one word."""
    name = draw(st.sampled_from([name for name in sorted(ZIPCODES_BY_NAME) if len(name) > 5]))
    at = draw(st.sampled_from([at for at in range(1, len(name) - 1) if name[at].isalpha()]))
    wrong = [name[:at] + name[at + 1 :], name[:at] + name[at] + name[at:], re.sub("[- ']", "", name)]
    return name, draw(st.sampled_from(wrong))


@searching
@given(names=misspelled())
@example(("Sint-Truiden", "SintTruiden"))
def test_name_with_a_typing_error_is_suggested_or_near(names: tuple[str, str]) -> None:
    name, text = names
    suggested = {place["zipcode"] for place in search.search(places(), text, 12).places}
    assert ZIPCODES_BY_NAME[name] & suggested.union(nearest_zipcodes(text))


def test_long_text_is_compared_by_its_beginning() -> None:
    assert nearest("Nil-Saint-Vincent-Saint-Martin " + "x" * 10_000) == [
        "1457 Nil-Saint-Vincent-Saint-Martin"
    ]
    assert max(len(fold(name)) for name in ZIPCODES_BY_NAME) <= MAX_NAME_LETTERS


@pytest.mark.parametrize("text", ["gentt", "999", "1311", "9000 gentt"])
def test_without_places_nothing_is_near(text: str) -> None:
    assert search.nearest(Places((), None), text) == []
