"""A pasted or uploaded list: the factor of each client, problems with their rows, a file for Excel."""

from __future__ import annotations

import csv
import io
from datetime import datetime

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.zipcodes.lookup import lookup
from webapp.errors import CsvNotValid, DeskError, TooLarge
from webapp.tables.chunks import MEGABYTE
from webapp.tables.excel import plain
from webapp.zipcodes import client_list
from webapp.zipcodes.client_list import ClientList, Group, ListRow, Words

NOT_FOUND, NOT_VALID = "ZIPCODE_NOT_FOUND", "ZIPCODE_NOT_VALID"
WORDS = Words("Factor", "Note", "read as %s", {NOT_FOUND: "no factor", NOT_VALID: "no zipcode",
              "PLACE_DIFFERS": "another place", "ZIPCODE_ROUNDED": "rounded"})  # fmt: skip

searching = settings(max_examples=200, deadline=None, database=None)
FIELDS = st.one_of(
    st.sampled_from(["9000", "2000", "1311", "999", "", " 9000 ", '="9000"', '="00123"', "00123", "=1+1"]),
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=6),
    st.text("9012;,\t\n\r\"'= ", max_size=6),
)
TABLES = st.lists(st.lists(FIELDS, min_size=1, max_size=4), min_size=1, max_size=8)
TEXTS = st.text(st.sampled_from("92013 \t\n\r,;|\"'=aé€\u00a0\u200e\ufeff"), max_size=40)


def read(text: str, column: str = "") -> ClientList:
    return client_list.read(text.encode(), lookup(), column, is_pasted=True)


def spreadsheet(text: str, column: str = "") -> bytes:
    return client_list.spreadsheet(text.encode(), lookup(), WORDS, column, is_pasted=True).body


def opened(text: str) -> list[list[str]]:
    """Return the cells that Excel makes of the spreadsheet."""
    file = spreadsheet(text).decode("utf-8-sig")
    return [[plain(cell) for cell in row] for row in csv.reader(io.StringIO(file, newline=""), delimiter=";")]


