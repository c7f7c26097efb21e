"""The names of a place: how they are told, and the form in which they are searched."""

from typing import Any, Dict, List

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from webapp.data.zipcode_models import Place
from webapp.zipcodes.place_names import (
    describe,
    describe_all,
    municipality_in,
    name_in,
    search_form,
    search_text,
    spellings,
)

# All letters of the languages of Belgium and its neighbours; a dotless i has no capital of its own.
EUROPEAN = st.text(st.characters(max_codepoint=0x17F, exclude_characters="ı"), max_size=30)


def place(**changed: Any) -> Place:
    """Eupen, or what has been changed of it."""
    eupen = {
        **{"zipcode": 4700, "name": "Eupen", "name_nl": "Eupen", "name_fr": "Eupen", "name_de": "Eupen"},
        **{"municipality_nl": "Eupen", "municipality_fr": "Eupen", "municipality_de": "Eupen"},
        **{"nis": "63023", "province_nl": "Luik", "province_fr": "Liège"},
        **{"region": "Wallonia", "language": "de"},
    }
    return Place(**{**eupen, **changed})


def called(language: str, nl: str = "", fr: str = "", de: str = "") -> str:
    """The name of a place that GeoNames calls Nergens."""
    return describe(place(name="Nergens", name_nl=nl, name_fr=fr, name_de=de, language=language))["name"]


# The form in which names are searched


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Gent", "gent"),
        ("GENT", "gent"),
        ("Liège", "liege"),
        ("Lie\u0300ge", "liege"),
        ("Brüssel", "brussel"),
        ("LIÈGE", "liege"),
        ("Saint-Éloi", "saint eloi"),
        ("Çà et là", "ca et la"),
        ("Braine-l'Alleud", "braine l alleud"),
        ("Braine-l’Alleud", "braine l alleud"),
        ("Sacré-Cœur", "sacre coeur"),
        ("SACRÉ-CŒUR", "sacre coeur"),
        ("Æ", "ae"),
        ("ﬂémalle", "flemalle"),
        ("Ĳzer", "ijzer"),
        ("Weiße Straße", "weisse strasse"),
        ("WEISSE STRASSE", "weisse strasse"),
        ("  De \t Haan\n", "de haan"),
        ("Sint--Truiden -", "sint truiden"),
        ("De\u00a0Haan", "de haan"),
        ("Ge\0nt", "ge nt"),
        ("9000  Gent", "9000 gent"),
        ("９０００", "9000"),
        ("900²", "900"),
        ("90②0", "90 0"),
        ("½ Gent⁴", "gent"),
        ("G_nt%", "g nt"),
        ("|gent|", "gent"),
        ("-", ""),
        ("\0", ""),
        (" ", ""),
        ("", ""),
    ],
    ids=ascii,
)
def test_a_name_is_searched_by_its_small_letters_and_digits(text: str, form: str) -> None:
    assert search_form(text) == form


@settings(deadline=None, database=None, max_examples=300)
@given(text=st.text(max_size=30))
@example("%_|\\'\"*?[]-\0 ")
def test_any_text_becomes_words_of_letters_and_digits(text: str) -> None:
    form = search_form(text)
    assert form == "" or all(word.isalnum() for word in form.split(" "))


@settings(deadline=None, database=None, max_examples=300)
@given(text=st.text(max_size=30))
@example("ℌ ᴳent Ǽ")
def test_the_form_of_a_form_is_the_same(text: str) -> None:
    assert search_form(search_form(text)) == search_form(text)


@settings(deadline=None, database=None, max_examples=300)
@given(text=EUROPEAN)
@example("Sint-Jans-Molenbeek")
def test_capitals_and_hyphens_make_no_difference(text: str) -> None:
    alike = [text.upper(), text.lower(), text.replace("-", " "), text.replace(" ", "-"), f"-{text} "]
    assert {search_form(other) for other in alike} == {search_form(text)}


@pytest.mark.parametrize(
    ("names", "written"),
    [
        (["Gent", "Gent", "Gand", "GENT"], "|gent|gand|"),
        (["Brussel", "Bruxelles", "Brüssel"], "|brussel|bruxelles|"),
        (["Sint-Truiden", "", "Saint-Trond"], "|sint truiden|saint trond|"),
        (["A|B"], "|a b|"),
    ],
    ids=lambda value: value if isinstance(value, str) else "names",
)
def test_each_name_is_written_once_between_bars(names: List[str], written: str) -> None:
    assert search_text(names) == written


def test_names_that_are_empty_leave_nothing_to_find() -> None:
    assert search_text(["", "-"]).strip("|") == search_text([]).strip("|") == ""


