"""Bulk lookup: a CSV file in, the same bytes with a risk factor on each row out."""

from __future__ import annotations

import csv
import io
from typing import Callable, Literal, Tuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.zipcodes.lookup import lookup
from webapp.errors import CsvNotValid, DeskError, TooLarge
from webapp.tables import chunks
from webapp.tables.chunks import CHUNK_BYTES, MEGABYTE
from webapp.tables.csv_rows import MAX_ROW_BYTES, not_csv
from webapp.zipcodes.bulk import CsvResult, look_up_csv

searching = settings(deadline=None, database=None)
FIELDS = st.one_of(
    st.sampled_from(["9000", "2000", "1311", "999", "", " 9000 ", "B-9000"]), st.text(max_size=6)
)
TABLES = st.lists(st.lists(FIELDS, min_size=1, max_size=4), min_size=1, max_size=8)


def reading(body: bytes, most: int) -> Callable[[int], bytes]:
    """Return a function that reads the body, at most so many bytes at a time."""
    file = io.BytesIO(body)
    return lambda size: file.read(min(size, most))


def looked_up(body: bytes, most: int = CHUNK_BYTES, column: str = "") -> bytes:
    output = io.BytesIO()
    look_up_csv(reading(body, most), output.write, lookup(), column)
    return output.getvalue()


def result_of(body: bytes) -> CsvResult:
    return look_up_csv(io.BytesIO(body).read, io.BytesIO().write, lookup())


def test_list_of_fixed_width_is_read_whatever_the_width() -> None:
    rows = [f"{name:300};{number:20};{zipcode:300}" for name, number, zipcode in (
        ("naam", "nr", "postcode"), ("Jan", "A1", "9000"), ("Mia", "A2", "B-2000")
    )]  # fmt: skip
    body = "".join(f"{row}\n" for row in rows).encode()
    results = [line.decode()[len(row) :] for line, row in zip(looked_up(body).splitlines(), rows)]
    assert results == [";risk_factor;error", ";B;", ";C;"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"9000\n2000\n", b"9000,B,\n2000,C,\n"),
        (b"zipcode\n9000\n", b"zipcode,risk_factor,error\n9000,B,\n"),
        (b"zipcode\n9000", b"zipcode,risk_factor,error\n9000,B,\n"),
        (b"zipcode\r\n9000\r\n", b"zipcode,risk_factor,error\r\n9000,B,\r\n"),
        (b"zipcode\r9000\r2000\r", b"zipcode,risk_factor,error\r9000,B,\r2000,C,\r"),
        (b"zipcode\n9000\r\n2000\n", b"zipcode,risk_factor,error\n9000,B,\r\n2000,C,\n"),
        (b"name;Zipcode \nx;9000\n", b"name;Zipcode ;risk_factor;error\nx;9000;B;\n"),
        (b"zip\tn\n9000\tx\n", b"zip\tn\trisk_factor\terror\n9000\tx\tB\t\n"),
        (b"zip|n\n9000|x\n", b"zip|n|risk_factor|error\n9000|x|B|\n"),
        (b"sep=;\r\nzip;n\r\n9000;x\r\n", b"sep=;\r\nzip;n;risk_factor;error\r\n9000;x;B;\r\n"),
        (b'"x;y",zip\n1,9000\n', b'"x;y",zip,risk_factor,error\n1,9000,B,\n'),
        (b"1311\n999\nabc\n 9000 \n", b"1311,,ZIPCODE_NOT_FOUND\n999,,ZIPCODE_NOT_VALID\n"
            b"abc,,ZIPCODE_NOT_VALID\n 9000 ,B,\n"),
        (b"zip\nB-9000\n9000 Antwerpen\n", b"zip,risk_factor,error\nB-9000,B,\n"
            b"9000 Antwerpen,B,PLACE_DIFFERS\n"),
        (b"zipcode,a,b\n9000\n2000,x,y,z\n", b"zipcode,a,b,risk_factor,error\n9000,,,B,\n2000,x,y,C,,z\n"),
        (b"street,zip,n\nx,9000,1\nx,1015,9000,1\nx,9000,1,2\n", b"street,zip,n,risk_factor,error\n"
            b"x,9000,1,B,\nx,1015,9000,,ZIPCODE_NOT_VALID,1\nx,9000,1,B,,2\n"),
        ("Où;zip\nx;9000\n".encode(), "Où;zip;risk_factor;error\nx;9000;B;\n".encode()),
        (b"\n\n9000\n\n2000\n", b"\n\n9000,B,\n\n2000,C,\n"),
        ("zip\n9000\n\u00a0\n".encode(), "zip,risk_factor,error\n9000,B,\n\u00a0\n".encode()),
        (b"zip;x\n9000;y\n;\n ;\n", b"zip;x;risk_factor;error\n9000;y;B;\n;\n ;\n"),
        (b"Lijst;\n\nzip;x\n---;-\n9000;y\n", b"Lijst;\n\nzip;x;risk_factor;error\n---;-\n9000;y;B;\n"),
        (b'zip,x\n9000,"a ""b""\nc"\n\n2000,d\n',
            b'zip,x,risk_factor,error\n9000,"a ""b""\nc",B,\n\n2000,d,C,\n'),
        (b"\xef\xbb\xbfzip;n\n9000;\xc3\xa9\n", b"\xef\xbb\xbfzip;n;risk_factor;error\n9000;\xc3\xa9;B;\n"),
        (b"zip;n\n9000;\xe9\x85\n", b"zip;n;risk_factor;error\n9000;\xe9\x85;B;\n"),
        ("zip\tn\r\n9000\té\r\n".encode("utf-16"),
            "zip\tn\trisk_factor\terror\r\n9000\té\tB\t\r\n".encode("utf-16")),
        (b'zip;n\n9000;"x\ry"\n2000;"x\r\ny"\n',
            b'zip;n;risk_factor;error\n9000;"x\ry";B;\n2000;"x\r\ny";C;\n'),
        (b'zip;n\n9000;5" pipe\n"2000";"x"\n', b'zip;n;risk_factor;error\n9000;5" pipe;B;\n"2000";"x";C;\n'),
    ],
    ids=ascii,
)  # fmt: skip
def test_each_row_gets_its_result_and_keeps_its_bytes(body: bytes, expected: bytes) -> None:
    assert looked_up(body) == expected
    assert looked_up(body, most=1) == expected


