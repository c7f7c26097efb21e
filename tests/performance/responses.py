"""Recorded responses, to compare servers and to replay them."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Mapping, NamedTuple
from urllib.parse import urlsplit

# Added by the server, not by the application.
SERVER_HEADERS = {"server", "date", "connection"}

# They may differ between equal responses: the state of the HTTP cache, and the id of the request.
VARYING_HEADERS = {"age", "cache-status", "x-request-id"}


class RecordedResponse(NamedTuple):
    """A response without the headers of the server."""

    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def comparable(self) -> tuple[int, dict[str, str], bytes]:
        """The parts that equal responses have in common."""
        headers = {name.lower(): value for name, value in self.headers if name.lower() not in VARYING_HEADERS}
        return self.status, headers, self.body

    def save(self, path: Path) -> None:
        """Write the response to a file for bare.py."""
        status = f"{self.status} {self.reason}"
        path.write_text(json.dumps({"status": status, "headers": self.headers, "body": self.body.decode()}))


class Connection:
    """One connection to a server."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)

    def get(self, path: str, headers: Mapping[str, str]) -> RecordedResponse:
        self._connection.request("GET", path, headers=dict(headers))
        response = self._connection.getresponse()
        recorded = [
            (name, value) for name, value in response.getheaders() if name.lower() not in SERVER_HEADERS
        ]
        return RecordedResponse(response.status, response.reason, recorded, response.read())

    def close(self) -> None:
        self._connection.close()
