"""Parsers of Statbel's sources: known peculiarities (docs/domain.md), and arbitrary input."""

from __future__ import annotations

import json
import re
import tracemalloc
import zipfile
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from tests.support.fake_statbel import MONTHS, bestat, open_data, zipped
from webapp.statbel.bestat import read_bestat
from webapp.statbel.open_data import MAX_UNPACKED_BYTES, read_open_data
from webapp.statbel.parsing import Observation, UpstreamError

DUTCH_MONTHS = [
    "Januari",
    "Februari",
    "Maart",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Augustus",
    "September",
    "Oktober",
    "November",
    "December",
]
ENGLISH = ("Year", "Month", "Base year", "Health index")
DUTCH = ("Jaar", "Maand", "Basisjaar", "Gezondheidsindex")
HEADER = "NM_YR|NM_MTH|MS_HLTH_IDX|NM_BASE_YR"

# `database=None` leaves no folder of examples behind.
searching = settings(max_examples=60, deadline=None, database=None)


def observation(base_year: int, month: str, value: str) -> Observation:
    return Observation(base_year, date(int(month[:4]), int(month[5:]), 1), Decimal(value))


APRIL = observation(2013, "2022-04", "119.59")


def from_bestat(body: bytes) -> list[Observation]:
    """Parse a view without unreadable rows."""
    response = read_bestat(body)
    assert response.unreadable == []
    return response.observations


def from_open_data(body: bytes) -> list[Observation]:
    """Parse a zip without unreadable lines."""
    response = read_open_data(body)
    assert response.unreadable == []
    return response.observations


def short(value: object) -> str:
    """Name a parameter that may be megabytes long."""
    return ascii(value)[:40]


def row(**changes: Any) -> dict[str, Any]:
    """Return be.STAT's row of April 2022; `changes` name columns with `_` for a space."""
    april = dict(zip(ENGLISH, ("2022", "April 2022", "2013 = 100", 119.59000000000043)))
    return {**april, **{name.replace("_", " "): value for name, value in changes.items()}}


def facts(*rows: Any) -> bytes:
    return json.dumps({"facts": rows}).encode()


def number(text: str) -> bytes:
    """Return a view whose only value is this JSON."""
    return facts(row(Health_index="HERE")).replace(b'"HERE"', text.encode())


def text_file(*lines: str, header: str = HEADER) -> bytes:
    return zipped("\n".join((header, *lines)).encode())


# be.STAT


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("119.59000000000043", "119.59"),
        ("119.58999999999957", "119.59"),
        ("119.585", "119.59"),
        ("119.5949999999999999999999999999999999999999999999999", "119.59"),
        ("120", "120.00"),
        ("1.1959E2", "119.59"),
        ('"119.59"', "119.59"),
    ],
)
def test_value_is_rounded_half_up(text: str, value: str) -> None:
    assert [str(found.value) for found in from_bestat(number(text))] == [value]


def test_row_without_a_value_is_ignored() -> None:
    assert from_bestat(facts(row(Month="March 2022", Health_index=None), row())) == [APRIL]


@pytest.mark.parametrize("trailing", [row(Year=None, Month=None), dict.fromkeys(ENGLISH)])
def test_row_without_a_month_is_ignored(trailing: dict[str, Any]) -> None:
    assert from_bestat(facts(row(), trailing)) == [APRIL]


def test_other_columns_are_ignored() -> None:
    assert from_bestat(facts(row(Consumer_price_index=121.0, Unit="index points"))) == [APRIL]


@pytest.mark.parametrize("year", [None, 2022, " 2022 "])
def test_year_may_be_null_or_a_number(year: Any) -> None:
    assert from_bestat(facts(row(Year=year))) == [APRIL]


def test_column_of_the_year_is_optional() -> None:
    without = row()
    del without["Year"]
    assert from_bestat(facts(without)) == [APRIL]


@pytest.mark.parametrize("base_year", ["2013=100", " 2013", 2013])
def test_base_year_has_several_notations(base_year: Any) -> None:
    assert from_bestat(facts(row(Base_year=base_year))) == [APRIL]


@pytest.mark.parametrize(("columns", "names"), [(ENGLISH, MONTHS), (DUTCH, DUTCH_MONTHS)])
def test_all_months_are_read_in_both_languages(columns: tuple[str, ...], names: list[str]) -> None:
    rows = [dict(zip(columns, ("2024", f"{name} 2024", "2013 = 100", 130.5))) for name in names]
    assert [found.month.month for found in from_bestat(facts(*rows))] == list(range(1, 13))


def test_case_and_spaces_of_a_month_are_ignored() -> None:
    assert from_bestat(facts(row(Month="  APRIL  2022 "))) == [APRIL]


def test_base_years_and_months_before_the_health_index_are_ignored() -> None:
    old = [(1914, "2022-04", 900.0), (1981, "2022-04", 250.0), (1988, "1993-12", 115.0)]
    assert from_bestat(bestat([*old, (2013, "2022-04", 119.59)])) == [APRIL]


