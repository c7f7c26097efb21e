"""Finding places by what somebody types, and all zipcodes with a factor."""

import csv
import re
import unicodedata
import uuid
from datetime import date, datetime, timezone
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

import pytest
from flask import Flask
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tests.conftest import ORDINARY_DAY, SetClock
from tests.zipcodes.seed import FACTORS
from webapp.config import ROOT
from webapp.data.extensions import db
from webapp.data.risk_table_file import Range, RiskFile
from webapp.data.zipcode_models import Place, RiskTable
from webapp.errors import RiskTableUnavailable
from webapp.zipcodes import directory, service
from webapp.zipcodes.directory import ZipcodesWithFactor

TODAY = ORDINARY_DAY.date()
ALL = 5000

Row = Dict[str, str]
# A place as both a row of the seed and an answer tell it apart: its zipcode and its names.
Key = Tuple[int, str, str, str]


# What the seed says, read and searched here without any of the program's own code.


def _words(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.lower()).encode("ascii", "ignore").decode()
    return " ".join(re.findall("[a-z0-9]+", re.sub("[^a-z0-9]", " ", plain)))


class Searched(NamedTuple):
    """A row of the seed with its names as they are searched."""

    row: Row
    names: List[str]
    municipality: List[str]


def _seed() -> List[Searched]:
    with (ROOT / "seed" / "postal_codes.csv").open(encoding="utf-8", newline="") as file:
        return [
            Searched(
                row,
                [_words(row[name]) for name in ("name", "name_nl", "name_fr", "name_de") if row[name]],
                [_words(row[f"municipality_{language}"]) for language in ("nl", "fr", "de")],
            )
            for row in csv.DictReader(file)
        ]


SEED = _seed()
NAMES = sorted({row[name] for row, *_ in SEED for name in ("name", "name_nl", "name_fr", "name_de")} - {""})
IN_USE = sorted({int(row["zipcode"]) for row, *_ in SEED})


def _key(row: Row) -> Key:
    return int(row["zipcode"]), row["name_nl"], row["name_fr"], row["name_de"]


def _rank(place: Searched, name: str) -> Optional[int]:
    """How well a name fits a place, 0 the best; None when it does not."""
    if name in place.names:
        return 0
    if any(own.startswith(name) for own in place.names):
        return 1
    if any(f" {name}" in own for own in place.names):
        return 2
    return 3 if any(own.startswith(name) for own in place.municipality) else None


def expected(text: str, limit: int) -> List[Key]:
    """What `suggest` should find, slowly."""
    words = _words(text)
    if re.fullmatch("[^0-9]+ [0-9]+", words):
        words = " ".join(reversed(words.rsplit(" ", 1)))
    digits, name = re.findall("^([0-9]*) ?(.*)$", words)[0]
    found: List[Tuple[Any, Key]] = []
    for place in SEED if digits or name else []:
        row = place.row
        rank = _rank(place, name) if name else int(row["zipcode"])
        if rank is not None and row["zipcode"].startswith(digits):
            own = row["name_nl"] == row["municipality_nl"] or row["name_fr"] == row["municipality_fr"]
            order = (rank, not own, len(row["name"]), _words(row["name"]), int(row["zipcode"]))
            found.append((order, _key(row)))
    return [key for _order, key in sorted(found)[:limit]]


# Asking


@pytest.fixture
def session(shared_app: Flask) -> Iterator[Session]:
    """A session whose work is rolled back after the test."""
    with shared_app.app_context():
        yield db.session()
        db.session.rollback()


def suggested(text: str, limit: int = ALL) -> List[Key]:
    """What tells apart the places that are suggested."""
    found = []
    for place in directory.suggest(text, limit):
        dutch, french, german = (place["names"].get(language, "") for language in ("nl", "fr", "de"))
        found.append((place["zipcode"], dutch, french, german))
    return found


def called(text: str, limit: int = ALL) -> List[str]:
    """Zipcode and name of what is suggested."""
    return [f"{place['zipcode']} {place['name']}" for place in directory.suggest(text, limit)]


def load(session: Session, ranges: List[Range], effective_from: date = TODAY) -> None:
    file = RiskFile("test.csv", uuid.uuid4().hex * 2, ranges)
    assert service.import_table(session, file, file.name, effective_from) is not None


