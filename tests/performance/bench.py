"""`make bench`: the desk beside its limit and its peer, on PostgreSQL, under the same load.

Every round goes through all servers, so that what else the machine does meets all of them; what counts are
the ratios within a round. See servers.py for who is compared, cases.py for what is asked.
"""

import argparse
import contextlib
import json
import os
import platform
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple

from tests.performance import load, servers
from tests.performance.answer import Answer, Asker
from tests.performance.cases import WRONG, Case, cases, junk, uncached_cases
from tests.performance.relay import relayed
from tests.performance.report import Measurement, Rounds, all_ratios, ratios, spread, table
from tests.performance.resources import cpu_seconds, kilobytes, tree
from tests.performance.servers import Program
from tests.support.databases import PostgresDatabases
from tests.support.live import START_SECONDS, Desk, wait
from tests.support.postgres import server
from webapp.config import ROOT

# So often each path is asked for before the first round: of two workers, each has a cache of its own.
WARM_UP_PASSES = 3

ONE_ZIPCODE = "/zipcode/9000"


class Plan(NamedTuple):
    """How long everything takes.

    Attributes:
        seconds: of one server in one round of a case.
        rounds: of each case, and of the starts.
        junk: how many addresses that lead to the same are asked for.
    """

    seconds: int
    rounds: int
    junk: int


THOROUGH = Plan(seconds=2, rounds=5, junk=100_000)
QUICK = Plan(seconds=1, rounds=1, junk=2_000)


