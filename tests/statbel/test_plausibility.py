"""Plausibility: accepted, rejected and refuted values."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Iterable, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.config import ROOT
from webapp.data import index_seed
from webapp.statbel.parsing import Observation, ParsedResponse, UpstreamError
from webapp.statbel.plausibility import Judgement, Key, Stored, judge

searching = settings(max_examples=30, deadline=None, database=None)

SEED = {
    Key(row["base_year"], row["month"]): row["value"]
    for row in index_seed.read(ROOT / "seed" / "health_index.csv")
}
# Five months after the seed.
TODAY = date(2026, 12, 30)


def month(text: str) -> date:
    return date(int(text[:4]), int(text[5:]), 1)


def key(base_year: int, text: str) -> Key:
    return Key(base_year, month(text))


# On base 2025; the seed lacks April to June.
NEW_MONTHS = {
    "2026-01": "101.33",
    "2026-02": "101.84",
    "2026-03": "101.63",
    "2026-04": "102.77",
    "2026-05": "102.69",
    "2026-06": "102.59",
    "2026-07": "103.24",
    "2026-08": "103.49",
    "2026-09": "103.71",
    "2026-10": "103.30",
    "2026-11": "104.05",
}


def rounded(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


NEW = {
    key(base_year, text): rounded(Decimal(value) * factor)
    for text, value in NEW_MONTHS.items()
    for base_year, factor in ((2025, Decimal(1)), (2013, Decimal("1.3557")))
}
RIGHT = {**SEED, **NEW}


def response(values: dict[Key, Decimal], *others: tuple[int, str, str]) -> ParsedResponse:
    rows = [Observation(*at, value) for at, value in values.items()]
    rows += [Observation(base_year, month(text), Decimal(value)) for base_year, text, value in others]
    return ParsedResponse(sorted(set(rows)), [])


def judged(
    parsed: ParsedResponse,
    stored: dict[Key, Decimal] | None = None,
    *,
    seed: dict[Key, Decimal] = SEED,
    today: date = TODAY,
    source: str = "bestat",
) -> Judgement:
    before = {at: Stored(value, source) for at, value in (stored or {}).items()}
    return judge(parsed, "bestat", seed, before, today)


def only(*base_years: int) -> dict[Key, Decimal]:
    return {at: value for at, value in RIGHT.items() if at.base_year in base_years}


def since(text: str, values: dict[Key, Decimal] = RIGHT) -> dict[Key, Decimal]:
    return {at: value for at, value in values.items() if at.month >= month(text)}


PARTIAL = {
    "all": RIGHT,
    "the last two years": since("2025-01"),
    "the new months": since("2026-08"),
    "the last month": since("2026-11"),
    "base 2013": only(2013),
    "base 2025": only(2025),
    "base 2004": only(2004),
    "old months": {at: value for at, value in RIGHT.items() if at.month.year < 2000},
}


@pytest.mark.parametrize("values", PARTIAL.values(), ids=PARTIAL)
def test_correct_response_is_accepted(values: dict[Key, Decimal]) -> None:
    assert judged(response(values)) == Judgement(values, {}, {})


@pytest.mark.parametrize("part", ["base 2013", "the last month"])
def test_correct_response_is_accepted_without_a_seed(part: str) -> None:
    assert judged(response(PARTIAL[part]), seed={}) == Judgement(PARTIAL[part], {}, {})


@pytest.mark.parametrize("factor", ["1.1", "0.9"])
@pytest.mark.parametrize("values", PARTIAL.values(), ids=PARTIAL)
def test_multiple_of_a_correct_response_is_rejected(values: dict[Key, Decimal], factor: str) -> None:
    multiple = {at: rounded(value * Decimal(factor)) for at, value in values.items()}
    with pytest.raises(UpstreamError, match="no plausible value"):
        judged(response(multiple))


def test_response_that_revises_every_month_is_rejected() -> None:
    with pytest.raises(UpstreamError, match="392 months revised"):
        judged(response({at: rounded(value * Decimal("1.003")) for at, value in RIGHT.items()}))


# One row


@pytest.mark.parametrize(
    ("base_year", "text", "value", "reason"),
    [
        (3000, "2026-11", "103.49", "unknown base year"),
        (2024, "2026-11", "103.49", "unknown base year"),
        (2038, "2026-11", "103.49", "unknown base year"),
        (2034, "2026-11", "12.00", "12.00 does not fit 100 in 2034"),
        (2025, "2027-01", "104.10", "future month"),
        (2013, "9999-12", "140.30", "future month"),
        (2013, "2020-05", "110.70", "110.70 instead of 110.10"),
        (2013, "2020-05", "110.30", "110.30 contradicts 182.39 on base 1988"),
        (2013, "2026-09", "141.90", "141.90 contradicts 103.71 on base 2025"),
        (2025, "2026-09", "1.00", "1.00 contradicts 140.60 on base 2013"),
        (2004, "2026-10", "300.00", "300.00 does not fit the months before and after"),
    ],
)
def test_wrong_row_is_rejected_and_the_others_are_accepted(
    base_year: int, text: str, value: str, reason: str
) -> None:
    at = key(base_year, text)
    others = {other: found for other, found in RIGHT.items() if other != at}
    assert judged(response(others, (base_year, text, value))) == Judgement(others, {at: reason}, {})


def test_contradictory_rows_are_rejected_and_the_others_are_accepted() -> None:
    at = key(2025, "2026-11")
    others = {other: found for other, found in RIGHT.items() if other != at}
    judgement = judged(response(RIGHT, (2025, "2026-11", "104.06")))
    assert judgement == Judgement(others, {at: "contradictory values 104.05 and 104.06"}, {})


def test_thousands_of_base_years_are_rejected_and_the_others_are_accepted() -> None:
    rows = [(base_year, "2026-08", "103.49") for base_year in range(1989, 10_000)]
    wrong = [row for row in rows if row[0] not in (1996, 2004, 2013, 2025)]
    judgement = judged(response(RIGHT, *wrong))
    assert judgement.accepted == RIGHT
    assert {at.base_year for at in judgement.rejected} == {row[0] for row in wrong}


def test_month_after_a_gap_that_the_base_year_in_force_lacks_is_rejected() -> None:
    right = {at: value for at, value in RIGHT.items() if at.month <= month("2026-08")}
    judgement = judged(response(right, (2013, "2026-10", "139.20")))
    assert judgement == Judgement(right, {key(2013, "2026-10"): "not on base 2025"}, {})


@pytest.mark.parametrize(("day", "accepted"), [(22, False), (23, True)])
def test_month_that_the_base_year_in_force_lacks_is_accepted_from_its_publication_day(
    day: int, accepted: bool
) -> None:
    december = key(2013, "2026-12")
    alone = {**only(2013), december: Decimal("141.10")}
    today = date(2026, 12, day)
    assert (december in judged(response(alone), today=today).accepted) == accepted
    with_base_year_in_force = response({**alone, key(2025, "2026-12"): Decimal("104.08")})
    assert december in judged(with_base_year_in_force, today=today).accepted


def test_slightly_wrong_month_does_not_reject_the_next_one() -> None:
    right = only(2025)
    wrong = {**right, key(2025, "2026-09"): Decimal("106.50")}
    judgement = judged(response(wrong))
    assert [*judgement.rejected] == [key(2025, "2026-09")]


def test_largest_changes_of_the_seed_are_accepted() -> None:
    for base_year in (1988, 1996, 2004, 2013, 2025):
        values = {at: value for at, value in SEED.items() if at.base_year == base_year}
        assert judged(response(values), seed={}).rejected == {}


@pytest.mark.parametrize("wrong", [[], [(2033, "2026-11", "81.00")]], ids=["alone", "beside a wrong one"])
def test_next_base_year_is_accepted(wrong: list[tuple[int, str, str]]) -> None:
    right = {**RIGHT, key(2034, "2026-10"): Decimal("80.00"), key(2034, "2026-11"): Decimal("80.30")}
    assert judged(response(right, *wrong)).accepted == right


# Stored values


def test_stored_month_after_the_end_of_the_same_source_is_refuted() -> None:
    stored = {**NEW, key(2013, "2026-12"): Decimal("139.20")}
    assert [*judged(response(RIGHT), stored).refuted] == [key(2013, "2026-12")]
    assert judged(response(RIGHT), stored, source="open-data").refuted == {}


def test_stored_month_is_not_refuted_by_a_response_with_an_unreadable_row() -> None:
    stored = {**NEW, key(2013, "2026-12"): Decimal("139.20")}
    unreadable = response(RIGHT)._replace(unreadable=["row 7: 'abc' is not plausible as an index"])
    assert judged(unreadable, stored).refuted == {}


def test_stored_months_are_not_refuted_by_an_old_response() -> None:
    old = {at: value for at, value in RIGHT.items() if at.month < month("2026-01")}
    assert judged(response(old), NEW).refuted == {}


def test_impossible_stored_base_years_and_months_are_refuted() -> None:
    wrong = {key(base_year, "2026-08"): Decimal("103.49") for base_year in range(2026, 9999)}
    wrong[key(2025, "2030-01")] = Decimal("120.00")
    assert {*judged(response(NEW), {**NEW, **wrong}, source="open-data").refuted} == {*wrong}


def test_doubled_stored_values_do_not_reject_a_correct_response() -> None:
    doubled = {at: value * 2 for at, value in RIGHT.items()}
    assert judged(response(RIGHT), doubled) == Judgement(RIGHT, {}, {})
    assert judged(response(NEW), doubled).accepted == NEW


# Any wrong row


any_value = st.integers(2000, 100_000).map(lambda cents: Decimal(cents).scaleb(-2))
near_values = st.integers(-400, 400).map(lambda change: 1 + Decimal(change).scaleb(-4))
months_of_time = st.dates(date(1994, 1, 1), date(2030, 1, 1)).map(lambda day: day.replace(day=1))
any_key = st.builds(Key, st.sampled_from([1988, 1996, 2004, 2013, 2025, 2030, 3000]), months_of_time)


class Corruption(NamedTuple):
    """A wrong row, at any month."""

    key: Key
    value: Decimal


@st.composite
def corruptions(draw: st.DrawFn) -> Corruption:
    at = draw(st.sampled_from(sorted(NEW)) | st.sampled_from(sorted(RIGHT)) | any_key)
    near = rounded(RIGHT.get(at, Decimal(100)) * draw(near_values))
    return Corruption(at, draw(st.just(near) | any_value))


def corrupted(values: dict[Key, Decimal], corruption: Corruption) -> dict[Key, Decimal]:
    return {**values, corruption.key: corruption.value}


def after(stored: dict[Key, Decimal], parsed: ParsedResponse) -> dict[Key, Decimal]:
    """Return the values stored after a response, which may be rejected."""
    try:
        judgement = judged(parsed, stored)
    except UpstreamError:
        return stored
    return {
        at: value for at, value in {**stored, **judgement.accepted}.items() if at not in judgement.refuted
    }


@searching
@given(corruptions(), st.sampled_from(["all", "base 2013", "base 2025", "the last two years"]))
def test_any_wrong_row_rejects_no_other(corruption: Corruption, part: str) -> None:
    right = PARTIAL[part]
    judgement = judged(response(corrupted(right, corruption)))
    # Of two contradictory base years, the one nearer to the month before is accepted.
    pair = {at for at in NEW if at.month == corruption.key.month} if corruption.key in NEW else set()
    lost = {at for at in right if at not in judgement.accepted} - {corruption.key} - pair
    assert lost == set()


@pytest.mark.slow
@searching
@given(corruptions(), st.sampled_from(sorted(PARTIAL)))
def test_any_wrong_row_is_gone_after_a_correct_response(corruption: Corruption, part: str) -> None:
    stored = after({}, response(corrupted(PARTIAL[part], corruption)))
    assert after(stored, response(RIGHT)) == RIGHT


@searching
@given(st.lists(corruptions(), max_size=3, unique_by=lambda wrong: wrong.key))
def test_any_wrong_stored_rows_are_gone_after_a_correct_response(wrong: list[Corruption]) -> None:
    assert after({**RIGHT, **dict(wrong)}, response(RIGHT)) == RIGHT


@searching
@given(corruptions(), st.sampled_from(sorted(PARTIAL)))
def test_correct_partial_response_replaces_any_stored_row(corruption: Corruption, part: str) -> None:
    values = PARTIAL[part]
    found = after(corrupted(RIGHT, corruption), response(values))
    assert {at: found[at] for at in values} == values


observations = st.lists(st.tuples(any_key, any_value), max_size=30)


@searching
@given(observations, observations, st.booleans())
def test_any_values_are_judged_or_rejected(
    observed: list[tuple[Key, Decimal]], stored: Iterable[tuple[Key, Decimal]], seeded: bool
) -> None:
    rows = [Observation(*at, value) for at, value in observed]
    try:
        judgement = judged(ParsedResponse(sorted(set(rows)), []), dict(stored), seed=SEED if seeded else {})
    except UpstreamError:
        return
    assert {*judgement.accepted, *judgement.rejected} == {at for at, _value in observed}
    assert not {*judgement.accepted} & {*judgement.rejected}