def pages(factor: str, limit: int) -> List[ZipcodesWithFactor]:
    """All pages, one after the other."""
    found = [directory.with_factor(factor, 0, limit)]
    while found[-1].next_after is not None:
        found.append(directory.with_factor(factor, found[-1].next_after, limit))
    return found


def zipcodes(page: ZipcodesWithFactor) -> List[int]:
    return [entry["zipcode"] for entry in page.zipcodes]


# By zipcode


def test_a_suggestion_tells_zipcode_and_place(session: Session) -> None:
    assert directory.suggest("9000", 10) == [
        {
            "zipcode": 9000,
            "name": "Gent",
            "names": {"nl": "Gent", "fr": "Gand", "de": "Gent"},
            "municipality": {"nis": "44021", "names": {"nl": "Gent", "fr": "Gand", "de": "Gent"}},
            "province": {"nl": "Oost-Vlaanderen", "fr": "Flandre orientale"},
            "region": "Flanders",
        }
    ]


@pytest.mark.parametrize("digits", ["1", "9", "10", "90", "137", "904", "1000", "9042", "9999", "0", "09"])
def test_digits_are_the_beginning_of_a_zipcode(session: Session, digits: str) -> None:
    found = [str(zipcode) for zipcode, *_names in suggested(digits)]
    assert found == sorted(row["zipcode"] for row, *_ in SEED if row["zipcode"].startswith(digits))


def test_the_places_of_one_zipcode_begin_with_the_one_that_names_its_municipality(session: Session) -> None:
    assert called("9042") == ["9042 Mendonk", "9042 Desteldonk", "9042 Sint-Kruis-Winkel"]
    assert called("2040") == ["2040 Antwerpen", "2040 Lillo", "2040 Zandvliet", "2040 Berendrecht"]


@pytest.mark.parametrize("text", ["90000", "09000", "10001", "9000 0", "1" * 100, "0" * 100])
def test_no_zipcode_has_more_than_four_digits(session: Session, text: str) -> None:
    assert called(text) == []


@pytest.mark.parametrize("text", ["90000 gent", "8000 gent", "0 gent", "9000 gentbrugge"])
def test_a_name_is_not_found_where_its_zipcode_is_another(session: Session, text: str) -> None:
    assert called(text) == []


@pytest.mark.parametrize("text", ["9000 gent", "9000gent", "9000 - Gand", " 90 GEN ", "9 gent", "gent 9000"])
def test_a_zipcode_and_a_name_may_be_typed_together(session: Session, text: str) -> None:
    assert called(text)[0] == "9000 Gent"


def test_a_zipcode_narrows_a_name_down(session: Session) -> None:
    assert called("halle") == [
        *("1500 Halle", "2980 Halle", "6986 Halleux", "3440 Halle-Booienhoven", "4280 Grand-Hallet"),
        *("4280 Petit-Hallet", "6698 Grand-Halleux", "1502 Lembeek", "1501 Buizingen"),
    ]
    assert called("2 halle") == ["2980 Halle"]
    assert called("15 halle") == ["1500 Halle", "1502 Lembeek", "1501 Buizingen"]


# By name


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Gent", "9000 Gent"),
        ("gand", "9000 Gent"),
        ("GAND", "9000 Gent"),
        ("luik", "4000 Liège"),
        ("Lüttich", "4000 Liège"),
        ("LUTTICH", "4000 Liège"),
        ("liege", "4000 Liège"),
        ("anvers", "2000 Antwerpen"),
        ("Bergen", "7000 Mons"),
        ("Brüssel", "1000 Brussel / Bruxelles"),
        ("bruxelles", "1000 Brussel / Bruxelles"),
        ("Elsene", "1050 Elsene / Ixelles"),
        ("eupen", "4700 Eupen"),
        ("Schönberg", "4782 Schönberg"),
        ("schoenberg", "4782 Schönberg"),
    ],
)
def test_a_place_is_found_by_its_name_in_any_language(session: Session, text: str, first: str) -> None:
    assert called(text, 1) == [first]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Sint-Truiden",
            "sint truiden",
            "SINT TRUIDEN",
            " sint--truiden ",
            "Sínt-Trüiden",
            "sint\u00a0truiden",
        ),
        *("saint-trond", "saint tr", "sint tr", "truiden", "TRUI", "3800 truiden", "sint\0truiden"),
    ],
    ids=ascii,
)
def test_case_accents_hyphens_and_the_word_in_a_name_make_no_difference(session: Session, text: str) -> None:
    assert called(text, 1) == ["3800 Sint-Truiden"]


