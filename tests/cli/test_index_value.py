"""`flask index-value`: what an operator decides holds for Statbel, the seed and an older release."""

from __future__ import annotations

import getpass
import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Callable, Dict, List, Optional

import pytest
from flask import Flask

from tests.conftest import ORDINARY_DAY, SetClock
from tests.data.test_refresh import AUGUST, complete
from tests.health_index.held import held, month, on_sqlite
from tests.support.commands import run
from tests.support.fake_statbel import FakeStatbel, answering, bestat
from webapp.cli import index_value as commands
from webapp.config import ROOT, Settings
from webapp.data import index_seed
from webapp.data.database import db
from webapp.data.index_models import IndexValue
from webapp.data.upsert import insert

PUBLICATION = datetime(2026, 8, 28, 12, 0, tzinfo=timezone.utc)
REASON = "Statbel took it back"


@pytest.fixture(autouse=True)
def statbel_publishes(statbel: FakeStatbel) -> None:
    statbel.bestat = answering(complete([AUGUST]))


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


def listed(app: Flask, *options: str) -> List[Dict[str, Any]]:
    found: List[Dict[str, Any]] = json.loads(do(app, "list", "--json", *options))
    return found


def write_as_an_older_release(app: Flask, base_year: int, text: str, value: str) -> None:
    """Store a value as the release before does, which knows of no decisions."""
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


def test_values_are_listed_newest_first(app: Flask) -> None:
    lines = do(app, "list", "--base-year", "2004").splitlines()
    assert len(lines) == 384
    assert lines[0].split("\t") == ["2004", "2025-12", "165.08", "converted", "seed", "2026-08-14T12:00Z"]
    assert do(app, "list").splitlines()[0].startswith("2025\t2026-07\t103.24\t")


def test_listed_values_tell_what_was_decided(app: Flask) -> None:
    do(app, "withdraw", "2025", "2026-07", "--reason", REASON, "--by", "Els")
    do(app, "lock", "2025", "2026-03", "--reason", "checked", "--by", "Jan")
    assert do(app, "list", "--decided").splitlines() == [
        "2025\t2026-07\t103.24\tpublished\tseed\t2026-08-14T12:00Z\t"
        f"withdrawn by Els on 2026-08-14: {REASON}",
        "2025\t2026-03\t101.63\tpublished\tseed\t2026-08-14T12:00Z\tlocked by Jan on 2026-08-14: checked",
    ]


def test_list_is_json_for_scripts(app: Flask) -> None:
    do(app, "withdraw", "2025", "2026-07", "--reason", REASON, "--by", "Els")
    assert listed(app, "--base-year", "2025")[:2] == [
        {
            "base_year": 2025,
            "month": "2026-07",
            "value": 103.24,
            "status": "published",
            "source": "seed",
            "fetched_at": "2026-08-14T12:00:00+00:00",
            "decision": "withdrawn",
            "reason": REASON,
            "decided_by": "Els",
            "decided_at": "2026-08-14T12:00:00+00:00",
        },
        {
            "base_year": 2025,
            "month": "2026-03",
            "value": 101.63,
            "status": "published",
            "source": "seed",
            "fetched_at": "2026-08-14T12:00:00+00:00",
            "decision": None,
            "reason": None,
            "decided_by": None,
            "decided_at": None,
        },
    ]


# withdraw


def test_withdrawn_value_is_not_served_and_stays_so(app: Flask, set_clock: SetClock) -> None:
    set_clock(PUBLICATION)
    refresh(app)
    assert held(app, 2025, "2026-08") == ("103.52", "published", "bestat")
    output = do(app, "withdraw", "2025", "2026-08", "--reason", REASON)
    assert output == "Withdrawn: 103.52 of 2026-08 on base year 2025.\n"
    for _ in range(2):
        refresh(app)
        assert held(app, 2025, "2026-08") is None
    write_as_an_older_release(app, 2025, "2026-08", "103.52")
    assert held(app, 2025, "2026-08") is None


