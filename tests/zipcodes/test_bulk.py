"""Bulk lookup: a CSV file in, the same file with a risk factor on each row out."""

from __future__ import annotations

import csv
import io
from typing import Callable, Literal, Tuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.zipcodes.seed import FACTORS, risk_table
from webapp.errors import CsvNotValid, DeskError, TooLarge
from webapp.zipcodes import bulk
from webapp.zipcodes.bulk import Layout, Result, answer_csv

KNOWN: dict[str, Result] = {"9000": ("B", ""), "2000": ("C", ""), "1311": ("", "ZIPCODE_NOT_FOUND")}

searching = settings(deadline=None, database=None)
FIELDS = st.one_of(st.sampled_from(["9000", "2000", "1311", "999", "", " 9000 "]), st.text(max_size=6))
TABLES = st.lists(st.lists(FIELDS, min_size=1, max_size=4), min_size=1, max_size=8)


def reading(content: bytes, most: int) -> Callable[[int], bytes]:
    """Return a function that reads the content, at most so many bytes at a time."""
    file = io.BytesIO(content)
    return lambda size: file.read(min(size, most))


def answer(content: bytes, most: int = bulk.PIECE_BYTES) -> bytes:
    output = io.BytesIO()
    answer_csv(reading(content, most), output.write, KNOWN)
    return output.getvalue()


def layout_of(content: bytes) -> Layout:
    return answer_csv(io.BytesIO(content).read, io.BytesIO().write, KNOWN)


def charset_of(content: bytes) -> str:
    return layout_of(content).charset


@pytest.mark.parametrize(
    ("given_file", "expected"),
    [
        (b"9000\n2000\n", b"9000,B,\n2000,C,\n"),
        (b"zipcode\n9000\n", b"zipcode,risk_factor,error\n9000,B,\n"),
        (b"zipcode\n9000", b"zipcode,risk_factor,error\n9000,B,\n"),
        (b"zipcode\r\n9000\r\n", b"zipcode,risk_factor,error\r\n9000,B,\r\n"),
        (b"zipcode\r9000\r2000\r", b"zipcode,risk_factor,error\r\n9000,B,\r\n2000,C,\r\n"),
        (b"zipcode\n9000\r\n2000\n", b"zipcode,risk_factor,error\n9000,B,\n2000,C,\n"),
        (b"name;Zipcode \nx;9000\n", b"name;Zipcode ;risk_factor;error\nx;9000;B;\n"),
        (b"postcode;name\n9000;x\n", b"postcode;name;risk_factor;error\n9000;x;B;\n"),
        (b"9000;x, y\n", b"9000;x, y;B;\n"),
        (b'"x;y",zipcode\n1,9000\n', b"x;y,zipcode,risk_factor,error\n1,9000,B,\n"),
        (b"9000\n9000\n", b"9000,B,\n9000,B,\n"),
        (b"1311\n999\nabc\n 9000 \n", b"1311,,ZIPCODE_NOT_FOUND\n999,,ZIPCODE_NOT_VALID\n"
            b"abc,,ZIPCODE_NOT_VALID\n 9000 ,B,\n"),
        (b"zipcode,a,b\n9000\n2000,x,y,z\n", b"zipcode,a,b,risk_factor,error\n9000,,,B,\n2000,x,y,C,,z\n"),
        ("Où;naam\n9000;x\n".encode(), "Où;naam;risk_factor;error\n9000;x;B;\n".encode()),
        (b"\n\n9000\n\n2000\n", b"\n\n9000,B,\n\n2000,C,\n"),
        (b'9000,"a ""b""\nc"\n\n2000,d\n', b'9000,"a ""b""\nc",B,\n\n2000,d,C,\n'),
        (b"\xef\xbb\xbfzipcode;n\n9000;\xc3\xa9\n",
            b"\xef\xbb\xbfzipcode;n;risk_factor;error\n9000;\xc3\xa9;B;\n"),
        (b"zipcode;n\n9000;\xe9\x85\n", b"zipcode;n;risk_factor;error\n9000;\xe9\x85;B;\n"),
        (b'9000;"x\ry"\n2000;"x\r\ny"\n', b'9000;"x\ry";B;\n2000;"x\r\ny";C;\n'),
        (b'9000;5" pipe\n2000;x\n', b'9000;"5"" pipe";B;\n2000;x;C;\n'),
    ],
)  # fmt: skip
def test_each_row_gets_its_result_and_keeps_the_rest(given_file: bytes, expected: bytes) -> None:
    assert answer(given_file) == expected
    assert answer(given_file, most=1) == expected