class Bench:
    """The databases, and a folder for logs and for what is handed over in files."""

    def __init__(self, folder: Path, database_urls: Dict[str, str], plan: Plan) -> None:
        self._folder = folder
        self._urls = database_urls
        self._plan = plan
        self._answer = folder / "answer.json"

    def run(self) -> Dict[str, Any]:
        """Measure everything, print what came of it, and return it for JSON."""
        programs = {
            "desk": servers.desk(self._urls["desk"]),
            "peer": servers.peer(self._urls["peer"]),
            "desk2": servers.desk(self._urls["desk2"], workers=2),
        }
        with contextlib.ExitStack() as stack:
            running = {name: stack.enter_context(self._running(name, programs[name])) for name in programs}
            check_that_the_peer_agrees(running["desk"], running["peer"])
            results = {case.name: self._case(case, running) for case in cases()}
            grown = self._junk(running["desk"])
        return {
            "machine": machine(),
            "plan": self._plan._asdict(),
            "cases": results,
            "uncached": self._uncached(),
            "statements": self._statements(),
            "junk": grown,
            "starts": self._starts({name: programs[name] for name in ("desk", "peer")}),
        }

    @contextlib.contextmanager
    def _running(self, name: str, program: Program) -> Iterator[Desk]:
        with program.started(self._folder / name) as started:
            wait(started)
            yield started

    def _case(self, case: Case, running: Dict[str, Desk]) -> Dict[str, Any]:
        """Measure one case in all rounds."""
        paths = self._file(case.paths)
        answer = warm_answer(running["desk"], case)
        answer.save(self._answer)
        limit = servers.bare(self._urls["desk"], self._answer)
        with self._running("bare", limit) as bare:
            assert warm_answer(bare, case).meaning == answer.meaning
            order = ["desk", "bare", "peer", "desk2"] if case.for_peer else ["desk", "bare", "desk2"]
            asked = {name: bare if name == "bare" else running[name] for name in order}
            for one in [*asked.values()] * WARM_UP_PASSES:
                load.put_by_client(one.url, paths, case.headers, None)
            rounds: Dict[str, List[Measurement]] = {name: [] for name in order}
            for _ in range(self._plan.rounds):
                for name in order:
                    # The desk renews each answer once a minute. What is due is done here; a round that has
                    # to do some of it all the same shows in the spread, and not in the median.
                    load.put_by_client(asked[name].url, paths, case.headers, None)
                    rounds[name].append(measure(asked[name], paths, case, self._plan.seconds))
                order.append(order.pop(0))
        say(f"\n{case.name}", *table(rounds))
        return _as_json(rounds)

    def _uncached(self) -> Dict[str, Any]:
        """What a request costs that the HTTP cache does not answer: without a rate limit, and with one."""
        say("\nWithout the HTTP cache, CPU µs by request")
        results = {}
        with contextlib.ExitStack() as stack:
            limits = {"unlimited": 0, "limited": 1_000_000}
            running = {
                name: stack.enter_context(self._running(name, servers.uncached(self._urls["desk"], limit)))
                for name, limit in limits.items()
            }
            for case in uncached_cases():
                paths = self._file(case.paths)
                rounds: Dict[str, List[Measurement]] = {name: [] for name in running}
                for _ in range(self._plan.rounds + 1):  # the first warms up
                    for name, asked in running.items():
                        rounds[name].append(measure(asked, paths, case, self._plan.seconds))
                rounds = {name: measured[1:] for name, measured in rounds.items()}
                costs = {name: spread([one.cpu_us for one in measured]) for name, measured in rounds.items()}
                say(*(f"  {case.name:22}{name:10}{cost}" for name, cost in costs.items()))
                results[case.name] = _as_json(rounds)
        return results

    def _statements(self) -> Dict[str, Any]:
        """How many statements warm requests send to the database, by case."""
        counts = {}
        say("\nStatements to the database, among them the look whether the data has changed")
        with relayed(self._urls["desk"]) as (url, seen), self._running("relayed", servers.desk(url)) as desk:
            for case in cases():
                paths = self._file(case.paths)
                load.put_by_client(desk.url, paths, case.headers, None)
                before = len(seen)
                answered = load.put(desk.url, paths, case.headers, self._plan.seconds).requests
                sent = len(seen) - before
                say(f"  {case.name:22}{sent / answered:8.4f} by request: {sent} in {self._plan.seconds} s")
                counts[case.name] = {"statements": sent, "requests": answered}
        return counts

    def _junk(self, desk: Desk) -> Dict[str, float]:
        """By how many megabytes the desk grows by addresses that nobody asks for twice, in two halves.

        The first may fill what is meant to be filled; in the second, nothing may grow.
        """
        half = self._plan.junk // 2
        sizes = [megabytes(desk, "VmRSS")]
        for start in (0, half):
            done = load.put_by_client(desk.url, self._file(junk(start, half)), {}, None)
            assert (done.requests, done.refusals) == (half, 0), done
            sizes.append(megabytes(desk, "VmRSS"))
        before, middle, after = sizes
        say(f"\n{2 * half:,} addresses that nobody has asked for before")
        say(f"  {before:.1f} MB before, {middle:.1f} MB after one half, {after:.1f} MB after the other")
        return {"before_mb": before, "grown_mb": middle - before, "then_grown_mb": after - middle}

    def _starts(self, programs: Dict[str, Program]) -> Dict[str, Any]:
        """From the start of the process to the first answer, and the first answer once it lives."""
        limit = servers.bare(self._urls["desk"], self._answer)  # which of its answers makes no difference
        hello = servers.hello(self._urls["desk"])
        cold = self._times({**programs, "bare": limit, "hello": hello}, cold_start)
        first = self._times({**programs, "bare": limit}, first_answer)
        say("\nFrom the start of the process to the first answer, ms")
        say(*(f"  {name:6}{spread(times).median:9.0f}" for name, times in cold.items()))
        cold_ratios = {f"desk/{name}": ratios(cold["desk"], cold[name]) for name in ("hello", "bare", "peer")}
        say(*(f"  {name:18} {ratio}" for name, ratio in cold_ratios.items()))
        say("\nThe first answer after /healthz, ms")
        say(*(f"  {name:6} {spread(times)}" for name, times in first.items()))
        return {"cold_ms": cold, "cold_ratios": _plain(cold_ratios), "first_answer_ms": first}

    def _times(
        self, programs: Dict[str, Program], take: Callable[[Program, Path], float]
    ) -> Dict[str, List[float]]:
        times: Dict[str, List[float]] = {name: [] for name in programs}
        order = list(programs)
        for _ in range(self._plan.rounds):
            for name in order:
                times[name].append(take(programs[name], self._folder / "starting") * 1000)
            order.append(order.pop(0))
        return times

    def _file(self, paths: List[str]) -> Path:
        file = self._folder / "paths.txt"
        file.write_text("\n".join(paths))
        return file


def measure(asked: Desk, paths: Path, case: Case, seconds: int) -> Measurement:
    """Put a server under load, and see what that took."""
    processes = tree(asked.process.pid)
    before = sum(map(cpu_seconds, processes))
    done = load.put(asked.url, paths, case.headers, seconds)
    spent = sum(map(cpu_seconds, processes)) - before
    assert tree(asked.process.pid) == processes, f"a worker has died, see {asked.log}"
    assert done.refusals == (done.requests if case.refused else 0), done
    return Measurement(
        rate=done.requests / done.duration_us * 1e6,
        cpu_us=spent / done.requests * 1e6,
        p50_ms=done.p50_us / 1000,
        p99_ms=done.p99_us / 1000,
        peak_mb=megabytes(asked, "VmHWM"),
        resident_mb=megabytes(asked, "VmRSS"),
        failures=done.failures,
    )