def as_csv(table: list[list[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(table)
    return text.getvalue()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9000", [(1, "9000", "B")]),
        ("9000, 2000,\t1311;999 ;\r\n9170",
            [(1, "9000", "B"), (2, "2000", "C"), (3, "1311", NOT_FOUND), (4, "999", NOT_VALID),
             (5, "9170", "A")]),
        ("\n\nnaam;Postcode\nx;9000\n\ny;999", [(4, "9000", "B"), (6, "999", NOT_VALID)]),
        ('naam;cp\r\n"a\r\nb";9000\r\nc;2000\r\n', [(2, "9000", "B"), (3, "2000", "C")]),
        ("cp\r9000\r2000", [(2, "9000", "B"), (3, "2000", "C")]),
        ("naam,plz\nJan\nPiet,9000,x", [(2, "", NOT_VALID), (3, "9000", "B")]),
        ("sep=;\nzipcode;naam\n9000;Jan", [(2, "9000", "B")]),
        ("\t\t\nname\tzipcode\nJan\t9000", [(3, "9000", "B")]),
        ('x;zip\n1;"=""9000"""\n2;B-2000', [(2, '="9000"', "B"), (3, "B-2000", "C")]),
        ("x\x0b\x1c\u2028;zip\ny;9000", [(2, "9000", "B")]),
    ],
    ids=ascii,
)  # fmt: skip
def test_rows_have_the_numbers_that_a_spreadsheet_shows(
    text: str, expected: list[tuple[int, str, str]]
) -> None:
    assert [(row.number, row.zipcode, row.factor or row.error) for row in read(text).first] == expected


def test_list_is_counted_and_its_rows_are_grouped() -> None:
    rows = "9000;Jan;\n2000 Gent;Piet;Kaai 1\n1311;;\nB-9170;An;\n"
    found = read("zipcode;name;street\n" + rows * 100)
    assert (found.total, found.totals, found.problem_total) == (400, {"A": 100, "B": 100, "C": 100}, 100)
    assert found.first[:4] == [
        ListRow(2, "9000", "", "Jan", "B", ""),
        ListRow(3, "2000 Gent", "2000", "Piet, Kaai 1", "C", "PLACE_DIFFERS"),
        ListRow(4, "1311", "", "", "", NOT_FOUND),
        ListRow(5, "B-9170", "9170", "An", "A", ""),
    ]
    assert len(found.first) == 10
    numbers = list(range(4, 204, 4))
    examples = [ListRow(number, "1311", "", "", "", NOT_FOUND) for number in numbers[:10]]
    assert found.problems == [Group(NOT_FOUND, 100, numbers, examples)]
    assert [(group.code, group.total) for group in found.warnings] == [("PLACE_DIFFERS", 100)]
    assert (found.read_as.total, found.read_as.numbers[:4]) == (200, [3, 5, 7, 9])


@pytest.mark.parametrize(
    ("text", "name", "column"),
    [
        ("Klantnr;Naam;Postnummer\n1000;Jan;9000\n", "Postnummer", 2),
        ("A;9000\nB;2000", "", 1),
    ],
    ids=["named", "no header"],
)
def test_column_that_was_read_is_told(text: str, name: str, column: int) -> None:
    found = read(text)
    assert (found.column_name, found.columns.column) == (name, column)


def test_spreadsheet_has_one_column_more() -> None:
    text = 'naam;cp;tel\nÉlise;9000;0475123456\n\n"=1;2";1311;-5\nkort\nlang;2000;x;y\n;;\n'
    assert spreadsheet(text).decode() == (
        "\ufeffnaam;cp;tel;Factor\r\n"
        'Élise;9000;"=""0475123456""";B\r\n'
        "\r\n"
        '"\'=1;2";1311;-5;no factor\r\n'
        "kort;;;no zipcode\r\n"
        "lang;2000;x;C;y\r\n"
        ";;\r\n"
    )


def test_spreadsheet_notes_what_was_not_plain() -> None:
    assert opened("cp\n9000\nB-9000\n2000 Gent\n9.00E+03\n999\n") == [
        ["cp", "Factor", "Note"],
        ["9000", "B", ""],
        ["B-9000", "B", "read as 9000"],
        ["2000 Gent", "C", "read as 2000. another place"],
        ["9.00E+03", "B", "read as 9000. rounded"],
        ["999", "no zipcode", ""],
    ]


def test_added_column_has_no_header_where_the_list_has_none() -> None:
    assert opened("9000 999") == [["9000", "B"], ["999", "no zipcode"]]


def test_requested_column_is_read() -> None:
    assert read("a;b\n9000;2000\n", "b").totals["C"] == 1
    assert spreadsheet("a;b\n9000;2000\n", "b").endswith(b"9000;2000;C\r\n")


def test_workbook_comes_back_as_one() -> None:
    book = openpyxl.Workbook()
    book.create_sheet("Blanco")
    sheet = book.worksheets[0]
    sheet.title = "Klanten"
    for row in (["Naam", "Postcode", "Datum"], ["A", "B-9000", datetime(2026, 8, 14)], [], ["B", 999]):
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    found = client_list.read(file.getvalue(), lookup())
    assert (found.total, found.totals["B"], found.column_name, found.sheet) == (2, 1, "Postcode", "Klanten")
    assert [row.number for row in found.first] == [2, 4]
    result = client_list.spreadsheet(file.getvalue(), lookup(), WORDS)
    assert result.extension == "xlsx"
    rows = openpyxl.load_workbook(io.BytesIO(result.body))["Klanten"].iter_rows(values_only=True)
    assert list(rows) == [
        ("Naam", "Postcode", "Datum", "Factor", "Note"),
        ("A", "B-9000", datetime(2026, 8, 14), "B", "read as 9000"),
        (None,) * 5,
        ("B", 999, None, "no zipcode", None),
    ]


def test_workbook_with_several_lists_is_rejected() -> None:
    book = openpyxl.Workbook()
    for title in ("A", "B"):
        sheet = book.create_sheet(title)
        sheet.append(["Postcode"])
        sheet.append([9000])
    file = io.BytesIO()
    book.save(file)
    with pytest.raises(DeskError, match="Several sheets have zipcodes: “A”, “B”"):
        client_list.read(file.getvalue(), lookup())


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (" ,;\n\t", CsvNotValid, "The file has no rows."),
        ("zipcode;name\n", CsvNotValid, "The list has a header but no rows."),
        ("\n\nclients\n\n\n", CsvNotValid, "The list has a header but no rows."),
        ('cp;x\n9000;y\n"open;\n2000', CsvNotValid, "Row 3 is not valid CSV: a quote is never closed."),
        ("cp\n9000\n\0", CsvNotValid, "Row 3 is not UTF-8 or Windows-1252 text."),
        *(
            pytest.param(text, TooLarge, "A list can have at most 1,000,000 rows.", marks=pytest.mark.slow)
            for text in ("9000\n" * 1_000_001, "9000 " * 1_000_001)
        ),
        ("é" * (3 * MEGABYTE), TooLarge, "A list can have at most 5 MB."),
    ],
    ids=lambda value: ascii(value[:20]) if isinstance(value, str) else None,
)
@pytest.mark.parametrize("use", [read, spreadsheet], ids=["read", "spreadsheet"])
def test_invalid_or_too_large_list_is_rejected_with_its_row(
    text: str, error: type[DeskError], message: str, use: type
) -> None:
    with pytest.raises(error) as raised:
        use(text)
    assert str(raised.value).startswith(message)


