"""A pasted or uploaded list: the factor of each client, problems with their rows, a file for Excel."""

from __future__ import annotations

import csv
import io
from typing import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.zipcodes.seed import FACTORS, risk_table
from webapp.errors import CsvNotValid, DeskError, TooLarge
from webapp.tables.excel import plain
from webapp.zipcodes import bulk, client_list
from webapp.zipcodes.bulk import MEGABYTE, Result
from webapp.zipcodes.client_list import ClientList, ListRow, decode

KNOWN: dict[str, Result] = {
    "9000": ("B", ""),
    "2000": ("C", ""),
    "9170": ("A", ""),
    "1311": ("", "ZIPCODE_NOT_FOUND"),
}
WORDS = {"ZIPCODE_NOT_FOUND": "no factor", "ZIPCODE_NOT_VALID": "no zipcode"}

searching = settings(max_examples=200, deadline=None, database=None)
FIELDS = st.one_of(
    st.sampled_from(["9000", "2000", "1311", "999", "", " 9000 ", '="9000"', '="00123"', "00123", "=1+1"]),
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=6),
    st.text("9012;,\t\n\r\"'= ", max_size=6),
)
TABLES = st.lists(st.lists(FIELDS, min_size=1, max_size=4), min_size=1, max_size=8)
TEXTS = st.text(st.sampled_from("92013 \t\n\r,;\"'=aé€\u00a0\u200e\ufeff"), max_size=40)


def read(text: str) -> ClientList:
    return client_list.read(text, KNOWN)


def spreadsheet(text: str) -> bytes:
    return b"".join(client_list.spreadsheet(text, KNOWN, "Factor", WORDS))


def start_spreadsheet(text: str) -> object:
    """Ask for a spreadsheet, and for none of its pieces."""
    return client_list.spreadsheet(text, KNOWN, "Factor", WORDS)


def rows(text: str) -> list[tuple[int, str, str]]:
    """Return the number, the zipcode, and the factor or error of each of the first rows."""
    return [(row.number, row.zipcode, row.factor or row.error) for row in read(text).first]


def opened(text: str) -> list[list[str]]:
    """Return the cells that Excel makes of the spreadsheet."""
    file = spreadsheet(text).decode("utf-8-sig")
    return [[plain(cell) for cell in row] for row in csv.reader(io.StringIO(file, newline=""), delimiter=";")]


