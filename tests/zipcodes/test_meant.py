"""What somebody means who types a zipcode or the name of a place, and what is near when nothing is."""

import csv
import re
from typing import Callable, Dict, Iterator, List, Optional, Set, Tuple

import pytest
from flask import Flask
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from webapp.config import ROOT
from webapp.data.extensions import cache, db
from webapp.data.zipcode_models import Place
from webapp.errors import ZipcodeNotFound, ZipcodeNotValid
from webapp.zipcodes import directory
from webapp.zipcodes.directory import Suggestion
from webapp.zipcodes.meant import LONGEST_NAME, meant, nearest, without_country
from webapp.zipcodes.place_names import search_form

MOST_PLACES, MOST_NEAREST = 12, 6

NAME_COLUMNS = ("name", "name_nl", "name_fr", "name_de")


def _seed() -> List[Dict[str, str]]:
    with (ROOT / "seed" / "postal_codes.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


SEED = _seed()
IN_USE = {int(row["zipcode"]) for row in SEED}


def _zipcodes_by_name() -> Dict[str, Set[int]]:
    found: Dict[str, Set[int]] = {}
    for row in SEED:
        for column in NAME_COLUMNS:
            if row[column]:
                found.setdefault(row[column], set()).add(int(row["zipcode"]))
    return found


# The zipcodes of each name, as the seed has it in any language.
NAMES = _zipcodes_by_name()


@pytest.fixture
def session(shared_app: Flask) -> Iterator[Session]:
    """A session whose work is rolled back after the test, and nothing that was read of it is kept."""
    with shared_app.app_context():
        yield db.session()
        db.session.rollback()
        cache.clear()


def zipcode_of(text: str) -> Optional[int]:
    return meant(text).zipcode


def called(places: List[Suggestion]) -> List[str]:
    return [f"{place['zipcode']} {place['name']}" for place in places]


def near(text: str) -> List[str]:
    return called(nearest(text))


def may_mean(text: str) -> Set[int]:
    """Every zipcode that a text is understood as; none when it is not understood."""
    try:
        found = meant(text)
    except (ZipcodeNotFound, ZipcodeNotValid):
        return set()
    return {place["zipcode"] for place in found.places} | ({found.zipcode} if found.zipcode else set())


# A zipcode


@pytest.mark.parametrize(
    "text",
    [
        *("9000", " 9000 ", "\t9000\n", "B-9000", "b-9000", "B9000", "B 9000", "BE-9000", "BE 9000"),
        *("be9000", " B-9000 "),
    ],
    ids=ascii,
)
def test_a_zipcode_means_itself(session: Session, text: str) -> None:
    assert meant(text) == (9000, [])


@pytest.mark.parametrize("text", ["1311", "1001", "9999", "1000"])
def test_a_zipcode_that_no_place_or_range_has_means_itself_too(session: Session, text: str) -> None:
    assert meant(text) == (int(text), [])


@pytest.mark.parametrize(
    "text",
    [
        *(
            "9000 Gent",
            "9000 Gand",
            "9000 gent",
            "9000gent",
            "9000, Gent",
            "9000-Gent",
            "Gent 9000",
            "9000 gen",
        ),
        *("B-9000 Gent", "BE 9000 Gent", "b9000 gand", "Gent (9000)", "9000 Gent.", "gent, 9000"),
    ],
)
def test_a_zipcode_with_its_place_means_that_place(session: Session, text: str) -> None:
    assert meant(text) == (9000, [])


@pytest.mark.parametrize("text", ["90 gent", "9 gand", "b 9 Gent", "gent 90"])
def test_the_beginning_of_a_zipcode_narrows_a_name_down(session: Session, text: str) -> None:
    assert zipcode_of(text) == 9000
    assert {place["zipcode"] // 100 for place in meant(text).places} == {90}


@pytest.mark.parametrize(
    "text", ["9000,", "9000.", "9000;", "9000 -", "(9000)", "9000\u200b", "９０００"], ids=ascii
)
def test_signs_around_a_zipcode_make_no_difference(session: Session, text: str) -> None:
    """As around a name: `9000, Gent` is understood."""
    assert zipcode_of(text) == 9000


@pytest.mark.parametrize(
    "text",
    [
        *("999", "0999", "90000", "9", "0", "0000", "B-999", "BE 90000", "9" * 10_000, "-", "", " ", "?!"),
        *("\0", "\u200b", "%", "_", "'", "\ud800", "900²", "900①", "²", "⁹⁰⁰⁰", "900½"),
    ],
    ids=lambda text: ascii(text)[:12],
)
def test_what_is_no_zipcode_and_has_no_name_is_not_valid(session: Session, text: str) -> None:
    with pytest.raises(ZipcodeNotValid) as error:
        meant(text)
    assert error.value.message.startswith("A zipcode has four digits, from 1000 to 9999.")


@pytest.mark.parametrize(
    "text",
    [
        *(
            "L-9620",
            "L 9620",
            "l-9620",
            "LU-9620",
            "D-9000",
            "F-4000",
            "CH-9000",
            "NL-2000",
            "A-1050",
        ),
        *("9000 GE", "9000GE", "2000 AN", "1050 IX", "9620 Z", "9000 g", "8370 b-l", "4780 St", "9000 G."),
    ],
)
def test_a_zipcode_of_another_country_is_no_belgian_one(session: Session, text: str) -> None:
    """The letters may be those of Luxembourg, or of a Dutch postcode, and not the beginning of a name."""
    with pytest.raises(ZipcodeNotFound) as error:
        meant(text)
    assert error.value.message == f"No place is found for “{text}”. Check the spelling."
    assert nearest(text)[0]["zipcode"] == int(re.sub("[^0-9]", "", text))


@pytest.mark.parametrize(
    ("text", "zipcode"),
    [("3665 As", 3665), ("As 3665", 3665), ("B-3665 as", 3665), ("6900 On", 6900), ("4190 My", 4190),
     ("8647 Lo", 8647), ("Lo-8647", 8647), ("9000 gen", 9000)],
)  # fmt: skip
def test_two_letters_with_a_zipcode_may_be_the_whole_name_of_a_place(
    session: Session, text: str, zipcode: int
) -> None:
    assert zipcode_of(text) == zipcode


@pytest.mark.parametrize(
    "zipcode", sorted(int(row["zipcode"]) for row in SEED if row["region"] == "Brussels")
)
def test_any_zipcode_of_the_region_may_be_written_with_brussels(sqlite_app: Flask, zipcode: int) -> None:
    with sqlite_app.app_context():
        for name in ("Brussel", "Bruxelles", "Brüssel", "Brussels", "BRUXELLES", "Brussel / Bruxelles"):
            for text in (f"{zipcode} {name}", f"B-{zipcode} {name}", f"{name} {zipcode}"):
                assert zipcode_of(text) == zipcode, text


@pytest.mark.parametrize("text", ["1050/1060", "9000 Gent / 2000 Antwerpen", "Gent / Brussel 1050"])
def test_two_zipcodes_or_places_are_not_taken_for_one(session: Session, text: str) -> None:
    with pytest.raises(ZipcodeNotFound):
        meant(text)


def test_a_zipcode_of_the_region_with_brussels_means_it_alone(session: Session) -> None:
    assert meant("1050 Bruxelles") == (1050, [])


@pytest.mark.parametrize(
    "text",
    [
        "9000 Brussel",
        "1500 Bruxelles",
        "1311 Brussel",
        "1050 Bruxelle",
        "105 Bruxelles",
        "1050 Gent",
        "1050 Gand",
    ],
)
def test_another_zipcode_with_brussels_is_not_found(session: Session, text: str) -> None:
    with pytest.raises(ZipcodeNotFound):
        meant(text)


# A name


@pytest.mark.parametrize(
    ("text", "zipcode"),
    [
        ("Gent", 9000),
        ("gand", 9000),
        ("GAND", 9000),
        (" gent ", 9000),
        ("brussel", 1000),
        ("Bruxelles", 1000),
        ("Brüssel", 1000),
        ("Sint-Truiden", 3800),
        ("sint truiden", 3800),
        ("Saint-Trond", 3800),
        ("st-truiden", 3800),
        ("St. Truiden", 3800),
        ("ST TROND", 3800),
        ("St-Vith", 4780),
        ("Sankt Vith", 4780),
        ("Ste-Cécile", 6820),
        ("ste cecile", 6820),
        ("Sainte-Cécile", 6820),
        ("st-niklaas", 9100),
        ("St-Amand", 6221),  # and not Sint-Amands
        ("st denijs", 8554),  # and not Sint-Denijs-Westrem
        ("ste ode", 6680),
        ("Elsene", 1050),
        ("ixelles", 1050),
        ("3800 st-truiden", 3800),
        ("B-4780 St-Vith", 4780),
        ("Baelen", 4837),
        ("hal", 1500),
        ("Bever", 1547),
    ],
)
def test_the_name_of_a_place_in_any_language_means_its_zipcode(
    session: Session, text: str, zipcode: int
) -> None:
    assert zipcode_of(text) == zipcode


@pytest.mark.parametrize(
    ("text", "zipcode"),
    [("gentbr", 9050), ("blanken", 8370), ("9000 gen", 9000), ("st-josse", 1210)],
)
def test_the_beginning_of_a_name_means_the_only_zipcode_that_it_fits(
    session: Session, text: str, zipcode: int
) -> None:
    assert {place["zipcode"] for place in directory.suggest(text, 100)} == {zipcode}
    assert zipcode_of(text) == zipcode


def test_of_a_place_with_several_zipcodes_it_is_not_clear_which_is_meant(session: Session) -> None:
    found = meant("antwerpen")
    assert found.zipcode is None
    assert called(found.places)[:7] == [
        f"{zipcode} Antwerpen" for zipcode in (2000, 2018, 2020, 2030, 2040, 2050, 2060)
    ]
    assert len(found.places) == MOST_PLACES


def test_of_several_places_with_one_name_it_is_not_clear_either(session: Session) -> None:
    found = meant("Aalst")
    assert (found.zipcode, called(found.places)[:2]) == (None, ["9300 Aalst", "3800 Aalst"])


def test_a_zipcode_tells_places_with_one_name_apart(session: Session) -> None:
    assert (zipcode_of("3800 aalst"), zipcode_of("9300 aalst")) == (3800, 9300)


def test_a_place_that_is_called_so_is_meant_before_those_that_begin_so(session: Session) -> None:
    found = meant("gent")
    assert found.zipcode == 9000
    assert called(found.places)[:2] == ["1450 Gentinnes", "9050 Gentbrugge"]


def test_where_places_only_begin_so_none_is_meant_before_the_others(session: Session) -> None:
    found = meant("sint-truid")
    assert found.zipcode is None
    assert called(found.places)[:2] == ["3800 Sint-Truiden", "3890 Niel-Bij-Sint-Truiden"]


def test_the_places_are_others_than_the_one_that_is_meant(session: Session) -> None:
    for text in ("gent", "hal", "st-vith", "sint-gillis", "brussel", "Liège"):
        found = meant(text)
        assert found.zipcode not in {place["zipcode"] for place in found.places}


@pytest.mark.parametrize("text", ["st-vith", "st vi", "st-gillis", "st t", "st pie", "antwerpen", "saint"])
def test_no_place_is_listed_twice(session: Session, text: str) -> None:
    places = called(meant(text).places)
    assert len(places) == len(set(places))


@pytest.mark.parametrize(
    "text",
    [
        *("gentt", "sinttruiden", "9000 Brussel", "1311 gent", "BE-Gent", "9000 1000", "NL-1000", "L9620"),
        *("٩٠٠٠", "北京", "gent gand", "100 % gent", "' OR 1=1 --", "x" * 10_000, "9000 " + "e" * 10_000),
    ],
    ids=lambda text: ascii(text)[:12],
)
def test_a_name_that_no_place_has_is_not_found(session: Session, text: str) -> None:
    with pytest.raises(ZipcodeNotFound) as error:
        meant(text)
    assert error.value.message == f"No place is found for “{text}”. Check the spelling."


# What the page itself shows may be typed, or chosen there, as it stands


@pytest.mark.parametrize("text", ["1050 Elsene / Ixelles", "1000 Brussel / Bruxelles", "1190 Vorst / Forest"])
def test_a_place_that_is_shown_with_two_names_is_understood(session: Session, text: str) -> None:
    assert zipcode_of(text) == int(text[:4])


@settings(deadline=None, database=None, max_examples=60)
@given(zipcode=st.sampled_from(sorted(IN_USE)))
@example(1050)
@example(4780)
def test_every_suggestion_means_its_own_zipcode(
    sqlite_app: Flask, postgresql_app: Flask, zipcode: int
) -> None:
    for app in (sqlite_app, postgresql_app):
        with app.app_context():
            for shown in called(directory.suggest(str(zipcode), 100)):
                assert zipcode_of(shown) == zipcode, shown


# All names


@settings(deadline=None, database=None, max_examples=100)
@given(name=st.sampled_from(sorted(NAMES)), spell=st.sampled_from([str, str.upper, search_form]))
@example("Antwerpen", str)
@example("Celles", str)
@example("Sint-Pieters-Kapelle", str)
@example("Brüssel", str)
def test_every_name_in_any_language_means_its_zipcode_or_lists_it(
    sqlite_app: Flask, postgresql_app: Flask, name: str, spell: Callable[[str], str]
) -> None:
    assert len(NAMES[name]) <= MOST_PLACES
    for app in (sqlite_app, postgresql_app):
        with app.app_context():
            assert NAMES[name] <= may_mean(spell(name))


@settings(deadline=None, database=None, max_examples=60)
@given(name=st.sampled_from(sorted(NAMES)))
@example("Sint-Truiden")
def test_every_name_with_each_of_its_zipcodes_means_that_one(sqlite_app: Flask, name: str) -> None:
    with sqlite_app.app_context():
        for zipcode in NAMES[name]:
            for text in (f"{zipcode} {name}", f"B-{zipcode} {name}", f"{name} {zipcode}"):
                assert zipcode_of(text) == zipcode, text


SAINTS = re.compile("(?i)^(?:saint|sint|sankt|sainte)[- ]")
ABBREVIATED = sorted(name for name in NAMES if SAINTS.match(name))


@settings(deadline=None, database=None, max_examples=60)
@given(name=st.sampled_from(ABBREVIATED), separator=st.sampled_from(["-", " ", ". ", ".-"]))
@example("Sankt Vith", "-")
@example("Sainte-Cécile", "-")
def test_every_saint_may_be_abbreviated(sqlite_app: Flask, name: str, separator: str) -> None:
    saint, rest = re.split("[- ]", name, maxsplit=1)
    abbreviated = ("Ste" if saint.lower() == "sainte" else "St") + separator + rest
    with sqlite_app.app_context():
        assert NAMES[name] <= may_mean(abbreviated)


@settings(deadline=None, database=None)
@given(text=st.text(max_size=30))
@example("b-")
@example("be")
@example("st ")
@example("ste")
def test_any_text_is_understood_or_refused(sqlite_app: Flask, text: str) -> None:
    with sqlite_app.app_context():
        try:
            found = meant(text)
        except (ZipcodeNotFound, ZipcodeNotValid):
            return
    assert found.zipcode is not None or found.places
    assert len(found.places) <= MOST_PLACES


def test_no_name_is_longer_than_what_is_compared() -> None:
    assert max(len(search_form(name)) for name in NAMES) <= LONGEST_NAME


# What is nearest


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("gentt", "9000 Gent"),
        ("Gnet", "9000 Gent"),
        ("sinttruiden", "3800 Sint-Truiden"),
        ("brusel", "1000 Brussel / Bruxelles"),
        ("Bruxeles", "1000 Brussel / Bruxelles"),
        ("antwerp", "2000 Antwerpen"),
        ("st-truidenn", "3800 Sint-Truiden"),
        ("9000 gentt", "9000 Gent"),
        ("1000 gent", "1000 Brussel / Bruxelles"),
        ("9000 Brussel", "9000 Gent"),
        ("1050 gent", "1050 Elsene / Ixelles"),
        ("gent 1050", "1050 Elsene / Ixelles"),
        ("1311 gent", "9000 Gent"),
        ("9000 xyzzy", "9000 Gent"),
        ("B-1311", "1310 La Hulpe"),
    ],
)
def test_the_most_likely_place_comes_first(session: Session, text: str, first: str) -> None:
    assert near(text)[:1] == [first]