@pytest.mark.slow
def test_spreadsheet_that_would_be_too_large_is_rejected() -> None:
    with pytest.raises(TooLarge, match="The result would be larger than 32 MB"):
        spreadsheet("zip" + ";" * 900 + "\n" + "9000\n" * 40_000)


@searching
@given(TEXTS)
def test_any_text_gets_a_result_row_by_row_or_is_rejected(text: str) -> None:
    try:
        found = read(text)
    except DeskError as error:
        with pytest.raises(type(error)):
            spreadsheet(text)
        return
    assert found.total == sum(found.totals.values()) + found.problem_total
    cells = opened(text)
    for row in found.first:
        assert (row.factor or WORDS.by_code[row.error]) in cells[row.number - 1]


@searching
@given(TABLES)
@example([["9000", "=1+1"], ['="9000"', "00123"], ["9000", "a\r\nb"]])
def test_every_field_of_any_table_comes_back_with_the_factor_after_it(table: list[list[str]]) -> None:
    rows = [["zipcode", "name"], ["9000", "x"], *table]
    cells = [row[:2] + row[2:] for row in _rows(spreadsheet(as_csv(rows), "zipcode"))]
    assert len(cells) == len(rows)
    for sent, row in zip(table, cells[2:]):
        if not any(map(str.strip, sent)):
            continue
        zipcode = sent[0]
        factor, error = lookup().result(zipcode)
        assert row[2] == (factor or WORDS.by_code[error])
        for field, cell in zip([plain(field) for field in sent[:2]], row):
            assert cell.replace("'", "") == field.replace("'", "")


def _rows(file: bytes) -> list[list[str]]:
    text = io.StringIO(file.decode("utf-8-sig"), newline="")
    return [[plain(cell) for cell in row] for row in csv.reader(text, delimiter=";")]


@searching
@given(TABLES)
def test_spreadsheet_that_is_sent_again_gets_the_same_results(table: list[list[str]]) -> None:
    once = spreadsheet(as_csv([["zipcode", "name"], ["9000", "x"], *[row[:2] for row in table]]), "zipcode")
    again = client_list.read(once, lookup(), "zipcode")
    assert again.totals == read(as_csv([["zipcode", "name"], ["9000", "x"], *table]), "zipcode").totals
