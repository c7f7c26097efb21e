"""The refresh: the latest index comes from the database, and the database is updated from Statbel."""

import re
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import islice
from typing import Any, Callable, Dict, List

import pytest
from flask import Flask

from tests.conftest import ORDINARY_DAY, SetClock
from tests.health_index.stored_values import (
    add_value,
    all_values,
    delete_values,
    month,
    on_sqlite,
    stored_value,
)
from tests.support.databases import settings_for
from tests.support.fake_statbel import FakeStatbel, Reply, Value, bestat, open_data, responding
from webapp.config import ROOT, Settings
from webapp.data import index_seed, reads
from webapp.data import refresh as refresh_service
from webapp.data.database import db
from webapp.data.index_models import IndexValue
from webapp.data.refresh import RefreshResult
from webapp.errors import IndexUnavailable
from webapp.health_index.latest import LatestIndex
from webapp.statbel.parsing import UpstreamError

MakeApp = Callable[[Settings], Flask]

# September 2026 is published on Tuesday 29; the seed ends with August.
PUBLICATION = datetime(2026, 9, 29, 12, 0, tzinfo=timezone.utc)
AUGUST, SEPTEMBER = (2025, "2026-08", 103.49), (2025, "2026-09", 103.77)
OLDER_BASES = [
    (1988, "2026-09", 232.71),
    (1996, "2026-09", 193.01),
    (2004, "2026-09", 169.65),
    (2013, "2026-09", 140.68),
]


def complete(values: List[Value]) -> bytes:
    """A response of be.STAT with August on every base year, so that the second source is not used."""
    return bestat([*values, *OLDER_BASES])


RECORDINGS = ROOT / "tests" / "statbel" / "recordings"
GONE = responding(b"", status=404)
ONE_REFRESH = ["/bestat", "/open-data", "/workbook"]


@pytest.fixture(autouse=True)
def gone(statbel: FakeStatbel) -> None:
    """Both sources fail without retries, unless a test replaces them."""
    statbel.bestat = statbel.open_data = GONE


@pytest.fixture
def due(set_clock: SetClock) -> None:
    """Set the clock to the day on which September 2026 is published."""
    set_clock(PUBLICATION)


@pytest.fixture
def hasty(make_app: MakeApp, database_url: str, statbel: FakeStatbel) -> Flask:
    """An app with a timeout of less than a second."""
    return make_app(settings_for(database_url, **statbel.addresses, HEALTH_INDEX_TIMEOUT="0.2,0.6"))


def store(app: Flask, values: List[Value]) -> None:
    """Store values with be.STAT as their source."""
    with app.app_context():
        for base_year, text, value in values:
            db.session.merge(
                IndexValue(
                    base_year=base_year,
                    month=month(text),
                    value=Decimal(f"{value:.2f}"),
                    status="published",
                    source="bestat",
                    fetched_at=ORDINARY_DAY,
                )
            )
        db.session.commit()


def latest(app: Flask, base_year: int = 2025) -> LatestIndex:
    """Poll as a process does every two seconds, and return the index that it serves."""
    app.extensions["watcher"].poll()
    with app.app_context():
        return reads.latest_index(base_year)


def refresh(app: Flask) -> RefreshResult:
    with app.app_context():
        return refresh_service.refresh()


# Due months


@on_sqlite
@pytest.mark.parametrize(
    ("instant", "requests"),
    [
        (datetime(2026, 9, 28, 21, 59, tzinfo=timezone.utc), []),
        (datetime(2026, 9, 28, 22, 0, tzinfo=timezone.utc), ONE_REFRESH),  # midnight in Belgium
    ],
    ids=str,
)
def test_statbel_is_checked_from_the_publication_day_on(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock, instant: datetime, requests: List[str]
) -> None:
    set_clock(instant)
    latest(app)
    assert statbel.requests == requests


@on_sqlite
@pytest.mark.parametrize(("day", "requests"), [(22, []), (23, ONE_REFRESH)])
def test_statbel_is_checked_for_december_from_the_23rd_on(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock, day: int, requests: List[str]
) -> None:
    add_value(app, 2025, "2026-11", "104.05")
    set_clock(datetime(2026, 12, day, 12, 0, tzinfo=timezone.utc))
    latest(app)
    assert statbel.requests == requests


