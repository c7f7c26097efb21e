"""Places: their description, their names by language, and the order of a search."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.conftest import ORDINARY_DAY
from tests.zipcodes.seed import IN_USE, NAME_COLUMNS, OTHER_NAMES, PLACES, SPECIAL, places
from webapp.i18n.folding import fold
from webapp.zipcodes.place import SPECIAL_KINDS, PlaceRow, describe, municipality_in, name_in
from webapp.zipcodes.places import Places

EUPEN = PlaceRow(
    zipcode=4700, name="Eupen", name_nl="Eupen", name_fr="Eupen", name_de="Eupen",
    municipality_nl="Eupen", municipality_fr="Eupen", municipality_de="Eupen", nis="63023",
    province_nl="Luik", province_fr="Liège", region="Wallonia", language="de", lat=50.63, lon=6.03,
)  # fmt: skip


def place(**changes: Any) -> PlaceRow:
    """Return Eupen with some fields changed."""
    return EUPEN._replace(**changes)


def local_name(language: str, nl: str = "", fr: str = "", de: str = "") -> str:
    """Return the name of a place that GeoNames calls Nergens."""
    return describe(place(name="Nergens", name_nl=nl, name_fr=fr, name_de=de, language=language))["name"]


# The description


def test_description_has_all_names_municipality_province_and_region() -> None:
    gent = place(
        **{"zipcode": 9000, "name": "Gent", "name_nl": "Gent", "name_fr": "Gand", "name_de": "Gent"},
        **{"municipality_nl": "Gent", "municipality_fr": "Gand", "municipality_de": "Gent"},
        **{"nis": "44021", "province_nl": "Oost-Vlaanderen", "province_fr": "Flandre orientale"},
        **{"region": "Flanders", "language": "nl"},
    )
    assert describe(gent) == {
        "name": "Gent",
        "names": {"nl": "Gent", "fr": "Gand", "de": "Gent"},
        "municipality": {"nis": "44021", "names": {"nl": "Gent", "fr": "Gand", "de": "Gent"}},
        "province": {"nl": "Oost-Vlaanderen", "fr": "Flandre orientale"},
        "region": "Flanders",
    }


def test_place_in_brussels_has_its_name_in_both_languages_and_no_province() -> None:
    laken = place(
        **{"name": "Laeken", "name_nl": "Laken", "name_fr": "Laeken", "name_de": ""},
        **{"municipality_nl": "Brussel", "municipality_fr": "Bruxelles", "municipality_de": ""},
        **{"nis": "21004", "province_nl": "", "province_fr": "", "region": "Brussels", "language": "nl+fr"},
    )
    assert describe(laken) == {
        "name": "Laken / Laeken",
        "names": {"nl": "Laken", "fr": "Laeken"},
        "municipality": {"nis": "21004", "names": {"nl": "Brussel", "fr": "Bruxelles"}},
        "province": None,
        "region": "Brussels",
    }


def test_province_is_described_in_the_languages_in_which_it_has_a_name() -> None:
    assert describe(place(province_fr=""))["province"] == {"nl": "Luik"}


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("fr", "Liège"),
        ("de", "Lüttich"),
        ("nl+fr", "Luik / Liège"),
        ("fr+nl", "Liège / Luik"),
    ],
)
def test_place_has_its_name_in_its_own_language(language: str, name: str) -> None:
    assert local_name(language, nl="Luik", fr="Liège", de="Lüttich") == name


def test_same_name_in_both_languages_is_given_once() -> None:
    assert local_name("nl+fr", nl="Jette", fr="Jette") == "Jette"


def test_place_of_two_languages_may_have_one_name_only() -> None:
    assert local_name("nl+fr", fr="Haren") == "Haren"


def test_place_without_a_name_in_any_language_has_the_one_of_geonames() -> None:
    nameless = describe(place(name="Nergens", name_nl="", name_fr="", name_de=""))
    assert (nameless["name"], nameless["names"]) == ("Nergens", {})


# The name in the language of a page


LIEGE = {"name": "Liège", "name_nl": "Luik", "name_fr": "Liège", "name_de": "Lüttich", "language": "fr"}
LAKEN = {"name": "Laeken", "name_nl": "Laken", "name_fr": "Laeken", "name_de": "", "language": "nl+fr"}
BRUSSELS = {"name_nl": "Brussel", "name_fr": "Bruxelles", "name_de": "Brüssel", "language": "nl+fr"}
DRONGEN = {
    "name": "Drongen",
    "name_nl": "Drongen",
    "name_fr": "Tronchiennes",
    "name_de": "",
    "language": "nl",
}
JETTE = {"name": "Jette", "name_nl": "Jette", "name_fr": "Jette", "name_de": "Jette", "language": "nl+fr"}
NAMELESS = {"name": "Nergens", "name_nl": "", "name_fr": "", "name_de": "", "language": "nl"}


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        (LIEGE, ["Luik (Liège)", "Liège", "Lüttich (Liège)", "Liège"]),
        (LAKEN, ["Laken", "Laeken", "Laken / Laeken", "Laken / Laeken"]),
        (BRUSSELS, ["Brussel", "Bruxelles", "Brüssel (Brussel / Bruxelles)", "Brussel / Bruxelles"]),
        (JETTE, ["Jette"] * 4),
        (NAMELESS, ["Nergens"] * 4),
    ],
    ids=lambda value: value.get("name_nl") if isinstance(value, dict) else "",
)
def test_translated_name_is_followed_by_the_local_one(changes: dict[str, str], names: list[str]) -> None:
    description = describe(place(**changes))
    assert [name_in(description, language) for language in ("nl", "fr", "de", "en")] == names


def test_translated_name_that_begins_the_local_one_is_followed_by_it() -> None:
    assert name_in(describe(place(name_nl="Halle", name_fr="Hal", language="nl")), "fr") == "Hal (Halle)"


@pytest.mark.parametrize(
    ("language", "name"), [("nl", "Luik"), ("fr", "Liège"), ("de", "Lüttich"), ("en", "Liège")]
)
def test_municipality_has_its_name_in_each_language_or_its_own(language: str, name: str) -> None:
    of_liege = {"municipality_nl": "Luik", "municipality_fr": "Liège", "municipality_de": "Lüttich"}
    assert municipality_in(describe(place(**LIEGE, **of_liege)), language) == name


def test_municipality_without_a_name_in_the_language_has_one_of_the_place_itself() -> None:
    huy = {"name": "Huy", "name_nl": "Hoei", "name_fr": "Huy", "name_de": "", "language": "fr"}
    of_huy = {"municipality_nl": "Hoei", "municipality_fr": "Huy", "municipality_de": ""}
    assert municipality_in(describe(place(**huy, **of_huy)), "de") == "Huy"
    of_brussels = {"municipality_nl": "Brussel", "municipality_fr": "Bruxelles", "municipality_de": ""}
    assert municipality_in(describe(place(**LAKEN, **of_brussels)), "de") == "Brussel"


def test_municipality_has_any_name_rather_than_none() -> None:
    only_german = {"municipality_nl": "", "municipality_fr": "", "municipality_de": "Eupen"}
    assert municipality_in(describe(place(**NAMELESS, **only_german)), "nl") == "Eupen"
    assert municipality_in(describe(place(**DRONGEN, **only_german)), "en") == "Eupen"
    none = {"municipality_nl": "", "municipality_fr": "", "municipality_de": ""}
    assert municipality_in(describe(place(**none)), "nl") == ""


# All places by zipcode, and in the order of a search


def test_places_of_a_zipcode_are_in_the_order_of_their_local_names() -> None:
    zele, aat = place(name="Zele", name_de="Aachen"), place(name="Aat", name_de="Zulte")
    found = Places([aat, EUPEN, zele, place(zipcode=4701)], ORDINARY_DAY).with_zipcode(4700)
    assert [description["name"] for description in found] == ["Aachen", "Eupen", "Zulte"]


def test_zipcode_that_is_not_in_use_has_no_kind_and_no_places() -> None:
    assert (places().kind(1001), places().with_zipcode(1001)) == (None, [])


def test_every_special_zipcode_is_in_use_and_no_zipcode_of_a_locality() -> None:
    zipcodes = {int(row["zipcode"]) for row in SPECIAL}
    assert len(zipcodes) == 45
    assert all(places().kind(zipcode) in SPECIAL_KINDS for zipcode in zipcodes)
    assert not zipcodes & set(places().zipcodes)


def test_small_words_inside_a_name_are_in_lower_case() -> None:
    words = (
        "La|Le|Les|L|Lez|De|Du|Des|D|En|Et|Sur|Sous|Au|Aux|À|Par|Devant|Aan|Op|Bij|In|Ten|Ter|Van|Den|Der|T|S"
    )
    columns = [column for column in PLACES[0] if column.startswith(("name", "municipality"))]
    names = {row[column] for row in PLACES for column in columns}
    inside = re.compile(f"[-'](?:{words})[-']|^'S |[a-z][A-Z]|Ij")
    assert sorted(filter(inside.search, names)) == []


def test_dutch_article_and_hyphenated_names_have_their_hyphens() -> None:
    names = {row[column] for row in PLACES for column in row if column.startswith(("name", "municipality"))}
    assert [name for name in names if name.startswith(("'s ", "'t "))] == []
    assert "Kessel-Lo" in names


def test_other_name_has_a_source_and_is_no_name_of_a_place_in_use() -> None:
    named: dict[str, set[tuple[str, str]]] = {}
    for row in [*PLACES, *SPECIAL]:
        for column in NAME_COLUMNS:
            named.setdefault(fold(row[column]), set()).add((row["zipcode"], row["name"]))
    for other in OTHER_NAMES:
        assert other["source"], other
        if other["kind"] != "municipality":
            assert fold(other["name"]) not in named, other


def test_place_in_brussels_has_a_german_name_only_if_it_is_one() -> None:
    german = {row["name_de"] for row in PLACES if row["region"] == "Brussels"}
    assert german == {"", "Brüssel"}


def test_zipcodes_in_use_are_in_ascending_order() -> None:
    assert places().zipcodes == IN_USE
    assert Places([place(zipcode=9000), EUPEN, EUPEN], ORDINARY_DAY).zipcodes == [4700, 9000]


def test_candidate_has_each_folded_name_once_between_bars() -> None:
    sint_truiden = place(
        **{"name": "Sint-Truiden", "name_nl": "SINT TRUIDEN", "name_fr": "Saint|Trond", "name_de": ""},
        **{"municipality_nl": "Brussel", "municipality_fr": "Bruxelles", "municipality_de": "Brüssel"},
    )
    (candidate,) = Places([sint_truiden], ORDINARY_DAY).candidates
    assert candidate.names == "|sint truiden|saint trond|"
    assert candidate.municipality == "|brussel|bruxelles|bruessel|"


def test_candidate_without_a_name_to_fold_matches_nothing() -> None:
    nameless = Places([place(name="-", name_nl="", name_fr="", name_de="")], ORDINARY_DAY)
    assert nameless.candidates[0].names.strip("|") == ""


def test_candidates_are_in_the_same_order_however_the_rows_are() -> None:
    others = places().special_rows[::-1], places().other_names[::-1]
    shuffled = Places(places().rows[::-1], ORDINARY_DAY, *others)
    assert [each.row for each in shuffled.candidates] == [each.row for each in places().candidates]
    assert len(places().candidates) == len(PLACES) + len(SPECIAL)


def test_places_are_the_same_only_with_the_same_contents_and_instant() -> None:
    seed = places()
    contents = seed.rows, seed.loaded_at, seed.special_rows, seed.other_names
    assert Places(*contents).is_same(seed)
    for other in (
        Places(seed.rows[1:], *contents[1:]),
        Places(seed.rows, None, *contents[2:]),
        Places(*contents[:2], seed.special_rows[1:], seed.other_names),
        Places(*contents[:3], seed.other_names[1:]),
    ):
        assert not other.is_same(seed)
