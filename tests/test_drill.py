"""A drill: three instances behind the proxy, on PostgreSQL and Redis, with clients and every trouble."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Callable, Iterator, NamedTuple

import pytest
import requests
import sqlalchemy as sa

from tests.deploy.conftest import ADDRESSES
from tests.performance.resources import tree
from tests.support import commands, redis_server
from tests.support.databases import NOWHERE, PostgresDatabases
from tests.support.live import Server, session_from
from tests.support.nginx import NoNginx, Proxy
from tests.support.postgres import own_server
from tests.support.processes import end_with_parent, free_port
from webapp import clock
from webapp.config import ROOT
from webapp.data.schema import REVISION

pytestmark = [pytest.mark.slow, pytest.mark.serial]

CLIENTS = [f"127.0.0.{number}" for number in range(11, 17)]
PAUSE_SECONDS = 0.05

RELEASE_BEFORE = f"{int(REVISION) - 1:04d}"

# A change of the data shows within this time (docs/operations.md).
MAX_DELAY_SECONDS = 5

# More than a poll takes that is abandoned (webapp/data/watcher.py).
FREEZE_SECONDS = 12

# A request that waited for a frozen database would take as long as the freeze. nginx waits 5 s for an
# instance that has opened its port and still starts.
MAX_SECONDS = 9

LOOKUP = "/api/v1/zipcodes/lookup"
PATHS = (
    "/zipcode/9000",
    "/zipcode/9000?x={number}",  # not from the HTTP cache
    "/index?year=2013",
    "/index?year=2013&x={number}",
    "/?zipcode=gent&x={number}",
    "/api/v1/health-index?base=2013",
)
# Rare, because it counts as a sixtieth of the rate limit.
LOOKUP_EVERY = 50


class Seen(NamedTuple):
    """A response at a client.

    Attributes:
        version: the number of its risk table, or its month; it must not decrease.
    """

    path: str
    status: int
    seconds: float
    version: tuple[str, str] | None


class Client(threading.Thread):
    """Asks for one path after the other, over connections from its own address."""

    def __init__(self, url: str, address: str, is_over: threading.Event) -> None:
        super().__init__()
        self.seen: list[Seen] = []
        self._url = url
        self._is_over = is_over
        self._session = session_from(address)

    def run(self) -> None:
        number = 0
        while not self._is_over.wait(PAUSE_SECONDS):
            number += 1
            path = LOOKUP if number % LOOKUP_EVERY == 0 else PATHS[number % len(PATHS)]
            self.seen.append(self._ask(path.format(number=number)))

    def _ask(self, path: str) -> Seen:
        began = time.monotonic()
        try:
            response = (
                self._session.post(f"{self._url}{path}", json={"zipcodes": [9000, "1000"]}, timeout=30)
                if path == LOOKUP
                else self._session.get(f"{self._url}{path}", timeout=30)
            )
        except requests.RequestException:
            return Seen(path, 0, time.monotonic() - began, None)
        headers = response.headers
        found = [(name, headers[name]) for name in ("Risk-Table", "Index-Month") if name in headers]
        return Seen(path, response.status_code, time.monotonic() - began, found[0] if found else None)


class Redis:
    """A Redis that can be frozen and restarted on its port."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.url = f"redis://127.0.0.1:{port}/0"
        self._command = [str(redis_server.find_program()), "--port", str(port), "--bind", "127.0.0.1"]
        self._command += ["--save", "", "--dir", str(folder)]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            self._command,
            preexec_fn=end_with_parent(),  # noqa: PLW1509  # it takes no lock
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        self.process.kill()  # works on a frozen process too
        self.process.wait()