def test_after_the_place_of_a_zipcode_come_those_with_the_name(session: Session) -> None:
    assert near("9000 Brussel")[:2] == ["9000 Gent", "1000 Brussel / Bruxelles"]
    assert near("1050 gent")[:2] == ["1050 Elsene / Ixelles", "9000 Gent"]


@pytest.mark.parametrize(
    "text", ["", " ", "-", "?!", "\0", "北京", "٩٠٠٠", "9000 1000", "xyzzy", "x" * 10_000], ids=ascii
)
def test_nothing_is_near_to_what_is_like_nothing(session: Session, text: str) -> None:
    assert nearest(text) == []


@pytest.mark.parametrize("text", ["1311", "1001", "1000", "9999", "5000", "90000", "99999", "0999", "0000"])
def test_near_to_a_number_are_the_zipcodes_that_differ_least(session: Session, text: str) -> None:
    number = int(text[:4])
    expected = sorted(IN_USE, key=lambda zipcode: (abs(zipcode - number), zipcode))[:MOST_NEAREST]
    assert [place["zipcode"] for place in nearest(text)] == expected


@pytest.mark.parametrize("text", ["1", "9", "90", "999", "53", "137", "B-53"])
def test_near_to_the_beginning_of_a_zipcode_are_those_that_begin_so(session: Session, text: str) -> None:
    digits = text.replace("B-", "")
    expected = [zipcode for zipcode in sorted(IN_USE) if str(zipcode).startswith(digits)][:MOST_NEAREST]
    assert [place["zipcode"] for place in nearest(text)] == expected