def as_csv(table: list[list[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(table)
    return text.getvalue()


NOT_VALID = "ZIPCODE_NOT_VALID"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9000", [(1, "9000", "B")]),
        ("9000\n2000\n", [(1, "9000", "B"), (2, "2000", "C")]),
        ("9000 2000", [(1, "9000", "B"), (2, "2000", "C")]),
        ("9000, 2000,\t1311;999 ;\r\n9170", [(1, "9000", "B"), (2, "2000", "C"),
            (3, "1311", "ZIPCODE_NOT_FOUND"), (4, "999", NOT_VALID), (5, "9170", "A")]),
        ("9000,\n2000,\n9170", [(1, "9000", "B"), (2, "2000", "C"), (3, "9170", "A")]),
        ("\u00a09000\u00a02000\u202f", [(1, "9000", "B"), (2, "2000", "C")]),
        ("9000\u200e\n\u200b2000\u200b 9170", [(1, "9000", "B"), (2, "2000", "C"), (3, "9170", "A")]),
        ("9000\t2000\t9170", [(1, "9000", "B"), (2, "2000", "C"), (3, "9170", "A")]),
        ("\n9000\n\n2000\n", [(2, "9000", "B"), (4, "2000", "C")]),
        (" 9000 \n \n 2000", [(1, "9000", "B"), (3, "2000", "C")]),
        ("B-9000\nBE-9000", [(1, "B-9000", NOT_VALID), (2, "BE-9000", NOT_VALID)]),
    ],
    ids=ascii,
)  # fmt: skip
def test_numbers_are_a_row_each(text: str, expected: list[tuple[int, str, str]]) -> None:
    assert rows(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "naam\t;postcode;straat\nJan;9000;x\n",
        "naam;bus\tnr;zip\nJan;x;9000\n",
        "naam\t,straat,postcode\nJan,x,9000\n",
        "naam, voornaam\tpostcode\nPeeters, Jan\t9000\n",
        "naam, voornaam\tstraat, nr, bus\tpostcode\nPeeters, Jan\tx, 1, 2\t9000\n",
        "9000\tPeeters, Jan, x, 1",
        "\n \n9000\tPeeters; Jan\tx\n2000\ty\tz\n",
        "postcode\tnaam\n\n9000\tPeeters; Jan; An\n",
    ],
    ids=ascii,
)
def test_tabs_are_between_columns_unless_other_separators_are(text: str) -> None:
    assert [(row.zipcode, row.factor) for row in read(text).first][:1] == [("9000", "B")]


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_several_rows_of_as_many_numbers_are_a_table(delimiter: str) -> None:
    found = read(f"9000{delimiter}12\n2000{delimiter}1985\n\n")
    assert found.first == [ListRow(1, "9000", "12", "B", ""), ListRow(2, "2000", "1985", "C", "")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("zipcode\n9000\n", [(2, "9000", "B")]),
        ("\n\nnaam;Postcode\nx;9000\n\ny;999", [(4, "9000", "B"), (6, "999", NOT_VALID)]),
        ('naam;cp\n"a\nb\n";9000\n"c";2000\n', [(2, "9000", "B"), (3, "2000", "C")]),
        ('naam;cp\r\n"a\r\nb";9000\r\nc;2000\r\n', [(2, "9000", "B"), (3, "2000", "C")]),
        ("cp\r9000\r2000", [(2, "9000", "B"), (3, "2000", "C")]),
        ("\ufeffzipcode\n9000", [(2, "9000", "B")]),
        ("naam,plz\nJan\nPiet,9000,x", [(2, "", NOT_VALID), (3, "9000", "B")]),
        ('N\tPLZ\nx;y\t9000\n\n"a\n\tb"\t2000\nz', [(2, "9000", "B"), (4, "2000", "C"), (5, "", NOT_VALID)]),
        (";Jan\n9000;An", [(1, "", NOT_VALID), (2, "9000", "B")]),
        ("naam;cp\nÉ;9000\u00a0\nJan;\u200e2000\u202f",
            [(2, "9000\u00a0", "B"), (3, "\u200e2000\u202f", "C")]),
        ("9000\u200e;x\n\ufeff2000 \u200b;y", [(1, "9000\u200e", "B"), (2, "\ufeff2000 \u200b", "C")]),
        ("9000\u200e;y\n90\u00a000;x", [(1, "9000\u200e", "B"), (2, "90\u00a000", NOT_VALID)]),
        ('9000;="00123"\n="2000";x\n', [(1, "9000", "B"), (2, "2000", "C")]),
        ('x;zip\n1;"=""9000"""\n2;"=""9999"""', [(2, "9000", "B"), (3, "9999", NOT_VALID)]),
        ("x\x0b\x1c\u2028;zip\ny;9000", [(2, "9000", "B")]),
    ],
    ids=ascii,
)  # fmt: skip
def test_rows_have_the_numbers_that_a_spreadsheet_shows(
    text: str, expected: list[tuple[int, str, str]]
) -> None:
    assert rows(text) == expected


def test_list_is_counted_and_its_first_rows_are_shown() -> None:
    text = "zipcode;name;street\n" + "9000;Jan;\n2000;Piet;Kaai 1\n1311;;\n" * 100
    found = read(text)
    assert (found.total, found.totals, found.problem_total) == (300, {"A": 0, "B": 100, "C": 100}, 100)
    assert found.first[:3] == [
        ListRow(2, "9000", "Jan", "B", ""),
        ListRow(3, "2000", "Piet, Kaai 1", "C", ""),
        ListRow(4, "1311", "", "", "ZIPCODE_NOT_FOUND"),
    ]
    assert len(found.first) == 10
    assert [row.number for row in found.problems] == list(range(4, 154, 3))