class Drill:
    """The services, the clients, and what an operator and a machine do to them."""

    def __init__(self, stack: contextlib.ExitStack, folder: Path) -> None:
        self._stack = stack
        url, self.postgres = stack.enter_context(own_server())
        self.database_url = PostgresDatabases(url).seeded()
        self.flask("db", "downgrade", RELEASE_BEFORE)
        self.redis = Redis(folder)
        stack.callback(self.redis.kill)
        self._proxy = Proxy(folder, ADDRESSES)
        self._variables = {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis.url,
            "RATE_LIMIT": "1000000",
            **NOWHERE,
        }
        self._instances: dict[str, tuple[contextlib.ExitStack, Server]] = {}
        for address in ADDRESSES:
            self.start(address)
        self.nginx = stack.enter_context(self._proxy.running())
        self._is_over = threading.Event()
        self.clients = [Client(self.nginx.url, address, self._is_over) for address in CLIENTS]
        for client in self.clients:
            client.start()

    def stop_clients(self) -> None:
        """Stop them before anything else stops."""
        self._is_over.set()
        for client in self.clients:
            client.join()

    def start(self, address: str) -> None:
        stack = self._stack.enter_context(contextlib.ExitStack())
        server = stack.enter_context(self._proxy.instance(address, **self._variables))
        self._instances[address] = stack, server

    def restart(self, address: str) -> None:
        stack, _server = self._instances[address]
        stack.close()
        self.start(address)

    def kill(self, address: str) -> None:
        stack, server = self._instances[address]
        for process in tree(server.process.pid):
            os.kill(process, signal.SIGKILL)
        time.sleep(1)  # without it
        stack.close()
        self.start(address)

    def crash_postgres(self) -> None:
        """Kill a process of PostgreSQL, which then ends all sessions, recovers and starts again."""
        engine = sa.create_engine(self.database_url, poolclass=sa.pool.NullPool)
        with contextlib.suppress(sa.exc.OperationalError), engine.connect() as connection:
            os.kill(connection.scalars(sa.text("SELECT pg_backend_pid()")).one(), signal.SIGKILL)
            connection.execute(sa.text("SELECT 1"))
        time.sleep(3)

    def flask(self, *arguments: str) -> str:
        done = commands.start(self.database_url, *arguments)
        output, errors = done.communicate(timeout=60)
        assert done.returncode == 0, errors
        return output

    def reasons(self) -> list[list[str]]:
        """Return what each instance says is wrong."""
        bodies = [
            requests.get(f"{server.url}/readyz", timeout=5).json() for _, server in self._instances.values()
        ]
        return [body.get("reasons", []) for body in bodies]

    def everywhere(self, path: str, header: str) -> set[str]:
        """Return the values of a header in the responses of all instances."""
        servers = [server for _stack, server in self._instances.values()]
        return {requests.get(f"{server.url}{path}", timeout=5).headers[header] for server in servers}


@contextlib.contextmanager
def frozen(process: subprocess.Popen[bytes]) -> Iterator[None]:
    processes = tree(process.pid)
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def older_after_newer(client: Client) -> list[str]:
    """Return the steps back of a client, in its risk tables and in its months."""
    newest: dict[str, str] = {}
    steps = []
    for seen in client.seen:
        if seen.version:
            name, value = seen.version
            if value < newest.get(name, ""):
                steps.append(f"{seen.path}: {name} {value} after {newest[name]}")
            newest[name] = max(value, newest.get(name, ""))
    return steps