@pytest.mark.usefixtures("due")
def test_new_month_is_stored_and_served(app: Flask, statbel: FakeStatbel) -> None:
    statbel.bestat = responding(bestat([AUGUST, SEPTEMBER]))
    assert latest(app) == {
        "base_year": 2025,
        "index": Decimal("103.77"),
        "month": month("2026-09"),
        "status": "published",
        "coefficient": None,
        "coefficient_source": None,
        "source": "bestat",
        "fetched_at": PUBLICATION,
        "checked_at": PUBLICATION,
        "stale": False,
        "superseded_by": None,
        "next_publication": date(2026, 10, 29),
        "changed_at": PUBLICATION,
    }
    assert stored_value(app, 2025, "2026-09") == ("103.77", "published", "bestat")


@on_sqlite
def test_month_is_requested_until_it_is_stored(app: Flask, statbel: FakeStatbel, set_clock: SetClock) -> None:
    statbel.bestat = responding(complete([SEPTEMBER]))
    set_clock(PUBLICATION)
    latest(app)
    set_clock(PUBLICATION + timedelta(days=20))
    assert latest(app)["index"] == Decimal("103.77")
    assert statbel.requests == ["/bestat"]
    statbel.bestat = responding(complete([SEPTEMBER, (2025, "2026-10", 104.1)]))
    set_clock(datetime(2026, 10, 29, 12, 0, tzinfo=timezone.utc))
    assert latest(app)["index"] == Decimal("104.10")


def test_two_processes_share_the_fifteen_minutes(
    make_app: MakeApp, settings: Settings, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    one, other = make_app(settings), make_app(settings)
    set_clock(PUBLICATION)
    latest(one)
    latest(other)
    set_clock(PUBLICATION + timedelta(minutes=14, seconds=59))
    latest(other)
    assert statbel.requests == ONE_REFRESH
    set_clock(PUBLICATION + timedelta(minutes=15))
    latest(other)
    latest(one)
    assert statbel.requests == ONE_REFRESH * 2


@on_sqlite
def test_refresh_by_command_counts_for_the_fifteen_minutes(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    set_clock(PUBLICATION)
    with pytest.raises(UpstreamError):
        refresh(app)
    set_clock(PUBLICATION + timedelta(minutes=14))
    latest(app)
    assert statbel.requests == ONE_REFRESH


@on_sqlite
def test_refresh_by_command_needs_no_due_month(app: Flask, statbel: FakeStatbel) -> None:
    statbel.bestat = responding(bestat([(2025, "2026-06", 102.6), AUGUST]))
    assert refresh(app) == RefreshResult(source="bestat", changed=1)
    assert refresh(app) == RefreshResult(source="bestat", changed=0)
    assert latest(app)["checked_at"] == ORDINARY_DAY


# Concurrency


@pytest.mark.slow
@pytest.mark.usefixtures("due")
def test_one_of_several_processes_checks_statbel(
    make_app: MakeApp, settings: Settings, statbel: FakeStatbel
) -> None:
    apps = [make_app(settings) for _ in range(4)]
    statbel.bestat = statbel.delayed(responding(complete([SEPTEMBER])))
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(latest, app) for app in apps]
        try:
            first = [future.result() for future in islice(as_completed(futures, timeout=10), 3)]
        finally:
            statbel.released.set()
    assert {answer["index"] for answer in first} == {Decimal("103.49")}
    assert statbel.requests == ["/bestat"]


# The second source


@on_sqlite
@pytest.mark.usefixtures("due")
@pytest.mark.parametrize(
    "reply",
    [
        GONE,
        responding(b"<!DOCTYPE html>", content_type="text/html"),
        responding(bestat([(2025, "2026-09", 206.98), (2025, "2026-10", 104.1)])),
    ],
    ids=["error status", "unreadable", "not plausible"],
)
def test_second_source_is_used_when_the_first_fails(app: Flask, statbel: FakeStatbel, reply: Reply) -> None:
    statbel.bestat, statbel.open_data = reply, responding(open_data([SEPTEMBER]))
    assert latest(app)["index"] == Decimal("103.77")
    assert stored_value(app, 2025, "2026-09") == ("103.77", "published", "open-data")


@pytest.mark.slow
@on_sqlite
@pytest.mark.usefixtures("due")
def test_second_source_is_used_when_the_first_hangs(hasty: Flask, statbel: FakeStatbel) -> None:
    statbel.bestat = statbel.hanging
    statbel.open_data = responding(open_data([SEPTEMBER]))
    begin = time.monotonic()
    assert latest(hasty)["index"] == Decimal("103.77")
    assert time.monotonic() - begin < 5


@on_sqlite
@pytest.mark.usefixtures("due")
def test_one_successful_source_is_a_success(app: Flask, statbel: FakeStatbel) -> None:
    statbel.bestat = responding(bestat([AUGUST]))
    assert latest(app)["checked_at"] == PUBLICATION
    assert latest(app)["stale"] is True
    assert statbel.requests == ONE_REFRESH


# Storage


@on_sqlite
@pytest.mark.usefixtures("due")
def test_nothing_is_stored_when_both_sources_fail(app: Flask) -> None:
    before = all_values(app)
    with pytest.raises(UpstreamError) as caught:
        refresh(app)
    assert str(caught.value) == "bestat: status 404; open-data: status 404; workbook: status 404"
    assert all_values(app) == before


@on_sqlite
@pytest.mark.usefixtures("due")
@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ((2025, "2026-10", 104.1), "2026-10 on base 2025: future month"),
        ((3000, "2026-09", 104.1), "2026-09 on base 3000: unknown base year"),
        ((2025, "2026-06", 0.0), "row 7: '0.0' is not plausible as an index"),
    ],
)
def test_rejected_row_is_left_out_and_the_others_are_stored(
    app: Flask, statbel: FakeStatbel, caplog: pytest.LogCaptureFixture, row: Any, reason: str
) -> None:
    before = all_values(app)
    statbel.bestat = responding(bestat([SEPTEMBER, *OLDER_BASES, (2025, "2026-08", 103.49), row]))
    assert refresh(app).changed == 5
    assert len(all_values(app)) == len(before) + 5
    assert set(before) < set(all_values(app))
    assert caplog.messages == [f"statbel refresh incomplete: bestat: 1 values left out, first {reason}"]