@pytest.mark.parametrize("path", ["/indexation?amount=1&base=2025&from=2020-01", "/health-index?base=2025"])
def test_withdrawn_value_is_not_taken_for_unchanged(app: Flask, set_clock: SetClock, path: str) -> None:
    set_clock(PUBLICATION)
    refresh(app)
    url = f"/api/v1{path}"
    client = app.test_client()
    since = {"If-Modified-Since": client.get(url).headers["Last-Modified"]}
    assert client.get(url, headers=since).status_code == 304
    set_clock(PUBLICATION + timedelta(minutes=1))
    do(app, "withdraw", "2025", "2026-08", "--reason", REASON)
    assert client.get(url, headers=since).status_code == 200


def test_another_value_than_the_withdrawn_one_is_stored(
    app: Flask, statbel: FakeStatbel, set_clock: SetClock
) -> None:
    set_clock(PUBLICATION)
    refresh(app)
    do(app, "withdraw", "2025", "2026-08", "--reason", REASON)
    statbel.bestat = answering(bestat([(2025, "2026-08", 103.49)]))
    refresh(app)
    assert held(app, 2025, "2026-08") == ("103.49", "published", "bestat")
    write_as_an_older_release(app, 2025, "2026-08", "103.50")
    write_as_an_older_release(app, 2025, "2026-08", "103.52")
    assert held(app, 2025, "2026-08") == ("103.50", "published", "bestat")


def test_seed_does_not_bring_a_withdrawn_value_back(app: Flask) -> None:
    do(app, "withdraw", "2025", "2026-07", "--reason", REASON)
    result = run(app, "init-db")
    assert "Health index: 0 values added or corrected." in result.output
    assert held(app, 2025, "2026-07") is None


def test_withdrawn_value_is_reinstated(app: Flask) -> None:
    do(app, "withdraw", "2025", "2026-07", "--reason", REASON)
    output = do(app, "reinstate", "2025", "2026-07")
    assert output == "Reinstated: 103.24 of 2026-07 on base year 2025.\n"
    assert held(app, 2025, "2026-07") == ("103.24", "published", "seed")
    assert listed(app, "--decided") == []


def test_one_of_several_withdrawn_values_is_reinstated(app: Flask) -> None:
    do(app, "withdraw", "2025", "2026-07", "--reason", REASON)
    write_as_an_older_release(app, 2025, "2026-07", "103.20")
    assert refused(app, "reinstate", "2025", "2026-07") == (
        "Error: 103.20 is held for 2026-07 on base year 2025. Withdraw it first."
    )
    do(app, "withdraw", "2025", "2026-07", "--reason", REASON)
    assert refused(app, "reinstate", "2025", "2026-07") == (
        "Error: Several values are withdrawn: 103.20, 103.24. Choose one with --value."
    )
    do(app, "reinstate", "2025", "2026-07", "--value", "103.24")
    assert held(app, 2025, "2026-07") == ("103.24", "published", "seed")
    assert [value["value"] for value in listed(app, "--decided")] == [103.2]


# lock


@pytest.mark.parametrize(("value", "kept"), [(None, "103.24"), ("103.30", "103.30")])
def test_locked_value_stays_whatever_statbel_and_the_seed_say(
    app: Flask, statbel: FakeStatbel, value: Optional[str], kept: str
) -> None:
    chosen = ["--value", value] if value else []
    output = do(app, "lock", "2025", "2026-07", "--reason", "court", *chosen)
    assert output == f"Locked: {kept} of 2026-07 on base year 2025.\n"
    source = "operator" if value else "seed"
    statbel.bestat = answering(bestat([(2025, "2026-07", 103.20)]))
    refresh(app)
    run(app, "init-db")
    write_as_an_older_release(app, 2025, "2026-07", "103.20")
    assert held(app, 2025, "2026-07") == (kept, "published", source)
    assert do(app, "unlock", "2025", "2026-07") == "Unlocked: 2026-07 on base year 2025.\n"
    refresh(app)
    assert held(app, 2025, "2026-07") == ("103.20", "published", "bestat")


def test_newer_seed_does_not_overwrite_a_locked_value(app: Flask) -> None:
    do(app, "lock", "2025", "2026-07", "--reason", "court")
    rows = index_seed.read(ROOT / "seed" / "health_index.csv")
    changed = [{**row, "value": row["value"] + 1} for row in rows if row["month"] == month("2026-07")]
    with app.app_context():
        assert index_seed.load(db.session(), changed) == 0
        db.session.commit()
    assert held(app, 2025, "2026-07") == ("103.24", "published", "seed")