def test_no_request_fails_and_none_is_older_whatever_happens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [f"{'':34}{'seconds':>9}{'requests':>10}{'failed':>8}{'slowest ms':>12}"]
    with contextlib.ExitStack() as stack:
        try:
            drill = Drill(stack, tmp_path)
        except NoNginx as error:
            pytest.fail(f"The drill needs nginx: {error}")

        @contextlib.contextmanager
        def phase(name: str) -> Iterator[None]:
            before = [len(client.seen) for client in drill.clients]
            began = time.monotonic()
            yield
            seen = [one for client, start in zip(drill.clients, before) for one in client.seen[start:]]
            failed = sum(one.status != 200 for one in seen)
            slowest = max((one.seconds for one in seen), default=0.0)
            seconds = time.monotonic() - began
            lines.append(f"{name:34}{seconds:9.1f}{len(seen):10,}{failed:8}{slowest * 1000:12,.0f}")

        try:
            run(drill, phase, tmp_path)
        finally:
            drill.stop_clients()
    seen = [one for client in drill.clients for one in client.seen]
    steps = [step for client in drill.clients for step in older_after_newer(client)]
    lines.append(f"{'all':43}{len(seen):10,}{sum(one.status != 200 for one in seen):8}")
    lines.append(f"older after newer at one client: {len(steps)}")
    with capsys.disabled():
        print("", *lines, sep="\n")  # noqa: T201  # the numbers of the drill
    assert [one._asdict() for one in seen if one.status != 200][:5] == []
    assert steps == []
    assert max(one.seconds for one in seen) < MAX_SECONDS
    assert all(len(client.seen) > 100 for client in drill.clients)


def run(drill: Drill, phase: Callable[[str], contextlib.AbstractContextManager[None]], folder: Path) -> None:
    """Do everything in turn, with a moment of rest between a change and a fault."""
    with phase("start, on the schema before"):
        assert all(RELEASE_BEFORE in " ".join(reasons) for reasons in drill.reasons())
    with phase("restart each"):
        for address in ADDRESSES:
            drill.restart(address)
    with phase("kill -9 each"):
        for address in ADDRESSES:
            drill.kill(address)
    with phase("flask db upgrade"):
        drill.flask("db", "upgrade")
        wait_until(lambda: not any("schema" in " ".join(reasons) for reasons in drill.reasons()))
    with phase("load a risk table"):
        before = drill.everywhere("/zipcode/9000", "Risk-Table")
        today = datetime.now(clock.BRUSSELS).date()  # of the other processes, whose clock is real
        drill.flask("risk-table", "load", str(changed_table(folder)), "--effective-from", str(today))
        wait_until(lambda: not drill.everywhere("/zipcode/9000", "Risk-Table") & before)
    with phase("load a month"):
        reason = ("--reason", "drill")
        drill.flask("index-value", "lock", "2013", "2026-09", "--value", "140.42", *reason)
        wait_until(lambda: drill.everywhere("/index?year=2013", "Index-Month") == {"2026-09"})
    with phase("freeze PostgreSQL"), frozen(drill.postgres):
        time.sleep(FREEZE_SECONDS)
        assert all(reasons and "does not respond" in reasons[0] for reasons in drill.reasons())
    with phase("crash and recovery of PostgreSQL"):
        drill.crash_postgres()
        wait_until(lambda: not any("does not respond" in " ".join(reasons) for reasons in drill.reasons()))
    with phase("freeze Redis"), frozen(drill.redis.process):
        time.sleep(3)
    with phase("kill and restart Redis"):
        drill.redis.kill()
        time.sleep(2)
        drill.redis.start()
        time.sleep(1)
    with phase("load another month"):
        drill.flask("index-value", "lock", "2013", "2026-10", "--value", "140.60", "--reason", "drill")
        wait_until(lambda: drill.everywhere("/index?year=2013", "Index-Month") == {"2026-10"})


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait until a change shows, at most twice as long as it may take on an idle machine."""
    give_up = time.monotonic() + 2 * MAX_DELAY_SECONDS
    while not is_so():
        assert time.monotonic() < give_up
        time.sleep(0.1)


def changed_table(folder: Path) -> Path:
    """Write the risk table of the seed with another factor for 9000."""
    text = (ROOT / "seed" / "risk_table.csv").read_text(encoding="utf-8")
    changed = text.replace("9000 - 9032,B", "9000 - 9032,C")
    assert changed != text
    file = folder / "changed.csv"
    file.write_text(changed, encoding="utf-8")
    return file