def test_byte_order_mark_is_ignored() -> None:
    assert from_bestat(b"\xef\xbb\xbf" + facts(row())) == [APRIL]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b" \r\n", "empty response"),
        (b"<!DOCTYPE html><title>be.STAT</title>", "response is not JSON"),
        (b'{"facts": "\xff"}', "no list of facts in the response"),
        (b"[" * 100_000, "response is not JSON"),
        (b"[]", "no list of facts in the response"),
        (b"{}", "no list of facts in the response"),
        (b'{"facts": []}', "no list of facts in the response"),
        (b'{"facts": {"Month": 4}}', "no list of facts in the response"),
        (facts(1, None), "no list of facts in the response"),
        (facts(row(Health_index=None)), "no value in the response"),
    ],
    ids=short,
)
def test_invalid_view_is_rejected(body: bytes, reason: str) -> None:
    with pytest.raises(UpstreamError) as raised:
        read_bestat(body)
    assert str(raised.value) == reason


@pytest.mark.parametrize("column", ["Month", "Base year", "Health index"])
def test_view_without_a_column_is_rejected(column: str) -> None:
    changed = row()
    changed["Something else"] = changed.pop(column)
    with pytest.raises(UpstreamError, match="table without a column"):
        read_bestat(facts(changed))


@pytest.mark.parametrize(
    "month", ["Jui 2022", "Ap 2022", "April", "2022-04", "April 2022 (p)", "April 0000", 4]
)
def test_row_with_an_invalid_month_is_skipped(month: Any) -> None:
    response = read_bestat(facts(row(), row(Year=None, Month=month)))
    assert response.observations == [APRIL]
    assert len(response.unreadable) == 1
    assert re.fullmatch("row 2: .* is not a month", response.unreadable[0])


@pytest.mark.parametrize("year", ["2021", ""])
def test_year_that_contradicts_the_month_is_rejected(year: str) -> None:
    with pytest.raises(UpstreamError, match="contradicts 'April 2022'"):
        read_bestat(facts(row(Year=year)))


@pytest.mark.parametrize("base_year", [None, "20130", "= 2013"])
def test_invalid_base_year_is_rejected(base_year: Any) -> None:
    with pytest.raises(UpstreamError, match="is not a base year"):
        read_bestat(facts(row(Base_year=base_year)))


@pytest.mark.parametrize(
    "text",
    [
        *("NaN", "-Infinity", "1e9999999999999999999", "9" * 5000),
        *("-119.59", "19.99", "1000.01", "1e-400", "true", "[]", '"sNaN"', '"Infinity"'),
    ],
    ids=short,
)
def test_implausible_value_is_rejected(text: str) -> None:
    with pytest.raises(UpstreamError, match=r"row 1: .* is not plausible"):
        read_bestat(number(text))


@pytest.mark.parametrize("bad", [row(Health_index="abc"), [row()], None], ids=["value", "list", "null"])
def test_unreadable_row_is_skipped_and_named(bad: Any) -> None:
    response = read_bestat(facts(row(Month="March 2022", Health_index=118.0), bad, row()))
    assert response.observations == [observation(2013, "2022-03", "118.00"), APRIL]
    assert [reason[:7] for reason in response.unreadable] == ["row 2: "]


@pytest.mark.parametrize("text", ["NaN", "1e9999999999999999999"])
def test_number_out_of_range_makes_its_own_row_unreadable_only(text: str) -> None:
    body = facts(row(), row(Month="May 2022", Health_index="HERE")).replace(b'"HERE"', text.encode())
    assert read_bestat(body).observations == [APRIL]


def test_contradictory_rows_are_all_returned() -> None:
    other = observation(2013, "2022-04", "119.60")
    assert from_bestat(facts(row(Health_index=119.6), row(), row())) == [APRIL, other]
    assert from_open_data(text_file("2022|4|119.6|2013", "2022|4|119.59|2013")) == [APRIL, other]


@pytest.mark.parametrize("line", ["2022|13|118.00|2013", "2022|5|118.00"])
def test_unreadable_line_is_skipped_and_named(line: str) -> None:
    response = read_open_data(text_file(line, "2022|4|119.59|2013"))
    assert response.observations == [APRIL]
    assert [reason[:8] for reason in response.unreadable] == ["line 2: "]


def test_upstream_value_is_quoted_on_one_short_line() -> None:
    with pytest.raises(UpstreamError) as raised:
        read_bestat(facts(row(Month="forged\nline\0" * 1000)))
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 200


# The open-data zip


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


def compressed(text: bytes, method: int) -> bytes:
    body = BytesIO()
    with zipfile.ZipFile(body, "w", method) as archive:
        archive.writestr("CPI.txt", text)
    return body.getvalue()


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


# The workbook

WORKBOOK = (Path(__file__).parent / "recordings" / "workbook.xlsx").read_bytes()


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


@searching
@given(st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=8))
def test_damaged_workbook_gives_observations_or_an_upstream_error(damage: list[tuple[float, int]]) -> None:
    body = bytearray(WORKBOOK)
    for place, byte in damage:
        body[int(place * len(body))] = byte
    read_or_reject(read_open_data, bytes(body))


