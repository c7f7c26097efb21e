"""Limits of CPU time that hold on slow machines, too."""

from __future__ import annotations

import time
from typing import Callable

import coverage

# What `_reference` takes on CPython 3.11, where `make bench-bulk` reads three million plain rows per second.
REFERENCE_SECONDS = 0.0032

# Coverage counts each line of the program, which makes its loops up to three times slower.
COVERAGE_SLOWDOWN = 3


def cpu_seconds(function: Callable[[], object], times: int = 20) -> float:
    """Return the least CPU time of this thread for a call, on a machine at least as fast as the reference."""
    rounds = [(_seconds(function), _seconds(_reference)) for _ in range(times)]
    spent = min(own for own, _ in rounds)
    reference = min(other for _, other in rounds)
    is_covered = coverage.Coverage.current() is not None
    return spent / _slowness(reference) / (COVERAGE_SLOWDOWN if is_covered else 1)


def slowness() -> float:
    """Return how many times longer this machine takes than the reference; 1 for a faster one."""
    return _slowness(min(_seconds(_reference) for _ in range(20)))


def _slowness(seconds: float) -> float:
    return max(1.0, seconds / REFERENCE_SECONDS)


def _seconds(function: Callable[[], object]) -> float:
    began = time.thread_time()
    function()
    return time.thread_time() - began


def _reference() -> None:
    """Do a fixed amount of what the program does most: split texts, and fill dictionaries."""
    found: dict[str, list[int]] = {}
    for number in range(5000):
        for word in f"Client {number} of {number % 97}".casefold().split():
            found.setdefault(word[:3], []).append(number)
    sorted(found.items(), key=lambda item: (len(item[1]), item[0]))
