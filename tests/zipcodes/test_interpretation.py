"""Interpretation of a text as a zipcode."""

from __future__ import annotations

import re
import unicodedata
from typing import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.timing import cpu_seconds
from tests.zipcodes.seed import IN_USE, PLACES, ZIPCODES_BY_ANY_NAME, ZIPCODES_BY_NAME, places
from webapp.errors import ZipcodeNotFound, ZipcodeNotValid
from webapp.i18n.folding import fold
from webapp.zipcodes import interpretation
from webapp.zipcodes.interpretation import MAX_PLACES, Interpretation
from webapp.zipcodes.place import Suggestion
from webapp.zipcodes.places import Places
from webapp.zipcodes.search import search

WITHOUT_PLACES = Places((), None)

searching = settings(deadline=None, database=None, max_examples=60)


def interpret(text: str) -> Interpretation:
    return interpretation.interpret(places(), text)


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
        *("9000", "\t9000\n", "\u00a09000", "9000\u200b", "９０００", "(9000)", "9000,", "9000 -"),
        *("B-9000", "b-9000", "B9000", "B 9000", "BE-9000", "be9000", "9000 BE", "9000, Belgium"),
        *("9000.0", "9000,00", "9.000", "9,000", "9 000", "9\u202f000", "9'000", "9.00E+03", "9e3"),
        *('="9000"', '"9000"', "'9000", '=" 9000 "'),
    ],
    ids=ascii,
)
def test_zipcode_stands_for_itself_however_it_is_written(text: str) -> None:
    assert interpret(text) == (9000, [], 0, None)


@pytest.mark.parametrize(("text", "zipcode"), [("9.03E+03", 9030), ("9,032E3", 9032), ("9.030", 9030)])
def test_number_format_keeps_all_digits(text: str, zipcode: int) -> None:
    assert zipcode_of(text) == zipcode


@pytest.mark.parametrize("text", ["1311", "1001", "9999", "1000"])
def test_zipcode_without_a_place_or_range_stands_for_itself(text: str) -> None:
    assert zipcode_of(text) == int(text)


@pytest.mark.parametrize(
    "text",
    [
        *("999", "0999", "90000", "9", "0000", "B-999", "BE 90000", "9" * 10_000, "-", "", "?!", "'", '=""'),
        *("\0", "\u200b", "\ud800", "900²", "900①", "⁹⁰⁰⁰", "900½"),
    ],
    ids=lambda text: ascii(text)[:12],
)
def test_text_that_is_no_zipcode_and_has_no_name_is_not_valid(text: str) -> None:
    with pytest.raises(ZipcodeNotValid, match=r"A zipcode has four digits, from 1000 to 9999\."):
        interpret(text)


# A zipcode and a name


@pytest.mark.parametrize(
    ("text", "zipcode"),
    [
        *((text, 9000) for text in ("9000 Gent", "9000gent", "9000, Gand", "9000-Gent", "Gent (9000)")),
        *((text, 9000) for text in ("gent, 9000", "B-9000 Gent.", "Gent B-9000", "9000 gen")),
        ("8900 Ieper België", 8900),
        ("1050 Brussels, Belgium", 1050),
        ("BELGIQUE 4000 LIEGE", 4000),
        ("9308 Gijzegem - Aalst", 9308),
        ("1050 Ixelles - Elsene", 1050),
        ("1050 Ixelles-Elsene", 1050),
        ("1050 Elsene / Ixelles", 1050),
        ("4000 Luik (Liège)", 4000),
        ("2600 Antwerpen - Berchem", 2600),
        ("1050 Bruxelles 5", 1050),
        ("4000 Liège 1", 4000),
        ("9050 Gentbrugge, Gent", 9050),
        ("3800 st-truiden", 3800),
        ("9050 Ghent", 9050),
        ("2861 O.L.V. Waver", 2861),
        ("1931 Brucargo", 1931),
        ("1049 Bruxelles", 1049),
        ("1931 Zaventem", 1931),  # 1930, and so where 1931 is
        ("1000 Bruxelles-Ville", 1000),
        ("Centrum Antwerpen 2000", 2000),
        ("2861 O.-L.-Vrouw-Waver", 2861),
        ("3665 As", 3665),
        ("Lo-8647", 8647),
        ("1082 Berchem", 1082),  # Berchem is 2600, but people say so
        ("3630 Mechelen", 3630),
        ("1180 BXL", 1180),
    ],
)
def test_zipcode_with_its_name_is_clear(text: str, zipcode: int) -> None:
    assert interpret(text) == (zipcode, [], 0, None)