@pytest.mark.parametrize(
    ("text", "column", "is_named"),
    [
        ("Klantnr;Naam;Postnummer\n1000;Jan;9000\n", "Postnummer", True),
        ("\n\nKlantnr\tPC\n\n1000\t9000\n", "Klantnr", False),
        ('" Klant\u00a0nr",naam\n1000,Jan', "Klant\u00a0nr", False),
        ("Klantnr,naam\n1000,Jan".replace(",", "\u00a0;"), "Klantnr", False),
        ("x" * 81 + ";naam\n1000;Jan", "x" * 79 + "…", False),
        ("Klantnr\n1000", "", False),
        ("zipcode\n9000", "", True),
        ("1000;Jan\n2000;Piet", "", False),
        (";Jan\n2000;Piet", "", False),
        ("9000 2000", "", False),
    ],
    ids=ascii,
)
def test_column_that_was_read_is_named_where_there_are_several(
    text: str, column: str, is_named: bool
) -> None:
    found = read(text)
    assert (found.column, found.is_named) == (column, is_named)


def test_long_fields_are_shown_cut_short() -> None:
    (row,) = read("1" * 81 + ";" + "y" * 80).first
    assert (row.zipcode, row.others) == ("1" * 79 + "…", "y" * 80)


def test_spreadsheet_has_one_column_more() -> None:
    text = 'naam;cp;tel\nÉlise;9000;0475123456\n\n"=1;2";1311;-5\nkort\nlang;2000;x;y\n'
    assert spreadsheet(text).decode() == (
        "\ufeffnaam;cp;tel;Factor\r\n"
        'Élise;9000;"=""0475123456""";B\r\n'
        "\r\n"
        '"\'=1;2";1311;-5;no factor\r\n'
        "kort;;;no zipcode\r\n"
        "lang;2000;x;C;y\r\n"
    )


def test_invisible_characters_beside_a_zipcode_come_back_in_the_spreadsheet() -> None:
    assert opened("cp;naam\n9000\u00a0;Jan\u00a0Peeters\n") == [
        ["cp", "naam", "Factor"],
        ["9000\u00a0", "Jan\u00a0Peeters", "B"],
    ]


def test_added_column_has_no_header_where_the_list_has_none() -> None:
    assert opened("9000,x\n999,y\n") == [["9000", "x", "B"], ["999", "y", "no zipcode"]]
    assert opened("9000 999") == [["9000", "B"], ["999", "no zipcode"]]


def test_rows_copied_from_a_spreadsheet_come_back_as_columns() -> None:
    assert opened('zip\tname\n9000\ta;b, "c"\n') == [["zip", "name", "Factor"], ["9000", 'a;b, "c"', "B"]]


