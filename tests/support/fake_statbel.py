"""An HTTP server on loopback that replaces Statbel's three sources, or fails in their place."""

from __future__ import annotations

import contextlib
import io
import json
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Iterable, Tuple, Union

Value = Tuple[int, str, Union[float, None]]
Reply = Callable[[BaseHTTPRequestHandler], None]

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def bestat(values: Iterable[Value]) -> bytes:
    """Return the JSON of a be.STAT view with these base years, months ("2026-10") and values."""
    facts: list[dict[str, Any]] = []
    for base_year, month, value in values:
        year, number = month.split("-")
        facts.append(
            {
                "Year": year,
                "Month": f"{MONTHS[int(number) - 1]} {year}",
                "Base year": f"{base_year} = 100",
                "Health index": value,
            }
        )
    return json.dumps({"facts": facts}).encode()


def open_data(values: Iterable[Value]) -> bytes:
    """Return the open-data zip with these base years, months ("2026-10") and values."""
    lines = [
        "NM_YR|NM_MTH|MS_CPI_IDX|MS_WITHOUT_ENE_IDX|MS_WITHOUT_PTRL_IDX|MS_WT_CPI|MS_CPI_INFL|"
        "MS_HLTH_IDX|MS_SMOOTH_IDX|NM_BASE_YR"
    ]
    for base_year, month, value in values:
        year, number = month.split("-")
        index = "." if value is None else f"{value:.2f}"
        lines.append(f"{year}|{int(number)}|120.10|119.00|119.50|1000|2.1|{index}|.|{base_year}")
    return zipped("\r\n".join(lines).encode("utf-8-sig"))


def zipped(*texts: bytes) -> bytes:
    """Return a zip of text files."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, text in enumerate(texts):
            # A ZipInfo has a fixed date: names of parametrized tests must be the same in all processes.
            info = zipfile.ZipInfo(f"CPI All base years{number or ''}.txt")
            archive.writestr(info, text, zipfile.ZIP_DEFLATED)
    return body.getvalue()


def responding(body: bytes, status: int = 200, content_type: str = "application/json") -> Reply:
    """Send a complete response at once."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", content_type)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def redirecting(location: bytes, body: bytes = b"") -> Reply:
    """Redirect to a location, which is sent unchanged."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 302 Found\r\nContent-Length: %d\r\n" % len(body))
        handler.wfile.write(b"Connection: close\r\nLocation: %b\r\n\r\n" % location + body)

    return reply


def in_turn(*replies: Reply) -> Reply:
    """Use one reply per request, and the last one for all further requests."""
    remaining = list(replies)

    def reply(handler: BaseHTTPRequestHandler) -> None:
        (remaining.pop(0) if len(remaining) > 1 else remaining[0])(handler)

    return reply


class FakeStatbel:
    """The server; all sources fail until a test sets their reply.

    Attributes:
        bestat, open_data, workbook: the reply of each source.
        requests: the path of each request.
        headers: headers of the last request.
        released: ends replies that wait for it; set at the end of the `with` block.
    """

    def __init__(self) -> None:
        self.bestat: Reply = responding(b"", status=500)
        self.open_data: Reply = responding(b"", status=500)
        self.workbook: Reply = responding(b"", status=404)
        self.requests: list[str] = []
        self.headers: dict[str, str] = {}
        self.released = threading.Event()
        self._server: ThreadingHTTPServer | None = None

    def __enter__(self) -> FakeStatbel:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                fake.requests.append(self.path)
                fake.headers = dict(self.headers.items())
                replies = {"/open-data": fake.open_data, "/workbook": fake.workbook}
                reply = replies.get(self.path, fake.bestat)
                # The client may have given up.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    reply(self)

            def log_message(self, format: str, *args: Any) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        threading.Thread(target=self._server.serve_forever, args=(0.01,)).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.released.set()
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    @property
    def addresses(self) -> dict[str, str]:
        """Settings with the URLs of this server."""
        assert self._server is not None
        root = f"http://127.0.0.1:{self._server.server_address[1]}"
        return {
            "HEALTH_INDEX_URL": f"{root}/bestat",
            "HEALTH_INDEX_FALLBACK_URL": f"{root}/open-data",
            "HEALTH_INDEX_WORKBOOK_URL": f"{root}/workbook",
        }

    def trickling(self, body: bytes, seconds: float) -> Reply:
        """Send a response one byte at a time."""

        def reply(handler: BaseHTTPRequestHandler) -> None:
            for byte in b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body:
                handler.wfile.write(bytes([byte]))
                if self.released.wait(seconds):
                    return

        return reply

    def delayed(self, then: Reply) -> Reply:
        """Wait until released, and then reply."""

        def reply(handler: BaseHTTPRequestHandler) -> None:
            self.released.wait(60)
            then(handler)

        return reply

    def hanging(self, _handler: BaseHTTPRequestHandler) -> None:
        """Send nothing until released."""
        self.released.wait(60)