@on_sqlite
@pytest.mark.usefixtures("due")
def test_workbook_is_used_when_the_other_sources_fail(app: Flask, statbel: FakeStatbel) -> None:
    statbel.workbook = responding((RECORDINGS / "workbook.xlsx").read_bytes())
    store(app, [(2025, "2026-08", 103.4)])
    assert refresh(app).source == "workbook"
    assert stored_value(app, 2025, "2026-08") == ("103.49", "published", "workbook")


@on_sqlite
def test_workbook_is_not_requested_after_the_open_data(app: Flask, statbel: FakeStatbel) -> None:
    statbel.open_data = responding((RECORDINGS / "text.zip").read_bytes())
    assert refresh(app).source == "open-data"
    assert statbel.requests == ["/bestat", "/open-data"]


@on_sqlite
def test_refused_responses_are_logged_on_one_line_and_change_nothing(
    app: Flask, statbel: FakeStatbel, caplog: pytest.LogCaptureFixture
) -> None:
    before = all_values(app)
    names = ("refused-without-base.json", "refused-two-tables.zip", "refused-damaged.xlsx")
    bodies = [responding((RECORDINGS / name).read_bytes()) for name in names]
    statbel.bestat, statbel.open_data, statbel.workbook = bodies
    with pytest.raises(UpstreamError):
        refresh(app)
    assert caplog.messages == [
        "statbel refresh failed: bestat: table without a column of base year; "
        "open-data: 2 tables in the zip, not one; workbook: response is not a readable zip"
    ]
    assert all_values(app) == before


@on_sqlite
@pytest.mark.usefixtures("due")
def test_partial_response_is_stored_and_deletes_nothing(app: Flask, statbel: FakeStatbel) -> None:
    statbel.bestat = responding(complete([SEPTEMBER]))
    refresh(app)
    before = all_values(app)
    statbel.bestat = responding(bestat([(2034, "2026-09", 80.12)]))
    assert refresh(app).changed == 1
    assert set(before) < set(all_values(app))