@pytest.mark.parametrize(
    "name",
    ["zipcode", "ZIP code", "zip_code", "Zip-Code", "zip", "Postal code", "Postcode", "POSTCODE",
     " postcode ", "code postal", "Code_postal", "CODE-POSTAL", "CP", "Postleitzahl", "PLZ",
     "Post code", "PostalCode", "CodePostal", "C.P.", "Postnummer", "Postnr", "Postnr.",
     "Postcode\u00a0", "Code\u00a0postal", "Code\u202fpostal"],
)  # fmt: skip
def test_zipcode_column_has_a_name_in_each_language(name: str) -> None:
    content = f"nom;{name};rue\n1;9000;x\n".encode()
    assert answer(content) == f"nom;{name};rue;risk_factor;error\n1;9000;x;B;\n".encode()


@pytest.mark.parametrize(
    ("header", "column"),
    [
        (b"postcode,zipcode", 1),
        (b"cp,code postal", 1),
        (b"plz,zip", 1),
        (b"zipcode,zipcode", 0),
        (b"city,zipcodes", 0),
        (b"name,zip__code", 0),
        (b"name,c p", 0),
        (b"klantnr,postnummer", 1),
        (b"postnr,postnummer", 1),
        (b"nr,post code", 1),
        (b"nr,code\xa0postal,\xe9", 1),
    ],
)
def test_of_several_zipcode_columns_the_plainest_name_counts(header: bytes, column: int) -> None:
    assert layout_of(header + b"\n").column == column


@pytest.mark.parametrize(
    ("content", "has_header"),
    [
        (b"zipcode;name\n9000;x\n", True),
        (b"stad;naam\n9000;x\n", True),
        (b"Zip 1;naam\n9000;x\n", False),
        (b";Jan\n9000;An\n", False),
        (b" ;Jan\n9000;An\n", False),
        (b"\xa0;Jan\n9000;An\n", False),
        ("\u00a0;Jan\n9000;An\n".encode(), False),
        (b'"";Jan\n9000;An\n', False),
        (b";zipcode\n1;9000\n", True),
    ],
)
def test_first_row_is_a_header_when_it_names_its_column(content: bytes, has_header: bool) -> None:
    assert layout_of(content).has_header is has_header


def test_first_row_without_a_zipcode_gets_a_result_like_the_others() -> None:
    assert answer(b";Jan\n9000;An\n") == b";Jan;;ZIPCODE_NOT_VALID\n9000;An;B;\n"


def test_layout_tells_how_the_file_is_written() -> None:
    assert layout_of(b"name;postcode;x\r\nJan;9000;\xe9\r\n") == Layout(
        charset="windows-1252",
        delimiter=";",
        line_end=b"\r\n",
        column=1,
        width=3,
        has_header=True,
        is_named=True,
    )
    assert layout_of(b"9000,x\n") == Layout("utf-8", ",", b"\n", 0, 2, has_header=False, is_named=False)
    assert layout_of(b"name,x\n") == Layout("utf-8", ",", b"\n", 0, 2, has_header=True, is_named=False)


def test_results_are_the_factors_of_the_table() -> None:
    known = bulk.results(risk_table())
    assert {zipcode: factor for zipcode, (factor, error) in known.items() if not error} == {
        str(zipcode): factor for zipcode, factor in FACTORS.items()
    }
    assert {error for factor, error in known.values() if not factor} == {"ZIPCODE_NOT_FOUND"}
    assert list(known) == [str(zipcode) for zipcode in range(1000, 10000)]


@pytest.mark.parametrize("zipcode", ["9000", " 9000", "9000\t", "\u00a09000"])
def test_whitespace_around_a_zipcode_is_ignored(zipcode: str) -> None:
    assert bulk.result(KNOWN, zipcode) == ("B", "")