def test_requested_column_is_read() -> None:
    assert looked_up(b"a;b\n9000;2000\n", column="b") == b"a;b;risk_factor;error\n9000;2000;C;\n"


def table_as_csv(table: list[list[str]], quoting: Literal[0, 1, 2, 3], line_end: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";", quoting=quoting, lineterminator=line_end).writerows(table)
    return text.getvalue().encode()


def rows_of(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode(), newline=""), delimiter=";"))


@searching
@given(TABLES, st.sampled_from(["\n", "\r\n"]), st.integers(1, 7))
def test_any_table_comes_back_with_two_columns_more(table: list[list[str]], line_end: str, most: int) -> None:
    names = ["zipcode", "name"]
    table = [[field.replace("\0", "") for field in row] for row in table]
    rows = rows_of(
        looked_up(table_as_csv([names, ["9000", "x"], *table], csv.QUOTE_ALL, line_end), most, "zipcode")
    )
    assert rows[:2] == [[*names, "risk_factor", "error"], ["9000", "x", "B", ""]]
    assert len(rows) == len(table) + 2
    for sent, row in zip(table, rows[2:]):
        if not any(map(str.strip, sent)):
            assert row == sent
            continue
        zipcode, name, *rest = sent if len(sent) > 1 else [*sent, ""]
        assert row == [zipcode, name, *lookup().result(zipcode), *rest]


UNQUOTED = st.text(st.characters(blacklist_characters='";\r\n\0', blacklist_categories=["Cs"]), max_size=5)


@searching
@given(st.lists(st.tuples(st.sampled_from(["9000", "1311", "x"]), UNQUOTED), min_size=1, max_size=8))
def test_quotes_make_no_difference_to_the_results(table: list[list[str]]) -> None:
    rows = [["zipcode", "name"], *[list(row) for row in table]]
    quoted = looked_up(table_as_csv(rows, csv.QUOTE_ALL, "\n"))
    assert rows_of(looked_up(table_as_csv(rows, csv.QUOTE_MINIMAL, "\n"))) == rows_of(quoted)


BODIES = st.lists(
    st.sampled_from(
        [b'"', b";", b",", b"\r", b"\n", b"\r\n", b"\n\n", b"9000", b"2000", b"x", b"zipcode", b" ", b"sep=;",
         "é".encode(), b"\xe9", b"\xa0", "\u00a0".encode()],
    ),
    max_size=40,
).map(b"".join)  # fmt: skip


