"""Plausibility of what Statbel answers: which values are believable, and which stored ones they refute.

Values are compared with the seed, with other base years, and with the months before and after. One that is
not believable is left out, and the others count. A value that was stored before proves little: what is
believable replaces it.

The bounds come from `seed/health_index.csv`, 1994 to 2026: a test holds them against it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Iterable, Iterator, Mapping, NamedTuple

from webapp.health_index.base_years import BASE_YEARS
from webapp.health_index.coefficients import base_year_in_force, coefficient
from webapp.health_index.publication import latest_published_month
from webapp.health_index.values import CENT
from webapp.i18n.iso_month import iso_month
from webapp.statbel.parsing import Answer, Observation, UpstreamError

# The largest change was 2.40 % in a month (October 2022), 5.7 % in four and 12.3 % in twelve; the largest
# fall 1.1 % in any time.
MAX_CHANGE, MAX_CHANGE_PER_MONTH = Decimal("0.02"), Decimal("0.01")

# Statbel has revised no value since 1994 that is known of.
MAX_REVISION = Decimal("0.005")
MAX_REVISED_MONTHS = 12

# The longest time from a base year to the next one, 2013 to 2025.
MAX_BASE_YEAR_STEP = 12

# December is published a week before the rule of the other months says. The rule may change: a month is
# believed on the base year in force whatever it says.
MAX_EARLY = timedelta(days=7)

# An answer that lacks more of what the same source gave before is not whole, or out of date.
MAX_REFUTED = 3


class Key(NamedTuple):
    """A base year and the first day of a month."""

    base_year: int
    month: date


class Stored(NamedTuple):
    """A value that a source of Statbel gave before."""

    value: Decimal
    source: str


class Judgement(NamedTuple):
    """The believable values of an answer.

    `doubts` has the reason for each that is not, `refuted` for each stored value that has to go.
    """

    believed: dict[Key, Decimal]
    doubts: dict[Key, str]
    refuted: dict[Key, str]


def judge(
    answer: Answer,
    source: str,
    seed: Mapping[Key, Decimal],
    stored: Mapping[Key, Stored],
    today: date,
) -> Judgement:
    """Tell which values of an answer are believable.

    Args:
        source: the name of the source that gave the answer.
        seed: values to rely on.
        stored: values that Statbel gave before, but for those that are locked.

    Raises UpstreamError when none is, or when it revises too much.
    """
    values, doubts = _unambiguous(answer.observations)
    known = _with_conversions(seed)
    base_years = _base_years([*values, *stored])
    refuted = _impossible(stored, base_years, today)
    before = {key: old.value for key, old in stored.items() if key not in refuted}

    def leave_out(found: Mapping[Key, str]) -> None:
        doubts.update(found)
        for key in found:
            values.pop(key, None)

    impossible = _impossible({*values, *doubts}, base_years, today)
    given = {*values, *doubts} - {*impossible}
    leave_out(impossible)
    leave_out(_off_level(values, known))
    leave_out(_ahead(values, known, given, today))
    before = {key: value for key, value in before.items() if key not in values}
    contradictions = _contradictions(values, known, before)
    leave_out({key: reason for key, reason in contradictions.items() if key in values})
    before = {key: value for key, value in before.items() if key not in contradictions}
    leave_out(_off_course(values, known, before))
    if doubts and not values:
        key = min(doubts)
        raise UpstreamError(f"no value is believable, first {describe(key, doubts[key])}")
    revised = {key.month for key, value in values.items() if seed.get(key, value) != value}
    if len(revised) > MAX_REVISED_MONTHS:
        raise UpstreamError(f"it revises {len(revised)} months")
    if not answer.unreadable:  # else its last month may be among these
        own = [key for key, old in stored.items() if old.source == source and key not in refuted]
        refuted.update(_missing(own, given, seed))
    return Judgement(values, doubts, refuted)


def describe(key: Key, reason: str) -> str:
    """2026-10 on base 2013: not published yet"""
    return f"{iso_month(key.month)} on base {key.base_year}: {reason}"


def _unambiguous(observations: Iterable[Observation]) -> tuple[dict[Key, Decimal], dict[Key, str]]:
    """Separate what is given once from what is given with several values."""
    given: dict[Key, list[Decimal]] = {}
    for base_year, month, value in sorted(set(observations)):
        given.setdefault(Key(base_year, month), []).append(value)
    values = {key: found[0] for key, found in given.items() if len(found) == 1}
    doubts = {
        key: f"contradictory values {found[0]} and {found[1]}"
        for key, found in given.items()
        if len(found) > 1
    }
    return values, doubts


def _base_years(keys: Iterable[Key]) -> set[int]:
    """Return the known base years, and the next one: of those that could be, the one with most values."""
    newest = BASE_YEARS[0]
    further = Counter(key.base_year for key in keys if 0 < key.base_year - newest <= MAX_BASE_YEAR_STEP)
    (first, count), (_second, other_count), *_ = [*further.most_common(2), (0, 0), (0, 0)]
    return {*BASE_YEARS, first} if count > other_count else {*BASE_YEARS}


def _with_conversions(seed: Mapping[Key, Decimal]) -> dict[Key, Decimal]:
    """Add what follows from the seed by the coefficients."""
    known = {}
    for (base_year, month), value in seed.items():
        if base_year == base_year_in_force(month):
            for other in BASE_YEARS:
                factor = coefficient(month, other)
                if factor:
                    known[Key(other, month)] = (value * factor).quantize(CENT, ROUND_HALF_UP)
    return {**known, **seed}


def _impossible(keys: Iterable[Key], base_years: set[int], today: date) -> dict[Key, str]:
    """Doubt base years that there cannot be, and months that have not come."""
    doubts = {key: "not come yet" for key in keys if key.month > today}
    return {**doubts, **{key: "unknown base year" for key in keys if key.base_year not in base_years}}


def _off_level(values: Mapping[Key, Decimal], known: Mapping[Key, Decimal]) -> dict[Key, str]:
    """Doubt what differs from the seed, or on an unknown base year from 100 in that year."""
    doubts = {}
    with_seed = {key.base_year for key in known}
    for key, value in values.items():
        if key in known:
            if not is_revision(known[key], value):
                doubts[key] = f"{value} instead of {known[key]}"
        elif key.base_year not in with_seed:
            start = date(key.base_year, 7, 1)
            if not _is_course(start, Decimal(100), key.month, value):
                doubts[key] = f"{value} does not fit 100 in {key.base_year}"
    return doubts


def is_revision(old: Decimal, new: Decimal) -> bool:
    """Return True if a value of an old month may have been revised so."""
    return abs(new - old) <= old * MAX_REVISION


def _ahead(
    values: Mapping[Key, Decimal], known: Mapping[Key, Decimal], given: set[Key], today: date
) -> dict[Key, str]:
    """Doubt a month that the base year in force does not have, before its publication or after a gap."""
    published = latest_published_month(today + MAX_EARLY)
    months: dict[int, list[date]] = {}
    for base_year, month in sorted(given):
        months.setdefault(base_year, []).append(month)
    doubts = {}
    for key in values:
        in_force = base_year_in_force(key.month)
        if key in known or Key(in_force, key.month) in given:
            continue
        if key.month > published:
            doubts[key] = "not published yet"
        for month in [month for month in months[key.base_year] if month < key.month][-1:]:
            if _months_between(month, key.month) > 1 and Key(in_force, month) in given:
                doubts[key] = f"not on base {in_force}"
    return doubts


def _contradictions(
    values: Mapping[Key, Decimal], known: Mapping[Key, Decimal], before: Mapping[Key, Decimal]
) -> dict[Key, str]:
    """Doubt values on which base years disagree, of the answer and from before.

    First goes the one that most others contradict, and of these the one furthest from the month before.
    """
    everything = {**before, **known, **values}
    in_order = sorted(everything)
    doubts: dict[Key, str] = {}

    def distance(key: Key) -> Decimal:
        earlier = in_order[: bisect_left(in_order, key)]
        last = next((other for other in reversed(earlier) if other not in doubts), key)
        old = known.get(key) or (everything[last] if last.base_year == key.base_year else everything[key])
        return abs(everything[key] / old - 1)

    def agree(one: Key, other: Key) -> bool:
        """Return True if two values of a month agree by the coefficients, or if there are none."""
        from_one, from_other = (coefficient(key.month, key.base_year) for key in (one, other))
        if not from_one or not from_other:
            return True
        # Each is rounded to a cent. Twice that, because one coefficient is not Statbel's.
        difference = abs(everything[one] / from_one - everything[other] / from_other)
        return difference <= CENT / from_one + CENT / from_other

    # Where the seed has a value, the answer was compared with it.
    given: dict[date, list[Key]] = {}
    for key in (*values, *before):
        given.setdefault(key.month, []).append(key)
    for month in sorted({key.month for key, value in values.items() if known.get(key) != value}):
        candidates = given[month]
        while True:
            opposed = {one: [other for other in candidates if not agree(one, other)] for one in candidates}
            contested = [key for key in candidates if opposed[key]]
            if not contested:
                break
            worst = max(contested, key=lambda key: (len(opposed[key]), distance(key), key))
            other = opposed[worst][0]
            doubts[worst] = f"{everything[worst]} contradicts {everything[other]} on base {other.base_year}"
            candidates.remove(worst)
    return doubts


def _off_course(
    values: Mapping[Key, Decimal], known: Mapping[Key, Decimal], before: Mapping[Key, Decimal]
) -> dict[Key, str]:
    """Doubt months that do not fit the months before and after."""
    doubts = {}
    for base_year in sorted({key.base_year for key in values if key not in known}):
        course = {
            key.month: value
            for source in (before, values, known)
            for key, value in source.items()
            if key.base_year == base_year
        }
        fixed = {month for month in course if Key(base_year, month) in known}
        for stretch in _stretches(sorted(course), fixed):
            kept = _longest_course(stretch, course, fixed)
            for key in (Key(base_year, month) for month in stretch if month not in kept):
                if key in values:
                    doubts[key] = f"{values[key]} does not fit the months before and after"
    return doubts


def _stretches(months: list[date], fixed: set[date]) -> Iterator[list[date]]:
    """Yield the runs of months between two that are fixed, with these."""
    stretch: list[date] = []
    for month in months:
        stretch.append(month)
        if month in fixed:
            if len(stretch) > 2 or stretch[0] not in fixed:
                yield stretch
            stretch = [month]
    if len(stretch) > 1 or (stretch and stretch[0] not in fixed):
        yield stretch


def _longest_course(stretch: list[date], course: Mapping[date, Decimal], fixed: set[date]) -> set[date]:
    """Return the most months that fit each other and the fixed ends; of several ways the calmest."""
    # By month: how many months lead to it, how much they move, and the one before it.
    ways: dict[date, tuple[int, Decimal, date]] = {}
    for month in stretch:
        value = course[month]
        options = [
            (count + 1, moved - abs(value / course[last] - 1), last)
            for last, (count, moved, _before) in ways.items()
            if _is_course(last, course[last], month, value)
        ]
        if month == stretch[0] or stretch[0] not in fixed:
            options.append((1, Decimal(0), month))
        if options:
            ways[month] = max(options)
    end = stretch[-1] if stretch[-1] in fixed else max(ways, key=lambda month: ways[month])
    kept = {end}
    while end in ways and ways[end][2] != end:
        end = ways[end][2]
        kept.add(end)
    return kept


def _is_course(one: date, one_value: Decimal, other: date, other_value: Decimal) -> bool:
    """Return True if the index may have moved so from one month to another, up or down."""
    change = max(one_value, other_value) / min(one_value, other_value) - 1
    return change <= MAX_CHANGE + MAX_CHANGE_PER_MONTH * abs(_months_between(one, other))


def _months_between(one: date, other: date) -> int:
    return (other.year - one.year) * 12 + other.month - one.month


def _missing(stored: Iterable[Key], given: set[Key], seed: Iterable[Key]) -> dict[Key, str]:
    """Refute stored months that a later answer of the same source does not have.

    These are the months after its end, or all if it has the whole seed on a base year.
    """
    ends, seed_ends = _last_months(given), _last_months(seed)
    whole = {*BASE_YEARS} - {key.base_year for key in seed if key not in given}
    missing: dict[int, list[Key]] = {}
    for key in stored:
        # A known base year may not be in a view; a further one that is not was a mistake.
        end = ends.get(key.base_year, date.max if key.base_year in BASE_YEARS else date.min)
        if key not in given and (key.month > end or (key.base_year in whole and key.base_year in ends)):
            missing.setdefault(key.base_year, []).append(key)
    return {
        key: "not in a later answer"
        for base_year, keys in missing.items()
        if len(keys) <= MAX_REFUTED and ends.get(base_year, date.max) >= seed_ends.get(base_year, date.min)
        for key in keys
    }


def _last_months(keys: Iterable[Key]) -> dict[int, date]:
    return dict(sorted(keys))
