"""The delimiter and the rows of a list: each delimiter, encoding and way of quoting."""

from __future__ import annotations

import csv
import io
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.errors import CsvNotValid, TooLarge
from webapp.tables.csv_list import CsvList, Row

ROWS = [["nr", "naam", "Postcode"], ["1", "Élise, An", "9000"], ["2", "Zoé; Jan", "2000"], ["3", "", "1311"]]


def read(body: bytes, *, is_pasted: bool = False) -> CsvList:
    return CsvList(io.BytesIO(body).read, 10**8, 10**6, is_pasted=is_pasted)


def fields(body: bytes, *, is_pasted: bool = False) -> list[list[str]]:
    return [row.fields for row in read(body, is_pasted=is_pasted).rows()]


@pytest.mark.parametrize("separator_line", ["", "sep={}\r\n", '"sep={}"\r\n', "SEP={}\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("delimiter", list(";,\t|"))
def test_rows_are_read_from_each_form(
    delimiter: str, quoting: Literal[0, 1], encoding: str, separator_line: str
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=quoting).writerows(ROWS)
    assert fields((separator_line.format(delimiter) + text.getvalue()).encode(encoding)) == ROWS


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("naam\t;postcode\nJan;9000\n", ";"),
        ("naam;bus\tnr\nJan;x\n", ";"),
        ("naam, voornaam\tpostcode\nPeeters, Jan\t9000\n", "\t"),
        ("naam\tstraat, nr, bus\nJan\tx, 1, 2\n", "\t"),
        ("Naam;Bedrag\nJan;12,50\nPiet;13,50\n", ";"),
        ("a;b,zip\nc;d,9000\n", ";"),
        ("name,zip\nJan; Piet,9000\nAn,2000\n", ","),
        ('"x;y",zip\n1,9000\n', ","),
        ("Lijst, kantoor\n\nnaam|zip\nJan|9000\nPiet|2000\n", "|"),
        ("zip\n9,000\n2,000\n", ";"),
        ("zip\n9000\n", ","),
    ],
)
def test_delimiter_is_the_one_that_splits_most_rows_alike(text: str, delimiter: str) -> None:
    assert read(text.encode()).dialect.delimiter == delimiter


def test_rows_count_blank_lines_but_not_the_separator_line() -> None:
    rows = list(read(b"sep=;\n\na;b\n\nc;d\n").rows())
    assert rows == [Row(1, []), Row(2, ["a", "b"]), Row(3, []), Row(4, ["c", "d"])]


def test_space_before_quotes_is_no_part_of_a_field() -> None:
    assert fields(b'"a", "b, c"\n"d", "e"\n') == [["a", "b, c"], ["d", "e"]]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("9000 2000", ["9000", "2000"]),
        ("9000, 2000,\t1311;999 ;\r\n9170", ["9000", "2000", "1311", "999", "9170"]),
        ("\u00a09000\u00a02000\u202f", ["9000", "2000"]),
        ("9000 2000\n \n1000", ["9000", "2000", "", "1000"]),
        ("9000 " * 100_000, ["9000"] * 100_000),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_pasted_numbers_are_a_row_each(text: str, numbers: list[str]) -> None:
    assert ["".join(row) for row in fields(text.encode(), is_pasted=True)] == numbers


@pytest.mark.parametrize("text", ["9000;12\n2000;1985\n", "9 000\n2 000\n", "9000 Gent\n", "9000\n2000\n"])
def test_pasted_table_stays_as_it_is(text: str) -> None:
    assert fields(text.encode(), is_pasted=True) == fields(text.encode())


@pytest.mark.parametrize("body", [b"", b"\n\r\n", b" ;\n;;\n", b"sep=;\n", b"\xef\xbb\xbf"])
def test_list_without_rows_is_rejected(body: bytes) -> None:
    with pytest.raises(CsvNotValid, match=r"The file has no rows\."):
        read(body)


def test_list_with_too_many_columns_is_rejected() -> None:
    with pytest.raises(TooLarge, match="A file can have at most 1000 columns"):
        read(b"a" + b";" * 1000)


@settings(deadline=None, database=None)
@given(
    st.lists(st.lists(st.text('ab 9;,|\t"é\n', max_size=5), min_size=2, max_size=4), min_size=1, max_size=6)
)
def test_any_table_in_quotes_after_a_separator_line_is_read(table: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter="|", quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(table)
    if any(field.strip(" ;,|\t\n") for row in table for field in row):
        assert fields(("sep=|\n" + text.getvalue()).encode()) == table