@pytest.mark.parametrize("text", ["Braine-l'Alleud", "braine l alleud", "BRAINE-L’ALLEUD", "alleud"])
def test_an_apostrophe_makes_no_difference(session: Session, text: str) -> None:
    assert called(text, 1) == ["1420 Braine-l'Alleud"]


@pytest.mark.parametrize(
    "text", ["ruiden", "ent", "rond", "truidensint", "truiden sint", "gent gand", "gent g"]
)
def test_a_name_is_not_found_by_what_is_not_the_beginning_of_a_word(session: Session, text: str) -> None:
    assert not {"9000 Gent", "3800 Sint-Truiden"} & set(called(text))


# By name, with a saint abbreviated


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("St-Vith", "4780 Sankt Vith"),
        ("st.vith", "4780 Sankt Vith"),
        ("St. Truiden", "3800 Sint-Truiden"),
        ("ST TROND", "3800 Sint-Truiden"),
        ("st-tru", "3800 Sint-Truiden"),
        ("3800 st truiden", "3800 Sint-Truiden"),
        ("st truiden 3800", "3800 Sint-Truiden"),
        ("Ste-Cécile", "6820 Sainte-Cécile"),
        ("ste cec", "6820 Sainte-Cécile"),
        ("St-Niklaas", "9100 Sint-Niklaas"),
        ("St-Nicolas", "9100 Sint-Niklaas"),
        ("st gillis", "1060 Sint-Gillis / Saint-Gilles"),
        ("Woluwe-St-Lambert", "1200 Sint-Lambrechts-Woluwe / Woluwe-Saint-Lambert"),
        ("molenbeek st jean", "1080 Sint-Jans-Molenbeek / Molenbeek-Saint-Jean"),
        ("Berchem-Ste-Agathe", "1082 Sint-Agatha-Berchem / Berchem-Sainte-Agathe"),
        ("Niel-bij-St-Truiden", "3890 Niel-Bij-Sint-Truiden"),
        ("Nil-St-Vincent-St-Martin", "1457 Nil-Saint-Vincent-Saint-Martin"),
        ("Nil-Saint-Vincent-St-Martin", "1457 Nil-Saint-Vincent-Saint-Martin"),
    ],
)
def test_a_saint_may_be_abbreviated_as_on_an_envelope(session: Session, text: str, first: str) -> None:
    assert called(text, 1) == [first]


@pytest.mark.parametrize(("text", "first"), [("st", "8840 Staden"), ("ste", "9190 Stekene")])
def test_without_a_word_after_it_no_saint_is_abbreviated(session: Session, text: str, first: str) -> None:
    assert called(text, 1) == [first]
    assert suggested(text) == expected(text, ALL)


@pytest.mark.parametrize(
    "text", ["sts truiden", "sint st truiden", "ste truiden", "st zzz", "st 北京"], ids=ascii
)
def test_what_is_no_abbreviated_saint_is_not_read_as_one(session: Session, text: str) -> None:
    assert called(text) == []


def test_a_place_that_is_written_so_itself_is_found_alone(session: Session) -> None:
    vith = session.scalars(select(Place).where(Place.zipcode == 4780, Place.name_fr == "Saint-Vith")).one()
    columns = {column.name: getattr(vith, column.name) for column in Place.__table__.columns}
    written_so = {"zipcode": 4799, "name": "St-Vith", "search_names": "|st vith|"}
    session.add(Place(**{**columns, **written_so}))
    session.flush()
    assert [place["zipcode"] for place in directory.suggest("st-vith", ALL)] == [4799]


SAINT = re.compile(r"\b(saint|sint|sankt|sainte) ")
SAINTS = sorted({name for place in SEED for name in place.names if SAINT.match(name)})


def abbreviated(name: str) -> str:
    return SAINT.sub(lambda saint: "ste " if saint[1] == "sainte" else "st ", name)


