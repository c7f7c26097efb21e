"""Plausibility of an answer: what is believed, what is left out, and which stored values go."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Dict, Iterable, List, NamedTuple, Optional, Tuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.config import ROOT
from webapp.data import index_seed
from webapp.statbel.parsing import Answer, Observation, UpstreamError
from webapp.statbel.plausibility import Judgement, Key, Stored, judge

searching = settings(max_examples=60, deadline=None, database=None)

SEED = {
    Key(row["base_year"], row["month"]): row["value"]
    for row in index_seed.read(ROOT / "seed" / "health_index.csv")
}
# Five months after the seed, of which the last is published on 29 December by the rule of most months.
TODAY = date(2026, 12, 30)


def month(text: str) -> date:
    return date(int(text[:4]), int(text[5:]), 1)


def key(base_year: int, text: str) -> Key:
    return Key(base_year, month(text))


# On base 2025, and so on base 2013 by the coefficient. The seed lacks some of the first.
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


def answer(values: Dict[Key, Decimal], *further: Tuple[int, str, str]) -> Answer:
    rows = [Observation(*at, value) for at, value in values.items()]
    rows += [Observation(base_year, month(text), Decimal(value)) for base_year, text, value in further]
    return Answer(sorted(set(rows)), [])


def judged(
    given: Answer,
    stored: Optional[Dict[Key, Decimal]] = None,
    *,
    seed: Dict[Key, Decimal] = SEED,
    today: date = TODAY,
    source: str = "bestat",
) -> Judgement:
    held = {at: Stored(value, source) for at, value in (stored or {}).items()}
    return judge(given, "bestat", seed, held, today)


def only(*base_years: int) -> Dict[Key, Decimal]:
    return {at: value for at, value in RIGHT.items() if at.base_year in base_years}


def since(text: str, values: Dict[Key, Decimal] = RIGHT) -> Dict[Key, Decimal]:
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
@pytest.mark.parametrize("seed", [SEED, {}], ids=["seed", "no seed"])
def test_right_answer_is_believed(values: Dict[Key, Decimal], seed: Dict[Key, Decimal]) -> None:
    assert judged(answer(values), seed=seed) == Judgement(values, {}, {})


@pytest.mark.parametrize("factor", ["2", "0.5", "1.1", "0.9"])
@pytest.mark.parametrize("values", PARTIAL.values(), ids=PARTIAL)
def test_multiple_of_a_right_answer_is_refused(values: Dict[Key, Decimal], factor: str) -> None:
    multiple = {at: rounded(value * Decimal(factor)) for at, value in values.items()}
    with pytest.raises(UpstreamError, match="no value is believable"):
        judged(answer(multiple))


def test_answer_that_revises_every_month_is_refused() -> None:
    with pytest.raises(UpstreamError, match="it revises 388 months"):
        judged(answer({at: rounded(value * Decimal("1.003")) for at, value in RIGHT.items()}))


# One row


@pytest.mark.parametrize(
    ("base_year", "text", "value", "reason"),
    [
        (3000, "2026-11", "103.49", "unknown base year"),
        (2024, "2026-11", "103.49", "unknown base year"),
        (2038, "2026-11", "103.49", "unknown base year"),
        (2034, "2026-11", "12.00", "12.00 does not fit 100 in 2034"),
        (2025, "2027-01", "104.10", "not come yet"),
        (2013, "9999-12", "140.30", "not come yet"),
        (2013, "2020-05", "555.55", "555.55 instead of 110.10"),
        (2013, "2020-05", "110.70", "110.70 instead of 110.10"),
        (2013, "2020-05", "110.30", "110.30 contradicts 182.39 on base 1988"),
        (2013, "2026-09", "150.00", "150.00 contradicts 103.71 on base 2025"),
        (2013, "2026-09", "141.90", "141.90 contradicts 103.71 on base 2025"),
        (2025, "2026-09", "1.00", "1.00 contradicts 140.60 on base 2013"),
        (2004, "2026-10", "300.00", "300.00 does not fit the months before and after"),
    ],
)
def test_wrong_row_is_left_out_and_the_others_count(
    base_year: int, text: str, value: str, reason: str
) -> None:
    at = key(base_year, text)
    others = {other: found for other, found in RIGHT.items() if other != at}
    assert judged(answer(others, (base_year, text, value))) == Judgement(others, {at: reason}, {})


def test_contradicting_rows_are_left_out_and_the_others_count() -> None:
    at = key(2025, "2026-11")
    others = {other: found for other, found in RIGHT.items() if other != at}
    judgement = judged(answer(RIGHT, (2025, "2026-11", "104.06")))
    assert judgement == Judgement(others, {at: "contradictory values 104.05 and 104.06"}, {})


def test_thousands_of_base_years_are_left_out_and_the_others_count() -> None:
    further = [(base_year, "2026-08", "103.49") for base_year in range(1989, 10_000)]
    wrong = [row for row in further if row[0] not in (1996, 2004, 2013, 2025)]
    judgement = judged(answer(RIGHT, *wrong))
    assert judgement.believed == RIGHT
    assert {at.base_year for at in judgement.doubts} == {row[0] for row in wrong}


def test_month_after_a_gap_that_the_base_year_in_force_lacks_is_left_out() -> None:
    right = {at: value for at, value in RIGHT.items() if at.month <= month("2026-08")}
    judgement = judged(answer(right, (2013, "2026-10", "139.20")))
    assert judgement == Judgement(right, {key(2013, "2026-10"): "not on base 2025"}, {})


@pytest.mark.parametrize(("day", "believed"), [(1, False), (22, False), (23, True)])
def test_month_is_believed_from_a_week_before_the_day_of_publication_on(day: int, believed: bool) -> None:
    december = key(2013, "2026-12")
    alone = {**only(2013), december: Decimal("141.10")}
    today = date(2026, 12, day)
    assert (december in judged(answer(alone), today=today).believed) == believed
    with_base_year_in_force = answer({**alone, key(2025, "2026-12"): Decimal("104.08")})
    assert december in judged(with_base_year_in_force, today=today).believed


def test_month_that_is_only_a_little_wrong_does_not_spoil_the_next_one() -> None:
    right = only(2025)
    wrong = {**right, key(2025, "2026-09"): Decimal("106.50")}
    judgement = judged(answer(wrong))
    assert [*judgement.doubts] == [key(2025, "2026-09")]


def test_largest_changes_of_the_seed_are_believed() -> None:
    for base_year in (1988, 1996, 2004, 2013, 2025):
        values = {at: value for at, value in SEED.items() if at.base_year == base_year}
        assert judged(answer(values), seed={}).doubts == {}


def test_next_base_year_is_believed() -> None:
    next_base_year = {key(2034, "2026-10"): Decimal("80.00"), key(2034, "2026-11"): Decimal("80.30")}
    right = {**RIGHT, **next_base_year}
    assert judged(answer(right)).believed == right


def test_next_base_year_is_believed_beside_a_wrong_one() -> None:
    right = {**RIGHT, key(2034, "2026-10"): Decimal("80.00"), key(2034, "2026-11"): Decimal("80.30")}
    assert judged(answer(right, (2033, "2026-11", "81.00"))).believed == right


# What was stored before


def test_stored_month_after_the_end_of_the_same_source_is_refuted() -> None:
    stored = {**NEW, key(2013, "2026-12"): Decimal("139.20")}
    assert [*judged(answer(RIGHT), stored).refuted] == [key(2013, "2026-12")]
    assert judged(answer(RIGHT), stored, source="open-data").refuted == {}


def test_stored_month_is_not_refuted_by_an_answer_that_may_have_it_in_an_unreadable_row() -> None:
    stored = {**NEW, key(2013, "2026-12"): Decimal("139.20")}
    unreadable = answer(RIGHT)._replace(unreadable=["row 7: 'abc' is not plausible as an index"])
    assert judged(unreadable, stored).refuted == {}


def test_stored_months_are_not_refuted_by_an_old_answer() -> None:
    old = {at: value for at, value in RIGHT.items() if at.month < month("2026-01")}
    assert judged(answer(old), NEW).refuted == {}


def test_stored_base_years_and_months_that_cannot_be_are_refuted() -> None:
    wrong = {key(base_year, "2026-08"): Decimal("103.49") for base_year in range(2026, 9999)}
    wrong[key(2025, "2030-01")] = Decimal("120.00")
    assert {*judged(answer(NEW), {**NEW, **wrong}, source="open-data").refuted} == {*wrong}


def test_doubled_stored_values_do_not_keep_a_right_answer_out() -> None:
    doubled = {at: value * 2 for at, value in RIGHT.items()}
    assert judged(answer(RIGHT), doubled) == Judgement(RIGHT, {}, {})
    assert judged(answer(NEW), doubled).believed == NEW


# Any one row


any_value = st.integers(2000, 100_000).map(lambda cents: Decimal(cents).scaleb(-2))
near_values = st.integers(-400, 400).map(lambda change: 1 + Decimal(change).scaleb(-4))
months_of_time = st.dates(date(1994, 1, 1), date(2030, 1, 1)).map(lambda day: day.replace(day=1))
any_key = st.builds(Key, st.sampled_from([1988, 1996, 2004, 2013, 2025, 2030, 3000]), months_of_time)


class Corruption(NamedTuple):
    """One wrong row: at a month that the right answer has, or at any other."""

    key: Key
    value: Decimal


@st.composite
def corruptions(draw: st.DrawFn) -> Corruption:
    at = draw(st.sampled_from(sorted(NEW)) | st.sampled_from(sorted(RIGHT)) | any_key)
    near = rounded(RIGHT.get(at, Decimal(100)) * draw(near_values))
    return Corruption(at, draw(st.just(near) | any_value))


def corrupted(values: Dict[Key, Decimal], corruption: Corruption) -> Dict[Key, Decimal]:
    return {**values, corruption.key: corruption.value}


def after(stored: Dict[Key, Decimal], given: Answer) -> Dict[Key, Decimal]:
    """What is stored after an answer, which may be refused."""
    try:
        judgement = judged(given, stored)
    except UpstreamError:
        return stored
    return {
        at: value for at, value in {**stored, **judgement.believed}.items() if at not in judgement.refuted
    }


@searching
@given(corruptions(), st.sampled_from(["all", "base 2013", "base 2025", "the last two years"]))
def test_any_wrong_row_spoils_no_other(corruption: Corruption, part: str) -> None:
    right = PARTIAL[part]
    judgement = judged(answer(corrupted(right, corruption)))
    # Of two base years that contradict each other, the nearer to the month before counts.
    pair = {at for at in NEW if at.month == corruption.key.month} if corruption.key in NEW else set()
    lost = {at for at in right if at not in judgement.believed} - {corruption.key} - pair
    assert lost == set()


@searching
@given(corruptions(), st.sampled_from(sorted(PARTIAL)))
def test_any_wrong_row_is_gone_after_a_right_answer(corruption: Corruption, part: str) -> None:
    stored = after({}, answer(corrupted(PARTIAL[part], corruption)))
    assert after(stored, answer(RIGHT)) == RIGHT


@searching
@given(st.lists(corruptions(), max_size=3, unique_by=lambda wrong: wrong.key))
def test_anything_that_an_older_release_stored_is_gone_after_a_right_answer(wrong: List[Corruption]) -> None:
    assert after({**RIGHT, **dict(wrong)}, answer(RIGHT)) == RIGHT


@searching
@given(corruptions())
def test_right_answer_of_part_of_the_months_is_stored_whatever_was_before(corruption: Corruption) -> None:
    stored = corrupted(RIGHT, corruption)
    for values in PARTIAL.values():
        found = after(stored, answer(values))
        assert {at: found[at] for at in values} == values


observations = st.lists(st.tuples(any_key, any_value), max_size=30)


@searching
@given(observations, observations, st.booleans())
def test_any_values_are_judged_or_refused(
    given_rows: List[Tuple[Key, Decimal]], stored: Iterable[Tuple[Key, Decimal]], seeded: bool
) -> None:
    rows = [Observation(*at, value) for at, value in given_rows]
    try:
        judgement = judged(Answer(sorted(set(rows)), []), dict(stored), seed=SEED if seeded else {})
    except UpstreamError:
        return
    assert {*judgement.believed, *judgement.doubts} == {at for at, _value in given_rows}
    assert not {*judgement.believed} & {*judgement.doubts}