def outcome(body: bytes, most: int) -> Tuple[object, ...]:
    """All that comes of a file, whether it can be read or not."""
    output = io.BytesIO()
    try:
        found = look_up_csv(reading(body, most), output.write, lookup())
    except DeskError as error:
        return error.code, error.message
    return found, output.getvalue()


@given(st.sampled_from([b"", b"\xef\xbb\xbf"]), BODIES, st.integers(3, 9), st.integers(1, 9))
@settings(max_examples=300, deadline=None, database=None)
@example(b"\xef\xbb\xbf", b"\r\n\r\n9000;x\r\n", 3, 1)
@example(b"", b"\n\r\n\r9000\n", 3, 3)
@example(b"", b'"a\r\nb";"zip\r\ncode";zipcode\r\n1;2;9000\r\n', 3, 3)
@example(b"", b"x,code\xc2\xa0postal\n1,9000\n\xe9\n", 5, 5)
@example(b"", b"sep=;\r\nzip;x\r\n9000;y", 7, 3)
def test_chunks_make_no_difference(mark: bytes, body: bytes, size: int, most: int) -> None:
    whole = outcome(mark + body, CHUNK_BYTES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "CHUNK_BYTES", size)
        assert outcome(mark + body, most) == whole


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("count", [3, CHUNK_BYTES, 999_999])
def test_any_number_of_blank_lines_may_come_first(line_end: bytes, count: int) -> None:
    body = line_end * count + b"name;zipcode" + line_end + b"x;9000" + line_end
    rows = [b"name;zipcode;risk_factor;error", b"x;9000;B;", b""]
    assert looked_up(body) == line_end * count + line_end.join(rows)


@pytest.mark.parametrize("quote", [b"", b'"'])
@pytest.mark.parametrize("line_end", [b"\n", b""])
@pytest.mark.parametrize("before", [b"", b'"zipcode";"name"\n'])
@pytest.mark.parametrize("size", [CHUNK_BYTES - 5, CHUNK_BYTES, MAX_ROW_BYTES])
def test_row_may_be_as_long_as_documented(size: int, before: bytes, line_end: bytes, quote: bytes) -> None:
    field = quote + b"x" * (size - len(b"9000;") - 2 * len(quote)) + quote
    assert looked_up(before + b"9000;" + field + line_end).split(b"\n")[-2] == b"9000;" + field + b";B;"


@pytest.mark.parametrize("quote", [b"", b'"'])
@pytest.mark.parametrize(("before", "row"), [(b"", 1), (b"\n" * 300_000, 300_001), (b"9000\n", 2)])
@pytest.mark.parametrize("size", [MAX_ROW_BYTES + 1, 3 * MAX_ROW_BYTES])
def test_longer_row_is_rejected(size: int, before: bytes, row: int, quote: bytes) -> None:
    with pytest.raises(TooLarge) as raised:
        looked_up(before + quote + b"x" * (size - 2 * len(quote)) + quote)
    assert f"Row {row:,} is too long" in str(raised.value)


@pytest.mark.parametrize("filling", [b"x" * 400_000, b'"' + b"x\r\n" * 130_000 + b'"', b";" * 900])
def test_zipcode_column_is_found_far_in_a_long_first_row(filling: bytes) -> None:
    header = filling + b";" + b"y" * 300_000 + b";zipcode"
    found = result_of(header + b"\r\n" + b"1;2;9000\r\n")
    assert found.columns.column == filling.count(b";") + 2