def in_full(name: str) -> List[str]:
    """What an abbreviation at the beginning may stand for."""
    saint, _, rest = name.partition(" ")
    return [f"{full} {rest}" for full in {"st": ("saint", "sint", "sankt"), "ste": ("sainte",)}[saint]]


@settings(deadline=None, database=None, max_examples=60)
@given(name=st.sampled_from(SAINTS), length=st.integers(1, 30), limit=st.sampled_from([1, 5, 20, ALL]))
@example("sankt vith", 30, ALL)
@example("saint pierre", 8, 20)
@example("sainte cecile", 30, 5)
def test_with_an_abbreviated_saint_each_place_is_found_once_and_the_best_comes_first(
    sqlite_app: Flask, postgresql_app: Flask, name: str, length: int, limit: int
) -> None:
    text = abbreviated(name)
    text = text[: text.index(" ") + 1 + length].strip()
    ranks: Dict[Key, int] = {}
    for place in SEED:
        fits = [rank for rank in (_rank(place, full) for full in in_full(text)) if rank is not None]
        if fits:
            ranks[_key(place.row)] = min(fits)
    for app in (sqlite_app, postgresql_app):
        with app.app_context():
            found = suggested(text, limit)
        assert len(found) == len(set(found)) == min(limit, len(ranks))
        assert [ranks[key] for key in found] == sorted(ranks.values())[:limit]


@settings(deadline=None, database=None, max_examples=60)
@given(name=st.sampled_from(sorted({name for place in SEED for name in place.names if SAINT.search(name)})))
@example("nil saint vincent saint martin")
@example("woluwe saint lambert")
def test_a_name_is_found_wherever_its_saint_is_abbreviated(sqlite_app: Flask, name: str) -> None:
    bearing = {_key(place.row) for place in SEED if name in place.names}
    with sqlite_app.app_context():
        assert bearing <= set(suggested(abbreviated(name), 100))


# In which order


def test_a_name_comes_before_a_beginning_before_a_word_before_a_municipality(session: Session) -> None:
    assert called("louvain") == [
        "3000 Leuven",
        "1348 Louvain-La-Neuve",
        "1340 Ottignies-Louvain-la-Neuve",
        *("3012 Wilsele", "3001 Heverlee", "3018 Wijgmaal", "3010 Kessel Lo"),
    ]


def test_a_place_that_is_called_so_in_another_language_comes_first_too(session: Session) -> None:
    assert called("hal", 3) == ["1500 Halle", "3545 Halen", "2980 Halle"]


def test_a_place_that_names_its_municipality_comes_before_a_shorter_name(session: Session) -> None:
    assert called("gen", 5) == ["3600 Genk", "9000 Gent", "1470 Genappe", "7040 Genly", "1332 Genval"]


def test_of_several_places_with_one_name_the_municipality_comes_first(session: Session) -> None:
    assert called("aalst", 2) == ["9300 Aalst", "3800 Aalst"]


def test_a_place_with_several_zipcodes_comes_in_their_order(session: Session) -> None:
    assert called("antwerpen", 7) == [
        f"{zipcode} Antwerpen" for zipcode in (2000, 2018, 2020, 2030, 2040, 2050, 2060)
    ]


def test_a_municipality_that_is_no_place_itself_is_found_as_its_places(session: Session) -> None:
    assert called("Pajottegem") == [
        *("1755 Gooik", "1540 Herne", "1755 Kester", "1755 Leerbeek", "1755 Oetingen", "1570 Vollezele"),
        *("1570 Galmaarden", "1570 Tollembeek", "1540 Herfelingen", "1541 Sint-Pieters-Kapelle"),
    ]


def test_a_part_of_a_municipality_is_found_by_either_name(session: Session) -> None:
    assert "9042 Mendonk" in called("mendonk")
    assert "9042 Mendonk" in called("gand")


# How many


@pytest.mark.parametrize("text", ["a", "9", "gent"])
@pytest.mark.parametrize("limit", [1, 2, 7])
def test_the_best_are_given_and_no_more_than_asked(session: Session, text: str, limit: int) -> None:
    best = suggested(text)
    assert len(best) > 7
    assert suggested(text, limit) == best[:limit]