@pytest.mark.parametrize(
    ("text", "zipcode"),
    [
        ("Veldstraat 1, 9000 Gent", 9000),
        ("Veldstraat 1\n9000 Gent", 9000),
        ("Veldstraat 1 B-9000 Gent", 9000),
        ("Grote Markt, 9000 Gent", 9000),
        ("Veldstraat 1, 9000", 9000),
        ("Steenweg 1234, 9000 Gent", 9000),
        ("9000 Gent, Steenweg 1234", 9000),
        ("Gent, Steenweg 1234, 9000 Gent", 9000),
    ],
)
def test_zipcode_in_an_address_is_clear(text: str, zipcode: int) -> None:
    assert zipcode_of(text) == zipcode


def test_zipcode_in_the_brussels_region_with_brussels_is_clear() -> None:
    for zipcode in {row["zipcode"] for row in PLACES if row["region"] == "Brussels"}:
        for name in ("Brussel", "BRUXELLES", "Brüssel", "Brussels", "Brussel / Bruxelles"):
            assert interpret(f"{zipcode} {name}") == (int(zipcode), [], 0, None), name


@pytest.mark.parametrize(
    ("text", "written", "place", "name", "offered"),
    [
        ("9000 Brugge", 9000, "Gent", "Brugge", ["9000 Gent", "8000 Brugge"]),
        ("brugge 9000", 9000, "Gent", "brugge", ["9000 Gent", "8000 Brugge"]),
        ("Veldstraat 1, 9000 Brugge", 9000, "Gent", "Brugge", ["9000 Gent", "8000 Brugge"]),
        ("9000 Brussel", 9000, "Gent", "Brussel", ["9000 Gent", "1000 Brussel / Bruxelles"]),
        ("9000 St-Truiden", 9000, "Gent", "St-Truiden", ["9000 Gent", "3800 Sint-Truiden"]),
        ("9000 Ostend", 9000, "Gent", "Ostend", ["9000 Gent", "8400 Oostende"]),
        ("7010 Jumet", 7010, "SHAPE", "Jumet", ["7010 SHAPE", "6040 Jumet"]),
        ("9000 SHAPE", 9000, "Gent", "SHAPE", ["9000 Gent", "7010 SHAPE"]),
        (
            "1043 European Commission",  # numbered like its neighbours, but another organisation
            1043,
            "VRT",
            "European Commission",
            ["1043 VRT", "1049 Europese Unie – Commissie / Union européenne – Commission"],
        ),
        (
            "1500 Halle-Booienhoven",
            1500,
            "Halle",
            "Halle-Booienhoven",
            ["1500 Halle", "3440 Halle-Booienhoven"],
        ),
        ("3545 Hal", 3545, "Halen", "Hal", ["3545 Halen", "1500 Halle"]),  # Halen only begins so
    ],
)
def test_name_of_another_place_contradicts_the_zipcode_and_both_are_offered(
    text: str, written: int, place: str, name: str, offered: list[str]
) -> None:
    found = interpret(text)
    assert (found.zipcode, found.total) == (None, len(offered))
    assert found.contradiction is not None
    assert (found.contradiction.zipcode, found.contradiction.name) == (written, name)
    assert found.contradiction.place["name"] == place
    assert named(found.places) == offered


@pytest.mark.parametrize(
    "text",
    [
        *("L-9620", "L 9620", "LU-9620", "D-9000", "F-59000", "CH-9000", "NL-2000", "BB-9000", "L9620"),
        *("9000 GE", "9000GE", "1050 IX", "9000 g", "8370 b-l", "4780 St", "9000 G.", "9000 (GE) Gent"),
        *(
            "3665 As Xyz",
            "1012 Amsterdam",
            "9000 St. Gallen",
            "Bahnhofstrasse 1, 9000 St. Gallen",
            "9000 gentt",
        ),
        *("1311 gent", "1500 Bruxelle", "105 Bruxelles", "1050/1060", "Steenweg 1234, 9000", "9000 1000"),
        *("9000.5", "90.00", "9E+04"),
    ],
)
def test_zipcode_with_a_foreign_or_unknown_name_is_not_found(text: str) -> None:
    """The letters may be those of Luxembourg, or of a Dutch postcode, and not the beginning of a name."""
    with pytest.raises(ZipcodeNotFound) as error:
        interpret(text)
    assert str(error.value) == f"No place found for “{text}”. Check the spelling."


def test_several_zipcodes_with_their_names_are_offered() -> None:
    found = interpret("9000 Gent / 2000 Antwerpen")
    assert (found.zipcode, named(found.places)) == (None, ["9000 Gent", "2000 Antwerpen"])


