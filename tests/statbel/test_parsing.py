"""What Statbel's two sources may answer: every trap of docs/domain.md, and anything else at all."""

import json
import re
import tracemalloc
import zipfile
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any, Dict, List, Optional, Tuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.fake_statbel import MONTHS, bestat, open_data, zipped
from webapp.statbel.parsing import (
    MAX_UNPACKED_BYTES,
    Observation,
    UpstreamError,
    read_bestat,
    read_open_data,
)

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

# `database=None`: what fails is shrunk and shown; no folder of examples is left behind.
searching = settings(max_examples=150, deadline=None, database=None)


def seen(base_year: int, month: str, value: str) -> Observation:
    return Observation(base_year, date(int(month[:4]), int(month[5:]), 1), Decimal(value))


APRIL = seen(2013, "2022-04", "119.59")


def from_bestat(body: bytes) -> List[Observation]:
    """What a view holds whose rows can all be read."""
    answer = read_bestat(body)
    assert answer.unreadable == []
    return answer.observations


def from_open_data(body: bytes) -> List[Observation]:
    answer = read_open_data(body)
    assert answer.unreadable == []
    return answer.observations


def short(value: object) -> str:
    """A name for a parameter that may be megabytes long."""
    return ascii(value)[:40]


def row(**changes: Any) -> Dict[str, Any]:
    """April 2022 as be.STAT gives it; `changes` name columns with `_` for a space."""
    usual = dict(zip(ENGLISH, ("2022", "April 2022", "2013 = 100", 119.59000000000043)))
    return {**usual, **{name.replace("_", " "): value for name, value in changes.items()}}


def facts(*rows: Any) -> bytes:
    return json.dumps({"facts": rows}).encode()


def number(text: str) -> bytes:
    """An answer whose one figure is written like this."""
    return facts(row(Health_index="HERE")).replace(b'"HERE"', text.encode())


def text_file(*lines: str, header: str = HEADER) -> bytes:
    return zipped("\n".join((header, *lines)).encode())


# be.STAT: what has to be understood


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("119.59000000000043", "119.59"),
        ("119.58999999999957", "119.59"),
        ("119.585", "119.59"),
        ("119.595", "119.60"),
        ("119.5949999999999999999999999999999999999999999999999", "119.59"),
        ("119.5", "119.50"),
        ("120", "120.00"),
        ("1.1959E2", "119.59"),
        ('"119.59"', "119.59"),
    ],
)
def test_float_noise_is_rounded_half_up(text: str, value: str) -> None:
    assert [str(found.value) for found in from_bestat(number(text))] == [value]


def test_a_row_without_an_index_is_passed_over() -> None:
    assert from_bestat(facts(row(Month="March 2022", Health_index=None), row())) == [APRIL]


@pytest.mark.parametrize("index", [None, 125.01])
def test_trailing_rows_without_a_month_are_passed_over(index: Optional[float]) -> None:
    trailing = row(Year=None, Month=None, Health_index=index)
    assert from_bestat(facts(row(), trailing, trailing)) == [APRIL]


def test_a_trailing_row_of_nulls_only_is_passed_over() -> None:
    assert from_bestat(facts(row(), dict.fromkeys(ENGLISH))) == [APRIL]


def test_a_repeated_row_counts_once() -> None:
    assert from_bestat(facts(row(), row(), row(Health_index=119.59))) == [APRIL]


def test_the_order_of_the_rows_does_not_matter() -> None:
    march = row(Month="March 2022", Health_index=118.0)
    assert from_bestat(facts(row(), march)) == from_bestat(facts(march, row()))


def test_further_columns_are_passed_over() -> None:
    assert from_bestat(facts(row(Consumer_price_index=121.0, Unit="index points"))) == [APRIL]


@pytest.mark.parametrize("year", [None, 2022, "2022", " 2022 "])
def test_the_year_may_be_missing_or_a_number(year: Any) -> None:
    assert from_bestat(facts(row(Year=year))) == [APRIL]


def test_the_column_of_the_year_may_be_missing() -> None:
    without = row()
    del without["Year"]
    assert from_bestat(facts(without)) == [APRIL]


