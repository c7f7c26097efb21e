"""Excel workbooks: values as they are stored, out again as they were, and bounds on what is read."""

from __future__ import annotations

import io
import warnings
import zipfile
from datetime import date, datetime, time
from typing import Any, Callable, Iterable

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.errors import CsvNotValid, TooLarge
from webapp.tables import workbook, workbook_writer
from webapp.tables.workbook import SheetCell, SheetRow, Workbook, texts

Change = Callable[[str, bytes], bytes]


def saved(rows: Iterable[Iterable[Any]], formats: dict[str, str] | None = None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Klanten"
    for row in rows:
        sheet.append(list(row))
    for cell, number_format in (formats or {}).items():
        sheet[cell].number_format = number_format
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def changed(body: bytes, change: Change, **more: bytes) -> bytes:
    """The workbook with its parts changed, and more parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
        for name, part in more.items():
            new.writestr(name, part)
    return file.getvalue()


def in_sheet(old: bytes, new: bytes) -> Change:
    return lambda name, part: part.replace(old, new) if "sheet1" in name else part


def read(body: bytes) -> list[SheetRow]:
    return list(Workbook(io.BytesIO(body)).rows("Klanten"))


def written(rows: Iterable[SheetRow], sheet: str = "Klanten") -> bytes:
    file = io.BytesIO()
    workbook_writer.write(file, sheet, rows)
    return file.getvalue()


def test_cells_have_their_stored_values_and_formats() -> None:
    body = saved(
        [["0123", 9000, 9000.5, True, datetime(2026, 8, 14), datetime(2026, 8, 14, 12, 30), None, "=1+1"]],
        {"B1": "0000", "E1": "dd/mm/yyyy"},
    )
    (row,) = read(body)
    assert row.number == 1
    assert texts(row.cells) == [
        "0123",
        "9000",
        "9000.5",
        "TRUE",
        "2026-08-14",
        "2026-08-14 12:30:00",
    ]  # a formula that was never computed has no value
    assert row.cells[1] == SheetCell(9000, "0000")
    assert row.cells[4] == SheetCell(datetime(2026, 8, 14), "dd/mm/yyyy")


def test_stored_value_of_a_formula_counts() -> None:
    body = changed(saved([["=8000+1000"]]), in_sheet(b"<v></v>", b"<v>9000</v>"))
    body = changed(body, in_sheet(b"<v />", b"<v>9000</v>"))
    assert [texts(row.cells) for row in read(body)] == [["9000"]]


def test_empty_rows_and_cells_are_left_out_but_counted() -> None:
    body = saved([["a", None, "c"], [], [None, "x", None]])
    assert [(row.number, texts(row.cells)) for row in read(body)] == [(1, ["a", "", "c"]), (3, ["", "x"])]


def test_sheets_that_can_be_seen_are_listed() -> None:
    book = openpyxl.Workbook()
    book.create_sheet("Verborgen").sheet_state = "hidden"
    book.create_sheet("B")
    file = io.BytesIO()
    book.save(file)
    assert Workbook(file).sheets() == ["Sheet", "B"]


VALUES = st.one_of(
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False, width=32).filter(lambda value: value != 0),
    st.booleans(),
    st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=8),
    st.sampled_from(["=1+1", "00123", " 9000 ", "<b>&\"'", "a\nb\tc", "#N/A", "x\x01\r"]),
    st.datetimes(datetime(1901, 1, 1), datetime(2100, 1, 1)).map(lambda value: value.replace(microsecond=0)),
    st.none(),
)


@settings(max_examples=50, deadline=None, database=None)
@given(st.lists(st.lists(VALUES, min_size=1, max_size=5), min_size=1, max_size=5))
def test_every_value_comes_back_to_openpyxl(table: list[list[Any]]) -> None:
    rows = [
        SheetRow(number, [None if value is None else SheetCell(value) for value in row])
        for number, row in enumerate(table, start=1)
    ]
    sheet = openpyxl.load_workbook(io.BytesIO(written(rows)))["Klanten"]
    for number, row in enumerate(table, start=1):
        for column, value in enumerate(row, start=1):
            cell = sheet.cell(number, column)
            if isinstance(value, str):
                assert cell.data_type in ("s", "inlineStr")
                assert cell.value == value.replace("\x01", "_x0001_").replace("\r", "_x000D_")
            else:
                assert cell.value == value


def test_formats_days_and_leading_zeros_come_back() -> None:
    body = saved(
        [
            ["Postcode", "Datum", "Bedrag", "Polis", "Uur"],
            [9000, date(2026, 8, 14), 1250.5, "00123", time(8, 30)],
        ],
        {"A2": "0000", "B2": "dd/mm/yyyy", "C2": '#,##0.00 "€"'},
    )
    again = written(read(body))
    assert read(again) == read(body)
    sheet = openpyxl.load_workbook(io.BytesIO(again))["Klanten"]
    assert [cell.number_format for cell in sheet[2]] == [
        "0000",
        "dd/mm/yyyy",
        '#,##0.00 "€"',
        "General",
        "h:mm:ss",
    ]


def test_name_of_a_sheet_is_kept() -> None:
    assert Workbook(io.BytesIO(written([], 'A & "B" é'))).sheets() == ['A & "B" é']


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"},
            "This is an OpenDocument spreadsheet",
        ),
        ({"xl/workbook.bin": b"x"}, "This is a binary Excel file"),
        ({"Index/Document.iwa": b"x"}, "This is a spreadsheet of Numbers"),
        ({"word/document.xml": b"<x/>", "[Content_Types].xml": b"<x/>"}, "This is a ZIP file or document"),
        ({"xl/workbook.xml": b"<x/>", "[Content_Types].xml": b"<x/>"}, "This Excel file cannot be read."),
    ],
)
def test_other_archive_is_rejected_by_its_kind(parts: dict[str, bytes], message: str) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    with pytest.raises(CsvNotValid) as raised:
        Workbook(file)
    assert message in str(raised.value)


ENTITY = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    "body",
    [
        b"PK\3\4 no archive",
        saved([["x"]])[:-100],
        changed(saved([["x"]]), in_sheet(b"<worksheet", ENTITY + b"<worksheet")),
        changed(saved([["x"]]), in_sheet(b"<worksheet", b'<?xml version="1.0" encoding="cp037"?><worksheet')),
        changed(
            saved([["x"]]), lambda name, part: part.decode().encode("utf-16") if "sheet1" in name else part
        ),
        changed(saved([["x"]]), in_sheet(b"</sheetData>", b"")),
        changed(saved([["x"]]), lambda name, part: b"no xml" if "styles" in name else part),
    ],
    ids=["no archive", "cut short", "entity", "ebcdic", "utf-16", "not closed", "no xml"],
)
def test_broken_or_treacherous_workbook_is_rejected(body: bytes) -> None:
    with pytest.raises(CsvNotValid, match="This Excel file cannot be read"):
        read(body)


@pytest.mark.parametrize(
    "change",
    [
        in_sheet(b"<sheetData>", b"<sheetData>" + b'<row r="1"/>' * 1_300_000),
        in_sheet(b"<sheetData>", b"<sheetData><row>" + b"<c/>" * 300_000 + b"</row>"),
        in_sheet(b"<sheetData>", b"<x>" + b"y" * 1_200_000 + b"</x><sheetData>"),
        lambda name, part: (
            part.replace(b"<fonts", b"<x/>" * 300_000 + b"<fonts") if "styles" in name else part
        ),
        lambda name, part: (
            part.replace(b"<fonts", b"<!-- <row> -->" * 200_000 + b"<fonts") if "styles" in name else part
        ),
    ],
    ids=["rows", "cells in a row", "text", "styles", "comments"],
)
def test_workbook_that_would_take_much_memory_is_rejected_unparsed(
    change: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openpyxl, "load_workbook", None)
    with pytest.raises(TooLarge, match="This Excel file unpacks to more than is read"):
        Workbook(io.BytesIO(changed(saved([["x"]]), change)))


def test_unpacked_size_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MAX_UNPACKED_BYTES", 10_000)
    with pytest.raises(TooLarge):
        read(changed(saved([["x"]]), lambda _name, part: part, **{"xl/media/x.png": b"\0" * 10_000}))


@pytest.mark.parametrize(
    ("rows", "limit", "message"),
    [
        ([["x"]] * 12, "MAX_ROWS", "at most 10 rows"),
        ([["x"] * 12], "MAX_COLUMNS", "at most 10 columns"),
        ([["x"] * 6] * 2, "MAX_CELLS", "at most 10 cells"),
    ],
)
def test_rows_columns_and_cells_are_limited(
    rows: list[list[str]], limit: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, limit, 10)
    with pytest.raises(TooLarge, match=message):
        read(saved(rows))


def test_formats_far_below_the_list_are_no_rows() -> None:
    body = changed(saved([["x"]]), in_sheet(b"</sheetData>", b'<row r="1048576" ht="15"/></sheetData>'))
    assert len(read(body)) == 1


def test_openpyxl_warns_nobody() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read(changed(saved([["x"]]), lambda _name, part: part.replace(b"cellStyles", b"x")))