@pytest.mark.parametrize(
    ("form", "full"),
    [
        ("st vith", ["saint vith", "sint vith", "sankt vith"]),
        ("ste cecile", ["sainte cecile"]),
        ("st pieters kapelle", ["saint pieters kapelle", "sint pieters kapelle", "sankt pieters kapelle"]),
        ("st v", ["saint v", "sint v", "sankt v"]),
        *((form, []) for form in ("st", "ste", "gent", "stekene", "sts vith", "sint truiden", "")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_abbreviated_saint_is_written_in_full_as_each_language_does(form: str, full: List[str]) -> None:
    assert spellings(form) == full


def test_an_abbreviated_saint_may_stand_anywhere_in_a_name() -> None:
    assert "woluwe saint lambert" in spellings("woluwe st lambert")
    assert "berchem sainte agathe" in spellings("berchem ste agathe")
    assert spellings("aan de st") == []


# What is told of a place


def test_a_place_is_told_with_all_its_names_and_where_it_is() -> None:
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


def test_a_place_in_brussels_has_its_name_in_both_languages_and_no_province() -> None:
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


def test_a_province_is_told_in_the_languages_in_which_it_has_a_name() -> None:
    assert describe(place(province_fr=""))["province"] == {"nl": "Luik"}


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("nl", "Luik"),
        ("fr", "Liège"),
        ("de", "Lüttich"),
        ("nl+fr", "Luik / Liège"),
        ("fr+nl", "Liège / Luik"),
    ],
)
def test_a_place_is_called_as_in_its_own_language(language: str, name: str) -> None:
    assert called(language, nl="Luik", fr="Liège", de="Lüttich") == name


def test_two_names_that_are_the_same_are_told_once() -> None:
    assert called("nl+fr", nl="Jette", fr="Jette") == "Jette"


def test_in_brussels_a_place_may_have_one_name_only() -> None:
    assert called("nl+fr", fr="Haren") == "Haren"


def test_a_place_without_a_name_in_its_own_language_is_called_as_by_geonames() -> None:
    assert called("nl", fr="Nulle part") == "Nergens"


def test_a_place_whose_only_name_is_that_of_geonames_is_called_so() -> None:
    only = describe(place(name="Nergens", name_nl="", name_fr="", name_de=""))
    assert (only["name"], only["names"]) == ("Nergens", {})


def test_places_are_told_in_the_order_of_their_own_names() -> None:
    zele, aat = place(name="Zele", name_de="Aachen"), place(name="Aat", name_de="Zulte")
    eupen = place()
    assert [told["name"] for told in describe_all([aat, eupen, zele])] == ["Aachen", "Eupen", "Zulte"]


def test_of_no_places_nothing_is_told() -> None:
    assert describe_all([]) == []


# What a place is called in the language of a page


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
    ("changed", "names"),
    [
        (LIEGE, ["Luik (Liège)", "Liège", "Lüttich (Liège)", "Liège"]),
        (LAKEN, ["Laken", "Laeken", "Laken / Laeken", "Laken / Laeken"]),
        (BRUSSELS, ["Brussel", "Bruxelles", "Brüssel (Brussel / Bruxelles)", "Brussel / Bruxelles"]),
        (DRONGEN, ["Drongen", "Tronchiennes (Drongen)", "Drongen", "Drongen"]),
        (JETTE, ["Jette"] * 4),
        (NAMELESS, ["Nergens"] * 4),
        ({}, ["Eupen"] * 4),
    ],
    ids=lambda value: value.get("name_nl") if isinstance(value, dict) else "",
)
def test_after_a_translated_name_comes_what_the_place_is_called_there(
    changed: Dict[str, str], names: List[str]
) -> None:
    told = describe(place(**changed))
    assert [name_in(told, language) for language in ("nl", "fr", "de", "en")] == names


def test_a_name_that_only_begins_like_the_one_there_is_told_with_it() -> None:
    told = describe(place(name_nl="Halle", name_fr="Hal", language="nl"))
    assert name_in(told, "fr") == "Hal (Halle)"


@pytest.mark.parametrize(
    ("language", "name"), [("nl", "Luik"), ("fr", "Liège"), ("de", "Lüttich"), ("en", "Liège")]
)
def test_a_municipality_is_called_so_in_each_language_or_as_it_is_there(language: str, name: str) -> None:
    of_liege = {"municipality_nl": "Luik", "municipality_fr": "Liège", "municipality_de": "Lüttich"}
    assert municipality_in(describe(place(**LIEGE, **of_liege)), language) == name


def test_a_municipality_without_a_name_in_the_language_has_one_of_the_place_itself() -> None:
    huy = {"name": "Huy", "name_nl": "Hoei", "name_fr": "Huy", "name_de": "", "language": "fr"}
    of_huy = {"municipality_nl": "Hoei", "municipality_fr": "Huy", "municipality_de": ""}
    assert municipality_in(describe(place(**huy, **of_huy)), "de") == "Huy"
    of_brussels = {"municipality_nl": "Brussel", "municipality_fr": "Bruxelles", "municipality_de": ""}
    assert municipality_in(describe(place(**LAKEN, **of_brussels)), "de") == "Brussel"


def test_a_municipality_has_any_name_rather_than_none() -> None:
    only_german = {"municipality_nl": "", "municipality_fr": "", "municipality_de": "Eupen"}
    assert municipality_in(describe(place(**NAMELESS, **only_german)), "nl") == "Eupen"
    assert municipality_in(describe(place(**DRONGEN, **only_german)), "en") == "Eupen"
    none = {"municipality_nl": "", "municipality_fr": "", "municipality_de": ""}
    assert municipality_in(describe(place(**none)), "nl") == ""