@pytest.mark.parametrize("base_year", ["2013 = 100", "2013=100", "2013", " 2013", 2013])
def test_a_base_year_may_be_written_in_several_ways(base_year: Any) -> None:
    assert from_bestat(facts(row(Base_year=base_year))) == [APRIL]


@pytest.mark.parametrize(
    ("columns", "name", "month"),
    [(ENGLISH, name, month) for month, name in enumerate(MONTHS, start=1)]
    + [(DUTCH, name, month) for month, name in enumerate(DUTCH_MONTHS, start=1)]
    + [(ENGLISH, " april ", 4), (DUTCH, "MAART", 3)],
)
def test_every_month_is_read_in_both_languages(columns: Tuple[str, ...], name: str, month: int) -> None:
    body = facts(dict(zip(columns, ("2024", f"{name} 2024", "2013 = 100", 130.5))))
    assert from_bestat(body) == [seen(2013, f"2024-{month:02}", "130.50")]


def test_every_base_year_is_read() -> None:
    body = bestat([(2004, "2022-04", 144.43), (2013, "2022-04", 119.59), (2034, "2022-04", 88.0)])
    assert [found.base_year for found in from_bestat(body)] == [2004, 2013, 2034]


def test_base_years_and_months_without_a_health_index_are_not_kept() -> None:
    old = [(1914, "2022-04", 900.0), (1981, "2022-04", 250.0), (1988, "1993-12", 115.0)]
    assert from_bestat(bestat([*old, (2013, "2022-04", 119.59)])) == [APRIL]


def test_a_byte_order_mark_is_passed_over() -> None:
    assert from_bestat(b"\xef\xbb\xbf" + facts(row())) == [APRIL]


# be.STAT: what has to be refused


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the answer is empty"),
        (b" \r\n", "the answer is empty"),
        (b"<!DOCTYPE html><title>be.STAT</title>", "the answer is not JSON"),
        (facts(row())[:-9], "the answer is not JSON"),
        (b'{"facts": "\xff"}', "the answer is not JSON"),
        (b"[" * 100_000, "the answer is not JSON"),
        (b"null", "the answer has no list of facts"),
        (b"[]", "the answer has no list of facts"),
        (b"{}", "the answer has no list of facts"),
        (b'{"facts": null}', "the answer has no list of facts"),
        (b'{"facts": []}', "the answer has no list of facts"),
        (b'{"facts": {"Month": 4}}', "the answer has no list of facts"),
        (facts(1, None), "the answer has no list of facts"),
        (facts(row(Health_index=None)), "the answer holds no value"),
        (bestat([(1981, "2022-04", 250.0)]), "the answer holds no value"),
    ],
    ids=short,
)
def test_what_is_no_answer_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(UpstreamError) as caught:
        read_bestat(body)
    assert str(caught.value) == reason


@pytest.mark.parametrize("column", ["Month", "Base year", "Health index"])
def test_a_view_that_lost_a_column_is_refused(column: str) -> None:
    changed = row()
    changed["Something else"] = changed.pop(column)
    with pytest.raises(UpstreamError, match="lack the columns"):
        read_bestat(facts(changed))


@pytest.mark.parametrize(
    "month",
    ["Avril 2022", "April", "April 22", "2022", "2022-04", "April 2022 (p)", "April 0000", 4, True, [], {}],
)
def test_row_without_a_month_is_left_out(month: Any) -> None:
    answer = read_bestat(facts(row(), row(Year=None, Month=month)))
    assert answer.observations == [APRIL]
    assert len(answer.unreadable) == 1
    assert re.fullmatch("row 2: .* is not a month", answer.unreadable[0])


@pytest.mark.parametrize("year", ["2021", 2021, "", "April", [2022]])
def test_a_year_that_contradicts_the_month_is_refused(year: Any) -> None:
    with pytest.raises(UpstreamError, match="contradicts 'April 2022'"):
        read_bestat(facts(row(Year=year)))


@pytest.mark.parametrize("base_year", [None, "", "base", "13", "20130", "= 2013", True, [2013]])
def test_what_is_not_a_base_year_is_refused(base_year: Any) -> None:
    with pytest.raises(UpstreamError, match="is not a base year"):
        read_bestat(facts(row(Base_year=base_year)))


