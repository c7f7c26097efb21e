"""A zipcode in a cell, however people and programs write it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.zipcodes.seed import IN_USE, PLACES, places
from webapp.zipcodes.cell import NO_ZIPCODE, PLACE_DIFFERS, ZIPCODE_ROUNDED, Cell, CellReader

READER = CellReader(places())


@pytest.mark.parametrize(
    "text",
    ["9000", " 9000\t", "\u00a09000", "9000\u202f", "\u200b9000\u200e", "\u30009000", "9000" + " " * 300],
)
def test_four_digits_are_plain_whatever_space_is_around(text: str) -> None:
    assert READER.read(text) == Cell("9000", is_plain=True)


@pytest.mark.parametrize(
    "text",
    ["B-9000", "BE-9000", "B9000", "BE 9000", "b - 9000", "9000.0", "9000,00", "'9000", '="9000"', '"9000"',
     "9.000", "9 000", "9,000", "9\u00a0000", "9'000", "9.000,00", "9.000E+03", "９０００",
     "9000 Gent", "Gent 9000", "9000 GENT BELGIE", "9000 Gand, Belgique", "9000 België", "Gent (9000)",
     "9000-Gent", "9000Gent", "9000, Gent", "B-9000 Gent", "9000 Gent-Centrum", "9000 Gent (Oost-Vlaanderen)",
     "Veldstraat 1, 9000 Gent", "Veldstraat 1\n9000 Gent", "Veldstraat 1 9000 Gent",
     "Veldstraat 1000, 9000 Gent", "9000" + " " * 300 + "Gent"],
)  # fmt: skip
def test_other_ways_to_write_a_zipcode_are_read(text: str) -> None:
    assert READER.read(text) == Cell("9000")


@pytest.mark.parametrize(
    "text",
    ["", "999", "09000", "90000", "900²", "٩٠٠٠", "90 00", "-9000", "+9000", "9000.5", "Gent", "9000 2000",
     "L-9620", "L 9620", "9000 GE", "9000AB", "F-59000", "CH-9000 Gent", "CH - 9000 Gent",
     "1010 Wien", "9000 Sankt Gallen",
     "Veldstraat 1000, Gent", "9000 Gent 2000 Antwerpen", "2018-01-01", "01/01/2018", "BE 0403.170.701",
     "0475 12 34 56", "Factuur 2024", "9000 Gent" + " x" * 100],
)  # fmt: skip
def test_anything_else_is_no_zipcode(text: str) -> None:
    assert READER.read(text) == NO_ZIPCODE


@pytest.mark.parametrize(
    ("text", "zipcode", "warning"),
    [
        ("9000 Antwerpen", "9000", PLACE_DIFFERS),
        ("Antwerpen 9000", "9000", PLACE_DIFFERS),
        ("Kaai 1, 9000 Antwerpen", "9000", PLACE_DIFFERS),
        ("9.00E+03", "9000", ZIPCODE_ROUNDED),
        ("9E3", "9000", ZIPCODE_ROUNDED),
    ],
)
def test_zipcode_of_which_something_is_to_be_checked_has_a_warning(
    text: str, zipcode: str, warning: str
) -> None:
    assert READER.read(text) == Cell(zipcode, warning=warning)


@pytest.mark.parametrize(
    "form", ["{zipcode} {name}", "{name} {zipcode}", "B-{zipcode} {name}", "x 1, {zipcode} {name}"]
)
def test_every_place_may_stand_beside_its_zipcode(form: str) -> None:
    rows = PLACES[::7]
    texts = {form.format(zipcode=row["zipcode"], name=row["name"]): row["zipcode"] for row in rows}
    assert {text: READER.read(text).zipcode for text in texts} == texts


@settings(deadline=None, database=None)
@given(st.sampled_from(IN_USE), st.text(max_size=10))
def test_no_text_beside_a_zipcode_makes_another_of_it(zipcode: int, text: str) -> None:
    for cell in (f"{zipcode} {text}", f"{text} {zipcode}"):
        found = READER.read(cell).zipcode
        assert found in ("", str(zipcode)) or found in text


def test_remembered_cells_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.zipcodes.cell.MAX_KNOWN_CELLS", 3)
    reader = CellReader(places())
    assert [reader.read(f"{zipcode} x").zipcode for zipcode in range(1000, 1010)] == [""] * 10
    assert reader.read("9000 Gent") == Cell("9000")