def test_totals_are_those_of_the_risk_table() -> None:
    text = "\n".join(map(str, range(1000, 10_000)))
    found = client_list.read(text, bulk.results(risk_table()))
    assert found.totals == {factor: list(FACTORS.values()).count(factor) for factor in "ABC"}
    assert found.problem_total == 9000 - len(FACTORS)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("", CsvNotValid, "The file has no rows."),
        (" ,;\n\t", CsvNotValid, "The file has no rows."),
        ("zipcode;name\n", CsvNotValid, "The list has a header but no rows."),
        ("\n\nclients\n\n\n", CsvNotValid, "The list has a header but no rows."),
        ("zipcode\n" + "\n" * 999_999, CsvNotValid, "The list has a header but no rows."),
        ('cp;x\n9000;y\n"open;\n2000', CsvNotValid, "Row 3 is not valid CSV: a quote is never closed."),
        ('cp;x\n"9000" ;y', CsvNotValid, "Row 2 is not valid CSV: text follows a closing quote."),
        ('cp\tx\n9000\ty\n"open\tz\n', CsvNotValid, "Row 3 is not valid CSV: a quote is never closed."),
        ('\ncp\tx\n"9000" \ty', CsvNotValid, "Row 3 is not valid CSV: text follows a closing quote."),
        ("cp\n9000\n\0", CsvNotValid, "Row 3 is not UTF-8 or Windows-1252 text."),
        ("a" + ";" * 1000, TooLarge, "A file can have at most 1000 columns."),
        ("a" + "\t" * 1000, TooLarge, "A file can have at most 1000 columns."),
        ("a" + ";" * 1_000_000, TooLarge, "A file can have at most 1000 columns."),
        ("9000\n" * 1_000_001, TooLarge, "A list can have at most 1,000,000 rows."),
        ("9000 " * 1_000_001, TooLarge, "A list can have at most 1,000,000 rows."),
        ('x;9000\n"' + "y\n" * 1_000_000, TooLarge, "Row 2 is too long or has an unclosed quote."),
        ('x\t9000\n"' + "y\n" * 1_000_000, TooLarge, "Row 2 is too long or has an unclosed quote."),
        ("a" + ";" * 900 + "\n" + "9000\n" * 40_000, TooLarge, "The result would be larger than 32 MB."),
        ("é" * (5 * MEGABYTE + 1), TooLarge, "A list can have at most 5 MB."),
    ],
    ids=lambda value: ascii(value[:20]) if isinstance(value, str) else None,
)  # fmt: skip
@pytest.mark.parametrize("use", [read, start_spreadsheet], ids=["read", "spreadsheet"])
def test_invalid_or_too_large_list_is_rejected_with_its_row(
    text: str, error: type[DeskError], message: str, use: Callable[[str], object]
) -> None:
    with pytest.raises(error) as raised:
        use(text)
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", ""),
        (b"9000;x", "9000;x"),
        ("9000;é€".encode(), "9000;é€"),
        ("9000;é€".encode("utf-8-sig"), "9000;é€"),
        ("9000;é€".encode("cp1252"), "9000;é€"),
        ("cp\té\n".encode("utf-16"), "cp\té\n"),
        (b"\xfe\xff" + "cp\té\n".encode("utf-16-be"), "cp\té\n"),
    ],
    ids=ascii,
)
def test_file_is_decoded_from_each_encoding(content: bytes, text: str) -> None:
    assert decode(content) == text


@pytest.mark.parametrize(
    ("content", "row"),
    [
        (b"\x81", 1),
        (b"9000;\xe9\r\n2000\r\n\x9d\n", 3),
        (b"9000\r2000\r\x90", 3),
        (b"PK\x03\x04\x14\x00", 1),
        ("9000\n2000".encode("utf-16-le"), 1),
        ("cp\n\n9000\n".encode("utf-16") + b"\x00\xd8", 4),
        (b"9000\n2000\n\0", 3),
    ],
    ids=ascii,
)
def test_file_that_is_no_text_is_rejected_with_its_row(content: bytes, row: int) -> None:
    with pytest.raises(CsvNotValid) as raised:
        decode(content)
    assert str(raised.value) == (
        f"Row {row} is not UTF-8 or Windows-1252 text. Save the file as “CSV UTF-8”."
    )


def test_file_of_five_megabytes_is_accepted() -> None:
    content = b"\x80" * (5 * MEGABYTE - 4) + b";\r\nx"
    text = decode(content)
    with pytest.raises(TooLarge):
        decode(content + b"x")
    # A browser sends it back in UTF-8, with \r\n for each line end: larger, and taken all the same.
    sent_back = text.replace("\r\n", "\n").replace("\n", "\r\n")
    assert len(sent_back.encode()) < client_list.MOST_FORM_BYTES - 5 * MEGABYTE
    with pytest.raises(TooLarge, match="Row 1 is too long"):
        read(sent_back)


