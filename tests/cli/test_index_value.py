"""`flask index-value`: decisions of operators bind Statbel, the seed and the previous release."""

from __future__ import annotations

import getpass
import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Callable

import pytest
from flask import Flask

from tests.conftest import ORDINARY_DAY, SetClock
from tests.data.refresh.steps import SEPTEMBER, complete
from tests.health_index.stored_values import month, on_sqlite, stored_value
from tests.support.commands import run
from tests.support.fake_statbel import FakeStatbel, bestat, responding
from webapp.cli import options
from webapp.config import ROOT, Settings
from webapp.data import index_seed
from webapp.data.database import db
from webapp.data.index_models import IndexValue
from webapp.data.upsert import insert

PUBLICATION = datetime(2026, 9, 29, 12, 0, tzinfo=timezone.utc)
REASON = "Statbel took it back"


@pytest.fixture(autouse=True)
def statbel_publishes(statbel: FakeStatbel) -> None:
    statbel.bestat = responding(complete([SEPTEMBER]))


def do(app: Flask, *arguments: str) -> str:
    """Run a command that has to succeed, and return its output."""
    result = run(app, "index-value", *arguments)
    assert result.exit_code == 0, result.output
    return result.output


def refused(app: Flask, *arguments: str, code: int = 1) -> str:
    """Run a command that has to fail, and return the last line of its output."""
    result = run(app, "index-value", *arguments)
    assert result.exit_code == code
    if code == 1:
        assert result.output.count("\n") == 1
    return str(result.output.splitlines()[-1])


def refresh(app: Flask) -> None:
    run(app, "refresh-index")


