"""Arbitrary input gives observations, or UpstreamError at most."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from tests.statbel.tables import (
    DUTCH,
    ENGLISH,
    HEADER,
    WORKBOOK,
    compressed,
    facts,
    from_bestat,
    from_open_data,
    number,
    row,
    searching,
)
from tests.support.fake_statbel import bestat, open_data, zipped
from webapp.statbel.bestat import read_bestat
from webapp.statbel.open_data import read_open_data
from webapp.statbel.parsing import Observation, UpstreamError


@searching
@given(st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=8))
def test_damaged_workbook_gives_observations_or_an_upstream_error(damage: list[tuple[float, int]]) -> None:
    body = bytearray(WORKBOOK)
    for place, byte in damage:
        body[int(place * len(body))] = byte
    read_or_reject(read_open_data, bytes(body))


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