def seed_values() -> List[Value]:
    """All values of the seed, as a complete response has them."""
    rows = index_seed.read(ROOT / "seed" / "health_index.csv")
    return [(row["base_year"], f"{row['month']:%Y-%m}", float(row["value"])) for row in rows]


WRONG_VALUES: Dict[str, List[Value]] = {
    "months that Statbel does not have": [(2013, "2040-01", 180.00), (3000, "2026-09", 103.49)],
    "other values": [(2025, "2026-09", 106.10), (2013, "2020-05", 555.55)],
}


@pytest.mark.usefixtures("due")
@pytest.mark.parametrize("wrong", WRONG_VALUES.values(), ids=WRONG_VALUES)
def test_correct_response_replaces_wrong_stored_values(
    app: Flask, statbel: FakeStatbel, wrong: List[Value]
) -> None:
    right = [*seed_values(), SEPTEMBER, (2013, "2026-09", 140.68)]
    store(app, wrong)
    statbel.bestat = responding(bestat(right))
    refresh(app)
    held_values = {(base_year, f"{at:%Y-%m}", float(value)) for base_year, at, value, *_ in all_values(app)}
    assert held_values == {*right}


@on_sqlite
@pytest.mark.usefixtures("due")
def test_due_month_on_an_older_base_year_does_not_prevent_a_refresh(app: Flask, statbel: FakeStatbel) -> None:
    add_value(app, 2013, "2026-09", "140.68")
    add_value(app, 2013, "2026-10", "139.20")
    statbel.bestat = responding(complete([AUGUST, SEPTEMBER]))
    assert latest(app)["index"] == Decimal("103.77")


@on_sqlite
@pytest.mark.usefixtures("due")
def test_response_that_ends_before_a_converted_month_is_stored(app: Flask, statbel: FakeStatbel) -> None:
    statbel.bestat = responding(bestat([SEPTEMBER, (2004, "2025-11", 164.99)]))
    assert refresh(app).changed == 2
    assert latest(app, 2004)["index"] == Decimal("165.08")


@pytest.mark.usefixtures("due")
def test_revised_value_is_stored_and_logged(
    app: Flask, statbel: FakeStatbel, caplog: pytest.LogCaptureFixture
) -> None:
    statbel.bestat = responding(complete([(2025, "2026-08", 103.3), SEPTEMBER]))
    latest(app)
    assert stored_value(app, 2025, "2026-08") == ("103.30", "published", "bestat")
    assert caplog.messages == ["index value revised: 2026-08 on base 2025: 103.49 to 103.30 (bestat)"]


@on_sqlite
@pytest.mark.usefixtures("due")
def test_converted_value_is_replaced_by_the_published_one(
    app: Flask, statbel: FakeStatbel, caplog: pytest.LogCaptureFixture
) -> None:
    statbel.bestat = responding(complete([(2004, "2025-12", 165.08), SEPTEMBER]))
    assert stored_value(app, 2004, "2025-12") == ("165.08", "converted", "seed")
    assert refresh(app).changed == 2 + len(OLDER_BASES)
    assert stored_value(app, 2004, "2025-12") == ("165.08", "published", "bestat")
    assert caplog.messages == []


@on_sqlite
@pytest.mark.usefixtures("due")
def test_unchanged_value_is_not_written_again(app: Flask, statbel: FakeStatbel) -> None:
    statbel.bestat = responding(bestat([AUGUST, SEPTEMBER]))
    assert refresh(app).changed == 1
    assert stored_value(app, 2025, "2026-08") == ("103.49", "published", "seed")


@on_sqlite
@pytest.mark.usefixtures("due")
def test_new_base_year_is_stored(app: Flask, statbel: FakeStatbel) -> None:
    statbel.bestat = responding(bestat([SEPTEMBER, (2034, "2026-09", 80.12)]))
    assert latest(app, 2034)["index"] == Decimal("80.12")
    with app.app_context():
        assert 2034 in reads.base_years()


# Failures of Statbel


