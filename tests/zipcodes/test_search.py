"""Search of places by zipcode and name."""

from __future__ import annotations

import re
from typing import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.conftest import ORDINARY_DAY
from tests.zipcodes.seed import IN_USE, NAME_COLUMNS, OTHER_NAMES, PLACES, SPECIAL, place_row, places
from tests.zipcodes.slow_search import SEARCHED, Key, expected, fold, key, rank
from webapp.zipcodes import search
from webapp.zipcodes.places import Places

ALL = 5000

searching = settings(deadline=None, database=None, max_examples=60)


def suggested(text: str, limit: int = ALL) -> list[Key]:
    found = []
    for place in search.search(places(), text, limit).places:
        dutch, french, german = (place["names"].get(language, "") for language in ("nl", "fr", "de"))
        found.append((place["zipcode"], dutch, french, german))
    return found


def named(text: str, limit: int = ALL) -> list[str]:
    """Return zipcode and name of each suggestion."""
    return [f"{place['zipcode']} {place['name']}" for place in search.search(places(), text, limit).places]


# By zipcode


def test_suggestion_has_zipcode_names_municipality_and_region() -> None:
    assert search.search(places(), "9000", 10).places == [
        {
            "zipcode": 9000,
            "name": "Gent",
            "names": {"nl": "Gent", "fr": "Gand", "de": "Gent"},
            "municipality": {"nis": "44021", "names": {"nl": "Gent", "fr": "Gand", "de": "Gent"}},
            "province": {"nl": "Oost-Vlaanderen", "fr": "Flandre orientale"},
            "region": "Flanders",
        }
    ]


def test_organisation_is_suggested_without_a_municipality() -> None:
    assert search.search(places(), "otan", 10).places == [
        {
            "zipcode": 1110,
            "name": "NAVO / OTAN",
            "names": {"nl": "NAVO", "fr": "OTAN", "de": "NATO", "en": "NATO"},
            "municipality": {"nis": "", "names": {}},
            "province": None,
            "region": "Brussels",
        }
    ]


@pytest.mark.parametrize("digits", ["1", "90", "904", "1000", "1931", "9999", "0"])
def test_digits_match_the_zipcodes_that_begin_with_them(digits: str) -> None:
    found = [str(zipcode) for zipcode, *_names in suggested(digits)]
    assert found == sorted(row["zipcode"] for row in PLACES + SPECIAL if row["zipcode"].startswith(digits))


@pytest.mark.parametrize(
    "main",
    [
        *("2040 Antwerpen", "9042 Mendonk"),
        # Of municipalities that were merged in 2025
        *("3700 Tongeren", "9120 Beveren-Waas", "9820 Merelbeke", "3740 Bilzen", "3730 Hoeselt"),
        *("3840 Borgloon", "1570 Galmaarden", "9150 Kruibeke", "9810 Nazareth", "2070 Zwijndrecht"),
        # Of which no place is named as the municipality, but one as a part of it
        *("8301 Heist-aan-Zee", "7911 Frasnes-lez-Buissenal", "6120 Nalinnes", "5100 Jambes"),
    ],
)
def test_main_place_comes_first_in_a_zipcode(main: str) -> None:
    assert named(main[:4], 1) == [main]


@pytest.mark.parametrize("text", ["90000", "9000 0", "1" * 5000])
def test_more_than_four_digits_match_nothing(text: str) -> None:
    assert named(text) == []


@pytest.mark.parametrize("text", ["90000 gent", "8000 gent", "9000 gentbrugge"])
def test_name_after_another_zipcode_matches_nothing(text: str) -> None:
    assert named(text) == []


@pytest.mark.parametrize("text", ["9000 gent", "9000gent", "9000 - Gand", " 90 GEN ", "gent 9000"])
def test_zipcode_and_name_together_match(text: str) -> None:
    assert named(text)[0] == "9000 Gent"


