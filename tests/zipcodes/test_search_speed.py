"""How long a suggestion takes, on the database that runs inside of the process."""

import time

import pytest
from flask import Flask

from webapp.zipcodes import directory

MOST_SECONDS = 0.003


def cpu_seconds(text: str) -> float:
    """What this thread has to compute, SQLite included; waiting for other programs does not count."""
    began = time.thread_time()
    directory.suggest(text, 20)
    return time.thread_time() - began


@pytest.mark.parametrize(
    "text", ["a", "gen", "gent", "saint", "truiden", "zzz", "9", "9000", "9 gent", "braine-l'a"]
)
def test_a_suggestion_costs_less_than_three_milliseconds(sqlite_app: Flask, text: str) -> None:
    with sqlite_app.app_context():
        assert directory.suggest("gen", 20) != []
        assert min(cpu_seconds(text) for _ in range(20)) < MOST_SECONDS
