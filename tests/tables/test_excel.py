"""The CSV that Excel opens in Belgium: every field as it was, and none that it would run."""

import csv
import io
import re
from itertools import takewhile
from typing import List

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from webapp.tables.excel import plain, write

# `database=None`: what fails is shrunk and shown; no folder of examples is left behind.
searching = settings(max_examples=300, deadline=None, database=None)
UNSEEN = {*map(chr, range(32)), "\x7f", "\ufeff", "\u200b", "\u200c", "\u200d", "\u2060"}
letters = st.one_of(
    st.sampled_from("=+-@＝＋－＠\t\r\n ;,\"'0019٣é€\u00a0\u202f\u200b\ufeff"),
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"),
)
fields = st.one_of(st.text(letters, max_size=8), st.text("0123456789. ", max_size=20), st.just("sep=;"))
tables = st.lists(st.lists(fields, min_size=1, max_size=4), max_size=6)


def written(*rows: List[str]) -> bytes:
    return b"".join(write(rows))


def opened(file: bytes) -> List[List[str]]:
    """The cells that Excel in Belgium makes of a file, where it takes none for a number or a formula."""
    text = file.decode("utf-8-sig")
    return [[plain(cell) for cell in row] for row in csv.reader(io.StringIO(text, newline=""), delimiter=";")]


def may_run(cell: str) -> bool:
    """Return True for a cell that Excel could take for a formula."""
    unseen = takewhile(lambda letter: letter.isspace() or letter in UNSEEN, cell)
    seen = cell[len(list(unseen)) :]
    return seen.startswith(tuple("=+-@＝＋－＠")) or cell.startswith(("\t", "\r", "\n"))


def test_it_is_what_excel_in_belgium_expects() -> None:
    assert written(["zipcode", "naam"], ["9000", "Élise; Gent"], [], ["a", 'b "c"\nd']) == (
        b"\xef\xbb\xbfzipcode;naam\r\n"
        b'9000;"\xc3\x89lise; Gent"\r\n'
        b"\r\n"
        b'a;"b ""c""\nd"\r\n'
    )  # fmt: skip


def test_no_rows_are_a_file_too() -> None:
    assert written() == b"\xef\xbb\xbf"


def test_many_rows_come_in_pieces() -> None:
    pieces = list(write(["9000", "x" * 90] for _ in range(10_000)))
    assert b"".join(pieces).count(b"\r\n") == 10_000
    assert max(map(len, pieces)) < 100_000


@pytest.mark.parametrize(
    "formula",
    [
        "=1+1",
        "=cmd|' /C calc'!A0",
        '=HYPERLINK("http://x","y")',
        '="9000"&A1',
        '="9000',
        "+A1",
        "-A1",
        "+1+cmd|'x'!A1",
        "-2+3*A1",
        "@SUM(A1)",
        "-12,50 €",
        "＝1+1",
        "＋A1",
        "－A1",
        "＠SUM(A1)",
        " =1+1",
        "\u00a0=1+1",
        "\u3000=1+1",
        "\ufeff=1+1",
        "\u200b=1+1",
        "\x01=1+1",
        "\tA1",
        "\rA1",
        "\nA1",
        "+٣",
        "-1\n",
        "sep=,",
        "SEP=,",
    ],
    ids=ascii,
)
def test_formula_becomes_text(formula: str) -> None:
    assert opened(written([formula, formula])) == [[f"'{formula}"] * 2]


@pytest.mark.parametrize(
    ("field", "line"),
    [
        ("Jan,=1+1", b'"Jan,\'=1+1"'),
        ("\n=1+1", b"\"'\n'=1+1\""),
        ('a;" @x', b'"a;\'"" @x"'),
        ("a|-5,+6", b"a|-5,+6"),
        ("a\tb", b"a\tb"),
    ],
    ids=ascii,
)
def test_field_is_safe_in_parts_too(field: str, line: bytes) -> None:
    assert written([field]) == b"\xef\xbb\xbf" + line + b"\r\n"


