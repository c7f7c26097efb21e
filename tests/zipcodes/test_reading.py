"""One rule for the lookup field and for cells: the same text gives the same zipcode in both."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.zipcodes.seed import IN_USE, PLACES, SPECIAL, ZIPCODES_BY_ANY_NAME, places
from webapp.errors import ZipcodeNotFound, ZipcodeNotValid
from webapp.zipcodes.cell import PLACE_DIFFERS, CellReader
from webapp.zipcodes.interpretation import interpret
from webapp.zipcodes.reading import Reading, read
from webapp.zipcodes.written import clean

READER = CellReader(places())

NAMES = sorted(ZIPCODES_BY_ANY_NAME)


def in_field(text: str) -> str:
    """Return the zipcode that the lookup field finds, also if the name differs; else ""."""
    try:
        found = interpret(places(), text)
    except (ZipcodeNotFound, ZipcodeNotValid):
        return ""
    written = found.contradiction.zipcode if found.contradiction else found.zipcode
    return str(written or "")


def assert_same(text: str) -> None:
    """A cell has the zipcode of the field, unless the field found it by a name alone."""
    in_cell, field = READER.read(text).zipcode, in_field(text)
    digits = re.sub("[^0-9]", "", clean(text))
    assert in_cell == field or (not in_cell and field not in digits), text


def zipcodes_of(text: str) -> Reading | None:
    return read(places(), clean(text))


@pytest.mark.parametrize(
    "text",
    [
        "Kerkstraat 12, B-9000",
        "Veldstraat 1\n9000",
        "Veldstraat 1/3, 9000 Gent",
        "Veldstraat 1/A, 9000 Gent",
        "Dok Noord 4C 001, 9000 Gent",
        "Veldstraat 1000, 9000 Gent-Zuid",
        "Gent\n9000",
        "Gent,9000",
        "gent9000",
        "Gent-9000",
        "9000 Gent BE",
        "9000 Gent 1",
        "Gent 1 9000",
        "Jan Janssens, Veldstraat 1 bus 3, 9000 Gent, België",
        "BEL-9000",
        "9.000,00",
        "'9000 Gent'",
        "9000 Gent / Gand",
        "Postbus 2000, 9000 Gent",
        "Chaussée de Bruxelles 1000, 9000 Gent",
    ],
)
def test_zipcode_is_read_in_an_address(text: str) -> None:
    assert zipcodes_of(text) == Reading([9000])
    assert_same(text)


@pytest.mark.parametrize(
    "text",
    [
        "L-9620",
        "LUX-9620",
        "9000 GE",
        "9000GE",
        "1234 AB",
        "NL-1234 AB",
        "NL 1234",
        "F-59000",
        "F-5900",
        "D-50667",
        "CH-1000",
        "CH 1000 Lausanne",
        "1000 Lausanne",
        "A-1010 Wien",
        "9000 Sankt Gallen",
        "3000 Bern",
        "3000 Berne",
        "8000 Zürich",
        "1012 AB Amsterdam",
        "Bahnhofstrasse 1, 9000 St. Gallen",
        "DK-9000 Aalborg",
    ],
)
def test_foreign_zipcode_is_invalid(text: str) -> None:
    assert READER.read(text).zipcode == in_field(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "Veldstraat 1000, Gent",
        "Kerkstraat 12 9000",
        "12 mei 2018",
        "Feb 12, 2018",
        "Factuur 12, 2018",
        "2018-01-01",
        "12/2018",
        "-9000",
        "+9000",
        "€ 9000",
        "9000 €",
        "9000 EUR",
        "1000,-",
        "9000%",
        "#9000",
        "9000 9000",
        "9000/9050",
        "9000 bis",
        "9000 Xyz",
        "9001, Veldstraat 1",
    ],
)
def test_number_that_may_be_something_else_is_invalid(text: str) -> None:
    assert READER.read(text).zipcode == in_field(text) == ""


def test_name_of_another_place_is_a_warning_in_a_cell_and_a_contradiction_in_the_field() -> None:
    for text in ("9000 Antwerpen", "Antwerpen 9000", "Kaai 1000, 9000 Antwerpen", "9000, Antwerpen"):
        assert zipcodes_of(text) == Reading([9000], other_name="Antwerpen"), text
        assert READER.read(text).warning == PLACE_DIFFERS
        assert interpret(places(), text).contradiction is not None


def test_several_zipcodes_with_their_names_are_read_as_none_in_a_cell() -> None:
    assert zipcodes_of("9000 Gent / 2000 Antwerpen") == Reading([9000, 2000])
    assert READER.read("9000 Gent / 2000 Antwerpen").zipcode == ""


@pytest.mark.parametrize(
    "form", ["{zipcode} {name}", "{name} {zipcode}", "{name}, {zipcode}", "x 1, {zipcode} {name}"]
)
def test_every_place_stands_beside_its_zipcode_in_field_and_cell(form: str) -> None:
    for row in [*PLACES[::7], *SPECIAL]:
        text = form.format(zipcode=row["zipcode"], name=row["name"])
        assert READER.read(text).zipcode == in_field(text) == row["zipcode"], text


PIECES = st.one_of(
    st.sampled_from(IN_USE).map(str),
    st.sampled_from(NAMES),
    st.sampled_from(
        ["België", "Belgique", "BE", "B", "B-", "BE ", "NL-", "L-", "GE", "F", "€", "-", "+", "1", "12 bus 3"]
    ),
    st.sampled_from(
        ["Veldstraat 1", "Rue Neuve 1000", "Grote Markt", "2018", "9.000", "9000.0", "9E3", '="', "'", '"']
    ),
    st.text(max_size=4),
)
SEPARATORS = st.sampled_from(
    ["", " ", ", ", "; ", " - ", "-", " / ", "/", "\n", "\t", "\u00a0", " (", ") ", ".", "’"]
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    pieces = draw(st.lists(PIECES, min_size=1, max_size=5))
    return "".join(piece + draw(SEPARATORS) for piece in pieces)


@settings(deadline=None, database=None, max_examples=200)
@given(texts())
@example("90 gent")
@example("3 Suisses")
@example("")
@example("Veldstraat 1/6500BE")
def test_field_and_cell_agree(text: str) -> None:
    assert_same(text)


@pytest.mark.slow
@settings(deadline=None, database=None, max_examples=3000)
@given(texts())
def test_field_and_cell_agree_on_many_texts(text: str) -> None:
    assert_same(text)