def test_digits_narrow_a_name_down() -> None:
    assert named("halle") == [
        *("1500 Halle", "2980 Halle", "6986 Halleux", "3440 Halle-Booienhoven", "4280 Grand-Hallet"),
        *("4280 Petit-Hallet", "6698 Grand-Halleux", "1502 Lembeek", "1501 Buizingen"),
    ]
    assert named("2 halle") == ["2980 Halle"]


# By name


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("GAND", "9000 Gent"),
        ("luik", "4000 Liège"),
        ("Lüttich", "4000 Liège"),
        ("LUTTICH", "4000 Liège"),
        ("Elsene", "1050 Elsene / Ixelles"),
        ("schoenberg", "4782 Schönberg"),
        ("'s-Gravenbrakel", "7090 Braine-le-Comte"),
        ("Braine-l’Alleud", "1420 Braine-l'Alleud"),
        ("alleud", "1420 Braine-l'Alleud"),
        # Other names
        ("Ghent", "9000 Gent"),
        ("antwer", "2000 Antwerpen"),
        ("Coxyde", "8670 Koksijde"),
        ("Arel", "6700 Arlon"),
        ("meeuwen-gr", "3670 Meeuwen"),
        # Organisations
        ("shape", "7010 SHAPE"),
        ("europees p", "1047 Europees Parlement / Parlement européen"),
        ("Flemish Parliament", "1011 Vlaams Parlement / Parlement flamand"),
    ],
)
def test_place_is_found_by_its_name_in_any_language(text: str, first: str) -> None:
    assert named(text, 1) == [first]


@pytest.mark.parametrize(
    "text",
    [
        *("sint truiden", "SINT TRUIDEN", " sint--truiden ", "Sínt-Trüiden", "sint\u00a0truiden"),
        *("saint tr", "truiden", "3800 truiden", "sint\0truiden"),
    ],
    ids=ascii,
)
def test_case_accents_hyphens_and_the_word_of_a_name_make_no_difference(text: str) -> None:
    assert named(text, 1) == ["3800 Sint-Truiden"]


@pytest.mark.parametrize("text", ["ruiden", "ent", "truidensint", "truiden sint", "gent gand"])
def test_name_is_not_found_by_letters_inside_a_word(text: str) -> None:
    assert not {"9000 Gent", "3800 Sint-Truiden"} & set(named(text))


def test_other_name_of_a_municipality_finds_its_places_too() -> None:
    assert "9050 Gentbrugge" in named("ghent")
    assert "1930 Zaventem" in named("saventhem")
    assert "1930 Nossegem" in named("saventhem")
    assert named("sart-tilman") == ["4000 Liège"]  # a part of Liège, and not of all its places


# By name, with an abbreviation


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("St-Vith", "4780 Sankt Vith"),
        ("st.vith", "4780 Sankt Vith"),
        ("ST TROND", "3800 Sint-Truiden"),
        ("st truiden 3800", "3800 Sint-Truiden"),
        ("ste cec", "6820 Sainte-Cécile"),
        ("St-Nicolas", "9100 Sint-Niklaas"),
        ("Woluwe-St-Lambert", "1200 Sint-Lambrechts-Woluwe / Woluwe-Saint-Lambert"),
        ("Berchem-Ste-Agathe", "1082 Sint-Agatha-Berchem / Berchem-Sainte-Agathe"),
        ("Nil-St-Vincent-St-Martin", "1457 Nil-Saint-Vincent-Saint-Martin"),
        ("Nil-Saint-Vincent-St-Martin", "1457 Nil-Saint-Vincent-Saint-Martin"),
        ("O.L.V.-Waver", "2861 Onze-Lieve-Vrouw-Waver"),
        ("olv lom", "1760 Onze-Lieve-Vrouw-Lombeek"),
        ("Chaussée-N.D.-Louvignies", "7063 Chaussée-Notre-Dame-Louvignies"),
        ("Chapelle-les-Herlaimont", "7160 Chapelle-lez-Herlaimont"),
    ],
)
def test_name_may_be_abbreviated_as_on_an_envelope(text: str, first: str) -> None:
    assert named(text, 1) == [first]