def megabytes(asked: Desk, which: str) -> float:
    """Resident memory of all processes of a server: VmRSS for now, VmHWM for the most ever."""
    return sum(kilobytes(process, which) for process in tree(asked.process.pid)) / 1024


def warm_answer(asked: Desk, case: Case) -> Answer:
    """What a server says when it is asked for the second time."""
    with contextlib.closing(Asker(asked.url)) as asker:
        asker.ask(case.paths[0], case.headers)
        return asker.ask(case.paths[0], case.headers)


def check_that_the_peer_agrees(desk: Desk, peer: Desk) -> None:
    """Compare all answers that both are asked for. Who answers less has it easier."""
    with contextlib.closing(Asker(desk.url)) as one, contextlib.closing(Asker(peer.url)) as other:
        for case in (*cases(), Case("wrong", [*WRONG], refused=True)):
            for path in case.paths if case.for_peer else []:
                ours, theirs = one.ask(path, {}).meaning, other.ask(path, {}).meaning
                assert ours == theirs, f"{path}\nthe desk: {ours}\nthe peer: {theirs}"


def cold_start(program: Program, folder: Path) -> float:
    """Seconds from the start of the process to the whole first answer."""
    start = time.perf_counter()
    with program.started(folder) as started:
        while True:
            try:
                with contextlib.closing(Asker(started.url)) as asker:
                    assert asker.ask(ONE_ZIPCODE, {}).status == 200
            except ConnectionRefusedError:
                assert time.perf_counter() < start + START_SECONDS, started.log.read_text()
                time.sleep(0.002)
            else:
                return time.perf_counter() - start


def first_answer(program: Program, folder: Path) -> float:
    """Seconds that the first question takes which is more than whether the process lives."""
    with program.started(folder) as started:
        wait(started)
        start = time.perf_counter()
        with contextlib.closing(Asker(started.url)) as asker:
            assert asker.ask(ONE_ZIPCODE, {}).status == 200
        return time.perf_counter() - start


def machine() -> Dict[str, Any]:
    packages = ("flask", "gunicorn", "fastapi", "uvicorn", "uvloop", "httptools", "asyncpg")
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processors": os.cpu_count(),
        "client": "wrk" if load.WRK else "python",
        "versions": {name: metadata.version(name) for name in packages},
    }


def _as_json(rounds: Rounds) -> Dict[str, Any]:
    return {
        "rounds": {name: [one._asdict() for one in measured] for name, measured in rounds.items()},
        "ratios": _plain(all_ratios(rounds)),
    }


def _plain(spreads: Dict[str, Any]) -> Dict[str, Any]:
    return {name: one._asdict() for name, one in spreads.items()}


def say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)  # noqa: T201  # its result


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the desk beside its limit and its peer.")
    parser.add_argument("--quick", action="store_true", help="see in two minutes whether all of it works")
    parser.add_argument("--seconds", type=int, help="of one server in one round of a case")
    parser.add_argument("--rounds", type=int, help="of each case")
    parser.add_argument("--json", type=Path, default=ROOT / "instance" / "bench.json", metavar="FILE")
    return parser.parse_args()


def main() -> None:
    options = read_options()
    plan = QUICK if options.quick else THOROUGH
    plan = plan._replace(seconds=options.seconds or plan.seconds, rounds=options.rounds or plan.rounds)
    say(f"Python {platform.python_version()}, client: {'wrk' if load.WRK else 'our own'}, {plan}")
    with tempfile.TemporaryDirectory(prefix="desk-bench-") as name, server() as url:
        databases = PostgresDatabases(url)
        # One each, because what a server asks of its database is to be told apart.
        urls = {server_name: databases.seeded() for server_name in ("desk", "peer", "desk2")}
        try:
            results = Bench(Path(name), urls, plan).run()
        finally:
            for made in urls.values():
                databases.drop(made)
            databases.close()
    options.json.parent.mkdir(exist_ok=True)
    options.json.write_text(json.dumps(results, indent=2))
    say(f"\nAll figures of all rounds: {options.json}")


if __name__ == "__main__":
    main()
