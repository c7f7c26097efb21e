"""An answer as a server gave it: to compare servers, and to give it again."""

import http.client
import json
from pathlib import Path
from typing import Dict, List, Mapping, NamedTuple, Tuple
from urllib.parse import urlsplit

# What the server and not the application adds to each answer.
OF_THE_SERVER = {"server", "date", "connection"}

# What may differ between two good answers to the same question, because it says how each came about.
PASSING = {"age", "cache-status"}


class Answer(NamedTuple):
    """Status, reason, headers of the application, and body of an answer."""

    status: int
    reason: str
    headers: List[Tuple[str, str]]
    body: bytes

    @property
    def meaning(self) -> Tuple[int, Dict[str, str], bytes]:
        """What two servers that do the same have in common."""
        lasting = {name.lower(): value for name, value in self.headers if name.lower() not in PASSING}
        return self.status, lasting, self.body

    def save(self, path: Path) -> None:
        """Write it down for bare.py."""
        status = f"{self.status} {self.reason}"
        path.write_text(json.dumps({"status": status, "headers": self.headers, "body": self.body.decode()}))


class Asker:
    """Asks one server, on one connection."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)

    def ask(self, path: str, headers: Mapping[str, str]) -> Answer:
        self._connection.request("GET", path, headers=dict(headers))
        response = self._connection.getresponse()
        kept = [(name, value) for name, value in response.getheaders() if name.lower() not in OF_THE_SERVER]
        return Answer(response.status, response.reason, kept, response.read())

    def close(self) -> None:
        self._connection.close()