@pytest.mark.parametrize("zipcode", ["", "999", "900²", "٩٠٠٠", "９０００", "90 00", "+9000", "9000.0"])
def test_text_of_another_form_than_a_zipcode_is_not_valid(zipcode: str) -> None:
    assert bulk.result(bulk.results(risk_table()), zipcode) == ("", "ZIPCODE_NOT_VALID")


def table_as_csv(table: list[list[str]], quoting: Literal[0, 1, 2, 3], line_end: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";", quoting=quoting, lineterminator=line_end).writerows(table)
    return text.getvalue().encode()


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline=""), delimiter=";"))


@searching
@given(TABLES, st.sampled_from(["\n", "\r\n"]), st.integers(1, 7))
def test_any_table_comes_back_with_two_columns_more(table: list[list[str]], line_end: str, most: int) -> None:
    table = [["zipcode", "name"], *[[field.replace("\0", "") for field in row] for row in table]]
    rows = rows_of(answer(table_as_csv(table, csv.QUOTE_ALL, line_end), most))
    assert rows[0] == ["zipcode", "name", "risk_factor", "error"]
    assert len(rows) == len(table)
    for given_row, row in zip(table[1:], rows[1:]):
        zipcode, name, *rest = given_row if len(given_row) > 1 else [*given_row, ""]
        assert row == [zipcode, name, *KNOWN.get(zipcode.strip(), bulk.NOT_VALID), *rest]


PLAIN = st.text(st.characters(blacklist_characters='";\r\n\0', blacklist_categories=["Cs"]), max_size=5)


@searching
@given(st.lists(st.tuples(st.sampled_from(["9000", "1311", "x"]), PLAIN), min_size=1, max_size=8))
def test_quotes_make_no_difference_to_the_results(table: list[list[str]]) -> None:
    rows = [["zipcode", "name"], *[list(row) for row in table]]
    quoted = answer(table_as_csv(rows, csv.QUOTE_ALL, "\n"))
    assert rows_of(answer(table_as_csv(rows, csv.QUOTE_MINIMAL, "\n"))) == rows_of(quoted)


CONTENTS = st.lists(
    st.sampled_from(
        [b'"', b";", b",", b"\r", b"\n", b"\r\n", b"\n\n", b"9000", b"2000", b"x", b"zipcode", b" ",
         "é".encode(), b"\xe9", b"\xa0", "\u00a0".encode()],
    ),
    max_size=40,
).map(b"".join)  # fmt: skip


def outcome(content: bytes, most: int) -> Tuple[object, ...]:
    """All that comes of a file, whether it can be read or not."""
    output = io.BytesIO()
    try:
        layout = answer_csv(reading(content, most), output.write, KNOWN)
    except DeskError as error:
        return error.code, error.message
    return layout, output.getvalue()


@given(st.sampled_from([b"", b"\xef\xbb\xbf"]), CONTENTS, st.integers(3, 9), st.integers(1, 9))
@example(b"\xef\xbb\xbf", b"\r\n\r\n9000;x\r\n", 3, 1)
@example(b"", b"\n\r\n\r9000\n", 3, 3)
@example(b"", b'"a\r\nb";"zip\r\ncode";zipcode\r\n1;2;9000\r\n', 3, 3)
@example(b"", b"x,code\xc2\xa0postal\n1,9000\n\xe9\n", 5, 5)
def test_chunks_make_no_difference(mark: bytes, content: bytes, piece: int, most: int) -> None:
    whole = outcome(mark + content, bulk.PIECE_BYTES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "PIECE_BYTES", piece)
        assert outcome(mark + content, most) == whole


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("count", [3, bulk.PIECE_BYTES - 1, bulk.PIECE_BYTES, 270_000, 999_999])
def test_any_number_of_blank_lines_may_come_first(mark: bytes, line_end: bytes, count: int) -> None:
    given_file = mark + line_end * count + b"name;zipcode" + line_end + b"x;9000" + line_end
    written = b"\n" if line_end == b"\n" else b"\r\n"
    rows = [b"name;zipcode;risk_factor;error", b"x;9000;B;", b""]
    assert answer(given_file) == mark + written * count + written.join(rows)


def test_blank_lines_at_the_beginning_count_as_rows() -> None:
    with pytest.raises(CsvNotValid, match="Row 300,001 is not valid CSV"):
        answer(b"\n" * 300_000 + b'9000;"open')
    for row in (b"9000\n", b""):
        with pytest.raises(TooLarge, match="A list can have at most 1,000,000 rows"):
            answer(b"\n" * 1_000_001 + row)