@pytest.mark.parametrize("text", ["90 gent", "9 gand", "b 9 Gent", "gent 90"])
def test_beginning_of_a_zipcode_narrows_a_name_down(text: str) -> None:
    assert zipcode_of(text) == 9000
    assert {place["zipcode"] // 100 for place in interpret(text).places} == {90}


# A name


@pytest.mark.parametrize(
    ("text", "zipcode"),
    [
        ("GAND", 9000),
        ("Brüssel", 1000),
        ("sint truiden", 3800),
        ("St. Truiden", 3800),
        ("st-niklaas", 9100),
        ("St-Amand", 6221),  # and not Sint-Amands
        ("ste ode", 6680),
        ("Gent, België", 9000),
        ("Belgium Gent", 9000),
        ("Bruxelles - Brussel", 1000),
        ("Bruxelles-Brussel", 1000),
        ("Elsene / Ixelles", 1050),
        ("Antwerpen - Berchem", 2600),
        ("Veldstraat 1, Gent", 9000),
        ("gentbr", 9050),  # the only one that begins so
        ("Bruxelles 5", 1000),
        ("Brussels", 1000),
        ("Brucargo", 1931),
        # Without apostrophes, umlauts or hyphens
        ("Braine lAlleud", 1420),
        ("Bruegge", 8000),
        ("Kessel Lo", 3010),
        ("'s Gravenwezel", 2970),
        ("s Gravenwezel", 2970),
        ("'sGravenwezel", 2970),
        ("’s-Gravenwezel", 2970),
        ("Louvain - la - Neuve", 1348),
        # In the other language, in an old spelling, of a municipality that was merged
        ("Sint-Hubert", 6870),
        ("Saint-Niklaas", 9100),
        ("Passchendaele", 8980),
        ("Montaigu", 3270),
        ("Twee-Akren", 7864),
        ("Malmünd", 4960),
        ("Borsbeek", 2150),
        ("Opglabbeek", 3660),
    ],
)
def test_name_of_one_place_stands_for_its_zipcode(text: str, zipcode: int) -> None:
    assert zipcode_of(text) == zipcode


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("antwerpen", [f"{zipcode} Antwerpen" for zipcode in (2000, 2018, 2020, 2030, 2040, 2050, 2060)]),
        ("Aalst", ["9300 Aalst", "3800 Aalst"]),
        ("Luik (Liège)", ["4000 Liège", "4020 Liège"]),
        ("Moerbeke", ["9180 Moerbeke-Waas", "9500 Moerbeke"]),
        ("Nato", ["1110 NAVO / OTAN", "5360 Natoye"]),
        ("Gent - Brugge", ["9000 Gent"]),
        ("Antwerpen - Berchem - Gent", ["2000 Antwerpen"]),  # and not Berchem, which fits two of them
    ],
)
def test_name_of_several_zipcodes_lists_their_places_without_choosing_one(
    text: str, first: list[str]
) -> None:
    found = interpret(text)
    assert found.zipcode is None
    assert named(found.places)[: len(first)] == first


def test_exact_name_wins_over_names_that_begin_so() -> None:
    found = interpret("gent")
    assert found.zipcode == 9000
    assert named(found.places)[:2] == ["1450 Gentinnes", "9050 Gentbrugge"]


def test_list_that_is_cut_has_the_number_of_all_places() -> None:
    found = interpret("saint")
    assert len(found.places) == MAX_PLACES
    assert found.total == search(places(), "saint", 0).total > 100


def test_place_that_a_text_stands_for_is_neither_listed_nor_counted_again() -> None:
    found = interpret("90 gent")
    assert 9000 not in {place["zipcode"] for place in found.places}
    assert found.total == search(places(), "90 gent", 0).total - 1


@pytest.mark.parametrize("text", ["st-vith", "st-gillis", "st pie", "Gent - gand", "antwerpen"])
def test_no_place_is_listed_twice(text: str) -> None:
    found = named(interpret(text).places)
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    "text",
    ["gentt", "sinttruiden", "٩٠٠٠", "北京", "gent gand", "100 % gent", "' OR 1=1 --", "x" * 10_000],
    ids=lambda text: ascii(text)[:12],
)
def test_name_that_no_place_has_is_not_found(text: str) -> None:
    with pytest.raises(ZipcodeNotFound):
        interpret(text)


# All places


def test_every_suggestion_as_a_page_shows_it_stands_for_its_zipcode() -> None:
    for zipcode in IN_USE:
        for shown in named(search(places(), str(zipcode), 100).places):
            assert zipcode_of(shown) == zipcode, shown