@pytest.mark.parametrize(
    "text",
    [
        *("NaN", "-Infinity", "1e9999999999999999999", "9" * 5000),
        *("0", "-119.59", "19.99", "1000.01", "11959", "1e400", "1e-400", "true", "[]", "{}"),
        *('""', '"."', '"abc"', '"NaN"', '"sNaN"', '"Infinity"', "9" * 4000, f'"{"9" * 9000}"'),
    ],
    ids=short,
)
def test_a_value_that_is_not_plausible_is_refused(text: str) -> None:
    with pytest.raises(UpstreamError, match=r"row 1: .* is not plausible"):
        read_bestat(number(text))


BAD_ROWS = {
    "a month": row(Year=None, Month="Avril 2022"),
    "another year": row(Year="2021"),
    "a base year": row(Base_year="base"),
    "a value": row(Health_index="abc"),
    "a value of zero": row(Health_index=0),
    "a value that is a list": row(Health_index=[1]),
    "a number": 1,
    "nothing": None,
    "a list": [row()],
}


@pytest.mark.parametrize("bad", BAD_ROWS.values(), ids=BAD_ROWS)
def test_unreadable_row_is_left_out_and_named(bad: Any) -> None:
    answer = read_bestat(facts(row(Month="March 2022", Health_index=118.0), bad, row()))
    assert answer.observations == [seen(2013, "2022-03", "118.00"), APRIL]
    assert [reason[:7] for reason in answer.unreadable] == ["row 2: "]


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e9999999999999999999", "9" * 5000], ids=short)
def test_number_beyond_arithmetic_spoils_its_own_row_only(text: str) -> None:
    body = facts(row(), row(Month="May 2022", Health_index="HERE")).replace(b'"HERE"', text.encode())
    assert read_bestat(body).observations == [APRIL]


def test_contradicting_rows_are_all_given() -> None:
    other = seen(2013, "2022-04", "119.60")
    assert from_bestat(facts(row(Health_index=119.6), row(), row())) == [APRIL, other]
    assert from_open_data(text_file("2022|4|119.6|2013", "2022|4|119.59|2013")) == [APRIL, other]


@pytest.mark.parametrize(
    "line", ["2022|13|118.00|2013", "2022|5|abc|2013", "2022|5|118.00|", "2022|5|118.00"]
)
def test_unreadable_line_is_left_out_and_named(line: str) -> None:
    answer = read_open_data(text_file(line, "2022|4|119.59|2013"))
    assert answer.observations == [APRIL]
    assert [reason[:8] for reason in answer.unreadable] == ["line 2: "]


def test_what_the_upstream_sent_is_quoted_short_and_on_one_line() -> None:
    with pytest.raises(UpstreamError) as caught:
        read_bestat(facts(row(Month="forged\nline\0" * 1000)))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


# The open-data zip


def test_the_open_data_text_is_read() -> None:
    values = [(1988, "2022-04", 198.12), (2013, "1993-12", 70.0), (2013, "2022-04", 119.59)]
    assert from_open_data(open_data(values)) == [seen(1988, "2022-04", "198.12"), APRIL]


@pytest.mark.parametrize("index", ["", ".", "  "])
def test_a_line_without_an_index_is_passed_over(index: str) -> None:
    assert from_open_data(text_file(f"2022|3|{index}|2013", "2022|4|119.59|2013")) == [APRIL]


@pytest.mark.parametrize(
    "line", ["2022|04|119.59|2013", " 2022 | 4 | 119.59 | 2013 ", "2022|4|119,59|2013 = 100"]
)
def test_spaces_zeros_and_a_comma_are_understood(line: str) -> None:
    assert from_open_data(text_file(line)) == [APRIL]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_line_ends_and_a_byte_order_mark_do_not_matter(end: str, encoding: str) -> None:
    text = f"{HEADER}{end}2022|4|119.59|2013{end}"
    assert from_open_data(zipped(text.encode(encoding))) == [APRIL]


def test_the_text_may_be_in_latin_1() -> None:
    text = f"{HEADER}|TX\n2022|4|119.59|2013|février"
    assert from_open_data(zipped(text.encode("latin-1"))) == [APRIL]


