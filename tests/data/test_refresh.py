"""The current index: from the database, kept fresh from Statbel, and served whatever Statbel does."""

import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import islice
from typing import Any, Callable, Dict, List, Optional

import pytest
from flask import Flask
from sqlalchemy import Connection, event

from tests.conftest import ORDINARY_DAY, SetClock
from tests.health_index.held import everything, forget, held, hold, month, on_sqlite
from tests.support.databases import settings_for
from tests.support.fake_statbel import FakeStatbel, Reply, Value, answering, bestat, open_data, redirecting
from webapp.config import ROOT, Settings
from webapp.data import index_seed, reads
from webapp.data import refresh as refresh_service
from webapp.data.database import db
from webapp.data.index_models import IndexValue
from webapp.data.refresh import Refresh
from webapp.errors import IndexUnavailable
from webapp.health_index.latest import LatestIndex
from webapp.statbel.parsing import UpstreamError

MakeApp = Callable[[Settings], Flask]

# August 2026 is published on Friday 28; the seed ends with July.
PUBLICATION = datetime(2026, 8, 28, 12, 0, tzinfo=timezone.utc)
JULY, AUGUST = (2025, "2026-07", 103.24), (2025, "2026-08", 103.52)
OLDER_BASES = [
    (1988, "2026-08", 232.71),
    (1996, "2026-08", 193.01),
    (2004, "2026-08", 169.65),
    (2013, "2026-08", 140.34),
]


def complete(values: List[Value]) -> bytes:
    """A be.STAT answer that leaves no base year behind, so that there is no reason to ask further."""
    return bestat([*values, *OLDER_BASES])


GONE = answering(b"", status=404)
ASKED_ONCE = ["/bestat", "/open-data"]


@pytest.fixture(autouse=True)
def gone(statbel: FakeStatbel) -> None:
    """Both sources have vanished, unless a test tells otherwise: a failure without retries."""
    statbel.bestat = statbel.open_data = GONE


@pytest.fixture
def due(set_clock: SetClock) -> None:
    """It is the day on which August 2026 is published."""
    set_clock(PUBLICATION)


@pytest.fixture
def hasty(make_app: MakeApp, database_url: str, statbel: FakeStatbel) -> Flask:
    """An application that waits less than a second for a source."""
    return make_app(settings_for(database_url, **statbel.addresses, HEALTH_INDEX_TIMEOUT="0.2,0.6"))


def store(app: Flask, values: List[Value]) -> None:
    """Store values as if be.STAT had given them."""
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
    """Do what a process does every two seconds, and read what it then serves."""
    app.extensions["watcher"].look()
    with app.app_context():
        return reads.latest_index(base_year)


def refresh(app: Flask) -> Refresh:
    with app.app_context():
        return refresh_service.refresh()


# When Statbel is asked


@on_sqlite
@pytest.mark.parametrize(
    ("instant", "asked"),
    [
        (ORDINARY_DAY, []),
        (datetime(2026, 8, 27, 21, 59, tzinfo=timezone.utc), []),
        (datetime(2026, 8, 27, 22, 0, tzinfo=timezone.utc), ASKED_ONCE),  # midnight in Belgium
        (PUBLICATION, ASKED_ONCE),
        (datetime(2026, 9, 15, tzinfo=timezone.utc), ASKED_ONCE),
    ],
    ids=str,
)
def test_statbel_is_asked_from_the_publication_day_on(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock, instant: datetime, asked: List[str]
) -> None:
    set_clock(instant)
    latest(app)
    assert statbel.asked == asked


@pytest.mark.usefixtures("due")
def test_a_new_month_is_read_and_stored(app: Flask, statbel: FakeStatbel) -> None:
    statbel.bestat = answering(bestat([JULY, AUGUST]))
    assert latest(app) == {
        "base_year": 2025,
        "index": Decimal("103.52"),
        "month": month("2026-08"),
        "status": "published",
        "source": "bestat",
        "fetched_at": PUBLICATION,
        "checked_at": PUBLICATION,
        "stale": False,
        "superseded_by": None,
        "next_publication": date(2026, 9, 29),
        "changed_at": PUBLICATION,
    }
    assert held(app, 2025, "2026-08") == ("103.52", "published", "bestat")


