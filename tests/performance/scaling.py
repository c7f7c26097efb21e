"""`make bench-scaling`: compare one process with two workers, and with three processes behind nginx.

All run at once on one PostgreSQL, and are loaded in turn, so that other load on the machine affects them
all; only the ratios within a round count.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import tempfile
from pathlib import Path
from typing import Iterator, NamedTuple, Sequence

from tests.performance import load, servers
from tests.performance.cases import Case, cases
from tests.performance.report import Spread, ratios, spread
from tests.performance.resources import cpu_seconds, tree
from tests.support.databases import PostgresDatabases
from tests.support.live import Server, wait
from tests.support.nginx import Proxy
from tests.support.postgres import server

# Served from the HTTP cache, and by the program itself.
NAMES = ("/zipcode/<z>", "404")

ONE = "one process"

# The proxy keeps a client at one process.
CLIENTS = 250

# Before each round, and for each worker: its HTTP cache renews what is a minute old.
WARM_UP_PASSES = 3


class Target(NamedTuple):
    """A URL to load, and the servers that share the work: the application's, and others in front."""

    name: str
    url: str
    desks: list[Server]
    others: Sequence[Server] = ()

    def cpu_seconds(self) -> float:
        processes = [process for one in (*self.desks, *self.others) for process in tree(one.process.pid)]
        return sum(map(cpu_seconds, processes))

    def warm_up(self, paths: Path, case: Case) -> None:
        for desk in self.desks * WARM_UP_PASSES:
            load.generate_in_python(desk.url, paths, case.headers, None)


class Round(NamedTuple):
    rate: float
    cpu_us: float
    failures: int


def for_clients(paths: list[str]) -> list[str]:
    """Return each path once for one of the clients, and at least once for each client."""
    repeated = paths * (CLIENTS // len(paths) + 1)
    return [f"{path} 198.51.100.{number % CLIENTS}" for number, path in enumerate(repeated)]


def measure(target: Target, paths: Path, case: Case, seconds: int) -> Round:
    before = target.cpu_seconds()
    result = load.generate(target.url, paths, case.headers, seconds)
    cpu = target.cpu_seconds() - before
    failures = result.failures + (0 if case.is_error else result.error_responses)
    return Round(result.requests / result.duration_us * 1e6, cpu / result.requests * 1e6, failures)


@contextlib.contextmanager
def targets(folder: Path, database_url: str) -> Iterator[list[Target]]:
    """Start everything, and stop it afterwards."""
    with contextlib.ExitStack() as stack:
        found = []
        for name, workers in ((ONE, 1), ("two workers", 2)):
            running = stack.enter_context(servers.app(database_url, workers).started(folder / str(workers)))
            wait(running)
            found.append(Target(name, running.url, [running]))
        for count in (1, 3):
            addresses = [f"127.0.{count}.{number}" for number in range(1, count + 1)]
            (folder / f"behind-{count}").mkdir()
            proxy = Proxy(folder / f"behind-{count}", addresses)
            variables = {**servers.IMAGE, "DATABASE_URL": database_url}
            desks = [stack.enter_context(proxy.instance(address, **variables)) for address in addresses]
            nginx = stack.enter_context(proxy.running())
            name = "nginx, one process" if count == 1 else f"nginx, {count} processes"
            found.append(Target(name, nginx.url, desks, [nginx]))
        yield found


def compare(case: Case, measured: list[Target], folder: Path, options: argparse.Namespace) -> None:
    """Measure all rounds of a case, and print a table."""
    paths = folder / "paths"
    paths.write_text("\n".join(case.paths) + "\n", encoding="utf-8")
    lines = folder / "lines"
    lines.write_text("\n".join(for_clients(case.paths)) + "\n", encoding="utf-8")
    rounds: dict[str, list[Round]] = {target.name: [] for target in measured}
    order = list(measured)
    for _ in range(options.rounds):
        for target in order:
            target.warm_up(paths, case)
            rounds[target.name].append(measure(target, lines, case, options.seconds))
        order.append(order.pop(0))
    say(f"\n{case.name}", f"  {'':20}{'requests/s':>12}{'CPU µs':>9}  ratio to one process")
    ones = [one.rate for one in rounds[ONE]]
    for name, found in rounds.items():
        rates = [one.rate for one in found]
        ratio: Spread = ratios(rates, ones)
        cpu = spread([one.cpu_us for one in found]).median
        failures = sum(one.failures for one in found)
        line = f"  {name:20}{spread(rates).median:12,.0f}{cpu:9.0f}  {ratio}"
        say(line + (f"  {failures} failed" if failures else ""))


def say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)  # noqa: T201  # its output


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare one process with several.")
    parser.add_argument("--seconds", type=int, default=5, help="duration of a round, for each")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each case")
    options = parser.parse_args()
    if load.WRK is None:
        parser.exit(1, "wrk is not installed: on Debian, apt-get install wrk\n")
    say(f"Python {platform.python_version()}, {os.cpu_count()} cores, {vars(options)}")
    with tempfile.TemporaryDirectory(prefix="scaling-") as name, server() as url:
        databases = PostgresDatabases(url)
        database_url = databases.seeded()
        try:
            with targets(Path(name), database_url) as measured:
                for case in (case for case in cases() if case.name in NAMES):
                    compare(case, measured, Path(name), options)
        finally:
            databases.drop(database_url)
            databases.close()


if __name__ == "__main__":
    main()