LONG = bulk.LONGEST_ROW


@pytest.mark.parametrize("quote", [b"", b'"'])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b""])
@pytest.mark.parametrize("before", [b"", b"\r\n" * 200_000, b"zipcode;name\n", b'"zipcode";"name"\n'])
@pytest.mark.parametrize("size", [bulk.PIECE_BYTES - 5, bulk.PIECE_BYTES, 300_000, LONG - 1, LONG])
def test_row_may_be_as_long_as_documented(size: int, before: bytes, line_end: bytes, quote: bytes) -> None:
    field = b"x" * (size - len(b"9000;") - 2 * len(quote))
    answered = answer(before + b"9000;" + quote + field + quote + line_end)
    assert answered.strip().split(b"\n")[-1] == b"9000;" + field + b";B;"


@pytest.mark.parametrize("quote", [b"", b'"'])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b""])
@pytest.mark.parametrize(("before", "row"), [(b"", 1), (b"\n" * 300_000, 300_001), (b"9000\n", 2)])
@pytest.mark.parametrize("size", [LONG + 1, LONG + 2, 3 * LONG])
def test_longer_row_is_refused(size: int, before: bytes, row: int, line_end: bytes, quote: bytes) -> None:
    field = quote + b"x" * (size - 2 * len(quote)) + quote
    with pytest.raises(TooLarge) as raised:
        answer(before + field + line_end)
    assert f"Row {row:,} is too long" in str(raised.value)


@pytest.mark.parametrize("filling", [b"x" * 400_000, b'"' + b"x\r\n" * 130_000 + b'"', b";" * 900])
def test_zipcode_column_is_found_far_in_a_long_first_row(filling: bytes) -> None:
    header = filling + b";" + b"y" * 300_000 + b";zipcode"
    layout = layout_of(header + b"\r\n" + b"1;2;9000\r\n")
    assert (layout.column, layout.line_end) == (filling.count(b";") + 2, b"\r\n")


def test_line_end_is_that_of_the_first_row_and_not_one_in_it() -> None:
    assert answer(b'"a\nb";zipcode\r\n1;9000\r\n') == b'"a\nb";zipcode;risk_factor;error\r\n1;9000;B;\r\n'
    assert answer(b'"a\r\nb";zipcode\n1;9000\n') == b'"a\r\nb";zipcode;risk_factor;error\n1;9000;B;\n'


def test_quotes_may_begin_after_many_plain_rows() -> None:
    rows = b"9000;plain\r\n" * 60_000
    expected = b"9000;plain;B;\r\n" * 60_000
    assert answer(rows + b'2000;"a;b"\r\n' + rows) == expected + b'2000;"a;b";C;\r\n' + expected


