"""Sample responses of the page of the API, recorded from the application on its seed.

Record them again after a change: `.venv/bin/python -m tests.support.samples`
"""

from __future__ import annotations

import json
import shlex
import tempfile
from pathlib import Path
from typing import Any, Iterator
from unittest import mock

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conftest import ORDINARY_DAY
from tests.support.databases import SQLiteDatabases, settings_for
from webapp import clock
from webapp.api.samples import FILE
from webapp.app import create_app

SERVER_URL = "http://localhost"

# Longer samples end with the number of lines that are left out.
MAX_LINES = 9


def run(client: FlaskClient, command: str) -> TestResponse:
    """Send the request of a command: curl, or printf piped into curl."""
    *piped, curl = command.split(" | ")
    words = shlex.split(curl)
    url = words[-1].replace(SERVER_URL, "")
    if "-H" not in words:
        assert words[:-1] == ["curl", "-s"]
        return client.get(url)
    name, value = words[words.index("-H") + 1].split(": ")
    data = shlex.split(piped[0])[1].replace("\\n", "\n") if piped else words[words.index("-d") + 1]
    return client.post(url, data=data, headers={name: value})


def commands(document: Any) -> Iterator[str]:
    """Yield the commands of all routes."""
    for methods in document["paths"].values():
        for operation in (found for method, found in methods.items() if method != "parameters"):
            for sample in operation["x-codeSamples"]:
                yield sample["source"]


def record(client: FlaskClient) -> dict[str, Any]:
    """Return the responses by command, as FILE stores them."""
    document = client.get("/api/v1/openapi.json").json
    return {
        command: _sample(run(client, command.replace("{server}", SERVER_URL)))
        for command in commands(document)
    }


def _sample(response: TestResponse) -> dict[str, Any]:
    assert response.status_code == 200
    text = json.dumps(response.json, indent=1, ensure_ascii=False) if response.is_json else response.text
    lines = text.splitlines()
    more = max(0, len(lines) - MAX_LINES)
    return {"media_type": response.mimetype, "lines": lines[:MAX_LINES], "more_lines": more}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, mock.patch.object(clock, "now", lambda: ORDINARY_DAY):
        app = create_app(settings_for(SQLiteDatabases(Path(folder)).seeded()))
        samples = record(app.test_client())
    FILE.write_text(json.dumps(samples, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