@pytest.mark.parametrize(
    "text", ["", " ", "-", "%", "_", "|", "\\", "'", "%%", "||", "*", "?", "\0", "\ud800", "！"]
)
def test_what_has_no_letter_or_digit_finds_nothing(session: Session, text: str) -> None:
    assert called(text) == []


@pytest.mark.parametrize(
    "text",
    [*("g%t", "g_nt", "%gent", "gent|gand", "|g|", "ge\\nt", "9_", "9%", "_000", "gand|", "%trui%den")],
)
def test_the_signs_of_sql_stand_for_nothing_but_a_space(session: Session, text: str) -> None:
    assert suggested(text) == suggested(re.sub(r"[%_|\\]", " ", text)) == expected(text, ALL)


@pytest.mark.parametrize(
    "text",
    [
        "' OR '1'='1",
        "gent' OR 1=1 --",
        "'; DELETE FROM place; --",
        "9000'; DROP TABLE place; --",
        ":name",
        "%(name)s",
        "gent\0",
        "zzz",
        "北京",
        "٩٠٠٠",
    ],
    ids=ascii,
)
def test_nothing_that_is_typed_is_taken_for_sql(session: Session, text: str) -> None:
    assert suggested(text) == expected(text, ALL)
    assert called("gent", 1) == ["9000 Gent"]


# All of them


def test_every_place_is_found_by_its_zipcode(session: Session) -> None:
    found = [key for zipcode in IN_USE for key in suggested(str(zipcode), 100)]
    assert sorted(found) == sorted(_key(row) for row, *_ in SEED)


@settings(deadline=None, database=None, max_examples=60)
@given(name=st.sampled_from(NAMES))
def test_every_place_is_found_by_each_of_its_names(
    sqlite_app: Flask, postgresql_app: Flask, name: str
) -> None:
    bearing = {_key(row) for row, *_ in SEED if name in (row["name"], *_key(row))}
    for app in (sqlite_app, postgresql_app):
        with app.app_context():
            assert bearing <= set(suggested(name, 100))


SPELLINGS: List[Callable[[str], str]] = [str, str.upper, str.lower, _words]


@st.composite
def typed(draw: st.DrawFn) -> str:
    """What somebody may have typed so far of a name, perhaps after a zipcode."""
    row = draw(st.sampled_from(SEED)).row
    columns = [column for column in row if column.startswith(("name", "municipality")) and row[column]]
    words = re.split("[ -]", row[draw(st.sampled_from(columns))])
    rest = draw(st.sampled_from(" -")).join(words[draw(st.integers(0, len(words) - 1)) :])
    name = rest[: draw(st.one_of(st.just(len(rest)), st.integers(1, len(rest))))]
    spelt = draw(st.sampled_from(SPELLINGS))(name)
    return (
        row["zipcode"][: draw(st.sampled_from([0, 0, 0, 1, 2, 4]))] + draw(st.sampled_from(["", " "])) + spelt
    )


@settings(deadline=None, database=None, max_examples=100)
@given(text=typed(), limit=st.sampled_from([1, 5, 20, 100, ALL]))
@example("saint", ALL)
@example("hal", ALL)
@example("e", ALL)
@example("h", ALL)
@example("1", ALL)
def test_what_is_suggested_is_what_a_slow_search_of_the_seed_finds_on_both_databases(
    sqlite_app: Flask, postgresql_app: Flask, text: str, limit: int
) -> None:
    for app in (sqlite_app, postgresql_app):
        with app.app_context():
            assert suggested(text, limit) == expected(text, limit)


# By risk factor


@pytest.mark.parametrize("factor", ["A", "B", "C"])
@pytest.mark.parametrize("limit", [19, 100, 2000])
def test_the_pages_together_hold_every_zipcode_in_use_with_the_factor(
    session: Session, factor: str, limit: int
) -> None:
    right = [zipcode for zipcode in IN_USE if FACTORS[zipcode] == factor]
    found = pages(factor, limit)
    assert [zipcode for page in found for zipcode in zipcodes(page)] == right
    assert {page.total for page in found} == {len(right)}
    assert {len(page.zipcodes) for page in found[:-1]} <= {limit}
    assert found[-1].zipcodes != []


def test_the_three_factors_share_all_zipcodes_in_use(session: Session) -> None:
    totals = [directory.with_factor(factor, 0, 1).total for factor in "ABC"]
    assert totals == [596, 436, 114]
    assert sum(totals) == len(IN_USE)