@on_sqlite
@pytest.mark.usefixtures("due")
def test_last_good_value_is_served_when_statbel_cannot_be_read(app: Flask) -> None:
    assert latest(app) == {
        "base_year": 2025,
        "index": Decimal("103.49"),
        "month": month("2026-08"),
        "status": "published",
        "coefficient": None,
        "coefficient_source": None,
        "source": "seed",
        "fetched_at": ORDINARY_DAY,
        "checked_at": None,
        "stale": True,
        "superseded_by": None,
        "next_publication": date(2026, 10, 29),
        "changed_at": datetime(2026, 9, 28, 22, 0, tzinfo=timezone.utc),  # midnight in Belgium
    }


@on_sqlite
@pytest.mark.usefixtures("due")
def test_last_good_value_is_served_within_the_deadlines(hasty: Flask, statbel: FakeStatbel) -> None:
    statbel.bestat = statbel.open_data = statbel.hanging
    begin = time.monotonic()
    assert latest(hasty)["index"] == Decimal("103.49")
    assert time.monotonic() - begin < 5
    assert statbel.requests == ONE_REFRESH[:2]


@on_sqlite
def test_failure_and_recovery_are_logged_once(
    make_app: MakeApp,
    settings: Settings,
    statbel: FakeStatbel,
    set_clock: SetClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    apps = [make_app(settings), make_app(settings)]

    def quarter(number: int) -> List[str]:
        """Return the log of a quarter of an hour, in which three polls are due."""
        caplog.clear()
        set_clock(PUBLICATION + timedelta(minutes=15 * number))
        for app in [apps[number % 2], *apps]:
            latest(app)
        return list(caplog.messages)

    (first,) = quarter(0)
    assert first.startswith("statbel refresh failed: bestat: ")
    assert "404; open-data: " in first
    assert quarter(1) == []
    assert quarter(2) == []
    statbel.bestat = responding(b"")
    assert quarter(3) == [
        "statbel refresh failed: bestat: empty response; open-data: status 404; workbook: status 404"
    ]
    assert quarter(4) == []
    statbel.bestat = responding(complete([SEPTEMBER]))
    (recovery,) = quarter(5)
    assert re.fullmatch("statbel refresh works again after [23] failures of this process", recovery)
    assert quarter(6) == []


def test_attempt_by_a_clock_far_ahead_is_ignored(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    set_clock(PUBLICATION.replace(year=2040))
    latest(app)
    set_clock(PUBLICATION)
    statbel.bestat = responding(complete([SEPTEMBER]))
    assert latest(app)["index"] == Decimal("103.77")


@on_sqlite
@pytest.mark.usefixtures("due")
def test_second_source_is_used_for_base_years_that_the_first_lacks(app: Flask, statbel: FakeStatbel) -> None:
    statbel.bestat = responding(bestat([SEPTEMBER]))
    statbel.open_data = responding(open_data([SEPTEMBER, *OLDER_BASES]))
    assert refresh(app) == RefreshResult(source="bestat and open-data", changed=5)
    assert stored_value(app, 2025, "2026-09") == ("103.77", "published", "bestat")
    assert stored_value(app, 2004, "2026-09") == ("169.65", "published", "open-data")


@on_sqlite
@pytest.mark.usefixtures("due")
def test_failure_of_one_source_is_logged_once(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    statbel.bestat = GONE
    statbel.open_data = responding(open_data([AUGUST]))
    for number in range(3):
        set_clock(PUBLICATION + timedelta(minutes=15 * number))
        latest(app)
    assert caplog.messages == ["statbel refresh incomplete: bestat: status 404"]


@on_sqlite
def test_time_of_the_last_success_survives_a_failure(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    statbel.bestat = responding(bestat([AUGUST]))
    refresh(app)
    set_clock(PUBLICATION)
    statbel.bestat = GONE
    assert latest(app)["checked_at"] == ORDINARY_DAY


# Empty table


@on_sqlite
def test_empty_table_is_filled_from_statbel(app: Flask, statbel: FakeStatbel) -> None:
    delete_values(app)
    statbel.bestat = responding(bestat([AUGUST]))
    assert latest(app)["index"] == Decimal("103.49")


@on_sqlite
def test_empty_table_does_not_shorten_the_fifteen_minutes(app: Flask, statbel: FakeStatbel) -> None:
    delete_values(app)
    for _ in range(3):
        with pytest.raises(IndexUnavailable):
            latest(app)
    assert statbel.requests == ONE_REFRESH