@on_sqlite
def test_a_month_that_is_held_is_not_asked_for_again(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    statbel.bestat = answering(complete([AUGUST]))
    set_clock(PUBLICATION)
    latest(app)
    set_clock(PUBLICATION + timedelta(days=20))
    assert latest(app)["index"] == Decimal("103.52")
    assert statbel.asked == ["/bestat"]


@on_sqlite
def test_the_next_month_is_asked_for_when_it_is_due(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    statbel.bestat = answering(complete([AUGUST]))
    set_clock(PUBLICATION)
    latest(app)
    statbel.bestat = answering(complete([AUGUST, (2025, "2026-09", 103.9)]))
    set_clock(datetime(2026, 9, 29, 12, 0, tzinfo=timezone.utc))
    assert latest(app)["index"] == Decimal("103.90")


def test_statbel_is_asked_at_most_every_fifteen_minutes(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    set_clock(PUBLICATION)
    latest(app)
    latest(app)
    set_clock(PUBLICATION + timedelta(minutes=14, seconds=59))
    latest(app)
    assert statbel.asked == ASKED_ONCE
    set_clock(PUBLICATION + timedelta(minutes=15))
    latest(app)
    assert statbel.asked == ASKED_ONCE * 2


def test_two_containers_share_the_fifteen_minutes(
    make_app: MakeApp, settings: Settings, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    one, other = make_app(settings), make_app(settings)
    set_clock(PUBLICATION)
    latest(one)
    latest(other)
    set_clock(PUBLICATION + timedelta(minutes=14))
    latest(other)
    assert statbel.asked == ASKED_ONCE
    set_clock(PUBLICATION + timedelta(minutes=15))
    latest(other)
    latest(one)
    assert statbel.asked == ASKED_ONCE * 2


@on_sqlite
@pytest.mark.usefixtures("due")
def test_what_one_container_learnt_the_other_has(
    make_app: MakeApp, settings: Settings, statbel: FakeStatbel
) -> None:
    statbel.bestat = answering(complete([AUGUST]))
    one, other = make_app(settings), make_app(settings)
    assert latest(one) == latest(other)
    assert statbel.asked == ["/bestat"]


@on_sqlite
def test_asking_by_command_counts_for_the_fifteen_minutes(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    set_clock(PUBLICATION)
    with pytest.raises(UpstreamError):
        refresh(app)
    set_clock(PUBLICATION + timedelta(minutes=14))
    latest(app)
    assert statbel.asked == ASKED_ONCE


def test_a_command_asks_though_nothing_is_due(app: Flask, statbel: FakeStatbel) -> None:
    statbel.bestat = answering(bestat([(2025, "2026-06", 103.0), JULY]))
    assert refresh(app) == Refresh(source="bestat", changed=1)
    assert refresh(app) == Refresh(source="bestat", changed=0)
    assert latest(app)["checked_at"] == ORDINARY_DAY


# Several requests at once


@pytest.mark.usefixtures("due")
def test_of_several_containers_one_asks(make_app: MakeApp, settings: Settings, statbel: FakeStatbel) -> None:
    apps = [make_app(settings) for _ in range(4)]
    statbel.bestat = statbel.held_back(answering(complete([AUGUST])))
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(latest, app) for app in apps]
        try:
            first = [answer.result() for answer in islice(as_completed(answers, timeout=10), 3)]
        finally:
            statbel.released.set()
    assert {answer["index"] for answer in first} == {Decimal("103.24")}
    assert statbel.asked == ["/bestat"]


# The second source


@on_sqlite
@pytest.mark.usefixtures("due")
@pytest.mark.parametrize(
    "answer",
    [
        GONE,
        answering(b"", status=500),
        answering(b""),
        answering(b"<!DOCTYPE html>", content_type="text/html"),
        answering(bestat([])),
        answering(bestat([(2025, "2026-08", 0.0)])),
        answering(bestat([(2025, "2026-06", 103.0)])),
        answering(bestat([(2025, "2026-08", 206.98), (2025, "2026-09", 103.9)])),
        redirecting(b"http://127.0.0.1:99999/"),
    ],
    ids=["404", "500", "empty", "html", "no facts", "zero", "ends too early", "doubled", "redirected"],
)
def test_the_second_source_is_asked_when_the_first_fails(
    app: Flask, statbel: FakeStatbel, answer: Reply
) -> None:
    statbel.bestat, statbel.open_data = answer, answering(open_data([AUGUST]))
    assert latest(app)["index"] == Decimal("103.52")
    assert held(app, 2025, "2026-08") == ("103.52", "published", "open-data")


@on_sqlite
@pytest.mark.usefixtures("due")
@pytest.mark.parametrize("manner", ["hanging", "trickling"])
def test_the_second_source_is_asked_when_the_first_is_slow(
    hasty: Flask, statbel: FakeStatbel, manner: str
) -> None:
    statbel.bestat = statbel.hanging if manner == "hanging" else statbel.trickling(bestat([AUGUST]), 0.05)
    statbel.open_data = answering(open_data([AUGUST]))
    begin = time.monotonic()
    assert latest(hasty)["index"] == Decimal("103.52")
    assert time.monotonic() - begin < 2


@pytest.mark.usefixtures("due")
def test_the_second_source_is_asked_when_the_first_lacks_the_month_that_is_due(
    app: Flask, statbel: FakeStatbel
) -> None:
    statbel.bestat = answering(bestat([(2025, "2026-06", 103.01), JULY]))
    statbel.open_data = answering(open_data([JULY, AUGUST]))
    assert refresh(app) == Refresh(source="bestat and open-data", changed=2)
    assert held(app, 2025, "2026-06") == ("103.01", "published", "bestat")
    assert held(app, 2025, "2026-08") == ("103.52", "published", "open-data")


@on_sqlite
@pytest.mark.usefixtures("due")
def test_the_second_source_is_left_alone_when_the_first_has_the_month(
    app: Flask, statbel: FakeStatbel
) -> None:
    statbel.bestat = answering(complete([AUGUST]))
    latest(app)
    assert statbel.asked == ["/bestat"]


@on_sqlite
@pytest.mark.usefixtures("due")
def test_one_source_that_answers_is_enough(app: Flask, statbel: FakeStatbel) -> None:
    statbel.bestat = answering(bestat([JULY]))
    assert latest(app)["checked_at"] == PUBLICATION
    assert latest(app)["stale"] is True
    assert statbel.asked == ASKED_ONCE


# What is stored


@pytest.mark.usefixtures("due")
def test_nothing_is_stored_when_both_sources_fail(app: Flask) -> None:
    before = everything(app)
    with pytest.raises(UpstreamError) as caught:
        refresh(app)
    assert str(caught.value) == "bestat: status 404; open-data: status 404"
    assert everything(app) == before


@on_sqlite
@pytest.mark.usefixtures("due")
@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ((2025, "2026-09", 103.9), "2026-09 on base 2025: future month"),
        ((3000, "2026-08", 103.9), "2026-08 on base 3000: unknown base year"),
        ((2013, "2020-05", 555.55), "2020-05 on base 2013: 555.55 instead of 110.10"),
        ((2025, "2026-06", 0.0), "row 7: '0.0' is not plausible as an index"),
        ((2025, "2026-07", None), None),
    ],
)
def test_row_that_is_not_believable_is_left_out_and_the_others_are_stored(
    app: Flask, statbel: FakeStatbel, caplog: pytest.LogCaptureFixture, row: Any, reason: Optional[str]
) -> None:
    before = everything(app)
    statbel.bestat = answering(bestat([AUGUST, *OLDER_BASES, (2025, "2026-07", 103.24), row]))
    assert refresh(app).changed == 5
    assert len(everything(app)) == len(before) + 5
    assert set(before) < set(everything(app))
    logged = [f"statbel refresh incomplete: bestat: 1 values left out, first {reason}"] if reason else []
    assert caplog.messages == logged


@on_sqlite
@pytest.mark.usefixtures("due")
def test_values_left_out_again_are_not_logged_again(
    app: Flask, statbel: FakeStatbel, caplog: pytest.LogCaptureFixture
) -> None:
    statbel.bestat = answering(bestat([AUGUST, *OLDER_BASES, (3000, "2026-08", 103.9)]))
    for _ in range(3):
        refresh(app)
    assert len(caplog.messages) == 1


@on_sqlite
@pytest.mark.usefixtures("due")
def test_partial_answer_is_stored_and_takes_nothing_away(app: Flask, statbel: FakeStatbel) -> None:
    statbel.bestat = answering(complete([AUGUST]))
    refresh(app)
    before = everything(app)
    statbel.bestat = answering(bestat([(2025, "2026-06", 102.59)]))
    assert refresh(app).changed == 1
    assert set(before) < set(everything(app))


def seed_values() -> List[Value]:
    """All values of the seed, as a whole answer has them."""
    rows = index_seed.read(ROOT / "seed" / "health_index.csv")
    return [(row["base_year"], f"{row['month']:%Y-%m}", float(row["value"])) for row in rows]


WRONG_VALUES: Dict[str, List[Value]] = {
    "October before it is published": [(2013, "2026-10", 139.20)],
    "a month far ahead": [(2013, "2040-01", 180.00)],
    "base year 3000": [(3000, "2026-08", 103.49)],
    "many base years": [(base_year, "2026-08", 103.49) for base_year in range(2026, 2500)],
    "one value of 2020": [(2013, "2020-05", 555.55)],
    "August": [(2025, "2026-08", 106.10), (2013, "2026-08", 143.84)],
    "all doubled": [(base_year, text, 2 * float(value or 0)) for base_year, text, value in seed_values()],
}


@pytest.mark.usefixtures("due")
@pytest.mark.parametrize("wrong", WRONG_VALUES.values(), ids=WRONG_VALUES)
def test_right_answer_overrules_what_an_older_release_stored(
    app: Flask, statbel: FakeStatbel, wrong: List[Value]
) -> None:
    right = [*seed_values(), AUGUST, (2013, "2026-08", 140.34)]
    store(app, wrong)
    statbel.bestat = answering(bestat(right))
    refresh(app)
    held_values = {(base_year, f"{at:%Y-%m}", float(value)) for base_year, at, value, *_ in everything(app)}
    assert held_values == {*right}


@on_sqlite
@pytest.mark.usefixtures("due")
def test_month_ahead_on_another_base_year_does_not_keep_statbel_from_being_asked(
    app: Flask, statbel: FakeStatbel
) -> None:
    hold(app, 2013, "2026-10", "139.20")
    statbel.bestat = answering(complete([JULY, AUGUST]))
    assert latest(app)["index"] == Decimal("103.52")


@on_sqlite
@pytest.mark.usefixtures("due")
def test_an_answer_may_end_before_a_month_that_was_only_converted(app: Flask, statbel: FakeStatbel) -> None:
    statbel.bestat = answering(bestat([AUGUST, (2004, "2025-11", 164.99)]))
    assert refresh(app).changed == 2
    assert latest(app, 2004)["index"] == Decimal("165.08")


@pytest.mark.usefixtures("due")
def test_a_revised_value_replaces_the_old_one_and_is_logged(
    app: Flask, statbel: FakeStatbel, caplog: pytest.LogCaptureFixture
) -> None:
    statbel.bestat = answering(complete([(2025, "2026-07", 103.3), AUGUST]))
    latest(app)
    assert held(app, 2025, "2026-07") == ("103.30", "published", "bestat")
    assert caplog.messages == ["index value revised: 2026-07 on base 2025: 103.24 to 103.30 (bestat)"]


@pytest.mark.usefixtures("due")
@pytest.mark.parametrize("value", [165.08, 165.11])
def test_a_converted_value_is_replaced_by_the_published_one(
    app: Flask, statbel: FakeStatbel, caplog: pytest.LogCaptureFixture, value: float
) -> None:
    statbel.bestat = answering(complete([(2004, "2025-12", value), AUGUST]))
    assert held(app, 2004, "2025-12") == ("165.08", "converted", "seed")
    assert refresh(app).changed == 2 + len(OLDER_BASES)
    assert held(app, 2004, "2025-12") == (f"{value:.2f}", "published", "bestat")
    assert caplog.messages == []


@pytest.mark.usefixtures("due")
def test_what_did_not_change_is_not_written_again(app: Flask, statbel: FakeStatbel) -> None:
    statbel.bestat = answering(bestat([JULY, AUGUST]))
    assert refresh(app).changed == 1
    assert held(app, 2025, "2026-07") == ("103.24", "published", "seed")


@on_sqlite
@pytest.mark.usefixtures("due")
def test_what_an_answer_does_not_tell_stays(app: Flask, statbel: FakeStatbel) -> None:
    before = everything(app)
    statbel.bestat = answering(bestat([AUGUST]))
    latest(app)
    assert len(everything(app)) == len(before) + 1
    assert set(before) < set(everything(app))


@pytest.mark.usefixtures("due")
def test_a_further_base_year_is_stored(app: Flask, statbel: FakeStatbel) -> None:
    statbel.bestat = answering(bestat([AUGUST, (2034, "2026-08", 80.12)]))
    assert latest(app, 2034)["index"] == Decimal("80.12")
    with app.app_context():
        assert 2034 in reads.base_years()


# Statbel in trouble: the last good value, and one line in the log


@on_sqlite
@pytest.mark.usefixtures("due")
@pytest.mark.parametrize(
    "answer",
    [
        GONE,
        answering(b""),
        answering(b"<!DOCTYPE html>", content_type="text/html"),
        answering(bestat([AUGUST]).replace(b"103.52", b"1e9999999999999999999")),
        redirecting(b"http://["),
    ],
    ids=["404", "empty", "html", "absurd number", "absurd redirection"],
)
def test_the_last_good_value_is_served_when_statbel_cannot_be_read(
    app: Flask, statbel: FakeStatbel, answer: Reply
) -> None:
    statbel.bestat = statbel.open_data = answer
    assert latest(app) == {
        "base_year": 2025,
        "index": Decimal("103.24"),
        "month": month("2026-07"),
        "status": "published",
        "source": "seed",
        "fetched_at": ORDINARY_DAY,
        "checked_at": None,
        "stale": True,
        "superseded_by": None,
        "next_publication": date(2026, 9, 29),
        "changed_at": datetime(2026, 8, 27, 22, 0, tzinfo=timezone.utc),  # midnight in Belgium
    }


@on_sqlite
@pytest.mark.usefixtures("due")
@pytest.mark.parametrize("manner", ["hanging", "trickling"])
def test_the_last_good_value_is_served_within_the_deadlines(
    hasty: Flask, statbel: FakeStatbel, manner: str
) -> None:
    slow = statbel.hanging if manner == "hanging" else statbel.trickling(bestat([AUGUST]), 0.05)
    statbel.bestat = statbel.open_data = slow
    begin = time.monotonic()
    assert latest(hasty)["index"] == Decimal("103.24")
    assert time.monotonic() - begin < 3
    assert statbel.asked == ASKED_ONCE


@on_sqlite
@pytest.mark.usefixtures("due")
def test_the_last_good_value_is_served_when_nobody_listens(make_app: MakeApp, database_url: str) -> None:
    assert latest(make_app(settings_for(database_url)))["index"] == Decimal("103.24")


def test_a_failure_is_logged_once_and_so_is_its_end(
    make_app: MakeApp,
    settings: Settings,
    statbel: FakeStatbel,
    set_clock: SetClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    apps = [make_app(settings), make_app(settings)]
    failure = "statbel refresh failed: "
    reasons = "bestat: status 404; open-data: status 404"

    def quarter(number: int) -> List[str]:
        """What the log says of a quarter of an hour with three requests, to either container."""
        caplog.clear()
        set_clock(PUBLICATION + timedelta(minutes=15 * number))
        for app in [apps[number % 2], *apps]:
            latest(app)
        return list(caplog.messages)

    assert quarter(0) == [failure + reasons]
    assert quarter(1) == []
    assert quarter(2) == []
    statbel.bestat = answering(b"")
    assert quarter(3) == [failure + reasons.replace("status 404", "empty response", 1)]
    assert quarter(4) == []
    statbel.bestat = answering(complete([AUGUST]))
    assert quarter(5) == ["statbel refresh works again"]
    assert quarter(6) == []


@on_sqlite
def test_an_attempt_by_a_clock_that_was_far_ahead_does_not_count(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    set_clock(PUBLICATION.replace(year=2040))
    latest(app)
    set_clock(PUBLICATION)
    statbel.bestat = answering(complete([AUGUST]))
    assert latest(app)["index"] == Decimal("103.52")


@on_sqlite
@pytest.mark.usefixtures("due")
def test_the_second_source_is_asked_for_the_base_years_that_the_first_leaves_behind(
    app: Flask, statbel: FakeStatbel
) -> None:
    statbel.bestat = answering(bestat([AUGUST]))
    statbel.open_data = answering(open_data([AUGUST, *OLDER_BASES]))
    latest(app)
    assert statbel.asked == ["/bestat", "/open-data"]
    assert held(app, 2004, "2026-08") == ("169.65", "published", "open-data")


@pytest.mark.usefixtures("due")
def test_a_database_that_cannot_be_written_still_answers(
    app: Flask, statbel: FakeStatbel, caplog: pytest.LogCaptureFixture
) -> None:
    with app.app_context():
        read_only = {"postgresql": "SET TRANSACTION READ ONLY", "sqlite": "PRAGMA query_only = on"}

        @event.listens_for(db.engine, "begin")
        def refuse_writing(connection: Connection) -> None:
            connection.exec_driver_sql(read_only[connection.dialect.name])

    assert app.test_client().get("/index?year=2025").json == {"index": 103.24}
    assert "refresh of the health index failed: " in caplog.text
    assert statbel.asked == []


@on_sqlite
@pytest.mark.usefixtures("due")
def test_a_source_that_fails_beside_one_that_answers_is_logged_once(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    statbel.bestat = GONE
    statbel.open_data = answering(open_data([JULY]))
    for number in range(3):
        set_clock(PUBLICATION + timedelta(minutes=15 * number))
        latest(app)
    assert caplog.messages == ["statbel refresh incomplete: bestat: status 404"]


@on_sqlite
def test_when_statbel_last_answered_stays_known_while_it_fails(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    statbel.bestat = answering(bestat([JULY]))
    refresh(app)
    set_clock(PUBLICATION)
    statbel.bestat = GONE
    assert latest(app)["checked_at"] == ORDINARY_DAY


# Nothing held


def test_an_empty_table_is_filled_from_statbel(app: Flask, statbel: FakeStatbel) -> None:
    forget(app)
    statbel.bestat = answering(bestat([JULY]))
    assert latest(app)["index"] == Decimal("103.24")


def test_an_empty_table_without_statbel_is_unavailable(app: Flask) -> None:
    forget(app)
    with pytest.raises(IndexUnavailable):
        latest(app)


@on_sqlite
def test_an_empty_table_does_not_shorten_the_fifteen_minutes(app: Flask, statbel: FakeStatbel) -> None:
    forget(app)
    for _ in range(3):
        with pytest.raises(IndexUnavailable):
            latest(app)
    assert statbel.asked == ASKED_ONCE


@on_sqlite
def test_a_base_year_without_a_value_is_unavailable(app: Flask) -> None:
    forget(app)
    hold(app, 2013, "2026-07", "139.00")
    with pytest.raises(IndexUnavailable, match="base year 1996"):
        latest(app, 1996)


def test_a_base_year_is_superseded_by_the_one_with_later_months(app: Flask) -> None:
    assert {year: latest(app, year)["superseded_by"] for year in (1988, 2004, 2013, 2025)} == {
        **dict.fromkeys((1988, 2004, 2013), 2025),
        2025: None,
    }