def test_every_name_stands_for_its_zipcodes() -> None:
    for name, zipcodes in ZIPCODES_BY_ANY_NAME.items():
        assert zipcodes <= zipcodes_of(name), name


def test_every_name_with_one_of_its_zipcodes_stands_for_that_one() -> None:
    for name, zipcodes in ZIPCODES_BY_ANY_NAME.items():
        for zipcode in zipcodes:
            assert zipcode_of(f"{zipcode} {name}") == zipcode_of(f"{name} {zipcode}") == zipcode, name


def test_every_name_of_several_zipcodes_is_offered_and_not_chosen() -> None:
    zipcodes_by_folded: dict[str, set[int]] = {}
    for name, zipcodes in ZIPCODES_BY_ANY_NAME.items():
        zipcodes_by_folded.setdefault(fold(name), set()).update(zipcodes)
    for name, zipcodes in zipcodes_by_folded.items():
        if len(zipcodes) > 1:
            assert zipcode_of(name) is None, name
            assert zipcodes <= zipcodes_of(name), name


def without_accents(name: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", name) if not unicodedata.combining(char))


SPELLINGS: list[Callable[[str], str]] = [
    *(str.upper, str.lower, fold, without_accents),
    lambda name: name.replace("-", " "),
    lambda name: name if name.startswith("'") else name.replace("-", " - "),
    lambda name: name if name[0].isdigit() else name.replace(" ", "-"),
    lambda name: name.replace("'", "’"),
    lambda name: re.sub(r"(?i)\b([dl])['’]\b|['’]([st])-", r"\1\2", name),
    lambda name: re.sub("[äöüÖ]", lambda umlaut: fold(umlaut[0]).title() + "e", name),
    lambda name: unicodedata.normalize("NFD", name),
]
SEPARATORS = ["", " ", ", ", "-", " - ", " / ", "\n", "\u00a0"]


@pytest.mark.slow
def test_every_name_in_every_spelling_and_with_every_separator_stands_for_its_zipcode() -> None:
    for name, zipcodes in ZIPCODES_BY_ANY_NAME.items():
        for spelled in dict.fromkeys(spelling(name) for spelling in SPELLINGS):
            assert zipcodes <= zipcodes_of(spelled), spelled
            for zipcode in zipcodes:
                for separator in SEPARATORS:
                    if spelled[0].isdigit() and separator in ("", "-", "/"):
                        continue  # 7510/3 Suisses
                    after, before = f"{zipcode}{separator}{spelled}", f"{spelled}{separator}{zipcode}"
                    assert zipcode_of(after) == zipcode, after
                    assert separator == "" or zipcode_of(before) == zipcode, before


def test_every_name_may_abbreviate_its_saint() -> None:
    for name, zipcodes in ZIPCODES_BY_NAME.items():
        saint, _, rest = re.sub("[- ]", " ", name, count=1).partition(" ")
        if rest and saint.lower() in ("saint", "sint", "sankt", "sainte"):
            short = "Ste" if saint.lower() == "sainte" else "St"
            for separator in ("-", " ", ". ", ".-"):
                assert zipcodes <= zipcodes_of(short + separator + rest), name


@pytest.mark.serial
@pytest.mark.parametrize(
    "text", ["Gent, " * 2000, "9000 " + "Gent-" * 2000, "9000 Gent " * 2000, "9000" + ", Antwerpe" * 2000]
)
def test_long_text_costs_little_time(text: str) -> None:
    assert cpu_seconds(lambda: zipcodes_of(text), times=1) < 0.5  # measured: 0.05


@searching
@given(text=st.text(max_size=30))
@example("b-")
@example("st ")
@example("-")
@example("b, be")
@example("9000 -")
@example(" - ")
def test_any_text_is_interpreted_or_rejected(text: str) -> None:
    try:
        found = interpret(text)
    except (ZipcodeNotFound, ZipcodeNotValid):
        return
    assert found.zipcode is not None or found.places
    assert len(found.places) <= MAX_PLACES
    assert len(found.places) == min(found.total, MAX_PLACES)


def test_without_places_a_zipcode_stands_for_itself_and_a_name_is_not_found() -> None:
    assert interpretation.interpret(WITHOUT_PLACES, "B-9000").zipcode == 9000
    for text in ("gent", "9000 gent"):
        with pytest.raises(ZipcodeNotFound):
            interpretation.interpret(WITHOUT_PLACES, text)
    with pytest.raises(ZipcodeNotValid):
        interpretation.interpret(WITHOUT_PLACES, "999")