def test_a_zipcode_is_told_with_the_place_that_names_its_municipality(session: Session) -> None:
    assert near("2041")[0] == "2040 Antwerpen"
    assert directory.suggest("2040", 1)[0] == nearest("2041")[0]


@pytest.mark.parametrize(
    "text", ["1", "53", "1311", "antwerpn", "st", "sint pieters", "9000 gentt", "e" * 60]
)
def test_at_most_six_zipcodes_are_near_each_with_one_place(session: Session, text: str) -> None:
    zipcodes = [place["zipcode"] for place in nearest(text)]
    assert len(zipcodes) == len(set(zipcodes)) <= MOST_NEAREST


@settings(deadline=None, database=None, max_examples=20)
@given(text=st.one_of(st.text(max_size=20), st.from_regex("[0-9]{1,5} ?[a-z]{0,8}", fullmatch=True)))
@example("9000 antwerpen")
@example("9" * 5000)
@example("ﷺ" * 500)
def test_whatever_is_typed_at_most_six_zipcodes_in_use_are_near(sqlite_app: Flask, text: str) -> None:
    with sqlite_app.app_context():
        zipcodes = [place["zipcode"] for place in nearest(text)]
    assert len(zipcodes) == len(set(zipcodes)) <= MOST_NEAREST
    assert set(zipcodes) <= IN_USE


