"""The program as the image runs it: its files, its command, and the settings of a deployment."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.deploy.files import DOCKERFILE
from tests.support.databases import NOWHERE, SQLiteDatabases
from tests.support.live import Server, environment, wait
from tests.support.processes import free_port
from webapp.config import ROOT

COPY = re.findall(r"^COPY (.*) (\S+)$", DOCKERFILE, re.MULTILINE)
[COMMAND] = re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
[HEALTH_CHECK] = re.findall(r"^    CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
[VARIABLES] = re.findall(r"^ENV ((?:.*\\\n)*.*)$", DOCKERFILE, re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files that the image has."""
    folder = tmp_path / "srv"
    folder.mkdir()
    for names, target in COPY:
        for name in names.split():
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, folder / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, folder / target)
    return folder


def program(command: str) -> list[str]:
    """Return a command of the Dockerfile, with this Python."""
    name, *arguments = json.loads(command)
    return [sys.executable, *([] if name == "python" else ["-m", name]), *arguments]


@pytest.mark.slow
def test_image_serves_with_json_logs_metrics_and_a_secret_file(
    folder: Path, tmp_path: Path, sqlite: SQLiteDatabases
) -> None:
    url, port, metrics_port = sqlite.empty(), free_port(), free_port()
    (tmp_path / "database_url").write_text(f"{url}\n")
    variables = environment(
        **dict(variable.split("=", 1) for variable in shlex.split(VARIABLES.replace("\\\n", ""))),
        **NOWHERE,
        LOG_FORMAT="json",
        METRICS_BIND=f"0.0.0.0:{metrics_port}",
        DATABASE_URL_FILE=str(tmp_path / "database_url"),
        PORT=str(port),
    )
    before = sorted(folder.rglob("*"))
    subprocess.run(
        program('["flask", "init-db"]'), cwd=folder, env=variables, check=True, capture_output=True
    )
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(program(COMMAND), cwd=folder, env=variables, stdout=output, stderr=output)
    try:
        server = Server(f"http://127.0.0.1:{port}", process, log)
        wait(server)
        assert requests.get(f"{server.url}/zipcode/9000", timeout=5).json() == {"risk_factor": "B"}
        assert requests.get(f"{server.url}/readyz", timeout=5).status_code == 200
        assert requests.get(f"{server.url}/metrics", timeout=5).status_code == 404
        metrics = requests.get(f"http://127.0.0.1:{metrics_port}/metrics", timeout=5).text
        assert 'desk_http_requests_total{method="GET",representation="json",route="/zipcode/' in metrics
        subprocess.run(program(HEALTH_CHECK), cwd=folder, env=variables, check=True, timeout=10)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    records = [json.loads(line) for line in log.read_text().splitlines()]
    assert {"gunicorn.error", "gunicorn.access"} <= {record["logger"] for record in records}
    assert sorted(folder.rglob("*")) == before  # its file system may be read-only
