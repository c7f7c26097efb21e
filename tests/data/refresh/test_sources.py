"""The second source and the workbook, for what the first does not have."""

import time
from decimal import Decimal

import pytest
from flask import Flask

from tests.data.refresh.steps import (
    AUGUST,
    GONE,
    OLDER_BASES,
    ONE_REFRESH,
    PUBLICATION,
    RECORDINGS,
    SEPTEMBER,
    latest,
    refresh,
    store,
)
from tests.health_index.stored_values import on_sqlite, stored_value
from tests.support.fake_statbel import FakeStatbel, Reply, bestat, open_data, responding
from webapp.data.refresh import RefreshResult


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
@pytest.mark.usefixtures("due")
def test_second_source_is_used_for_base_years_that_the_first_lacks(app: Flask, statbel: FakeStatbel) -> None:
    statbel.bestat = responding(bestat([SEPTEMBER]))
    statbel.open_data = responding(open_data([SEPTEMBER, *OLDER_BASES]))
    assert refresh(app) == RefreshResult(source="bestat and open-data", changed=5)
    assert stored_value(app, 2025, "2026-09") == ("103.77", "published", "bestat")
    assert stored_value(app, 2004, "2026-09") == ("169.65", "published", "open-data")
