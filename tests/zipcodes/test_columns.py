"""The column with the zipcodes: as asked for, by its name, by its values, or refused; never a wrong one."""

from __future__ import annotations

from typing import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.zipcodes.seed import IN_USE, places
from webapp.errors import ColumnNotClear
from webapp.tables.csv_list import Row
from webapp.zipcodes import headers
from webapp.zipcodes.cell import CellReader
from webapp.zipcodes.columns import ColumnChooser, ListColumns

CELLS = CellReader(places())


# Zipcodes in use that no list of amounts or client numbers has.
TELLING = ("9032", "9041", "9051", "2018", "1083", "8501", "3001", "4101")


def choose(rows: Sequence[Sequence[str]], requested: str = "") -> ListColumns:
    sample = [Row(number, list(row)) for number, row in enumerate(rows, start=1)]
    return ColumnChooser(sample, CELLS).choose(requested)


def refusal(rows: Sequence[Sequence[str]], requested: str = "") -> str:
    with pytest.raises(ColumnNotClear) as raised:
        choose(rows, requested)
    return str(raised.value)


@pytest.mark.parametrize(
    "name",
    ["zipcode", "ZIP code", "zip_code", "Zip-Code", "zip",
     "Zipcodes", "Postal code", "Postcode", " postcode ",
     "code postal", "Code_postal", "Postleitzahl", "PLZ", "Post code", "PostalCode", "CodePostal",
     "Postnummer",
     "Postnr.", "Post nr", "Code\u202fpostal",
     "Billing Zip/Postal Code", "Postcode woonplaats",
     "Code postal (CP)", "PLZ / Ort", "addr:postcode", "Code post.", "N° postal", "Klantpostcode", "KdPLZ",
     "BillingPostalCode",
     "shippingZip", "POST_CODE1", "Address 1 - Postal Code", "Codes postaux", "PSTLZ",
     "partner_id/zip", "PstCode", "Cde postal", "cod_post", "Postc.", "Postleitz.", "ZipCity"],
)  # fmt: skip
def test_name_says_zipcodes_in_each_language(name: str) -> None:
    assert headers.names_zipcodes(name)
    assert choose([["nr", name, "x"], ["1000", "9000", ""], ["2000", "1311", ""]]).column == 1


@pytest.mark.parametrize("name", ["PC", "CP", "C.P.", "NPA", "CP client", "PC / Gemeente", "Postal"])
def test_abbreviation_counts_where_the_values_are_zipcodes(name: str) -> None:
    rows = [["nr", name, "x"], ["2001", "9000", ""], ["3001", "2000", ""], ["4001", "1000", ""]]
    assert choose(rows).column == 1
    numbers = [["nr", name], ["1", "20010"], ["2", "30010"], ["3", "40010"]]
    assert "has something else than zipcodes" in refusal(numbers)


