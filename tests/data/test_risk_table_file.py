"""Reading of risk table files."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.bad_files import BAD_FILES
from tests.zipcodes.ranges import tables
from tests.zipcodes.seed import RANGES
from webapp.config import ROOT
from webapp.data import risk_table_file as risk_table
from webapp.tables.csv_file import FileError
from webapp.zipcodes.risk_table import Range

MARK = b"\xef\xbb\xbf"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A path that each test, and each example of a property, overwrites."""
    return tmp_path_factory.mktemp("risk_table") / "risk_table.csv"


@pytest.mark.parametrize("problem", BAD_FILES)
def test_invalid_file_is_rejected_with_row_and_reason(file: Path, problem: str) -> None:
    content, message = BAD_FILES[problem]
    file.write_bytes(content)
    with pytest.raises(FileError) as error:
        risk_table.read(file)
    assert str(error.value) == message


def test_missing_file_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(FileError) as error:
        risk_table.read(tmp_path / "risk_table.csv")
    assert str(error.value) == "risk_table.csv: cannot be read (No such file or directory)"


def test_folder_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(FileError) as error:
        risk_table.read(tmp_path)
    assert str(error.value) == f"{tmp_path.name}: cannot be read (Is a directory)"


@pytest.mark.parametrize(
    "content",
    [
        b"1000 - 1310,C\n9000,B\n",
        b"9000,B\n1000 - 1310,C\n",
        b"1000-1310,C\n9000,B",
        b"  1000   -\t1310 , C \n\n\n9000, B\n",
        b"1000 - 1310,C\r\n9000,B\r\n",
        b"1000 - 1310,C\r9000,B\r",
        MARK + b"1000 - 1310,C\n9000,B\n",
        b'"1000 - 1310","C"\n"9000",B\n',
        b"1000 - 1310,C\n9000 - 9000,B\n",
    ],
)
def test_spacing_order_line_ends_quotes_and_byte_order_mark_are_ignored(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert risk_table.read(file).ranges == [Range(1000, 1310, "C"), Range(9000, 9000, "B")]


def test_ranges_that_touch_are_accepted(file: Path) -> None:
    file.write_bytes(b"1000 - 1309,C\n1310,A\n1311 - 9999,B\n")
    assert [entry.factor for entry in risk_table.read(file).ranges] == ["C", "A", "B"]


def test_seed_is_read_as_its_164_ranges() -> None:
    found = risk_table.read(ROOT / "seed" / "risk_table.csv")
    assert [tuple(entry) for entry in found.ranges] == sorted(RANGES)
    assert len(found.ranges) == 164


def test_name_and_digest_of_the_file_are_read(file: Path) -> None:
    file.write_bytes(b"9000,B\n")
    found = risk_table.read(file)
    assert (found.name, found.sha256) == ("risk_table.csv", hashlib.sha256(b"9000,B\n").hexdigest())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_list_is_read_in_the_encodings_and_delimiters_of_excel(
    file: Path, encoding: str, delimiter: str
) -> None:
    rows = [["Code postal", "Localité", "Facteur"], ["9000", "Gand", "A"], ["4000", "Liège", "B"]]
    file.write_bytes("\r\n".join(map(delimiter.join, rows)).encode(encoding))
    assert risk_table.read(file).ranges == [Range(4000, 4000, "B"), Range(9000, 9000, "A")]


def workbook(**sheets: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    for name in book.sheetnames:
        del book[name]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_workbook_is_read_with_numbers_and_texts(file: Path) -> None:
    file.write_bytes(workbook(Table=[["Zipcode", "Factor"], [9000, "A"], [None, None], ["1000 - 1310", "C"]]))
    assert risk_table.read(file).ranges == [Range(1000, 1310, "C"), Range(9000, 9000, "A")]


def test_faults_of_a_workbook_have_the_rows_of_the_sheet(file: Path) -> None:
    file.write_bytes(workbook(Table=[[], ["Zipcode", "Factor"], [], [9000, "D"], [90000, "A"]]))
    assert [fault.row for fault in risk_table.check(file).faults] == [4, 5]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            workbook(One=[[9000, "A"]], Two=[[9000, "B"]]),
            "Several sheets have rows.",
        ),
        (workbook(One=[]), "contains no ranges"),
        (b"PK\x03\x04x", "This Excel file cannot be read."),
        (b"\xd0\xcf\x11\xe0", "This is an Excel file of the old kind (.xls)"),
    ],
    ids=["sheets", "empty", "broken", "xls"],
)
def test_other_file_is_rejected_with_a_reason(file: Path, body: bytes, message: str) -> None:
    file.write_bytes(body)
    with pytest.raises(FileError) as error:
        risk_table.read(file)
    assert str(error.value).startswith(f"risk_table.csv: {message}")


NEARLY_CSV = st.lists(
    st.sampled_from(
        ["1000", "1310", "9999", "0", " - ", "-", ",", "A", "B", "d", '"', "\n", "\r\n", "\0", "é"]
    ),
    max_size=30,
).map(lambda parts: "".join(parts).encode())


@settings(deadline=None, database=None, max_examples=150)
@given(content=st.one_of(st.binary(), NEARLY_CSV))
def test_any_bytes_are_ordered_ranges_or_a_one_line_error(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    try:
        ranges = risk_table.read(file).ranges
    except FileError as error:
        assert str(error).startswith("risk_table.csv")
        assert len(str(error).splitlines()) == 1
    else:
        ends = [end for entry in ranges for end in (entry.first, entry.last + 0.5)]
        assert [1000, *ends, 10000] == sorted([1000, *ends, 10000])
        assert {entry.factor for entry in ranges} <= {"A", "B", "C"}


SPACE = st.sampled_from(["", " ", "  ", "\t"])


@st.composite
def files(draw: st.DrawFn, ranges: list[Range]) -> bytes:
    """Draw one of the many files with these ranges."""
    rows = []
    for first, last, factor in draw(st.permutations(ranges)):
        zipcodes = [str(first)] if first == last and draw(st.booleans()) else [str(first), "-", str(last)]
        spaced = "".join(draw(SPACE) + part for part in zipcodes)
        rows.append(f"{spaced}{draw(SPACE)},{draw(SPACE)}{factor}{draw(SPACE)}")
        rows.extend(draw(st.sampled_from([[], [""], ["  "]])))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    return (
        draw(st.sampled_from([b"", MARK]))
        + end.join(rows).encode()
        + draw(st.sampled_from([b"", end.encode()]))
    )


@settings(deadline=None, database=None, max_examples=50)
@given(data=st.data())
def test_written_ranges_are_read_back(file: Path, data: st.DataObject) -> None:
    ranges = data.draw(tables(least=1))
    file.write_bytes(data.draw(files(ranges)))
    assert risk_table.read(file).ranges == ranges
