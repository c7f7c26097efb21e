"""The calculations and parsers of the benchmark."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.performance import servers
from tests.performance.bench import check_peer
from tests.performance.cases import cases, junk
from tests.performance.load import Load, parse
from tests.performance.report import Measurement, Spread, all_ratios, ratios, spread, table
from tests.performance.resources import TICKS_PER_SECOND, cpu_seconds, kilobytes, ticks, tree
from tests.performance.responses import RecordedResponse
from tests.support.live import wait


def measurement(cpu_us: float, p99_ms: float = 1.0, failures: int = 0) -> Measurement:
    return Measurement(1000.0, cpu_us, 0.5, p99_ms, 60.0, 50.0, failures)


def test_result_is_the_last_line_of_a_client() -> None:
    line = (
        '{"requests": 9, "failures": 0, "error_responses": 1, '
        '"duration_us": 2000000, "p50_us": 400, "p99_us": 900}'
    )
    assert parse(f"Running 2s test\n  Latency 1.00ms\n{line}\n") == Load(9, 0, 1, 2_000_000, 400, 900)


def test_values_are_divided_round_by_round() -> None:
    assert ratios([2.0, 9.0, 4.0], [1.0, 3.0, 4.0]) == Spread(median=2.0, minimum=1.0, maximum=3.0)
    assert str(spread([1.0, 1.25, 3.0])) == "1.25 (1.00–3.00)"


def test_ratios_are_those_of_measured_servers() -> None:
    rounds = {
        "app": [measurement(220.0, 3.0), measurement(330.0, 3.0)],
        "bare": [measurement(200.0), measurement(200.0)],
    }
    assert all_ratios(rounds) == {"cpu_us app/bare": Spread(1.375, 1.1, 1.65)}
    peer = [measurement(220.0, 2.0), measurement(330.0, 2.0)]
    assert all_ratios({**rounds, "peer": peer})["p99_ms app/peer"] == Spread(1.5, 1.5, 1.5)


def test_table_has_medians_and_missing_responses() -> None:
    lines = table({"app": [measurement(100.0), measurement(300.0, failures=2), measurement(200.0)]})
    assert lines[1].endswith("  1,000      200     0.50     1.00     60.0     50.0  2 without a response")


@pytest.mark.parametrize("name", ["gunicorn", "a ) odd (name"])
def test_cpu_time_is_read_for_any_program_name(name: str) -> None:
    before = "S 1 7 7 0 -1 4194304 1 2 3 4"
    assert ticks(f"7 ({name}) {before} 150 25 90 80 20 0 5 0 100") == 175


def test_own_process_has_cpu_time_and_memory() -> None:
    own = os.getpid()
    assert tree(own)[0] == own
    before = cpu_seconds(own)
    count = 0
    while cpu_seconds(own) < before + 2 / TICKS_PER_SECOND:
        count += 1
        assert count < 1_000_000
    assert 1000 < kilobytes(own, "VmRSS") <= kilobytes(own, "VmHWM")
    with pytest.raises(LookupError):
        kilobytes(own, "VmNothing")


def test_responses_are_compared_without_cache_headers() -> None:
    miss = RecordedResponse(200, "OK", [("ETag", '"1"'), ("Cache-Status", "desk; fwd=miss")], b"{}")
    hit = RecordedResponse(200, "Okay", [("Age", "3"), ("etag", '"1"'), ("Cache-Status", "desk; hit")], b"{}")
    assert miss.comparable == hit.comparable
    assert miss.comparable != hit._replace(headers=[("ETag", '"2"')]).comparable


def test_cases_have_all_zipcodes_and_junk_has_no_duplicates() -> None:
    paths: list[str] = cases()[0].paths
    assert len(set(paths)) == 1146
    assert len({*junk(0, 50), *junk(50, 50)}) == 100


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["postgresql"])
def test_peer_responds_as_the_app_does(database_url: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        app, peer = (
            stack.enter_context(program.started(tmp_path / name))
            for name, program in (("app", servers.app(database_url)), ("peer", servers.peer(database_url)))
        )
        wait(app)
        wait(peer)
        check_peer(app, peer)
