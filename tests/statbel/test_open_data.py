"""Parser of the open data: known peculiarities (docs/domain.md) of the text, the zip and the workbook."""

from __future__ import annotations

import tracemalloc
import zipfile
from io import BytesIO

import pytest
from openpyxl import Workbook

from tests.statbel.tables import (
    APRIL,
    HEADER,
    WORKBOOK,
    compressed,
    from_open_data,
    observation,
    short,
    text_file,
)
from tests.support.fake_statbel import open_data, zipped
from webapp.statbel.open_data import MAX_UNPACKED_BYTES, read_open_data
from webapp.statbel.parsing import UpstreamError


@pytest.mark.parametrize("line", ["2022|13|118.00|2013", "2022|5|118.00"])
def test_unreadable_line_is_skipped_and_named(line: str) -> None:
    response = read_open_data(text_file(line, "2022|4|119.59|2013"))
    assert response.observations == [APRIL]
    assert [reason[:8] for reason in response.unreadable] == ["line 2: "]


def test_open_data_is_read() -> None:
    values = [(1988, "2022-04", 198.12), (2013, "1993-12", 70.0), (2013, "2022-04", 119.59)]
    assert from_open_data(open_data(values)) == [observation(1988, "2022-04", "198.12"), APRIL]


@pytest.mark.parametrize("value", [" ", "."])
def test_line_without_a_value_is_ignored(value: str) -> None:
    assert from_open_data(text_file(f"2022|3|{value}|2013", "2022|4|119.59|2013")) == [APRIL]


@pytest.mark.parametrize(
    "line", ["2022|04|119.59|2013", " 2022 | 4 | 119.59 | 2013 ", "2022|4|119,59|2013 = 100"]
)
def test_line_has_several_notations(line: str) -> None:
    assert from_open_data(text_file(line)) == [APRIL]


@pytest.mark.parametrize("end", ["\n", "\n\n"])
def test_line_ends_and_empty_lines_are_ignored(end: str) -> None:
    assert from_open_data(zipped(f"{HEADER}{end}2022|4|119.59|2013{end}".encode())) == [APRIL]


def test_latin_1_is_read() -> None:
    text = f"{HEADER}|TX\n2022|4|119.59|2013|février"
    assert from_open_data(zipped(text.encode("latin-1"))) == [APRIL]


def test_columns_are_found_by_name() -> None:
    body = text_file("2013|119.59|x|4|2022", header="NM_BASE_YR|MS_HLTH_IDX|NEW|NM_MTH|NM_YR")
    assert from_open_data(body) == [APRIL]


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        ("NM_YR", "'4' is not a month"),
        ("NM_MTH", "without a column of month"),
        ("MS_HLTH_IDX", "without a column of health index"),
        ("NM_BASE_YR", "without a column of base year"),
    ],
)
def test_open_data_without_a_column_is_rejected(column: str, reason: str) -> None:
    with pytest.raises(UpstreamError, match=reason):
        read_open_data(text_file("2022|4|119.59|2013", header=HEADER.replace(column, "OTHER")))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty response"),
        (open_data([(2013, "2022-04", 119.59)])[:-30], "not a readable zip"),
        (zipped(), "0 tables in the zip"),
        (zipped(b"", b""), "0 tables in the zip"),
        (zipped(b"\0" * (MAX_UNPACKED_BYTES + 1)), "unpacks to more than"),
        (text_file(), "no value in the response"),
        (text_file("2022|13|119.59|2013"), "line 2: '2022', '13' is not a month"),
        (text_file("2022|4|119.59|"), "line 2: '' is not a base year"),
        (text_file("2022|4|119.59"), "line 2: None is not a base year"),
        (text_file("2022|4|1.119,59|2013"), "line 2: '1.119,59' is not plausible"),
    ],
    ids=short,
)
def test_invalid_open_data_is_rejected(body: bytes, reason: str) -> None:
    with pytest.raises(UpstreamError, match=reason):
        read_open_data(body)


def test_truncated_line_is_rejected() -> None:
    body = text_file("119.59", header="MS_HLTH_IDX|NM_YR|NM_MTH|NM_BASE_YR")
    with pytest.raises(UpstreamError):
        read_open_data(body)


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_damaged_member_is_rejected(method: int) -> None:
    body = bytearray(compressed(HEADER.encode() * 50, method))
    name_end = body.index(b"CPI.txt") + len("CPI.txt")
    body[name_end + 9 : name_end + 40] = b"\xff" * 31
    with pytest.raises(UpstreamError):
        read_open_data(bytes(body))


def test_encrypted_member_is_rejected() -> None:
    body = bytearray(compressed(HEADER.encode(), zipfile.ZIP_DEFLATED))
    body[6] |= 1
    body[body.index(b"PK\1\2") + 8] |= 1
    with pytest.raises(UpstreamError, match="not a readable zip"):
        read_open_data(bytes(body))


def test_zip_with_an_invalid_directory_is_rejected() -> None:
    entry = b"PK\1\2" + bytes([45, 0, 45, 0]) + b"\0" * 12 + b"\1\0\0\0" * 2
    entry += b"\5\0\x0c\0" + b"\0" * 10 + b"\xff" * 4 + b"a.txt" + b"\1\0\x08\0" + b"\xff" * 8
    end = b"PK\5\6\0\0\0\0\1\0\1\0" + len(entry).to_bytes(4, "little") + b"\0" * 6
    with pytest.raises(UpstreamError):
        read_open_data(entry + end)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_zip_bomb_takes_bounded_memory(method: int) -> None:
    body = compressed(b"\0" * (5 * MAX_UNPACKED_BYTES), method)
    tracemalloc.start()
    try:
        with pytest.raises(UpstreamError):
            read_open_data(body)
        assert tracemalloc.get_traced_memory()[1] < 3 * MAX_UNPACKED_BYTES
    finally:
        tracemalloc.stop()


def test_workbook_with_too_many_rows_is_rejected() -> None:
    book = Workbook()
    sheet = book.create_sheet()
    sheet.append(HEADER.split("|"))
    sheet["A1000000"] = 1
    body = BytesIO()
    book.save(body)
    with pytest.raises(UpstreamError, match="workbook has more than 50000 rows"):
        read_open_data(body.getvalue())


def test_workbook_bomb_is_rejected_before_it_is_unpacked() -> None:
    body = BytesIO(WORKBOOK)
    with zipfile.ZipFile(body, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/zeros.bin", bytes(MAX_UNPACKED_BYTES + 1))
    with pytest.raises(UpstreamError, match="unpacks to more than"):
        read_open_data(body.getvalue())