def listed(app: Flask, *options: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(do(app, "list", "--json", *options))
    return found


def write_as_the_previous_release(app: Flask, base_year: int, text: str, value: str) -> None:
    """Store a value as the previous release does, which ignores decisions."""
    row = {"base_year": base_year, "month": month(text), "value": Decimal(value), "status": "published"}
    with app.app_context():
        statement = insert(IndexValue)
        new = {name: statement.excluded[name] for name in ("value", "status", "source", "fetched_at")}
        db.session.execute(
            statement.on_conflict_do_update(index_elements=["base_year", "month"], set_=new),
            [{**row, "source": "bestat", "fetched_at": ORDINARY_DAY}],
        )
        db.session.commit()


# list


@on_sqlite
def test_values_are_listed_newest_first(app: Flask) -> None:
    lines = do(app, "list", "--base-year", "2004").splitlines()
    assert len(lines) == 384
    assert lines[0].split("\t") == ["2004", "2025-12", "165.08", "converted", "seed", "2026-09-14T12:00Z"]
    assert do(app, "list").splitlines()[0].startswith("2025\t2026-08\t103.49\t")


@on_sqlite
def test_listed_values_have_their_decision(app: Flask) -> None:
    do(app, "withdraw", "2025", "2026-08", "--reason", REASON, "--by", "Els")
    do(app, "lock", "2025", "2026-03", "--reason", "checked", "--by", "Jan")
    assert do(app, "list", "--decided").splitlines() == [
        "2025\t2026-08\t103.49\tpublished\tseed\t2026-09-14T12:00Z\t"
        f"withdrawn by Els on 2026-09-14: {REASON}",
        "2025\t2026-03\t101.63\tpublished\tseed\t2026-09-14T12:00Z\tlocked by Jan on 2026-09-14: checked",
    ]


@on_sqlite
def test_list_is_printed_as_json(app: Flask) -> None:
    do(app, "withdraw", "2025", "2026-08", "--reason", REASON, "--by", "Els")
    assert listed(app, "--base-year", "2025")[:2] == [
        {
            "base_year": 2025,
            "month": "2026-08",
            "value": 103.49,
            "status": "published",
            "source": "seed",
            "fetched_at": "2026-09-14T12:00:00+00:00",
            "decision": "withdrawn",
            "reason": REASON,
            "decided_by": "Els",
            "decided_at": "2026-09-14T12:00:00+00:00",
        },
        {
            "base_year": 2025,
            "month": "2026-07",
            "value": 103.24,
            "status": "published",
            "source": "seed",
            "fetched_at": "2026-09-14T12:00:00+00:00",
            "decision": None,
            "reason": None,
            "decided_by": None,
            "decided_at": None,
        },
    ]


# withdraw


@pytest.mark.slow
def test_withdrawn_value_is_not_stored_again(app: Flask, set_clock: SetClock) -> None:
    set_clock(PUBLICATION)
    refresh(app)
    assert stored_value(app, 2025, "2026-09") == ("103.77", "published", "bestat")
    output = do(app, "withdraw", "2025", "2026-09", "--reason", REASON)
    assert output == "Withdrawn: 103.77 of 2026-09 on base year 2025.\n"
    for _ in range(2):
        refresh(app)
        assert stored_value(app, 2025, "2026-09") is None
    write_as_the_previous_release(app, 2025, "2026-09", "103.77")
    assert stored_value(app, 2025, "2026-09") is None


@on_sqlite
def test_withdrawn_month_is_not_converted_from_another_base_year(app: Flask) -> None:
    do(app, "withdraw", "2013", "2026-08", "--reason", REASON)
    assert app.test_client().get("/index?year=2013").json == {"index": 139.96}


def test_withdrawal_changes_last_modified(app: Flask, set_clock: SetClock) -> None:
    set_clock(PUBLICATION)
    refresh(app)
    client = app.test_client()
    urls = ["/api/v1/health-index?base=2025", "/api/v1/indexation?amount=1&base=2025&from=2020-01"]
    since = {url: {"If-Modified-Since": client.get(url).headers["Last-Modified"]} for url in urls}
    assert [client.get(url, headers=since[url]).status_code for url in urls] == [304, 304]
    set_clock(PUBLICATION + timedelta(minutes=1))
    do(app, "withdraw", "2025", "2026-09", "--reason", REASON)
    assert [client.get(url, headers=since[url]).status_code for url in urls] == [200, 200]


@pytest.mark.slow
def test_different_value_for_a_withdrawn_month_is_stored(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    set_clock(PUBLICATION)
    refresh(app)
    do(app, "withdraw", "2025", "2026-09", "--reason", REASON)
    statbel.bestat = responding(bestat([(2025, "2026-09", 103.49)]))
    refresh(app)
    assert stored_value(app, 2025, "2026-09") == ("103.49", "published", "bestat")
    write_as_the_previous_release(app, 2025, "2026-09", "103.75")
    write_as_the_previous_release(app, 2025, "2026-09", "103.77")
    assert stored_value(app, 2025, "2026-09") == ("103.75", "published", "bestat")


@pytest.mark.slow
def test_withdrawn_value_is_not_loaded_from_the_seed(app: Flask) -> None:
    do(app, "withdraw", "2025", "2026-08", "--reason", REASON)
    result = run(app, "init-db")
    assert "Health index: 0 values added or corrected." in result.output
    assert stored_value(app, 2025, "2026-08") is None


def test_withdrawn_value_is_reinstated(app: Flask) -> None:
    do(app, "withdraw", "2025", "2026-08", "--reason", REASON)
    output = do(app, "reinstate", "2025", "2026-08")
    assert output == "Reinstated: 103.49 of 2026-08 on base year 2025.\n"
    assert stored_value(app, 2025, "2026-08") == ("103.49", "published", "seed")
    assert listed(app, "--decided") == []


def test_one_of_several_withdrawn_values_is_reinstated(app: Flask) -> None:
    do(app, "withdraw", "2025", "2026-08", "--reason", REASON)
    write_as_the_previous_release(app, 2025, "2026-08", "103.20")
    assert refused(app, "reinstate", "2025", "2026-08") == (
        "Error: 2026-08 on base year 2025 has the value 103.20. Withdraw it first."
    )
    do(app, "withdraw", "2025", "2026-08", "--reason", REASON)
    assert refused(app, "reinstate", "2025", "2026-08") == (
        "Error: Several values are withdrawn: 103.20, 103.49. Choose one with --value."
    )
    do(app, "reinstate", "2025", "2026-08", "--value", "103.49")
    assert stored_value(app, 2025, "2026-08") == ("103.49", "published", "seed")
    assert [value["value"] for value in listed(app, "--decided")] == [103.2]


# lock


@pytest.mark.slow
@pytest.mark.parametrize(("value", "kept"), [(None, "103.49"), ("103.30", "103.30")])
def test_locked_value_is_kept_until_it_is_unlocked(
    app: Flask, statbel: FakeStatbel, value: str | None, kept: str
) -> None:
    chosen = ["--value", value] if value else []
    output = do(app, "lock", "2025", "2026-08", "--reason", "court", *chosen)
    assert output == f"Locked: {kept} of 2026-08 on base year 2025.\n"
    source = "operator" if value else "seed"
    statbel.bestat = responding(bestat([(2025, "2026-08", 103.20)]))
    refresh(app)
    run(app, "init-db")
    write_as_the_previous_release(app, 2025, "2026-08", "103.20")
    assert stored_value(app, 2025, "2026-08") == (kept, "published", source)
    assert do(app, "unlock", "2025", "2026-08") == "Unlocked: 2026-08 on base year 2025.\n"
    refresh(app)
    assert stored_value(app, 2025, "2026-08") == ("103.20", "published", "bestat")


def test_locked_value_is_not_overwritten_by_a_newer_seed(app: Flask) -> None:
    do(app, "lock", "2025", "2026-08", "--reason", "court")
    rows = index_seed.read(ROOT / "seed" / "health_index.csv")
    changed = [
        {**row, "value": row["value"] + 1}
        for row in rows
        if (row["base_year"], row["month"]) == (2025, month("2026-08"))
    ]
    with app.app_context():
        assert index_seed.load(db.session(), changed) == 0
        db.session.commit()
    assert stored_value(app, 2025, "2026-08") == ("103.49", "published", "seed")


@on_sqlite
def test_month_without_a_value_is_locked_with_one(app: Flask) -> None:
    do(app, "lock", "2004", "2026-08", "--value", "169.44", "--reason", "from the press")
    assert stored_value(app, 2004, "2026-08") == ("169.44", "published", "operator")


# Errors


@on_sqlite
def test_decision_that_does_not_fit_is_rejected_in_one_line(app: Flask) -> None:
    august = ("2025", "2026-08")
    assert refused(app, "withdraw", "2004", "2026-08", "--reason", "x") == (
        "Error: There is no value for 2026-08 on base year 2004."
    )
    assert refused(app, "lock", "2004", "2026-08", "--reason", "x") == (
        "Error: There is no value for 2026-08 on base year 2004. Set one with --value."
    )
    assert refused(app, "lock", "2020", "2026-08", "--value", "99.00", "--reason", "x") == (
        "Error: 2020 is not a base year. Use one of 1988, 1996, 2004, 2013, 2025."
    )
    assert refused(app, "lock", "2025", "2026-10", "--value", "99.00", "--reason", "x") == (
        "Error: 2026-10 is in the future."
    )
    assert refused(app, "unlock", *august) == "Error: 2026-08 on base year 2025 is not locked."
    assert refused(app, "reinstate", *august) == (
        "Error: There is no such withdrawn value for 2026-08 on base year 2025."
    )
    do(app, "lock", *august, "--reason", "x")
    assert refused(app, "lock", *august, "--reason", "x") == (
        "Error: 2026-08 on base year 2025 is already locked. Unlock it first."
    )
    assert refused(app, "withdraw", *august, "--reason", "x") == (
        "Error: 2026-08 on base year 2025 is locked. Unlock it first."
    )
    do(app, "unlock", *august)
    do(app, "withdraw", *august, "--reason", "x")
    assert refused(app, "lock", *august, "--value", "103.49", "--reason", "x") == (
        "Error: 103.49 is withdrawn. Reinstate it first."
    )


@on_sqlite
@pytest.mark.parametrize(
    "arguments",
    [
        ("withdraw", "2025", "2026-08"),
        ("withdraw", "2025", "2026-08", "--reason", " "),
        ("withdraw", "2025", "2026-08", "--reason", "x" * 501),
        ("withdraw", "2025", "2026-08", "--reason", "\udcff"),
        ("withdraw", "2025", "July", "--reason", "x"),
        ("withdraw", "x", "2026-08", "--reason", "x"),
        ("withdraw", "99999999999", "2026-08", "--reason", "x"),
        ("lock", "2025", "2026-08", "--reason", "x", "--value", "103,24"),
        ("lock", "2025", "2026-08", "--reason", "x", "--value", "9999.00"),
    ],
    ids=ascii,
)
def test_invalid_arguments_change_nothing(app: Flask, arguments: list[str]) -> None:
    assert refused(app, *arguments, code=2).startswith("Error: ")
    assert listed(app, "--decided") == []


@on_sqlite
def test_old_schema_is_explained_in_one_line(make_app: Callable[[Settings], Flask], app: Flask) -> None:
    assert run(app, "db", "downgrade", "0003").exit_code == 0
    assert refused(app, "list").startswith("Error: The database cannot be used: ")


@on_sqlite
def test_current_user_decides_by_default(app: Flask) -> None:
    do(app, "withdraw", "2025", "2026-08", "--reason", REASON)
    assert [value["decided_by"] for value in listed(app, "--decided")] == [getpass.getuser()]


def test_user_without_a_name_decides_by_id(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert options.current_user().isdigit()