@pytest.mark.parametrize(
    "name", ["Postcode ID", "Aantal postcodes", "PC-nummer", "Postadres", "Klantnr", "Huisnr.", "Bouwjaar",
     "Zip file", "Afstand tot postcode", "Distance code postal", "zip_url",
     "Postcode geboorteplaats", "Oude postcode", "PLZ alt"],
)  # fmt: skip
def test_name_of_something_else_does_not_say_zipcodes(name: str) -> None:
    assert not headers.names_zipcodes(name)
    assert not headers.may_name_zipcodes(name) or headers.says_other(name)
    assert "none has zipcodes only" in refusal([["Klant", name], ["A", "9001"], ["B", "9002"]])


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["A", "9000"], ["B", "2000"]], (1, 0, 1)),
        ([["Naam", "Stad"], ["A", "9000"], ["B", "2000"]], (1, 1, 2)),
        ([["Naam", "Stad"], ["", ""], ["A", "9000"], ["B", "2000"]], (1, 1, 2)),
        ([["", "Jan"], ["9000", "An"], *[["2000", "Bo"]] * 8], (0, 0, 1)),
        ([["Lijst 2024"], [], ["Naam", "Stad"], ["A", "9000"]], (1, 3, 4)),
        ([["Lijst"], ["Naam", "Postcode"], ["A", "9000"]], (1, 2, 3)),
        ([["Datum", "26/11/2026"], [], ["Naam", "Postcode"], ["A", "9000"]], (1, 3, 4)),
        ([["Klant", "", "Adres"], ["Nr", "Naam", "Postcode"], ["2001", "A", "9000"]], (2, 2, 3)),
        ([["Klant", "Post-"], ["nr", "code"], ["2001", "9000"]], (1, 2, 3)),
        ([["Naam", "Postcode"], ["----", "----"], ["A", "9000"]], (1, 1, 3)),
        ([["Naam", "Postcode", "2023"], ["A", "9000", "1"]], (1, 1, 2)),
        ([["klanten"], ["9000"]], (0, 1, 2)),
        ([["9000"], ["999"]], (0, 0, 1)),
        ([["Klantnr", "Adres"], ["1000", "x 1, 9000 Gent"], ["2000", "y 2, 2000 Antwerpen"]], (1, 1, 2)),
        ([["Home Zip", "Work Zip"], ["", "9000"], ["", "2000"]], (1, 1, 2)),
        ([["zip", "a", "b"], ["9000"], ["2000", "x", "y", "z"]], (0, 1, 2)),
        ([["Lijst per postcode"], ["Nr", "Postcode", "x"], ["1", "9000", ""]], (1, 2, 3)),
        ([["Filter:", "Postcode = 9000"], ["Nr", "x", "y", "Zip"], ["1", "", "", "2000"]], (3, 2, 3)),
        ([["Nr", "Postcode"], ["N°", "Code postal"], ["1", "9000"]], (1, 1, 3)),
        ([["Lijst"], [], ["Gemeente", "Naam"], ["9000", "A"]], (0, 3, 4)),
        ([["x", "Naam"], ["9000", "A"], ["2000", "B"]], (0, 1, 2)),
        ([["Omzet", "Volume"], *[["1", zipcode] for zipcode in TELLING]], (1, 1, 2)),
        ([["Volume"], ["9000 Gent"], ["2000 Antwerpen"]], (0, 1, 2)),
        ([["Stad", "x"], *[[zipcode, ""] for zipcode in ("1500", "2000", "2500", "3500")]], (0, 1, 2)),
        ([["A", "9000"], ["B", "n.v.t."], ["C", "te bevestigen"], ["D", "2000"]], (1, 0, 1)),
        ([["clients"], ["1311"], ["999"], ["9000"]], (0, 1, 2)),
        ([["Per postcode"], ["Nr", "Plaats", "x"], ["2000", "9000 Gent", ""]], (1, 2, 3)),
        ([["Naam", "Kolom1"], ["A", "9000"], ["B", "2000"]], (1, 1, 2)),
        ([["Naam", "Stad"], ["A", "onbekend"], *[["B", "9000"]] * 9], (1, 1, 2)),
        ([["Kaai 1", "verhuisd"], *[["Kaai 2", "9000"]] * 9], (1, 0, 1)),
        ([["Jan", "geen adres"], ["Bo", "nihil"], *[["An", "9000"]] * 18], (1, 0, 1)),
        ([["Kerkstraat 50", "onbekend"], *[["Kaai 1", "9000"]] * 9], (1, 0, 1)),
        ([["Postcode", "PC"], ["9000", "DELL-2000"], ["2000", "12"]], (0, 1, 2)),
        ([["Postcode", "Jaar"], ["9000", "2000", ""], ["2000", "2018", ""]], (0, 1, 2)),
        ([["Naam", "Postcode"], ["A", "9000"], ["B, C", "x", "2000"]], (1, 1, 2)),
    ],
)
def test_column_header_and_first_client_are_found(
    rows: list[list[str]], expected: tuple[int, int, int]
) -> None:
    found = choose(rows)
    assert (found.column, found.header, found.first) == expected


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([["postcode", "zip"], ["9000", "2000"]], "may have the zipcodes: 1 “postcode”, 2 “zip”."),
        ([["zip", "zip"], ["9000", "2000"]], "Several columns"),
        ([["2001", "A", "9000"]], "Several columns may have the zipcodes: 1, 3."),
        ([["1000", "9000"], ["2000", "2000"]], "Several columns may have the zipcodes: 1, 2."),
        ([["Naam", "Bedrag"], ["A", "1500"], ["B", "2000"]], "none has zipcodes only"),
        ([["Klantnr"], ["1000"]], "none has zipcodes only"),
        ([["A", "1010"], ["B", "1020"], ["C", "1030"]], "Give the name or number of the right one"),
        ([[f"{number}00", "x"] for number in range(10, 95, 5)], "none has zipcodes only"),
        ([["Postcode", "Plaats"], ["2001", "9000 Gent"], ["3002", "1000"]], "something else than zipcodes"),
        ([["Postcode"], *[[str(number)] for number in range(10_001, 10_009)]], "something else"),
        ([["9000", "A"], ["2000", "B"], ["Postcode", "n"]], "Row 3 has the names of the columns, but row 1"),
        ([["x"] * 20] * 2, "10 “x”, 11 “x”, 12 “x”, …"),
        ([["Volume", "Naam"], ["9000", "A"], ["2000", "B"]], "none has zipcodes only"),
        ([["Volume"], ["9000"], ["2000"]], "none has zipcodes only"),
        ([["A", "1500"], ["B", "2000"], ["C", "2500"]], "none has zipcodes only"),
        ([["A", "9.000"], ["B", "2.000"]], "none has zipcodes only"),
        ([["A", "1970"], ["B", "2000"], ["C", "2018"]], "none has zipcodes only"),
        ([["1000"], ["1020"], ["1030"], ["1040"], ["1060"]], "none has zipcodes only"),
        ([[str(number)] for number in (1985, 1999, 2003, 2010, 2000)], "none has zipcodes only"),
        ([["Jan"], ["An"], ["Bo"]], "none has zipcodes only"),
        ([["Nr^Postcode"], ["1^9000"]], "something else than zipcodes"),
        ([["Naam: Jan"], ["Postcode: 9000"], ["Postcode: 2000"]], "none has zipcodes only"),
        ([["Postcode", "PC risico"], ["9000", "2000"], ["2000", ""]], "1 “Postcode”, 2 “PC risico”."),
        ([["Nr", "Postcode", "x"], ["1", "2000", "9000", "A"]], "zipcodes: 2 “Postcode”, 3 “x”."),
        ([["1000", "4.261"]], "Several columns may have the zipcodes: 1, 2."),
        ([["Kostenpost nr", "x"], ["9000", ""], ["2000", ""]], "none has zipcodes only"),
    ],
)  # fmt: skip
def test_column_that_is_not_clear_is_refused_with_the_choices(rows: list[list[str]], message: str) -> None:
    assert message in refusal(rows)