@searching
@given(st.one_of(st.binary(max_size=30), st.text(max_size=20).map(lambda text: text.encode("utf-16"))))
def test_any_file_is_decoded_or_rejected(content: bytes) -> None:
    try:
        text = decode(content)
    except CsvNotValid as error:
        assert str(error).startswith("Row ")
    else:
        text.encode()  # has nothing that could not be sent


@searching
@given(TEXTS)
def test_any_text_gets_a_result_row_by_row_or_is_rejected(text: str) -> None:
    try:
        found = read(text)
    except CsvNotValid:
        with pytest.raises(CsvNotValid):
            spreadsheet(text)
        return
    assert found.total == sum(found.totals.values()) + found.problem_total
    assert (len(found.first), len(found.problems)) == (min(found.total, 10), min(found.problem_total, 50))
    cells = opened(text)
    for row in found.first:
        assert (row.factor or WORDS[row.error]) in cells[row.number - 1]
        assert bulk.result(KNOWN, row.zipcode.strip(" \u00a0\u200e\ufeff")) == (row.factor, row.error)


@searching
@given(TABLES)
@example([["9000", "=1+1"], ['="9000"', "00123"], ["9000", "a\r\nb"]])
def test_every_field_of_any_table_comes_back_with_the_factor_after_it(table: list[list[str]]) -> None:
    cells = opened(as_csv([["zipcode", "name"], *table]))
    assert cells[0] == ["zipcode", "name", "Factor"]
    assert len(cells) == len(table) + 1
    for given_row, row in zip(table, cells[1:]):
        shown = [plain(field.replace("\r\n", "\n").replace("\r", "\n")) for field in given_row]
        zipcode, name, *rest = shown if len(shown) > 1 else [*shown, ""]
        factor, error = bulk.result(KNOWN, zipcode)
        expected = [zipcode, name, factor or WORDS[error], *rest]
        assert [cell in (field, f"'{field}") for cell, field in zip(row, expected)] == [True] * len(expected)


@searching
@given(TABLES)
def test_spreadsheet_that_is_sent_again_gets_the_same_results(table: list[list[str]]) -> None:
    text = as_csv([["zipcode", "name"], *[row[:2] for row in table]])
    once = spreadsheet(text)
    twice = spreadsheet(decode(once))
    assert read(decode(once))[:3] == read(text)[:3]
    for row, again in zip(opened(decode(once)), opened(decode(twice))):
        assert again[: len(row)] == row


@searching
@given(TEXTS)
def test_text_that_a_browser_sent_back_gets_the_same_results(text: str) -> None:
    sent_back = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    try:
        expected = spreadsheet(text)
    except CsvNotValid:
        return
    assert spreadsheet(sent_back) == expected


# Lines that spreadsheets put before the first row


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("sep=;\nzipcode;naam\n9000;Jan", 2),
        ("SEP=,\r\nnaam,zipcode\r\nJan,9000", 2),
        ("\t\t\nname\tzipcode\nJan\t9000", 3),
        (";;\n\n;;\nzipcode;naam\n9000;Jan", 5),
    ],
)
def test_lines_above_the_header_are_not_taken_for_it(text: str, number: int) -> None:
    found = read(text)
    assert (found.total, found.totals["B"]) == (1, 1)
    assert found.first[0].number == number


@pytest.mark.parametrize("text", ["", " \n\n", ";;;\n;;;", "sep=;\n", "\n" * 1_000_001])
def test_list_without_rows_is_rejected_at_once(text: str) -> None:
    with pytest.raises((CsvNotValid, TooLarge)):
        read(text)


def test_long_first_row_and_many_blank_lines_before_it_are_read() -> None:
    text = "\n" * 270_000 + "x" * 300_000 + ";zipcode\n1;9000\n"
    found = read(text)
    assert (found.column, found.is_named, found.totals["B"]) == ("zipcode", True, 1)
    assert found.first[0].number == 270_002