@pytest.mark.parametrize(("text", "first"), [("st", "8840 Staden"), ("ste", "9190 Stekene")])
def test_abbreviation_without_a_word_after_it_begins_a_name(text: str, first: str) -> None:
    assert named(text, 1) == [first]
    assert suggested(text) == expected(text, ALL)


@pytest.mark.parametrize(
    "text", ["sts truiden", "sint st truiden", "ste truiden", "st zzz", "st 北京"], ids=ascii
)
def test_abbreviation_that_is_no_saint_matches_nothing(text: str) -> None:
    assert named(text) == []


def test_place_that_abbreviates_its_saint_itself_is_found_alone() -> None:
    vith = next(row for row in PLACES if row["name_fr"] == "Saint-Vith")
    names = dict.fromkeys(NAME_COLUMNS, "St-Vith")
    with_abbreviated = Places([*places().rows, place_row(vith, zipcode=4799, **names)], ORDINARY_DAY)
    assert [place["zipcode"] for place in search.search(with_abbreviated, "st-vith", ALL).places] == [4799]


SAINT = re.compile(r"\b(saint|sint|sankt|sainte) ")
SAINTS = sorted({name for place in SEARCHED for name in place.names if SAINT.match(name)})


def abbreviated(name: str) -> str:
    return SAINT.sub(lambda saint: "ste " if saint[1] == "sainte" else "st ", name)


def spelled_out(name: str) -> list[str]:
    saint, _, rest = name.partition(" ")
    return [f"{full} {rest}" for full in {"st": ("saint", "sint", "sankt"), "ste": ("sainte",)}[saint]]


@searching
@given(name=st.sampled_from(SAINTS), length=st.integers(1, 30), limit=st.sampled_from([1, 5, 20, ALL]))
@example("sankt vith", 30, ALL)
@example("saint pierre", 8, 20)
@example("sainte cecile", 30, 5)
def test_abbreviated_saint_finds_each_place_once_and_the_best_first(
    name: str, length: int, limit: int
) -> None:
    text = abbreviated(name)
    text = text[: text.index(" ") + 1 + length].strip()
    ranks: dict[Key, int] = {}
    for place in SEARCHED:
        matches = [rank for rank in (rank(place, full) for full in spelled_out(text)) if rank is not None]
        if matches:
            ranks[key(place.row)] = min(matches)
    found = suggested(text, limit)
    assert len(found) == len(set(found)) == min(limit, len(ranks))
    assert [ranks[key] for key in found] == sorted(ranks.values())[:limit]


def test_every_saint_inside_a_name_may_be_abbreviated() -> None:
    for name in sorted({name for place in SEARCHED for name in place.names if SAINT.search(name)}):
        places_named = {key(place.row) for place in SEARCHED if name in place.names}
        assert places_named <= set(suggested(abbreviated(name), 100)), name


# Order and number


def test_exact_name_ranks_before_beginning_before_word_before_municipality() -> None:
    assert named("louvain") == [
        "3000 Leuven",
        "1348 Louvain-la-Neuve",
        "1340 Ottignies-Louvain-la-Neuve",
        *("3012 Wilsele", "3001 Heverlee", "3018 Wijgmaal", "3010 Kessel-Lo"),
    ]


def test_exact_name_in_another_language_ranks_first_too() -> None:
    assert named("hal", 3) == ["1500 Halle", "3545 Halen", "2980 Halle"]


def test_place_named_as_its_municipality_ranks_before_a_shorter_name() -> None:
    assert named("gen", 5) == ["3600 Genk", "9000 Gent", "1470 Genappe", "7040 Genly", "1332 Genval"]
    assert named("aalst", 2) == ["9300 Aalst", "3800 Aalst"]