@pytest.mark.parametrize(
    "field",
    ["-12,50", "+32 475 12 34 56", "-1.250,00", "-1\u00a0250", "-1\u202f250", "-", "- ", "+5",
     "9000", "0", "0,5", "1=1", "a@b.be", "x-y", "'=1", "~", "sep", "Sepp", "", " ", "Élise", "1250.50",
     "123456789012345", "00 12", "0x1", "٠٠١",
     "0.5", "0.500", "00.5", "0,500", "0.", ".0123", "1.250", "1403.170.701", "01.02.2020", "01.02.20",
     "08.30", " 9000", "9000 ", " 0", "0 ", " 0.5 ", "00123 x", "0403.170.", "02.123.45.x", "\u00a09000"],
    ids=ascii,
)  # fmt: skip
def test_what_is_harmless_stays_as_it_is(field: str) -> None:
    assert next(csv.reader([written([field, "x"])[3:].decode()], delimiter=";")) == [field, "x"]


@pytest.mark.parametrize(
    "digits",
    ["00123", "0475123456", "00", "1234567890123456", "0" * 255,
     " 00123", "00123 ", "  00123  ", "\u00a000123", "00123\u202f", " 1234567890123456", " " * 253 + "00",
     "0403.170.701", "0403.170.701 ", "012.345", "0475.123.456", "0475.12.34.56", "02.123.45.67",
     "0.403.170.701"],
    ids=ascii,
)  # fmt: skip
def test_digits_that_excel_would_drop_are_a_constant(digits: str) -> None:
    assert written([digits]) == f'\ufeff"=""{digits}"""\r\n'.encode()
    assert opened(written([digits])) == [[digits]]


@pytest.mark.parametrize("digits", ["0" * 256, " " * 254 + "00"], ids=["digits", "spaces"])
def test_a_constant_that_is_too_long_for_excel_is_not_written(digits: str) -> None:
    assert written([digits]) == f"\ufeff{digits}\r\n".encode()


@pytest.mark.parametrize(
    ("field", "meaning"),
    [
        ('="00123"', "00123"),
        ('="9000"', "9000"),
        ('=" 00123 "', " 00123 "),
        ('="0403.170.701"', "0403.170.701"),
        ('=" "', '=" "'),
        ('="."', '="."'),
        ('="1 2"', '="1 2"'),
        ('="9000"&A1', '="9000"&A1'),
        ('="9000"\n', '="9000"\n'),
        ('=""', '=""'),
        ('="x"', '="x"'),
        ('="٣"', '="٣"'),
        (' ="1"', ' ="1"'),
        ("9000", "9000"),
        ("", ""),
    ],
    ids=ascii,
)
def test_a_constant_of_digits_and_nothing_else_has_a_plain_meaning(field: str, meaning: str) -> None:
    assert plain(field) == meaning


@searching
@given(tables)
@example([["sep=,", "x"]])
@example([['="00123"', '="9000"&A1']])
def test_every_field_comes_back_as_it_was_but_for_the_apostrophe(table: List[List[str]]) -> None:
    back = opened(written(*table))
    assert [len(row) for row in back] == [len(row) for row in table]
    for row, cells in zip(table, back):
        for field, cell in zip(row, cells):
            assert cell.replace("'", "") == field.replace("'", "")
            parts = re.split(r"[,;|\t\r\n]", field.replace('"', ""))
            assert cell == field or any(map(may_run, [field, *parts])) or field.lower().startswith("sep=")


@searching
@given(tables)
@example([["Jan,=1+1", "x"], ["Jan,=1+1&", ",x"], ["a\n=1+1", 'b|"@x']])
def test_nothing_in_a_file_can_be_a_formula_wherever_excel_splits_it(table: List[List[str]]) -> None:
    text = written(*table).decode("utf-8-sig")
    # Quotes that begin inside of a field protect nothing, so a field may end at any of these.
    for part in re.split(r"[,;|\t\r\n]", text):
        cell = "".join(next(csv.reader([part], delimiter="\ue000"), []))
        is_signed_number = re.fullmatch("[+-][0-9 .,\u00a0\u202f]*", cell.strip(' "'))
        assert plain(cell) != cell or is_signed_number or not may_run(cell)
    assert not text.lower().startswith(("sep=", '"sep='))


@searching
@given(tables)
def test_what_was_opened_is_written_the_same_again(table: List[List[str]]) -> None:
    once = opened(written(*table))
    assert opened(written(*once)) == once