def test_month_without_a_value_is_locked_with_one(app: Flask) -> None:
    do(app, "lock", "2013", "2026-07", "--value", "139.96", "--reason", "from the press")
    assert held(app, 2013, "2026-07") == ("139.96", "published", "operator")


# Errors


@on_sqlite
def test_decision_that_does_not_fit_is_refused_in_one_line(app: Flask) -> None:
    july = ("2025", "2026-07")
    assert refused(app, "withdraw", "2013", "2026-07", "--reason", "x") == (
        "Error: No value is held for 2026-07 on base year 2013."
    )
    assert refused(app, "lock", "2013", "2026-07", "--reason", "x") == (
        "Error: No value is held for 2026-07 on base year 2013. Give one with --value."
    )
    assert refused(app, "lock", "2020", "2026-07", "--value", "99.00", "--reason", "x") == (
        "Error: There is no base year 2020: 1988, 1996, 2004, 2013, 2025."
    )
    assert refused(app, "lock", "2025", "2026-09", "--value", "99.00", "--reason", "x") == (
        "Error: 2026-09 has not come yet."
    )
    assert refused(app, "unlock", *july) == "Error: 2026-07 on base year 2025 is not locked."
    assert refused(app, "reinstate", *july) == (
        "Error: No such value is withdrawn for 2026-07 on base year 2025."
    )
    do(app, "lock", *july, "--reason", "x")
    assert refused(app, "lock", *july, "--reason", "x") == (
        "Error: 2026-07 on base year 2025 is locked already. Unlock it first."
    )
    assert refused(app, "withdraw", *july, "--reason", "x") == (
        "Error: 2026-07 on base year 2025 is locked. Unlock it first."
    )
    do(app, "unlock", *july)
    do(app, "withdraw", *july, "--reason", "x")
    assert refused(app, "lock", *july, "--value", "103.24", "--reason", "x") == (
        "Error: 103.24 is withdrawn. Reinstate it first."
    )


@on_sqlite
@pytest.mark.parametrize(
    "arguments",
    [
        ("withdraw", "2025", "2026-07"),
        ("withdraw", "2025", "2026-07", "--reason", " "),
        ("withdraw", "2025", "2026-07", "--reason", "x" * 501),
        ("withdraw", "2025", "2026-07", "--reason", "\udcff"),
        ("withdraw", "2025", "2026-07", "--reason", "x", "--by", ""),
        ("withdraw", "2025", "July", "--reason", "x"),
        ("withdraw", "2025", "2026-13", "--reason", "x"),
        ("withdraw", "x", "2026-07", "--reason", "x"),
        ("withdraw", "99999999999", "2026-07", "--reason", "x"),
        ("lock", "2025", "2026-07", "--reason", "x", "--value", "103,24"),
        ("lock", "2025", "2026-07", "--reason", "x", "--value", "9999.00"),
    ],
    ids=ascii,
)
def test_command_that_cannot_be_understood_changes_nothing(app: Flask, arguments: List[str]) -> None:
    assert refused(app, *arguments, code=2).startswith("Error: ")
    assert listed(app, "--decided") == []


@on_sqlite
def test_database_out_of_reach_is_told_in_one_line(make_app: Callable[[Settings], Flask], app: Flask) -> None:
    assert run(app, "db", "downgrade", "0003").exit_code == 0
    assert refused(app, "list").startswith("Error: The database cannot be used: ")


@on_sqlite
def test_user_of_the_operating_system_decides_by_default(app: Flask) -> None:
    do(app, "withdraw", "2025", "2026-07", "--reason", REASON)
    assert [value["decided_by"] for value in listed(app, "--decided")] == [getpass.getuser()]


def test_user_without_a_name_decides_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert commands._user().isdigit()


@on_sqlite
@pytest.mark.parametrize("command", ["list", "withdraw", "reinstate", "lock", "unlock"])
def test_every_command_explains_itself(app: Flask, command: str) -> None:
    assert command in do(app, "--help")
    assert "Usage: " in do(app, command, "--help")
