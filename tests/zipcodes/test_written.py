"""The grammar of a written zipcode, without any place."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.zipcodes.written import (
    MAX_LETTERS,
    MAX_NAMES,
    Number,
    Side,
    WrittenZipcode,
    clean,
    is_foreign,
    names_in,
    read_number,
    strip,
    zipcodes_in,
)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("\u00a09000\u202f", "9000"),
        ("90\u200b00\ufeff", "9000"),
        ("９０００\u3000Ｇｅｎｔ", "9000 Gent"),
        ("Veldstraat 1\r\n9000\tGent", "Veldstraat 1\n\n9000 Gent"),
        ("900²", "900"),
        ("’s-Gravenwezel", "s-Gravenwezel"),
        ("Bois-d´Haine", "Bois-d'Haine"),
        *(
            (text, "9000")
            for text in ("'9000", "'9000'", "`9000", '"9000"', '="9000"', '""9000""', '\'="9000"')
        ),
        ('="B-9000 Gent"', "B-9000 Gent"),
        ("'\n1'000", "1'000"),
    ],
    ids=ascii,
)
def test_characters_and_whitespace_are_normalized_and_guards_dropped(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_zero_width_marks_are_stripped_wherever_they_are() -> None:
    assert strip("\u200b90\u00ad00\u3000") == "9000"


@pytest.mark.parametrize(
    ("text", "zipcode"),
    [
        *((text, 9000) for text in ("9000", "9000.0", "9000,00", "9.000", "9 000", "9,000", "9'000")),
        *((text, 9000) for text in ("9.000,00", "9,000.00", "9 000,0", "9.000E+03", "9,000E3")),
        *((text, 9032) for text in ("9.032E+03", "9.0320e+003", "9.032")),
    ],
)
def test_number_format_is_read_with_all_digits(text: str, zipcode: int) -> None:
    assert read_number(text) == Number(zipcode, is_rounded=False)


@pytest.mark.parametrize(
    ("text", "zipcode"), [("9.00E+03", 9000), ("9E3", 9000), ("9,0e+3", 9000), ("9.03E+03", 9030)]
)
def test_number_with_fewer_digits_may_be_rounded(text: str, zipcode: int) -> None:
    assert read_number(text) == Number(zipcode, is_rounded=True)


@pytest.mark.parametrize(
    "text",
    ["", "999", "0900", "90000", "9000.5", "9.0325E+03", "9E+04", "0.9E4", "9.00.0", "90.00", "-9000", "９"],
)
def test_other_number_is_no_zipcode(text: str) -> None:
    assert read_number(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "9000",
        "B-9000",
        "b 9000",
        "BE-9000",
        "BE9000",
        "BEL-9000",
        "B - 9000",
        "B.9000",
        "(9000)",
        "9000, België",
        "9000 BE",
        "B-9000 Belgique",
        "Belgium, 9000",
        "(B) 9000",
    ],
)
def test_country_is_no_name(text: str) -> None:
    assert zipcodes_in(text) == [WrittenZipcode(9000, [], [], [])]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9000 Gent", WrittenZipcode(9000, [], ["Gent"], [Side("Gent", "Gent")])),
        ("Gent9000", WrittenZipcode(9000, ["Gent"], [], [Side("Gent", "Gent")])),
        (
            "Veldstraat 1/3, 9000 Gent",
            WrittenZipcode(9000, ["Veldstraat 1", "3"], ["Gent"], [Side("Gent", "Gent")]),
        ),
        ("Kaai 1\n9000", WrittenZipcode(9000, ["Kaai 1"], [], [])),
        (
            "1050 Ixelles - Elsene (BE)",
            WrittenZipcode(1050, [], ["Ixelles", "Elsene"], [Side("Ixelles", "Ixelles - Elsene")]),
        ),
        ("Kessel - Lo 3010", WrittenZipcode(3010, ["Kessel", "Lo"], [], [Side("Lo", "Kessel - Lo")])),
        ("€ 9000", WrittenZipcode(9000, ["€"], [], [Side("€", "€")])),
    ],
)
def test_names_are_found_on_both_sides_of_a_zipcode(text: str, expected: WrittenZipcode) -> None:
    assert zipcodes_in(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Gent",
        "90000",
        "09000",
        "2018-01-01",
        "01/01/2018",
        "1/2018",
        "2018/12",
        "9000.5",
        "9000-9050",
        "-9000",
        "+9000",
        "1000,-",
        "1000,--",
        "0475.2018",
        "9000 Gent" + " x" * MAX_LETTERS,
    ],
)
def test_part_of_a_date_an_amount_or_a_number_is_no_zipcode(text: str) -> None:
    assert zipcodes_in(text) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [("L", True), ("GE", True), ("b-l", True), ("NLD", False), ("Spa", False), ("12", False), ("4C", False)],
)
def test_letters_too_few_for_a_name_are_foreign(name: str, expected: bool) -> None:
    assert is_foreign(name) is expected


@settings(deadline=None, database=None)
@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_any_text_is_cleaned_once_and_split_into_bounded_names(text: str) -> None:
    cleaned = clean(text)
    assert strip(cleaned) == cleaned
    assert all(name.strip() == name != "" for name in names_in(cleaned))
    for written in zipcodes_in(cleaned):
        assert 1000 <= written.zipcode <= 9999
        assert max(len(written.before), len(written.after)) <= MAX_NAMES
