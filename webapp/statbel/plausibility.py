"""Plausibility of values, by the seed, other base years and neighbouring months.

Stored values may be wrong too, so plausible values replace them. The limits come from the seed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Iterable, Mapping, NamedTuple

from webapp.health_index.base_years import BASE_YEARS
from webapp.health_index.coefficients import base_year_in_force, coefficient
from webapp.health_index.publication import latest_published_month
from webapp.health_index.values import CENT
from webapp.i18n.iso_month import iso_month
from webapp.statbel.course import is_course, longest_course, months_between, stretches
from webapp.statbel.parsing import Observation, ParsedResponse, UpstreamError

# No revision since 1994 is known.
MAX_REVISION = Decimal("0.005")
MAX_REVISED_MONTHS = 12

# From 2013 to 2025, the longest step so far.
MAX_BASE_YEAR_STEP = 12

# A response that lacks more of its source's earlier values is incomplete or outdated.
MAX_REFUTED = 3


class Key(NamedTuple):
    base_year: int
    month: date


class Stored(NamedTuple):
    value: Decimal
    source: str


class Judgement(NamedTuple):
    """Accepted values, and the reasons to reject others and to delete stored ones (`refuted`)."""

    accepted: dict[Key, Decimal]
    rejected: dict[Key, str]
    refuted: dict[Key, str]


def judge(
    response: ParsedResponse,
    source: str,
    seed: Mapping[Key, Decimal],
    stored: Mapping[Key, Stored],
    today: date,
) -> Judgement:
    """Accept or reject each value of a response.

    Args:
        source: the name of its source.
        seed: reliable values.
        stored: earlier values of Statbel, without locked ones.

    Raises UpstreamError without any plausible value, or with too many revisions.
    """
    values, rejected = _unambiguous(response.observations)
    known = _with_conversions(seed)
    base_years = _base_years([*values, *stored])
    refuted = _impossible(stored, base_years, today)

    def reject(reasons: Mapping[Key, str]) -> None:
        rejected.update(reasons)
        for key in reasons:
            values.pop(key, None)

    impossible = _impossible({*values, *rejected}, base_years, today)
    keys = {*values, *rejected} - {*impossible}
    reject(impossible)
    reject(_off_level(values, known))
    reject(_ahead(values, known, keys, today))
    before = {key: old.value for key, old in stored.items() if key not in refuted and key not in values}
    contradictions = _contradictions(values, known, before)
    reject({key: reason for key, reason in contradictions.items() if key in values})
    before = {key: value for key, value in before.items() if key not in contradictions}
    reject(_off_course(values, known, before))
    _check_response(values, rejected, seed)
    if not response.unreadable:  # else a missing month may be in an unreadable row
        own = [key for key, old in stored.items() if old.source == source and key not in refuted]
        refuted.update(_missing(own, keys, seed))
    return Judgement(values, rejected, refuted)


def _check_response(
    values: Mapping[Key, Decimal], rejected: Mapping[Key, str], seed: Mapping[Key, Decimal]
) -> None:
    if rejected and not values:
        key = min(rejected)
        raise UpstreamError(f"no plausible value, first {describe(key, rejected[key])}")
    revised = {key.month for key, value in values.items() if seed.get(key, value) != value}
    if len(revised) > MAX_REVISED_MONTHS:
        raise UpstreamError(f"{len(revised)} months revised")


def describe(key: Key, reason: str) -> str:
    """Format as `2026-10 on base 2013: not published yet`."""
    return f"{iso_month(key.month)} on base {key.base_year}: {reason}"


def _unambiguous(observations: Iterable[Observation]) -> tuple[dict[Key, Decimal], dict[Key, str]]:
    by_key: dict[Key, list[Decimal]] = {}
    for base_year, month, value in sorted(set(observations)):
        by_key.setdefault(Key(base_year, month), []).append(value)
    values = {key: found[0] for key, found in by_key.items() if len(found) == 1}
    rejected = {
        key: f"contradictory values {found[0]} and {found[1]}"
        for key, found in by_key.items()
        if len(found) > 1
    }
    return values, rejected


def _base_years(keys: Iterable[Key]) -> set[int]:
    """Return known base years, and the likeliest next one."""
    newest = BASE_YEARS[0]
    candidates = Counter(key.base_year for key in keys if 0 < key.base_year - newest <= MAX_BASE_YEAR_STEP)
    (first, count), (_second, other_count), *_ = [*candidates.most_common(2), (0, 0), (0, 0)]
    return {*BASE_YEARS, first} if count > other_count else {*BASE_YEARS}


def _with_conversions(seed: Mapping[Key, Decimal]) -> dict[Key, Decimal]:
    """Extend the seed to all base years."""
    known = {}
    for (base_year, month), value in seed.items():
        if base_year == base_year_in_force(month):
            for other in BASE_YEARS:
                factor = coefficient(month, other)
                if factor:
                    known[Key(other, month)] = (value * factor).quantize(CENT, ROUND_HALF_UP)
    return {**known, **seed}


def _impossible(keys: Iterable[Key], base_years: set[int], today: date) -> dict[Key, str]:
    future = {key: "future month" for key in keys if key.month > today}
    return {**future, **{key: "unknown base year" for key in keys if key.base_year not in base_years}}


def _off_level(values: Mapping[Key, Decimal], known: Mapping[Key, Decimal]) -> dict[Key, str]:
    """Reject values far from the seed or, without one, from 100 in their base year."""
    rejected = {}
    with_seed = {key.base_year for key in known}
    for key, value in values.items():
        if key in known:
            if not _is_revision(known[key], value):
                rejected[key] = f"{value} instead of {known[key]}"
        elif key.base_year not in with_seed:
            start = date(key.base_year, 7, 1)
            if not is_course(start, Decimal(100), key.month, value):
                rejected[key] = f"{value} does not fit 100 in {key.base_year}"
    return rejected


def _is_revision(old: Decimal, new: Decimal) -> bool:
    return abs(new - old) <= old * MAX_REVISION


def _ahead(
    values: Mapping[Key, Decimal], known: Mapping[Key, Decimal], keys: set[Key], today: date
) -> dict[Key, str]:
    """Reject unpublished months, and those after a gap, that the base year in force lacks."""
    # The base year in force is not restricted: Statbel may change its calendar.
    published = latest_published_month(today)
    months: dict[int, list[date]] = {}
    for base_year, month in sorted(keys):
        months.setdefault(base_year, []).append(month)
    rejected = {}
    for key in values:
        in_force = base_year_in_force(key.month)
        if key in known or Key(in_force, key.month) in keys:
            continue
        if key.month > published:
            rejected[key] = "not published yet"
        for month in [month for month in months[key.base_year] if month < key.month][-1:]:
            if months_between(month, key.month) > 1 and Key(in_force, month) in keys:
                rejected[key] = f"not on base {in_force}"
    return rejected


def _contradictions(
    values: Mapping[Key, Decimal], known: Mapping[Key, Decimal], before: Mapping[Key, Decimal]
) -> dict[Key, str]:
    """Reject new and stored values on which base years disagree.

    The value that most others contradict goes first; on a tie, the one furthest from the month before.
    """
    everything = {**before, **known, **values}
    in_order = sorted(everything)
    rejected: dict[Key, str] = {}

    def distance(key: Key) -> Decimal:
        earlier = in_order[: bisect_left(in_order, key)]
        last = next((other for other in reversed(earlier) if other not in rejected), key)
        old = known.get(key) or (everything[last] if last.base_year == key.base_year else everything[key])
        return abs(everything[key] / old - 1)

    # Seed values are no candidates: _off_level has compared them.
    by_month: dict[date, list[Key]] = {}
    for key in (*values, *before):
        by_month.setdefault(key.month, []).append(key)
    for month in sorted({key.month for key, value in values.items() if known.get(key) != value}):
        candidates = by_month[month]
        while True:
            opposed = {
                one: [other for other in candidates if not _agree(one, other, everything)]
                for one in candidates
            }
            contested = [key for key in candidates if opposed[key]]
            if not contested:
                break
            worst = max(contested, key=lambda key: (len(opposed[key]), distance(key), key))
            other = opposed[worst][0]
            rejected[worst] = f"{everything[worst]} contradicts {everything[other]} on base {other.base_year}"
            candidates.remove(worst)
    return rejected


def _agree(one: Key, other: Key, values: Mapping[Key, Decimal]) -> bool:
    """True if the values of a month agree on two base years, or a coefficient is unknown."""
    from_one, from_other = (coefficient(key.month, key.base_year) for key in (one, other))
    if not from_one or not from_other:
        return True
    # Both are rounded to a cent. Twice the rounding error, because one coefficient is not Statbel's.
    difference = abs(values[one] / from_one - values[other] / from_other)
    return difference <= CENT / from_one + CENT / from_other


def _off_course(
    values: Mapping[Key, Decimal], known: Mapping[Key, Decimal], before: Mapping[Key, Decimal]
) -> dict[Key, str]:
    rejected = {}
    for base_year in sorted({key.base_year for key in values if key not in known}):
        course = {
            key.month: value
            for source in (before, values, known)
            for key, value in source.items()
            if key.base_year == base_year
        }
        fixed = {month for month in course if Key(base_year, month) in known}
        for stretch in stretches(sorted(course), fixed):
            kept = longest_course(stretch, course, fixed)
            for key in (Key(base_year, month) for month in stretch if month not in kept):
                if key in values:
                    rejected[key] = f"{values[key]} does not fit the months before and after"
    return rejected


def _missing(stored: Iterable[Key], keys: set[Key], seed: Iterable[Key]) -> dict[Key, str]:
    """Refute stored months that a later response of the same source lacks.

    If it lacks months of the seed too, only those after its end.
    """
    ends, seed_ends = _last_months(keys), _last_months(seed)
    whole = {*BASE_YEARS} - {key.base_year for key in seed if key not in keys}
    missing: dict[int, list[Key]] = {}
    for key in stored:
        # A view may omit a known base year; any other that is gone was a mistake.
        end = ends.get(key.base_year, date.max if key.base_year in BASE_YEARS else date.min)
        if key not in keys and (key.month > end or (key.base_year in whole and key.base_year in ends)):
            missing.setdefault(key.base_year, []).append(key)
    return {
        key: "not in a later response"
        for base_year, absent in missing.items()
        if len(absent) <= MAX_REFUTED and ends.get(base_year, date.max) >= seed_ends.get(base_year, date.min)
        for key in absent
    }


def _last_months(keys: Iterable[Key]) -> dict[int, date]:
    return dict(sorted(keys))