@st.composite
def misspelt(draw: st.DrawFn) -> Tuple[str, str]:
    """A name of six letters or more, and the same with a letter lost or doubled, or in one word."""
    name = draw(st.sampled_from([name for name in sorted(NAMES) if len(name) > 5]))
    at = draw(st.sampled_from([at for at in range(1, len(name) - 1) if name[at].isalpha()]))
    wrong = [name[:at] + name[at + 1 :], name[:at] + name[at] + name[at:], re.sub("[- ']", "", name)]
    return name, draw(st.sampled_from(wrong))


@settings(deadline=None, database=None, max_examples=15)
@given(names=misspelt())
@example(("Sint-Truiden", "SintTruiden"))
def test_a_name_with_a_typing_error_is_understood_or_near(sqlite_app: Flask, names: Tuple[str, str]) -> None:
    name, typed = names
    with sqlite_app.app_context():
        found = {place["zipcode"] for place in nearest(typed)} | may_mean(typed)
    assert NAMES[name] & found


def test_a_name_that_is_no_longer_held_is_not_near(session: Session) -> None:
    """The names are kept for a while; what is told of them is not."""
    assert near("gentt")[0] == "9000 Gent"
    session.execute(delete(Place).where(Place.zipcode == 9000))
    assert "9000 Gent" not in near("gentt")


