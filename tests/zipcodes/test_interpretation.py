"""Interpretation of a text as a zipcode."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.zipcodes.seed import IN_USE, PLACES, ZIPCODES_BY_NAME, places
from webapp.errors import ZipcodeNotFound, ZipcodeNotValid
from webapp.i18n.folding import fold
from webapp.zipcodes import search
from webapp.zipcodes.places import Places, Suggestion
from webapp.zipcodes.search import MAX_PLACES, Interpretation

WITHOUT_PLACES = Places((), None)

searching = settings(deadline=None, database=None, max_examples=60)


def interpret(text: str) -> Interpretation:
    return search.interpret(places(), text)


def zipcode_of(text: str) -> int | None:
    return interpret(text).zipcode


def named(found: list[Suggestion]) -> list[str]:
    return [f"{place['zipcode']} {place['name']}" for place in found]


def zipcodes_of(text: str) -> set[int]:
    """Return every zipcode that a text may stand for; none when it is rejected."""
    try:
        found = interpret(text)
    except (ZipcodeNotFound, ZipcodeNotValid):
        return set()
    return {place["zipcode"] for place in found.places} | ({found.zipcode} if found.zipcode else set())


# A zipcode


@pytest.mark.parametrize(
    "text",
    [
        *(
            "9000",
            " 9000 ",
            "\t9000\n",
            "B-9000",
            "b-9000",
            "B9000",
            "B 9000",
            "BE-9000",
            "BE 9000",
            "be9000",
        ),
        *(" B-9000 ", "9000,", "9000.", "9000;", "9000 -", "(9000)", "9000\u200b", "９０００"),
    ],
    ids=ascii,
)
def test_zipcode_stands_for_itself_with_its_country_or_signs_around_it(text: str) -> None:
    assert interpret(text) == (9000, [])


@pytest.mark.parametrize("text", ["1311", "1001", "9999", "1000"])
def test_zipcode_without_a_place_or_range_stands_for_itself(text: str) -> None:
    assert interpret(text) == (int(text), [])


@pytest.mark.parametrize(
    "text",
    [
        *("9000 Gent", "9000 Gand", "9000gent", "9000, Gent", "9000-Gent", "Gent 9000", "9000 gen"),
        *("B-9000 Gent", "BE 9000 Gent", "b9000 gand", "Gent (9000)", "9000 Gent.", "gent, 9000"),
    ],
)
def test_zipcode_with_its_place_stands_for_it_alone(text: str) -> None:
    assert interpret(text) == (9000, [])


@pytest.mark.parametrize("text", ["90 gent", "9 gand", "b 9 Gent", "gent 90"])
def test_beginning_of_a_zipcode_narrows_a_name_down(text: str) -> None:
    assert zipcode_of(text) == 9000
    assert {place["zipcode"] // 100 for place in interpret(text).places} == {90}


@pytest.mark.parametrize(
    "text",
    [
        *("999", "0999", "90000", "9", "0", "0000", "B-999", "BE 90000", "9" * 10_000, "-", "", " ", "?!"),
        *("\0", "\u200b", "%", "'", "\ud800", "900²", "900①", "²", "⁹⁰⁰⁰", "900½"),
    ],
    ids=lambda text: ascii(text)[:12],
)
def test_text_that_is_no_zipcode_and_has_no_name_is_not_valid(text: str) -> None:
    with pytest.raises(ZipcodeNotValid, match=r"A zipcode has four digits, from 1000 to 9999\."):
        interpret(text)


@pytest.mark.parametrize(
    "text",
    [
        *("L-9620", "L 9620", "l-9620", "LU-9620", "D-9000", "F-4000", "CH-9000", "NL-2000", "A-1050"),
        *("9000 GE", "9000GE", "2000 AN", "1050 IX", "9620 Z", "9000 g", "8370 b-l", "4780 St", "9000 G."),
    ],
)
def test_zipcode_with_two_letters_of_another_country_is_not_found(text: str) -> None:
    """The letters may be those of Luxembourg, or of a Dutch postcode, and not the beginning of a name."""
    with pytest.raises(ZipcodeNotFound) as error:
        interpret(text)
    assert str(error.value) == f"No place found for “{text}”. Check the spelling."


@pytest.mark.parametrize(
    ("text", "zipcode"),
    [("3665 As", 3665), ("As 3665", 3665), ("B-3665 as", 3665), ("6900 On", 6900), ("4190 My", 4190),
     ("8647 Lo", 8647), ("Lo-8647", 8647)],
)  # fmt: skip
def test_zipcode_with_the_whole_name_of_two_letters_stands_for_itself(text: str, zipcode: int) -> None:
    assert zipcode_of(text) == zipcode


@pytest.mark.parametrize("zipcode", sorted({row["zipcode"] for row in PLACES if row["region"] == "Brussels"}))
def test_zipcode_of_the_region_with_brussels_stands_for_itself_alone(zipcode: str) -> None:
    for name in ("Brussel", "Bruxelles", "Brüssel", "Brussels", "BRUXELLES", "Brussel / Bruxelles"):
        for text in (f"{zipcode} {name}", f"B-{zipcode} {name}", f"{name} {zipcode}"):
            assert interpret(text) == (int(zipcode), []), text


@pytest.mark.parametrize(
    "text", ["9000 Brussel", "1500 Bruxelles", "1311 Brussel", "1050 Bruxelle", "105 Bruxelles"]
)
def test_zipcode_outside_of_the_region_with_brussels_is_not_found(text: str) -> None:
    with pytest.raises(ZipcodeNotFound):
        interpret(text)


@pytest.mark.parametrize(
    "text", ["1050 Gent", "1311 gent", "1050/1060", "9000 Gent / 2000 Antwerpen", "Gent / Brussel 1050"]
)
def test_zipcode_and_place_that_do_not_belong_together_are_not_found(text: str) -> None:
    with pytest.raises(ZipcodeNotFound):
        interpret(text)


@pytest.mark.parametrize(
    ("text", "without_country"),
    [
        ("B-9000", "9000"),
        ("b 9000 Gent", "9000 Gent"),
        (" BE9000 ", "9000"),
        ("BE-900", "900"),
        ("Beringen", "Beringen"),
        ("B 53 leuven", "53 leuven"),
    ],
)
def test_country_before_digits_is_dropped(text: str, without_country: str) -> None:
    assert zipcodes_of(text) == zipcodes_of(without_country)


@pytest.mark.parametrize("text", ["BE Gent", "BE-Gent", "B-", "BB-9000", "Gent B-9000", "NL-1000"])
def test_country_elsewhere_is_not_dropped(text: str) -> None:
    assert 9000 not in zipcodes_of(text)
    assert 1000 not in zipcodes_of(text)


# A name


@pytest.mark.parametrize(
    ("text", "zipcode"),
    [
        ("Gent", 9000),
        ("GAND", 9000),
        (" gent ", 9000),
        ("brussel", 1000),
        ("Brüssel", 1000),
        ("sint truiden", 3800),
        ("Saint-Trond", 3800),
        ("St. Truiden", 3800),
        ("ST TROND", 3800),
        ("St-Vith", 4780),
        ("Ste-Cécile", 6820),
        ("st-niklaas", 9100),
        ("St-Amand", 6221),  # and not Sint-Amands
        ("st denijs", 8554),  # and not Sint-Denijs-Westrem
        ("ste ode", 6680),
        ("Elsene", 1050),
        ("3800 st-truiden", 3800),
        ("B-4780 St-Vith", 4780),
        ("Baelen", 4837),
        ("hal", 1500),
        ("Bever", 1547),
    ],
)
def test_name_of_a_place_in_any_language_stands_for_its_zipcode(text: str, zipcode: int) -> None:
    assert zipcode_of(text) == zipcode


@pytest.mark.parametrize(
    ("text", "zipcode"), [("gentbr", 9050), ("blanken", 8370), ("9000 gen", 9000), ("st-josse", 1210)]
)
def test_beginning_of_a_name_stands_for_the_only_zipcode_that_matches(text: str, zipcode: int) -> None:
    assert {place["zipcode"] for place in search.suggest(places(), text, 100)} == {zipcode}
    assert zipcode_of(text) == zipcode


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("antwerpen", [f"{zipcode} Antwerpen" for zipcode in (2000, 2018, 2020, 2030, 2040, 2050, 2060)]),
        ("Aalst", ["9300 Aalst", "3800 Aalst"]),
        ("sint-truid", ["3800 Sint-Truiden", "3890 Niel-Bij-Sint-Truiden"]),
    ],
)
def test_name_of_several_zipcodes_lists_their_places_without_choosing_one(
    text: str, first: list[str]
) -> None:
    found = interpret(text)
    assert found.zipcode is None
    assert named(found.places)[: len(first)] == first
    assert len(found.places) <= MAX_PLACES


def test_zipcode_tells_places_with_one_name_apart() -> None:
    assert (zipcode_of("3800 aalst"), zipcode_of("9300 aalst")) == (3800, 9300)


def test_exact_name_wins_over_names_that_begin_so() -> None:
    found = interpret("gent")
    assert found.zipcode == 9000
    assert named(found.places)[:2] == ["1450 Gentinnes", "9050 Gentbrugge"]


@pytest.mark.parametrize("text", ["gent", "hal", "st-vith", "sint-gillis", "brussel", "Liège"])
def test_place_that_a_text_stands_for_is_not_listed_again(text: str) -> None:
    found = interpret(text)
    assert found.zipcode not in {place["zipcode"] for place in found.places}


@pytest.mark.parametrize("text", ["st-vith", "st vi", "st-gillis", "st t", "st pie", "antwerpen", "saint"])
def test_no_place_is_listed_twice(text: str) -> None:
    found = named(interpret(text).places)
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    "text",
    [
        *("gentt", "sinttruiden", "9000 1000", "L9620", "٩٠٠٠", "北京", "gent gand", "100 % gent"),
        *("' OR 1=1 --", "x" * 10_000, "9000 " + "e" * 10_000),
    ],
    ids=lambda text: ascii(text)[:12],
)
def test_name_that_no_place_has_is_not_found(text: str) -> None:
    with pytest.raises(ZipcodeNotFound) as error:
        interpret(text)
    assert str(error.value) == f"No place found for “{text}”. Check the spelling."


def test_every_suggestion_as_a_page_shows_it_stands_for_its_zipcode() -> None:
    for zipcode in IN_USE:
        for shown in named(search.suggest(places(), str(zipcode), 100)):
            assert zipcode_of(shown) == zipcode, shown


def test_every_name_stands_for_its_zipcodes_in_any_spelling() -> None:
    for name, zipcodes in ZIPCODES_BY_NAME.items():
        for text in {name, name.upper(), fold(name)}:
            assert zipcodes <= zipcodes_of(text), text


def test_every_name_with_one_of_its_zipcodes_stands_for_that_one() -> None:
    for name, zipcodes in ZIPCODES_BY_NAME.items():
        for zipcode in zipcodes:
            for text in (f"{zipcode} {name}", f"B-{zipcode} {name}", f"{name} {zipcode}"):
                assert zipcode_of(text) == zipcode, text


@pytest.mark.parametrize("separator", ["-", " ", ". ", ".-"])
def test_every_name_may_abbreviate_its_saint(separator: str) -> None:
    for name, zipcodes in ZIPCODES_BY_NAME.items():
        saint, _, rest = re.sub("[- ]", " ", name, count=1).partition(" ")
        if rest and saint.lower() in ("saint", "sint", "sankt", "sainte"):
            text = ("Ste" if saint.lower() == "sainte" else "St") + separator + rest
            assert zipcodes <= zipcodes_of(text), text


@searching
@given(text=st.text(max_size=30))
@example("b-")
@example("be")
@example("st ")
@example("ste")
def test_any_text_is_interpreted_or_rejected(text: str) -> None:
    try:
        found = interpret(text)
    except (ZipcodeNotFound, ZipcodeNotValid):
        return
    assert found.zipcode is not None or found.places
    assert len(found.places) <= MAX_PLACES


def test_without_places_a_zipcode_stands_for_itself_and_a_name_is_not_found() -> None:
    assert search.interpret(WITHOUT_PLACES, "B-9000") == (9000, [])
    with pytest.raises(ZipcodeNotFound):
        search.interpret(WITHOUT_PLACES, "gent")
    with pytest.raises(ZipcodeNotValid):
        search.interpret(WITHOUT_PLACES, "999")