@pytest.mark.parametrize(
    ("names", "country"),
    [
        (["Postcode", "Land"], 1),
        (["Pays", "CP"], 0),
        (["Zip", "Country/Region"], 1),
        (["POST_CODE1", "LAND1"], 1),
        (["Billing Zip", "Shipping Country", "Billing Country"], 2),
        (["Zip", "Shipping Country", "Billing Country"], -1),
        (["Zip", "Geboorteland"], -1),
        (["Zip", "Pays de naissance"], -1),
        (["Zip", "Birth country"], -1),
    ],
)
def test_country_of_the_zipcodes_is_found_by_its_name(names: list[str], country: int) -> None:
    assert choose([names, ["9000" for _name in names]]).country == country


@pytest.mark.parametrize(
    ("requested", "column"),
    [("Plaats", 2), ("plaats ", 2), ("PLAATS", 2), ("3", 2), ("1", 1), ("2", 1)],
)
def test_requested_column_is_read_and_a_name_wins(requested: str, column: int) -> None:
    rows = [["Nr", "1", "Plaats"], ["2001", "9000", "x"]]
    assert choose(rows, requested)[:1] == (column,)
    assert choose(rows, requested).is_requested


def test_number_is_no_value_of_a_client() -> None:
    assert choose([["1", "9000"], ["2", "2000"]], "2") == ListColumns(1, 2, 0, 1, [], is_requested=True)
    assert choose([["A", "x"], ["1", "9000"]], "1")[:3] == (0, 2, 1)
    assert choose([["1", "Jan", "9000"], ["2", "An", "2000"]], "2")[2:4] == (0, 1)
    assert choose([["Lijst"], [], ["Klantnr", "Jaar"], ["9000", "2000"]], "1")[2:4] == (3, 4)


