"""How long a search takes, on the database that runs inside of the process."""

import time
from typing import Callable

import pytest
from flask import Flask

from webapp.zipcodes import directory
from webapp.zipcodes.meant import nearest

MOST_SECONDS = 0.003
MOST_SECONDS_FOR_NEAREST = 0.015


def cpu_seconds(search: Callable[[], object]) -> float:
    """What this thread has to compute, SQLite included; waiting for other programs does not count."""
    began = time.thread_time()
    search()
    return time.thread_time() - began


@pytest.mark.parametrize(
    "text", ["a", "gen", "gent", "saint", "truiden", "zzz", "9", "9000", "9 gent", "braine-l'a"]
)
def test_a_suggestion_costs_less_than_three_milliseconds(sqlite_app: Flask, text: str) -> None:
    with sqlite_app.app_context():
        assert directory.suggest("gen", 20) != []
        assert min(cpu_seconds(lambda: directory.suggest(text, 20)) for _ in range(20)) < MOST_SECONDS


@pytest.mark.parametrize("text", ["gentt", "9000 gentt", "sinttruiden", "qqqqqqqq", "99999"])
def test_what_is_nearest_costs_less_than_fifteen_milliseconds(sqlite_app: Flask, text: str) -> None:
    with sqlite_app.app_context():
        assert min(cpu_seconds(lambda: nearest(text)) for _ in range(20)) < MOST_SECONDS_FOR_NEAREST