def test_the_columns_may_come_in_another_order_and_number() -> None:
    body = text_file("2013|119.59|x|4|2022", header="NM_BASE_YR|MS_HLTH_IDX|NEW|NM_MTH|NM_YR")
    assert from_open_data(body) == [APRIL]


@pytest.mark.parametrize("column", HEADER.split("|"))
def test_a_text_that_lost_a_column_is_refused(column: str) -> None:
    with pytest.raises(UpstreamError, match=f"lacks the column {column}"):
        read_open_data(text_file("2022|4|119.59|2013", header=HEADER.replace(column, "OTHER")))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not a readable zip"),
        (b"<!DOCTYPE html>", "not a readable zip"),
        (open_data([(2013, "2022-04", 119.59)])[:-30], "not a readable zip"),
        (zipped(), "the zip holds 0 texts"),
        (zipped(b"", b""), "the zip holds 2 texts"),
        (zipped(b""), "lacks the column"),
        (zipped(b"\0" * (MAX_UNPACKED_BYTES + 1)), "the zip unpacks to more than"),
        (text_file(), "the answer holds no value"),
        (text_file("2022|13|119.59|2013"), "line 2: '2022', '13' is not a month"),
        (text_file("2022|0|119.59|2013"), "line 2: '2022', '0' is not a month"),
        (text_file("|4|119.59|2013"), "line 2: '', '4' is not a month"),
        (text_file("2022|4|119.59|"), "line 2: '' is not a base year"),
        (text_file("2022|4|119.59"), "line 2: None is not a base year"),
        (text_file("2022|4|0|2013"), "line 2: '0' is not plausible"),
        (text_file("2022|4|1.119,59|2013"), "line 2: '1.119.59' is not plausible"),
    ],
    ids=short,
)
def test_what_is_no_open_data_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(UpstreamError, match=reason):
        read_open_data(body)


def test_a_line_that_is_cut_off_is_refused() -> None:
    body = text_file("119.59", header="MS_HLTH_IDX|NM_YR|NM_MTH|NM_BASE_YR")
    with pytest.raises(UpstreamError):
        read_open_data(body)


def packed(content: bytes, method: int) -> bytes:
    body = BytesIO()
    with zipfile.ZipFile(body, "w", method) as archive:
        archive.writestr("CPI.txt", content)
    return body.getvalue()


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_a_damaged_member_is_refused_however_it_was_packed(method: int) -> None:
    body = bytearray(packed(HEADER.encode() * 50, method))
    name_end = body.index(b"CPI.txt") + len("CPI.txt")
    body[name_end + 9 : name_end + 40] = b"\xff" * 31
    with pytest.raises(UpstreamError):
        read_open_data(bytes(body))


def test_an_encrypted_member_is_refused() -> None:
    body = bytearray(packed(HEADER.encode(), zipfile.ZIP_DEFLATED))
    body[6] |= 1
    body[body.index(b"PK\1\2") + 8] |= 1
    with pytest.raises(UpstreamError, match="not a readable zip"):
        read_open_data(bytes(body))


def test_a_zip_whose_directory_points_nowhere_is_refused() -> None:
    entry = b"PK\1\2" + bytes([45, 0, 45, 0]) + b"\0" * 12 + b"\1\0\0\0" * 2
    entry += b"\5\0\x0c\0" + b"\0" * 10 + b"\xff" * 4 + b"a.txt" + b"\1\0\x08\0" + b"\xff" * 8
    end = b"PK\5\6\0\0\0\0\1\0\1\0" + len(entry).to_bytes(4, "little") + b"\0" * 6
    with pytest.raises(UpstreamError):
        read_open_data(entry + end)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_a_small_zip_that_unpacks_to_a_lot_does_not_fill_the_memory(method: int) -> None:
    body = packed(b"\0" * (5 * MAX_UNPACKED_BYTES), method)
    tracemalloc.start()
    try:
        with pytest.raises(UpstreamError):
            read_open_data(body)
        assert tracemalloc.get_traced_memory()[1] < 3 * MAX_UNPACKED_BYTES
    finally:
        tracemalloc.stop()


# Anything at all: observations, or an UpstreamError, and no other exception


