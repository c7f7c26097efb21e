"""Size of a request, from its head."""

from __future__ import annotations

import re
import sys

from webapp.config import MAX_BUFFERED_BODY_BYTES

MAX_HEAD_BYTES = 64 * 1024

CONTENT_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*\r\n")


def request_size(received: bytes) -> int:
    """Return the size of the first request in bytes, 0 while unknown.

    It is sys.maxsize if a thread must receive the body: large, chunked, or after "100 Continue".
    """
    end = received.find(b"\r\n\r\n", 0, MAX_HEAD_BYTES)
    if end < 0:
        return 0
    size = end + 4
    head = received[:size].lower()
    if b"\r\ntransfer-encoding:" in head or b"\r\nexpect:" in head:
        return sys.maxsize
    field = head.find(b"\r\ncontent-length:")
    if field < 0:
        return size
    match = CONTENT_LENGTH.match(head, field)
    length = int(match[1]) if match else sys.maxsize
    return size + length if length <= MAX_BUFFERED_BODY_BYTES else sys.maxsize