def test_a_long_text_is_compared_by_its_beginning(session: Session) -> None:
    assert near("Nil-Saint-Vincent-Saint-Martin " + "x" * 10_000) == ["1457 Nil-Saint-Vincent-Saint-Martin"]


# Without places, and without a database


def test_without_places_a_zipcode_means_itself_and_a_name_nothing(session: Session) -> None:
    session.execute(delete(Place))
    assert meant("B-9000") == (9000, [])
    with pytest.raises(ZipcodeNotFound):
        meant("gent")
    with pytest.raises(ZipcodeNotValid):
        meant("999")


@pytest.mark.parametrize("text", ["gentt", "999", "1311", "9000 gentt"])
def test_without_places_nothing_is_near(session: Session, text: str) -> None:
    session.execute(delete(Place))
    assert nearest(text) == []


def test_a_database_without_tables_is_no_name_that_is_not_found(shared_empty_app: Flask) -> None:
    with shared_empty_app.app_context():
        assert meant("9000") == (9000, [])
        for ask in (meant, nearest):
            with pytest.raises(DBAPIError):
                ask("gent")
            db.session.rollback()


# The country before a zipcode


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("B-9000", "9000"),
        ("b 9000 Gent", "9000 Gent"),
        ("BE-9000", "9000"),
        (" BE9000 ", "9000"),
        ("9000", "9000"),
        ("Beringen", "Beringen"),
        ("BE Gent", "BE Gent"),
        ("B-", "B-"),
        ("NL-1000", "NL-1000"),
        ("Gent B-9000", "Gent B-9000"),
        ("BB-9000", "BB-9000"),
        ("", ""),
    ],
)
def test_the_country_is_left_out_before_digits_alone(text: str, without: str) -> None:
    assert without_country(text) == without
