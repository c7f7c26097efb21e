"""Statbel on loopback: a real HTTP server that answers as the two sources do, or as they fail."""

import contextlib
import io
import json
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple, Union

Value = Tuple[int, str, Union[float, None]]
Answer = Callable[[BaseHTTPRequestHandler], None]

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
    """The JSON of a be.STAT view with rows of base year, month ("2026-10") and value."""
    facts: List[Dict[str, Any]] = []
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
    """The zip of Statbel's open data with rows of base year, month ("2026-10") and value."""
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
    """A zip with these texts in it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, text in enumerate(texts):
            # A ZipInfo has a fixed date: the names of parametrized tests must be the same in all processes.
            info = zipfile.ZipInfo(f"CPI All base years{number or ''}.txt")
            archive.writestr(info, text, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def answering(body: bytes, status: int = 200, content_type: str = "application/json") -> Answer:
    """A whole answer, sent at once."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", content_type)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def redirecting(location: bytes, body: bytes = b"") -> Answer:
    """A redirection, byte for byte to this location."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 302 Found\r\nContent-Length: %d\r\n" % len(body))
        handler.wfile.write(b"Connection: close\r\nLocation: %b\r\n\r\n" % location + body)

    return answer


def in_turn(*answers: Answer) -> Answer:
    """To the first request the first of these, and so on; the last one from then on."""
    remaining = list(answers)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        (remaining.pop(0) if len(remaining) > 1 else remaining[0])(handler)

    return answer


class FakeStatbel:
    """The server. `bestat` and `open_data` are how each source answers; both fail at first.

    `asked` lists the paths that were asked for, `headers` the headers of the last request.
    `released` ends an answer that waits for it; leaving the `with` block sets it.
    """

    def __init__(self) -> None:
        self.bestat: Answer = answering(b"", status=500)
        self.open_data: Answer = answering(b"", status=500)
        self.asked: List[str] = []
        self.headers: Dict[str, str] = {}
        self.released = threading.Event()
        self._server: Optional[ThreadingHTTPServer] = None

    def __enter__(self) -> "FakeStatbel":
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                fake.asked.append(self.path)
                fake.headers = dict(self.headers.items())
                answer = fake.bestat if self.path == "/bestat" else fake.open_data
                # Whoever asked may have given up, as some tests want it to.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    answer(self)

            def log_message(self, format: str, *args: Any) -> None:
                """Be quiet."""

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
    def addresses(self) -> Dict[str, str]:
        """The environment variables that point the desk here."""
        assert self._server is not None
        root = f"http://127.0.0.1:{self._server.server_address[1]}"
        return {"HEALTH_INDEX_URL": f"{root}/bestat", "HEALTH_INDEX_FALLBACK_URL": f"{root}/open-data"}

    def trickling(self, body: bytes, seconds: float) -> Answer:
        """The answer, headers and all, one byte at a time."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            for byte in b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body:
                handler.wfile.write(bytes([byte]))
                if self.released.wait(seconds):
                    return

        return answer

    def held_back(self, then: Answer) -> Answer:
        """Nothing until released, and an answer then."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            self.released.wait(60)
            then(handler)

        return answer

    def hanging(self, _handler: BaseHTTPRequestHandler) -> None:
        """No answer at all, until released."""
        self.released.wait(60)
