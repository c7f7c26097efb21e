"""Summary of the rounds of a benchmark: medians, ratios with their spread, and a table."""

from __future__ import annotations

import statistics
from typing import Mapping, NamedTuple, Sequence

# By server, in the order of the rounds.
Rounds = Mapping[str, Sequence["Measurement"]]


class Measurement(NamedTuple):
    """The result of one server in one round.

    Attributes:
        rate: requests per second.
        cpu_us: CPU time of all processes of the server per request, in microseconds.
        p50_ms, p99_ms: percentiles of the response time, in milliseconds.
        peak_mb: peak of resident memory, summed over the processes.
        resident_mb: resident memory at the end of the round.
        failures: requests without a response.
    """

    rate: float
    cpu_us: float
    p50_ms: float
    p99_ms: float
    peak_mb: float
    resident_mb: float
    failures: int


class Spread(NamedTuple):
    """Median and range of several values."""

    median: float
    minimum: float
    maximum: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.minimum:.2f}–{self.maximum:.2f})"


# A field of Measurement, and the two servers whose values are divided.
RATIOS = (
    ("cpu_us", "app", "bare"),
    ("cpu_us", "app", "peer"),
    ("cpu_us", "app2", "app"),
    ("p99_ms", "app", "peer"),
)


def spread(values: Sequence[float]) -> Spread:
    return Spread(statistics.median(values), min(values), max(values))


def ratios(dividends: Sequence[float], divisors: Sequence[float]) -> Spread:
    """Divide values of the same rounds, which were measured under the same conditions."""
    return spread([dividend / divisor for dividend, divisor in zip(dividends, divisors)])


def all_ratios(rounds: Rounds) -> dict[str, Spread]:
    """Return those of RATIOS whose servers were measured."""
    return {
        f"{field} {one}/{other}": ratios(_values(rounds[one], field), _values(rounds[other], field))
        for field, one, other in RATIOS
        if one in rounds and other in rounds
    }


def table(rounds: Rounds) -> list[str]:
    """Return lines with the medians by server, and the ratios below."""
    lines = [f"  {'':6}{'requests/s':>12}{'CPU µs':>9}{'p50 ms':>9}{'p99 ms':>9}{'peak MB':>9}{'now MB':>9}"]
    for server, measured in rounds.items():
        rate, cpu, p50, p99, peak, now, _failures = (statistics.median(column) for column in zip(*measured))
        failures = sum(measurement.failures for measurement in measured)
        line = f"  {server:6}{rate:12,.0f}{cpu:9.0f}{p50:9.2f}{p99:9.2f}{peak:9.1f}{now:9.1f}"
        lines.append(line + (f"  {failures} without a response" if failures else ""))
    return [*lines, *(f"  {name:18} {ratio}" for name, ratio in all_ratios(rounds).items())]


def _values(measured: Sequence[Measurement], field: str) -> list[float]:
    return [getattr(measurement, field) for measurement in measured]
