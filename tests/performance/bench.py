"""`make bench`: compare the app with a bare WSGI app and a peer, on PostgreSQL, under the same load.

Every round measures all servers, so that other load on the machine affects them all; only the ratios within a
round count. servers.py has the servers, cases.py the requests.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import Any, Callable, Iterator, NamedTuple

from tests.performance import load, servers
from tests.performance.cases import ERROR_PATHS, Case, cases, junk, uncached_cases
from tests.performance.relay import relayed
from tests.performance.report import Measurement, Rounds, all_ratios, ratios, spread, table
from tests.performance.resources import cpu_seconds, kilobytes, tree
from tests.performance.responses import Connection, RecordedResponse
from tests.performance.servers import Program
from tests.support.databases import PostgresDatabases
from tests.support.live import START_SECONDS, Server, wait
from tests.support.postgres import server
from webapp.config import ROOT

# Requests for each path before the first round: each of two workers has its own cache.
WARM_UP_PASSES = 3

ONE_ZIPCODE = "/zipcode/9000"


class Plan(NamedTuple):
    """The extent of a benchmark.

    Attributes:
        seconds: duration of a round of a case, for each server.
        rounds: rounds of each case, and starts of each server.
        junk: number of URLs of one response.
    """

    seconds: int
    rounds: int
    junk: int


THOROUGH = Plan(seconds=2, rounds=5, junk=100_000)
QUICK = Plan(seconds=1, rounds=1, junk=2_000)


class Bench:
    """Runs the servers on their databases, with logs and other files in a folder."""

    def __init__(self, folder: Path, database_urls: dict[str, str], plan: Plan) -> None:
        self._folder = folder
        self._urls = database_urls
        self._plan = plan
        self._response = folder / "response.json"

    def run(self) -> dict[str, Any]:
        """Measure everything, print the results, and return them for JSON."""
        programs = {
            "app": servers.app(self._urls["app"]),
            "peer": servers.peer(self._urls["peer"]),
            "app2": servers.app(self._urls["app2"], workers=2),
        }
        with contextlib.ExitStack() as stack:
            running = {name: stack.enter_context(self._running(name, programs[name])) for name in programs}
            check_peer(running["app"], running["peer"])
            results = {case.name: self._case(case, running) for case in cases()}
            growth = self._junk(running["app"])
        return {
            "machine": machine(),
            "plan": self._plan._asdict(),
            "cases": results,
            "uncached": self._uncached(),
            "statements": self._statements(),
            "junk": growth,
            "starts": self._starts({name: programs[name] for name in ("app", "peer")}),
        }

    @contextlib.contextmanager
    def _running(self, name: str, program: Program) -> Iterator[Server]:
        with program.started(self._folder / name) as started:
            wait(started)
            yield started

    def _case(self, case: Case, running: dict[str, Server]) -> dict[str, Any]:
        """Measure all rounds of a case."""
        paths = self._file(case.paths)
        response = warm_response(running["app"], case)
        response.save(self._response)
        with self._running("bare", servers.bare(self._urls["app"], self._response)) as bare:
            assert warm_response(bare, case).comparable == response.comparable
            order = ["app", "bare", "peer", "app2"] if case.for_peer else ["app", "bare", "app2"]
            measured = {name: bare if name == "bare" else running[name] for name in order}
            for server in [*measured.values()] * WARM_UP_PASSES:
                load.generate_in_python(server.url, paths, case.headers, None)
            rounds: dict[str, list[Measurement]] = {name: [] for name in order}
            for _ in range(self._plan.rounds):
                for name in order:
                    # The app renews each response once a minute, mostly here. A round with renewals shows in
                    # the spread, not in the median.
                    load.generate_in_python(measured[name].url, paths, case.headers, None)
                    rounds[name].append(measure(measured[name], paths, case, self._plan.seconds))
                order.append(order.pop(0))
        say(f"\n{case.name}", *table(rounds))
        return _as_json(rounds)

    def _uncached(self) -> dict[str, Any]:
        """Measure requests without the HTTP cache, without and with a rate limit."""
        say("\nWithout the HTTP cache, CPU µs per request")
        results = {}
        with contextlib.ExitStack() as stack:
            limits = {"unlimited": 0, "limited": 1_000_000}
            running = {
                name: stack.enter_context(self._running(name, servers.uncached(self._urls["app"], limit)))
                for name, limit in limits.items()
            }
            for case in uncached_cases():
                paths = self._file(case.paths)
                rounds: dict[str, list[Measurement]] = {name: [] for name in running}
                for _ in range(self._plan.rounds + 1):  # the first warms up
                    for name, server in running.items():
                        rounds[name].append(measure(server, paths, case, self._plan.seconds))
                rounds = {name: measured[1:] for name, measured in rounds.items()}
                costs = {
                    name: spread([round_.cpu_us for round_ in measured]) for name, measured in rounds.items()
                }
                say(*(f"  {case.name:22}{name:10}{cost}" for name, cost in costs.items()))
                results[case.name] = _as_json(rounds)
        return results

    def _statements(self) -> dict[str, Any]:
        """Count the database statements during warm requests, by case."""
        counts = {}
        say("\nDatabase statements, including polls of the data version")
        with relayed(self._urls["app"]) as (url, statements), self._running(
            "relayed", servers.app(url)
        ) as server:
            for case in cases():
                paths = self._file(case.paths)
                load.generate_in_python(server.url, paths, case.headers, None)
                before = len(statements)
                requests = load.generate(server.url, paths, case.headers, self._plan.seconds).requests
                sent = len(statements) - before
                say(f"  {case.name:22}{sent / requests:8.4f} per request: {sent} in {self._plan.seconds} s")
                counts[case.name] = {"statements": sent, "requests": requests}
        return counts

    def _junk(self, server: Server) -> dict[str, float]:
        """Measure the growth in megabytes by URLs that are requested once, in two halves.

        The first half may fill caches; memory must not grow in the second.
        """
        half = self._plan.junk // 2
        sizes = [megabytes(server, "VmRSS")]
        for start in (0, half):
            done = load.generate_in_python(server.url, self._file(junk(start, half)), {}, None)
            assert (done.requests, done.error_responses) == (half, 0), done
            sizes.append(megabytes(server, "VmRSS"))
        before, middle, after = sizes
        say(f"\n{2 * half:,} new URLs")
        say(f"  {before:.1f} MB before, {middle:.1f} MB after one half, {after:.1f} MB after both")
        return {"before_mb": before, "grown_mb": middle - before, "then_grown_mb": after - middle}

    def _starts(self, programs: dict[str, Program]) -> dict[str, Any]:
        """Measure the time from process start to first response, and of a first response."""
        bare = servers.bare(self._urls["app"], self._response)  # any response will do
        hello = servers.hello(self._urls["app"])
        cold = self._times({**programs, "bare": bare, "hello": hello}, cold_start)
        first = self._times({**programs, "bare": bare}, first_response)
        say("\nFrom process start to first response, ms")
        say(*(f"  {name:6}{spread(times).median:9.0f}" for name, times in cold.items()))
        cold_ratios = {f"app/{name}": ratios(cold["app"], cold[name]) for name in ("hello", "bare", "peer")}
        say(*(f"  {name:18} {ratio}" for name, ratio in cold_ratios.items()))
        say("\nFirst response after /healthz, ms")
        say(*(f"  {name:6} {spread(times)}" for name, times in first.items()))
        return {"cold_ms": cold, "cold_ratios": _plain(cold_ratios), "first_response_ms": first}

    def _times(
        self, programs: dict[str, Program], time_of: Callable[[Program, Path], float]
    ) -> dict[str, list[float]]:
        times: dict[str, list[float]] = {name: [] for name in programs}
        order = list(programs)
        for _ in range(self._plan.rounds):
            for name in order:
                times[name].append(time_of(programs[name], self._folder / "starting") * 1000)
            order.append(order.pop(0))
        return times

    def _file(self, paths: list[str]) -> Path:
        file = self._folder / "paths.txt"
        file.write_text("\n".join(paths))
        return file


def measure(server: Server, paths: Path, case: Case, seconds: int) -> Measurement:
    """Measure a server under load."""
    processes = tree(server.process.pid)
    before = sum(map(cpu_seconds, processes))
    done = load.generate(server.url, paths, case.headers, seconds)
    spent = sum(map(cpu_seconds, processes)) - before
    assert tree(server.process.pid) == processes, f"a worker has died, see {server.log}"
    assert done.error_responses == (done.requests if case.is_error else 0), done
    return Measurement(
        rate=done.requests / done.duration_us * 1e6,
        cpu_us=spent / done.requests * 1e6,
        p50_ms=done.p50_us / 1000,
        p99_ms=done.p99_us / 1000,
        peak_mb=megabytes(server, "VmHWM"),
        resident_mb=megabytes(server, "VmRSS"),
        failures=done.failures,
    )


def megabytes(server: Server, field: str) -> float:
    """Return the resident memory of all processes of a server: VmRSS is the current, VmHWM the peak."""
    return sum(kilobytes(process, field) for process in tree(server.process.pid)) / 1024


def warm_response(server: Server, case: Case) -> RecordedResponse:
    """Return the response to the second request."""
    with contextlib.closing(Connection(server.url)) as connection:
        connection.get(case.paths[0], case.headers)
        return connection.get(case.paths[0], case.headers)


def check_peer(app: Server, peer: Server) -> None:
    """Compare all responses, because a peer that responds with less does less work."""
    with contextlib.closing(Connection(app.url)) as ours, contextlib.closing(Connection(peer.url)) as theirs:
        for case in (*cases(), Case("errors", [*ERROR_PATHS], is_error=True)):
            for path in case.paths if case.for_peer else []:
                expected, found = ours.get(path, {}).comparable, theirs.get(path, {}).comparable
                assert expected == found, f"{path}\napp: {expected}\npeer: {found}"


def cold_start(program: Program, folder: Path) -> float:
    """Return the seconds from process start to the end of the first response."""
    start = time.perf_counter()
    with program.started(folder) as started:
        while True:
            try:
                with contextlib.closing(Connection(started.url)) as connection:
                    assert connection.get(ONE_ZIPCODE, {}).status == 200
            except ConnectionRefusedError:
                assert time.perf_counter() < start + START_SECONDS, started.log.read_text()
                time.sleep(0.002)
            else:
                return time.perf_counter() - start


def first_response(program: Program, folder: Path) -> float:
    """Return the seconds of the first request after a health check."""
    with program.started(folder) as started:
        wait(started)
        start = time.perf_counter()
        with contextlib.closing(Connection(started.url)) as connection:
            assert connection.get(ONE_ZIPCODE, {}).status == 200
        return time.perf_counter() - start


def machine() -> dict[str, Any]:
    packages = ("flask", "gunicorn", "fastapi", "uvicorn", "uvloop", "httptools", "asyncpg")
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processors": os.cpu_count(),
        "client": "wrk" if load.WRK else "python",
        "versions": {name: metadata.version(name) for name in packages},
    }


def _as_json(rounds: Rounds) -> dict[str, Any]:
    return {
        "rounds": {name: [round_._asdict() for round_ in measured] for name, measured in rounds.items()},
        "ratios": _plain(all_ratios(rounds)),
    }


def _plain(spreads: dict[str, Any]) -> dict[str, Any]:
    return {name: values._asdict() for name, values in spreads.items()}


def say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)  # noqa: T201  # its output


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare the app with a bare WSGI app and a peer.")
    parser.add_argument("--quick", action="store_true", help="check in two minutes that everything works")
    parser.add_argument("--seconds", type=int, help="duration of a round of a case, for each server")
    parser.add_argument("--rounds", type=int, help="rounds of each case")
    parser.add_argument("--json", type=Path, default=ROOT / "instance" / "bench.json", metavar="FILE")
    return parser.parse_args()


def main() -> None:
    options = read_options()
    plan = QUICK if options.quick else THOROUGH
    plan = plan._replace(seconds=options.seconds or plan.seconds, rounds=options.rounds or plan.rounds)
    say(f"Python {platform.python_version()}, client: {'wrk' if load.WRK else 'client.py'}, {plan}")
    with tempfile.TemporaryDirectory(prefix="bench-") as name, server() as url:
        databases = PostgresDatabases(url)
        # One each, so that servers do not share the load of a database.
        urls = {server_name: databases.seeded() for server_name in ("app", "peer", "app2")}
        try:
            results = Bench(Path(name), urls, plan).run()
        finally:
            for database_url in urls.values():
                databases.drop(database_url)
            databases.close()
    options.json.parent.mkdir(exist_ok=True)
    options.json.write_text(json.dumps(results, indent=2))
    say(f"\nResults of all rounds: {options.json}")


if __name__ == "__main__":
    main()