def test_quotes_and_short_rows_may_begin_after_many_plain_rows() -> None:
    rows = b"9000;plain\r\n" * 60_000
    expected = b"9000;plain;B;\r\n" * 60_000
    assert looked_up(rows + b'2000;"a;b"\r\n2000\r\n' + rows) == (
        expected + b'2000;"a;b";C;\r\n2000;;C;\r\n' + expected
    )
    rows, expected = rows.replace(b"plain", b'"p"'), expected.replace(b"plain", b'"p"')
    assert looked_up(rows + b'2000;"a\nb"\r\n' + rows) == expected + b'2000;"a\nb";C;\r\n' + expected


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (b"9000\n", "utf-8"),
        (b"9000,\xe9\n", "windows-1252"),
        ("zip\n9000\n".encode("utf-16"), "utf-16"),
        (b"9000,x\n" * 100_000 + b"9000,\xe9\n", "windows-1252"),
    ],
    ids=["utf-8", "windows-1252", "utf-16", "decided at the end"],
)
def test_encoding_is_told(body: bytes, charset: str) -> None:
    assert result_of(body).charset == charset


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        (b"", CsvNotValid, "The file has no rows."),
        (b'9000,"open', CsvNotValid, "Row 1 is not valid CSV: a quote is never closed."),
        (b'\n\r\n\n9000,"open', CsvNotValid, "Row 4 is not valid CSV: a quote is never closed."),
        (b'zipcode\n9000\n"x"y\n', CsvNotValid, "Row 3 is not valid CSV: text follows a closing quote."),
        (b"9000\n" * 90_000 + b'"x"y\n', CsvNotValid, "Row 90,001 is not valid CSV: text follows"),
        (b'zipcode\n"9\n0"\n"x\n' + b"2000\n" * 50_000, CsvNotValid, "Row 3 is not valid CSV"),
        (b"9000\r\n" * 100_000 + b"\0", CsvNotValid, "Row 100,001 is not UTF-8 or Windows-1252 text"),
        (b"\n" * 1_000_001 + b"9000", TooLarge, "A list can have at most 1,000,000 rows."),
        (b"9000\n" * 1_000_001, TooLarge, "A list can have at most 1,000,000 rows."),
        (b'"zipcode"' + b"\r" * 1_000_002, TooLarge, "A list can have at most 1,000,000 rows."),
        (
            b"a" + b"," * 998 + b",zip\n" + b"," * 999 + b"9000\n"
            + (b"2000" + b" " * 40 + b"\n") * 300_000,
            TooLarge,
            "The result would be larger than 256 MB.",
        ),
    ],
    ids=lambda value: value[:20].decode("latin-1") if isinstance(value, bytes) else None,
)  # fmt: skip
def test_invalid_or_too_large_file_is_rejected(body: bytes, error: type[DeskError], message: str) -> None:
    with pytest.raises(error) as raised:
        looked_up(body)
    assert message in str(raised.value)


def test_unknown_error_of_the_csv_module_names_its_row() -> None:
    assert str(not_csv(2, csv.Error("something new"))) == "Row 2 is not valid CSV."


@pytest.mark.parametrize("columns", [100, 900])
def test_response_has_at_most_a_multiple_of_the_bytes_of_the_file(columns: int) -> None:
    body = b"zip" + b"," * (columns - 1) + b"\n9000\n" + b"9\n" * 30_000
    with pytest.raises(TooLarge, match=r"The result would be larger than 2 MB"):
        looked_up(body)


@pytest.mark.parametrize("quote", ["", '"'])
def test_zipcode_abroad_is_not_valid_in_any_row(quote: str) -> None:
    rows = [("zip", "x", "Land"), *[("9000", "a", "BE"), ("9000", "b", "CH"), ("2000", "c", "LU")] * 3_000]
    body = "".join(";".join(f"{quote}{field}{quote}" for field in row) + "\n" for row in rows)
    body += '9000;"a\nb";FR\n9000;short\n'
    results = [line.split(";")[-2:] for line in looked_up(body.encode()).decode().splitlines()]
    assert results[0] == ["risk_factor", "error"]
    assert results[1:9001] == [["B", ""], ["", "ZIPCODE_NOT_VALID"], ["", "ZIPCODE_NOT_VALID"]] * 3_000
    assert results[9002:] == [["", "ZIPCODE_NOT_VALID"], ["B", ""]]


def test_shortest_rows_are_looked_up_however_many() -> None:
    assert looked_up(b"9\n" * 500_000) == b"9,,ZIPCODE_NOT_VALID\n" * 500_000


@pytest.mark.slow
def test_a_million_rows_are_accepted() -> None:
    assert looked_up(b'"zipcode"\n' + b"9000\n" * 1_000_000).count(b"\n") == 1_000_001


def test_short_rows_under_a_wide_header_are_written_as_they_come() -> None:
    written: list[int] = []
    body = b"zip" + b"," * 999 + b"\n" + (b"x" * 50 + b"\n") * 100_000
    look_up_csv(io.BytesIO(body).read, lambda part: written.append(len(part)), lookup())
    assert sum(written) > 100_000 * 1000
    assert max(written) < 5 * MEGABYTE


def test_remembered_ends_of_rows_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.zipcodes.bulk.MAX_TAILS", 2)
    rows = b"".join(b"%d;x\n" % zipcode for zipcode in range(1000, 1100))
    assert looked_up(b"zip;n\n" + rows).count(b"\n") == 101