# Arbitrary input raises UpstreamError at most


def read_or_reject(read: Any, body: bytes) -> None:
    try:
        found = read(body).observations
    except UpstreamError:
        return
    assert found
    assert found == sorted(set(found))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
cells = st.sampled_from(["April 2022", "maart 2024", "2022", "2013 = 100", 2004, 119.59, None]) | json_values
columns = st.sampled_from(ENGLISH + DUTCH) | st.text(max_size=5)
any_rows = st.lists(st.dictionaries(columns, cells, max_size=6), max_size=5)
plausible_rows = st.lists(
    st.fixed_dictionaries({}, optional=dict.fromkeys(ENGLISH, cells))
    | st.builds(row, Month=cells)
    | st.builds(row, Base_year=cells)
    | st.builds(row, Health_index=cells),
    max_size=4,
)


@searching
@given(st.binary(max_size=200))
def test_any_bytes_give_observations_or_an_upstream_error(body: bytes) -> None:
    read_or_reject(read_bestat, body)
    read_or_reject(read_open_data, body)


@searching
@given(json_values)
def test_any_json_gives_observations_or_an_upstream_error(document: Any) -> None:
    read_or_reject(read_bestat, json.dumps(document).encode())


@searching
@given(any_rows | plausible_rows)
def test_any_facts_give_observations_or_an_upstream_error(rows: list[dict[str, Any]]) -> None:
    read_or_reject(read_bestat, facts(*rows))


@searching
@given(st.from_regex(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,25})?", fullmatch=True))
@example("1e9999999999999999999")
def test_any_number_gives_observations_or_an_upstream_error(text: str) -> None:
    read_or_reject(read_bestat, number(text))


fields = st.sampled_from(["2022", "4", "119.59", "2013", ".", "", "119,5", "٤", "\x85"]) | st.text(max_size=4)
any_lines = st.lists(st.lists(fields, max_size=6).map("|".join), max_size=4)


@searching
@given(st.permutations(HEADER.split("|")), any_lines)
@example(["MS_HLTH_IDX", "NM_YR", "NM_MTH", "NM_BASE_YR"], ["119.59"])
def test_any_open_data_text_gives_observations_or_an_upstream_error(
    header: list[str], lines: list[str]
) -> None:
    text = "\n".join(["|".join(header), *lines])
    read_or_reject(read_open_data, zipped(text.encode(errors="surrogatepass")))


@searching
@given(st.binary(max_size=200))
def test_any_bytes_in_the_zip_give_observations_or_an_upstream_error(text: bytes) -> None:
    read_or_reject(read_open_data, zipped(text))
    read_or_reject(read_open_data, zipped(HEADER.encode() + b"\n" + text))


WHOLE_ZIPS = [compressed(f"{HEADER}\n2022|4|119.59|2013".encode(), method) for method in (0, 8, 12, 14)]


@searching
@given(st.sampled_from(WHOLE_ZIPS), st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=5))
def test_any_damage_to_a_zip_gives_observations_or_an_upstream_error(
    whole: bytes, damage: list[tuple[float, int]]
) -> None:
    body = bytearray(whole)
    for place, byte in damage:
        body[int(place * len(body))] = byte
    read_or_reject(read_open_data, bytes(body))


# Order, repetition and noise


@st.composite
def observations_and_rows(draw: st.DrawFn) -> tuple[list[Observation], list[tuple[int, str, float]]]:
    """Draw sorted observations, and the same as shuffled rows with repetitions."""
    keys = st.tuples(
        st.sampled_from([1988, 1996, 2004, 2013, 2025, 2034]), st.dates(date(1994, 1, 1), date(2050, 1, 1))
    )
    months = st.tuples(keys, st.integers(2000, 100_000)).map(
        lambda pair: Observation(pair[0][0], pair[0][1].replace(day=1), Decimal(pair[1]).scaleb(-2))
    )
    observations = draw(st.lists(months, min_size=1, max_size=8, unique_by=lambda one: one[:2]))
    rows = [(one.base_year, f"{one.month:%Y-%m}", float(one.value)) for one in observations]
    repeated = draw(st.lists(st.sampled_from(rows), max_size=4))
    return sorted(observations), draw(st.permutations(rows + repeated))


@searching
@given(observations_and_rows())
def test_shuffled_and_repeated_rows_give_the_same_observations(
    drawn: tuple[list[Observation], list[tuple[int, str, float]]],
) -> None:
    observations, rows = drawn
    assert from_bestat(bestat(rows)) == observations
    assert from_open_data(open_data(rows)) == observations


@searching
@given(st.integers(2001, 99_999), st.floats(-1e-9, 1e-9))
def test_noisy_float_has_two_decimals(cents: int, noise: float) -> None:
    body = facts(row(Health_index=cents / 100 + noise))
    assert from_bestat(body)[0].value == Decimal(cents).scaleb(-2)
