"""What the rounds of a benchmark say together: medians, ratios with their spread, and a table to read."""

import statistics
from typing import Dict, List, Mapping, NamedTuple, Sequence

# By server, in the order of the rounds.
Rounds = Mapping[str, Sequence["Measurement"]]


class Measurement(NamedTuple):
    """How one server did in one round.

    Attributes:
        rate: requests in a second.
        cpu_us: microseconds that all processes of the server took on the processors, by request.
        p50_ms, p99_ms: in how many milliseconds half of the answers, and 99 % of them, were there.
        peak_mb: the most resident memory since the start, summed over the processes.
        resident_mb: the same at the end of the round.
        failures: requests without an answer.
    """

    rate: float
    cpu_us: float
    p50_ms: float
    p99_ms: float
    peak_mb: float
    resident_mb: float
    failures: int


class Spread(NamedTuple):
    """The middle of several figures, and how far they lie apart."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.least:.2f}–{self.most:.2f})"


# What is divided by what: the figure, and the two servers.
RATIOS = (
    ("cpu_us", "desk", "bare"),
    ("cpu_us", "desk", "peer"),
    ("cpu_us", "desk2", "desk"),
    ("p99_ms", "desk", "peer"),
)


def spread(figures: Sequence[float]) -> Spread:
    return Spread(statistics.median(figures), min(figures), max(figures))


def ratios(ones: Sequence[float], others: Sequence[float]) -> Spread:
    """The ratios of figures that were measured in the same rounds, so under the same conditions."""
    return spread([one / other for one, other in zip(ones, others)])


def all_ratios(rounds: Rounds) -> Dict[str, Spread]:
    """Those of RATIOS whose servers took part."""
    return {
        f"{figure} {one}/{other}": ratios(_figures(rounds[one], figure), _figures(rounds[other], figure))
        for figure, one, other in RATIOS
        if one in rounds and other in rounds
    }


def table(rounds: Rounds) -> List[str]:
    """Lines with the median of each figure by server, and the ratios below."""
    lines = [f"  {'':6}{'requests/s':>12}{'CPU µs':>9}{'p50 ms':>9}{'p99 ms':>9}{'peak MB':>9}{'now MB':>9}"]
    for server, measured in rounds.items():
        rate, cpu, p50, p99, peak, now, _failures = (statistics.median(column) for column in zip(*measured))
        failures = sum(one.failures for one in measured)
        line = f"  {server:6}{rate:12,.0f}{cpu:9.0f}{p50:9.2f}{p99:9.2f}{peak:9.1f}{now:9.1f}"
        lines.append(line + (f"  {failures} without an answer" if failures else ""))
    return [*lines, *(f"  {name:18} {ratio}" for name, ratio in all_ratios(rounds).items())]


def _figures(measured: Sequence[Measurement], name: str) -> List[float]:
    return [getattr(one, name) for one in measured]