@pytest.mark.parametrize(
    ("rows", "requested", "message"),
    [
        ([["a", "b"], ["9000", "2000"]], "c", "The list has no such column."),
        ([["a", "b"], ["9000", "2000"]], "3", "1 “a”, 2 “b”"),
        ([["a", "a"], ["9000", "2000"]], "a", "Several columns have that name: 1 “a”, 2 “a”."),
        ([["Nr", "Postcode"], ["1", "2000", "9000"]], "Postcode", "Several columns may have the zipcodes: 2"),
    ],
)
def test_requested_column_that_is_not_one_is_refused(
    rows: list[list[str]], requested: str, message: str
) -> None:
    assert message in refusal(rows, requested)


# Columns that look like zipcodes, or not, with names for them.
FOUR_DIGITS = st.integers(1000, 9999).map(str)
DISTRACTING = {
    "client number": (("Klantnr", "N° client", "Kundennummer", "Policy number", "id"), FOUR_DIGITS),
    "year": (("Bouwjaar", "Année", "Jahr", "Year built"), st.integers(1930, 2026).map(str)),
    "amount": (("Bedrag", "Prime", "Betrag"), st.integers(2, 19).map(lambda count: str(500 * count))),
    "cents": (("Premie", "Montant"), st.integers(1000, 9999).map(lambda euros: f"{euros},50")),
    "house": (("Huisnr", "N°", "Hausnummer", "House number"), st.integers(1, 300).map(str)),
    "name": (("Naam", "Nom", "Name"), st.sampled_from(["Jan", "An Gent", "Prime BV", "Zone 2000"])),
}  # fmt: skip
NAMES = ("Postcode", "Code postal (CP)", "PLZ / Ort", "Billing Zip/Postal Code", "CP", "Klantpostcode")


@st.composite
def lists(draw: st.DrawFn) -> tuple[list[list[str]], int]:
    """A list with one column of zipcodes, nearly all in use, among others; and its position."""
    count = draw(st.integers(1, 12))
    kinds = draw(st.lists(st.sampled_from(sorted(DISTRACTING)), min_size=1, max_size=4))
    columns = []
    for kind in kinds:
        names, values = DISTRACTING[kind]
        columns.append(
            [draw(st.sampled_from(names)), *draw(st.lists(values, min_size=count, max_size=count))]
        )
    if draw(st.booleans()):  # numbers in order
        first = draw(st.integers(1000, 9000))
        columns.append(["Klantnummer", *map(str, range(first, first + count))])
    position = draw(st.integers(0, len(columns)))
    zipcodes = draw(st.lists(st.sampled_from(IN_USE).map(str), min_size=count, max_size=count))
    zipcodes[: count // 5] = draw(st.lists(FOUR_DIGITS, min_size=count // 5, max_size=count // 5))
    name = draw(st.sampled_from((*NAMES, "Stad", "x")))
    columns.insert(position, [name, *draw(st.permutations(zipcodes))])
    rows = [list(row) for row in zip(*columns)]
    return (rows if draw(st.booleans()) else rows[1:]), position


@pytest.mark.slow
@settings(max_examples=1000, deadline=None, database=None)
@given(lists())
def test_no_other_column_is_ever_read(made: tuple[list[list[str]], int]) -> None:
    rows, position = made
    try:
        found = choose(rows)
    except ColumnNotClear:
        return
    assert found.column == position
    assert found.first == (2 if found.header else 1)


@settings(deadline=None, database=None)
@given(lists(), st.sampled_from(NAMES[:-2]))
def test_named_column_is_read_among_any_others(made: tuple[list[list[str]], int], name: str) -> None:
    rows, position = made
    names = ["Klantnr" if column != position else name for column in range(len(rows[0]))]
    try:
        assert choose([names, *rows]).column == position
    except ColumnNotClear as error:
        assert "has something else than zipcodes" in str(error)  # by chance