@pytest.mark.parametrize(
    ("limit", "given", "goes_on"), [(113, 113, True), (114, 114, False), (115, 114, False)]
)
def test_a_page_tells_where_to_go_on_only_when_there_is_more(
    session: Session, limit: int, given: int, goes_on: bool
) -> None:
    page = directory.with_factor("C", 0, limit)
    assert len(page.zipcodes) == given
    assert page.next_after == (zipcodes(page)[-1] if goes_on else None)


def test_one_at_a_time_is_possible(session: Session) -> None:
    first = directory.with_factor("C", 0, 1)
    assert (zipcodes(first), first.next_after) == ([1000], 1000)
    second = directory.with_factor("C", 1000, 1)
    assert (zipcodes(second), second.next_after) == ([1020], 1020)


def test_it_goes_on_after_a_zipcode_that_is_not_in_use(session: Session) -> None:
    assert zipcodes(directory.with_factor("C", 1001, 2)) == [1020, 1030]


@pytest.mark.parametrize("after", [9999, 10**6])
def test_beyond_the_last_zipcode_there_is_nothing(session: Session, after: int) -> None:
    page = directory.with_factor("A", after, 10)
    assert (page.zipcodes, page.next_after, page.total) == ([], None, 596)


def test_a_zipcode_comes_with_its_places_in_the_order_of_their_names(session: Session) -> None:
    (entry,) = directory.with_factor("A", 9199, 1).zipcodes
    assert entry["zipcode"] == 9200
    assert [place["name"] for place in entry["places"]] == [
        *("Appels", "Baasrode", "Dendermonde", "Grembergen", "Mespelare", "Oudegem", "Schoonaarde"),
        "Sint-Gillis-Dendermonde",
    ]
    assert entry["places"][0] == {
        "name": "Appels",
        "names": {"nl": "Appels"},
        "municipality": {
            "nis": "42006",
            "names": {"nl": "Dendermonde", "fr": "Termonde", "de": "Dendermonde"},
        },
        "province": {"nl": "Oost-Vlaanderen", "fr": "Flandre orientale"},
        "region": "Flanders",
    }


def test_every_place_comes_once(session: Session) -> None:
    found = [
        (entry["zipcode"], place["name"], place["municipality"]["nis"])
        for factor in "ABC"
        for entry in directory.with_factor(factor, 0, ALL).zipcodes
        for place in entry["places"]
    ]
    assert len(found) == len(set(found)) == len(SEED)


def test_a_new_risk_table_in_force_changes_the_result(session: Session) -> None:
    load(session, [Range(9000, 9032, "C"), Range(1000, 8999, "A")])
    page = directory.with_factor("C", 0, 100)
    assert (zipcodes(page), page.total) == ([9000, 9030, 9031, 9032], 4)
    assert directory.with_factor("B", 0, 100)[:3] == (0, [], None)


def test_a_risk_table_changes_nothing_before_its_first_day(session: Session, set_clock: SetClock) -> None:
    load(session, [Range(9000, 9000, "C")], date(2026, 8, 20))
    set_clock(datetime(2026, 8, 19, 21, 59, 59, tzinfo=timezone.utc))
    before = directory.with_factor("C", 0, 1)
    assert (before.total, before.changed_at) == (114, ORDINARY_DAY)
    midnight = datetime(2026, 8, 19, 22, 0, tzinfo=timezone.utc)
    set_clock(midnight)
    after = directory.with_factor("C", 0, 1)
    assert (after.total, zipcodes(after), after.changed_at) == (1, [9000], midnight)


def test_without_a_risk_table_no_zipcode_has_a_factor(session: Session) -> None:
    session.execute(delete(RiskTable))
    with pytest.raises(RiskTableUnavailable):
        directory.with_factor("A", 0, 10)


def test_without_a_risk_table_places_are_suggested_all_the_same(session: Session) -> None:
    session.execute(delete(RiskTable))
    assert called("gand", 1) == ["9000 Gent"]


def test_without_places_there_is_nothing_to_find(session: Session) -> None:
    session.execute(delete(Place))
    assert called("gent") == []
    assert directory.with_factor("A", 0, 10)[:3] == (0, [], None)