@pytest.mark.parametrize(
    ("content", "charset"),
    [
        (b"9000\n", "utf-8"),
        ("9000,é\n".encode(), "utf-8"),
        (b"9000,\xe9\n", "windows-1252"),
        (b"9000,\xc3", "windows-1252"),
        (b"9000,\xc3\xa9\n" * 100_000, "utf-8"),  # cut in two where pieces meet
    ],
)
def test_layout_tells_the_encoding(content: bytes, charset: str) -> None:
    assert charset_of(content) == charset


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"", CsvNotValid, "The file has no rows."),
        (b"\n\r\n", CsvNotValid, "The file has no rows."),
        (b'9000,"open', CsvNotValid, "Row 1 is not valid CSV: a quote is never closed."),
        (b'\n\r\n\n9000,"open', CsvNotValid, "Row 4 is not valid CSV: a quote is never closed."),
        (b'9000,"open\n2000\n', CsvNotValid, "Row 1 is not valid CSV: a quote is never closed."),
        (b'zipcode\n9000\n"x"y\n', CsvNotValid, "Row 3 is not valid CSV: text follows a closing quote."),
        (
            b'zipcode\n"9\n0"\n"x\n' + b"2000\n" * 50_000,
            CsvNotValid,
            "Row 3 is not valid CSV: a quote is never closed",
        ),
        ("9000\n".encode("utf-16"), CsvNotValid, "Row 1 is not UTF-8 or Windows-1252 text"),
        (b"9000\r\n" * 100_000 + b"\0", CsvNotValid, "Row 100,001 is not UTF-8 or Windows-1252 text"),
        (b"9000\r2000\r\0", CsvNotValid, "Row 3 is not UTF-8 or Windows-1252 text"),
        (b"9000," + b"x" * 2_000_000 + b"\n", TooLarge, "A row can have at most 1,048,576 bytes."),
        (b"9000\n" + b"x" * 2_000_000, TooLarge, "A row can have at most 1,048,576 bytes."),
        (b'"9000"\n"' + b"x\n" * 2_000_000, TooLarge, "Row 2 is too long or has an unclosed quote."),
        (b"," * 1_000, TooLarge, "A file can have at most 1000 columns."),
        (b"9000\n" * 1_000_001, TooLarge, "A list can have at most 1,000,000 rows."),
        (b"zipcode" + b"\n" * 1_000_002, TooLarge, "A list can have at most 1,000,000 rows."),
        (b'"zipcode"' + b"\r" * 1_000_002, TooLarge, "A list can have at most 1,000,000 rows."),
        (b"9000\n" + b'"a\n",' * 500_000, TooLarge, "A row can have at most 1,048,576 bytes."),
        (b'"9000"\n' * 1_000_001, TooLarge, "A list can have at most 1,000,000 rows."),
        (b"9000," + b"x" * 130 + b"\n", TooLarge, "A file can have at most 128 MB."),
        (
            b"a" + b"," * 999 + b"\n" + (b"9000" + b" " * 40 + b"\n") * 300_000,
            TooLarge,
            "The result would be larger than 256 MB.",
        ),
    ],
    ids=lambda value: value[:20].decode("latin-1") if isinstance(value, bytes) else None,
)
def test_invalid_or_too_large_file_is_rejected(content: bytes, error: type[DeskError], message: str) -> None:
    if "128 MB" in message:
        content *= 1_000_000
    with pytest.raises(error) as raised:
        charset_of(content)
    assert message in str(raised.value)


def test_unknown_error_of_the_csv_module_names_its_row() -> None:
    assert str(bulk.not_csv(2, csv.Error("something new"))) == "Row 2 is not valid CSV."


def test_response_may_have_a_smaller_limit() -> None:
    with pytest.raises(TooLarge) as raised:
        answer_csv(io.BytesIO(b"9000\n" * 200_000).read, io.BytesIO().write, KNOWN, bulk.MEGABYTE)
    assert str(raised.value) == "The result would be larger than 1 MB."


@pytest.mark.parametrize("columns", [100, 900])
def test_response_has_at_most_a_multiple_of_the_bytes_of_the_file(columns: int) -> None:
    content = b"," * (columns - 1) + b"\n" + b"9\n" * 30_000
    with pytest.raises(TooLarge) as raised:
        answer(content)
    assert str(raised.value) == "The result would be larger than 2 MB."


def test_shortest_rows_are_answered_however_many() -> None:
    assert answer(b"9\n" * 500_000) == b"9,,ZIPCODE_NOT_VALID\n" * 500_000


def test_long_field_is_accepted_with_and_without_quotes() -> None:
    field = b"x" * 200_000
    assert answer(b"9000," + field + b"\n2000,y\n") == b"9000," + field + b",B,\n2000,y,C,\n"
    assert answer(b"9000," + field + b'\n2000,"y"\n') == b"9000," + field + b",B,\n2000,y,C,\n"


@pytest.mark.parametrize("header", [b"", b"zipcode\n", b'"zipcode"\n'])
def test_a_million_rows_are_accepted(header: bytes) -> None:
    assert answer(header + b"9000\n" * 1_000_000).count(b"\n") == 1_000_000 + bool(header)


def test_short_rows_under_a_wide_header_are_written_as_they_come() -> None:
    written: list[int] = []
    row = b"x" * 50 + b"\n"
    content = b"," * 999 + b"\n" + row * 100_000
    answer_csv(io.BytesIO(content).read, lambda part: written.append(len(part)), KNOWN)
    assert sum(written) > 100_000 * 1000
    assert max(written) < 5 * bulk.MEGABYTE