def test_name_with_the_accents_of_the_text_ranks_before_equal_ones() -> None:
    assert named("liè", 3) == ["4000 Liège", "4020 Liège", "2500 Lier"]
    assert named("lie\u0300", 3) == named("LIÈ", 3) == named("liè", 3)
    assert named("lie", 1) == ["2500 Lier"]


def test_organisations_rank_last_unless_it_is_their_whole_name() -> None:
    assert named("liège")[-1] == "4075 CSM Liège X"
    assert named("nato") == ["1110 NAVO / OTAN", "5360 Natoye"]  # whose whole name it is


def test_zipcodes_of_one_place_rank_in_ascending_order() -> None:
    assert named("antwerpen", 7) == [
        f"{zipcode} Antwerpen" for zipcode in (2000, 2018, 2020, 2030, 2040, 2050, 2060)
    ]


def test_municipality_without_a_place_of_its_name_is_found_as_its_places() -> None:
    assert named("Pajottegem") == [
        *("1755 Gooik", "1540 Herne", "1570 Galmaarden", "1755 Kester", "1755 Leerbeek", "1755 Oetingen"),
        *("1570 Vollezele", "1570 Tollembeek", "1540 Herfelingen", "1541 Sint-Pieters-Kapelle"),
    ]


@pytest.mark.parametrize("text", ["a", "9", "gent", "st gi", "zzz"])
def test_limit_keeps_the_best_and_total_counts_all(text: str) -> None:
    best = suggested(text)
    assert suggested(text, 2) == best[:2]
    assert search.search(places(), text, 2).total == len(best)


@pytest.mark.parametrize("text", ["", " ", "%", "|", "||", "\0", "\ud800", "！"], ids=ascii)
def test_text_without_letter_or_digit_matches_nothing(text: str) -> None:
    assert named(text) == []


@pytest.mark.parametrize("text", ["gent|gand", "|g|", "gand|", "g%t", "9_", "gent' OR 1=1 --"])
def test_signs_separate_words(text: str) -> None:
    assert suggested(text) == suggested(re.sub("[^a-z0-9]", " ", text)) == expected(text, ALL)


@pytest.mark.parametrize("text", ["zzz", "北京", "٩٠٠٠", "a1b"], ids=ascii)
def test_text_that_no_name_has_matches_nothing(text: str) -> None:
    assert named(text) == []


# All places


def test_every_place_is_found_by_its_zipcode() -> None:
    found = [key for zipcode in IN_USE for key in suggested(str(zipcode), 100)]
    assert sorted(found) == sorted(map(key, PLACES))


SPELLINGS: list[Callable[[str], str]] = [str, str.upper, str.lower, fold]


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A beginning of a name or of its later words, perhaps after digits."""
    row = draw(st.sampled_from([*PLACES, *SPECIAL, *OTHER_NAMES]))
    columns = [column for column in row if column.startswith(("name", "municipality")) and row[column]]
    words = re.split("[ -]", row[draw(st.sampled_from(columns))])
    rest = draw(st.sampled_from(" -")).join(words[draw(st.integers(0, len(words) - 1)) :])
    name = rest[: draw(st.one_of(st.just(len(rest)), st.integers(1, len(rest))))]
    spelled = draw(st.sampled_from(SPELLINGS))(name)
    digits = row["zipcode"][: draw(st.sampled_from([0, 0, 0, 1, 2, 4]))]
    return digits + draw(st.sampled_from(["", " "])) + spelled


@pytest.mark.slow
@searching
@given(text=texts(), limit=st.sampled_from([1, 5, 20, 100, ALL]))
@example("saint", ALL)
@example("hal", ALL)
@example("e", ALL)
@example("h", ALL)
@example("s gr", ALL)
@example("1", ALL)
def test_suggestions_are_those_of_a_slow_search_of_the_seed(text: str, limit: int) -> None:
    assert suggested(text, limit) == expected(text, limit)


def test_without_places_nothing_is_found() -> None:
    without_places = Places((), None)
    assert search.search(without_places, "gent", ALL).places == []
    assert search.search(without_places, "9000", ALL).places == []
