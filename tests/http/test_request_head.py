"""The size of a request, from its head."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from webapp.http.request_head import request_size

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

if TYPE_CHECKING:
    pass


@pytest.mark.parametrize(
    ("received", "size"),
    [
        (b"", 0),
        (GET[:-1], 0),
        (GET, len(GET)),
        (GET + GET, len(GET)),
        (
            b"POST / HTTP/1.1\r\nCONTENT-length:\t5 \r\n\r\nabc",
            len(b"POST / HTTP/1.1..CONTENT-length:.5 ....abc") + 2,
        ),
        (b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", -1),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", -1),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", -1),
        (b"POST / HTTP/1.1\r\nContent-Length: 5\r\nexpect: 100-continue\r\n\r\n", -1),
        (b"GET / HTTP/1.1\r\nX-Content-Length: 5\r\n\r\n", 39),
    ],
    ids=str,
)
def test_size_of_a_request_follows_from_its_head(received: bytes, size: int) -> None:
    assert request_size(received) == (size if size >= 0 else sys.maxsize)
