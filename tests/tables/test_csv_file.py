"""The CSV reader: rows with their numbers, or an error that names file, row and reason."""

import csv
import io
from pathlib import Path
from typing import List, Tuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.tables.csv_file import FileError, read_records, read_rows


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where each test, and each example of one, writes its file anew."""
    return tmp_path_factory.mktemp("csv_file") / "some.csv"


def rows(file: Path, content: bytes) -> List[Tuple[int, List[str]]]:
    file.write_bytes(content)
    return list(read_rows(file))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a,b\nc,d\n", [(1, ["a", "b"]), (2, ["c", "d"])]),
        (b"a,b\nc,d", [(1, ["a", "b"]), (2, ["c", "d"])]),
        (b"a,b\r\nc,d\r\n", [(1, ["a", "b"]), (2, ["c", "d"])]),
        (b"\xef\xbb\xbfa,b\n", [(1, ["a", "b"])]),
        (b" a ,\tb \n", [(1, ["a", "b"])]),
        (b"\n\na\n , \n\nb\n", [(3, ["a"]), (6, ["b"])]),
        (b'"a,1","b ""x"""\n', [(1, ["a,1", 'b "x"'])]),
        (b'"a\nb"\n\nc\n', [(1, ["a\nb"]), (4, ["c"])]),
        (b"a,,\n", [(1, ["a", "", ""])]),
        ("é,ß\n".encode(), [(1, ["é", "ß"])]),
        (b"", []),
    ],
)
def test_each_row_comes_with_its_number_in_the_file(
    file: Path, content: bytes, expected: List[Tuple[int, List[str]]]
) -> None:
    assert rows(file, content) == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a\n\xff\n", "some.csv, row 2: is not UTF-8 text"),
        (b"a\nb\n\0\n", "some.csv, row 3: holds a NUL character"),
        (b'a\n"b\nc\n', "some.csv, row 2: is not CSV (unexpected end of data)"),
        (b'a\n"b"c\n', "some.csv, row 2: is not CSV (',' expected after '\"')"),
        (b"a\n" + b"b" * 2_000_000, "some.csv, row 2: is not CSV (field larger than field limit (1048576))"),
    ],
)
def test_what_is_no_csv_text_is_refused_with_its_row(file: Path, content: bytes, message: str) -> None:
    with pytest.raises(FileError) as error:
        rows(file, content)
    assert str(error.value) == message


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError) as error:
        list(read_rows(tmp_path / "some.csv"))
    assert str(error.value) == "some.csv: cannot be read (No such file or directory)"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "some.csv, row 1: the columns must be a,b"),
        (b"b,a\n", "some.csv, row 1: the columns must be a,b"),
        (b"\n\na\n", "some.csv, row 3: the columns must be a,b"),
        (b"a,b\n1,2\n\n3\n", "some.csv, row 4: must have 2 fields, but has 1"),
        (b"a,b\n1,2,3\n", "some.csv, row 2: must have 2 fields, but has 3"),
    ],
)
def test_records_must_fit_their_columns(file: Path, content: bytes, message: str) -> None:
    file.write_bytes(content)
    with pytest.raises(FileError) as error:
        list(read_records(file, ("a", "b")))
    assert str(error.value) == message


def test_records_come_without_the_row_of_columns(file: Path) -> None:
    file.write_bytes(b"a,b\n1,2\n")
    assert list(read_records(file, ("a", "b"))) == [(2, ["1", "2"])]


@settings(deadline=None, database=None, max_examples=300)
@given(content=st.one_of(st.binary(), st.text('a,"\r\n \0\ufeffé').map(str.encode)))
def test_any_bytes_are_rows_or_an_error_of_one_line_that_names_the_file(file: Path, content: bytes) -> None:
    try:
        numbers = [number for number, _ in rows(file, content)]
    except FileError as error:
        assert str(error).startswith("some.csv")
        assert len(str(error).splitlines()) == 1
    else:
        assert numbers == sorted(set(numbers))


TABLES = st.lists(
    st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"])), min_size=1).filter(any)
)


@settings(deadline=None, database=None, max_examples=100)
@given(table=TABLES, line_end=st.sampled_from(["\n", "\r\n"]), mark=st.booleans())
def test_what_the_csv_module_writes_is_what_is_read(
    file: Path, table: List[List[str]], line_end: str, mark: bool
) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator=line_end).writerows(table)
    found = rows(file, text.getvalue().encode("utf-8-sig" if mark else "utf-8"))
    assert found == [
        (number, [field.strip() for field in fields]) for number, fields in enumerate(table, start=1)
    ]
