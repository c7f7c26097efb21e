"""Reading of a request body in chunks."""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import Iterator

import pytest
from flask import Flask
from werkzeug.exceptions import ClientDisconnected

from webapp.http import body as module
from webapp.http.body import RequestBody


@contextmanager
def received(data: bytes, content_length: int, max_bytes: int = 1000) -> Iterator[RequestBody]:
    environ = {"wsgi.input": io.BytesIO(data), "CONTENT_LENGTH": str(content_length)}
    with Flask(__name__).test_request_context(method="POST", environ_overrides=environ):
        yield RequestBody(max_bytes)


def test_body_is_read_in_chunks_with_an_empty_one_at_the_end() -> None:
    with received(b"abc", 3) as body:
        assert [body.read(2), body.read(2), body.read(2)] == [b"ab", b"c", b""]


def test_body_is_read_up_to_a_limit() -> None:
    with received(b"abc", 3) as body:
        assert body.read_up_to(3) == b"abc"
    with received(b"x" * 1_000_000, 1_000_000) as body:
        assert 10 < len(body.read_up_to(10)) < 1_000_000


def test_incomplete_body_is_a_disconnected_client() -> None:
    with received(b"abc", 4) as body:
        with pytest.raises(ClientDisconnected):
            body.read_up_to(99)
        body.skip()


def test_any_error_of_the_server_is_a_disconnected_client(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(size: int) -> bytes:
        raise LookupError(size)

    with received(b"", 4) as body:
        monkeypatch.setattr(body._stream, "read", fail)
        with pytest.raises(ClientDisconnected):
            body.read(4)
        body.skip()


def test_rest_of_a_body_is_skipped_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    with received(b"x" * 100, 100) as body:
        body.read(10)
        body.skip()
        assert body.read(1) == b""
    monkeypatch.setattr(module, "CHUNK_BYTES", 10)
    with received(b"x" * 100, 100, max_bytes=50) as body:
        body.skip()
        assert len(body.read(100)) == 50