def read_or_refuse(read: Any, body: bytes) -> None:
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
rows_of_any_kind = st.lists(st.dictionaries(columns, cells, max_size=6), max_size=5)
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
    read_or_refuse(read_bestat, body)
    read_or_refuse(read_open_data, body)


@searching
@given(json_values)
def test_any_json_gives_observations_or_an_upstream_error(document: Any) -> None:
    read_or_refuse(read_bestat, json.dumps(document).encode())


@searching
@given(rows_of_any_kind | plausible_rows)
def test_any_facts_give_observations_or_an_upstream_error(rows: List[Dict[str, Any]]) -> None:
    read_or_refuse(read_bestat, facts(*rows))


@searching
@given(st.from_regex(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,25})?", fullmatch=True))
@example("1e9999999999999999999")
def test_any_number_gives_observations_or_an_upstream_error(text: str) -> None:
    read_or_refuse(read_bestat, number(text))


fields = st.sampled_from(["2022", "4", "119.59", "2013", ".", "", "119,5", "٤", "\x85"]) | st.text(max_size=4)
lines_of_any_kind = st.lists(st.lists(fields, max_size=6).map("|".join), max_size=4)


@searching
@given(st.permutations(HEADER.split("|")), lines_of_any_kind)
@example(["MS_HLTH_IDX", "NM_YR", "NM_MTH", "NM_BASE_YR"], ["119.59"])
def test_any_open_data_text_gives_observations_or_an_upstream_error(
    header: List[str], lines: List[str]
) -> None:
    text = "\n".join(["|".join(header), *lines])
    read_or_refuse(read_open_data, zipped(text.encode(errors="surrogatepass")))


@searching
@given(st.binary(max_size=200))
def test_any_bytes_in_the_zip_give_observations_or_an_upstream_error(content: bytes) -> None:
    read_or_refuse(read_open_data, zipped(content))
    read_or_refuse(read_open_data, zipped(HEADER.encode() + b"\n" + content))


WHOLE_ZIPS = [packed(f"{HEADER}\n2022|4|119.59|2013".encode(), method) for method in (0, 8, 12, 14)]


@searching
@given(st.sampled_from(WHOLE_ZIPS), st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=5))
def test_any_damage_to_a_zip_gives_observations_or_an_upstream_error(
    whole: bytes, damage: List[Tuple[float, int]]
) -> None:
    body = bytearray(whole)
    for place, byte in damage:
        body[int(place * len(body))] = byte
    read_or_refuse(read_open_data, bytes(body))


# Order, repetition and noise do not change what is read


@st.composite
def observations_and_rows(draw: st.DrawFn) -> Tuple[List[Observation], List[Tuple[int, str, float]]]:
    """Observations in order, and rows that tell the same: shuffled, some of them repeatedly."""
    keys = st.tuples(
        st.sampled_from([1988, 1996, 2004, 2013, 2025, 2034]), st.dates(date(1994, 1, 1), date(2050, 1, 1))
    )
    months = st.tuples(keys, st.integers(2000, 100_000)).map(
        lambda given: Observation(given[0][0], given[0][1].replace(day=1), Decimal(given[1]).scaleb(-2))
    )
    observations = draw(st.lists(months, min_size=1, max_size=8, unique_by=lambda one: one[:2]))
    rows = [(one.base_year, f"{one.month:%Y-%m}", float(one.value)) for one in observations]
    repeated = draw(st.lists(st.sampled_from(rows), max_size=4))
    return sorted(observations), draw(st.permutations(rows + repeated))


@searching
@given(observations_and_rows())
def test_shuffled_and_repeated_rows_give_the_same_observations(
    drawn: Tuple[List[Observation], List[Tuple[int, str, float]]],
) -> None:
    observations, rows = drawn
    assert from_bestat(bestat(rows)) == observations
    assert from_open_data(open_data(rows)) == observations


@searching
@given(st.integers(2001, 99_999), st.floats(-1e-9, 1e-9))
def test_a_noisy_float_gives_the_value_with_two_decimals(cents: int, noise: float) -> None:
    body = facts(row(Health_index=cents / 100 + noise))
    assert from_bestat(body)[0].value == Decimal(cents).scaleb(-2)
